//! Changes of a seed as a fuzzer makes them, each from a number alone, so that a failure can be told by it.

/// Bytes and words at which parsers turn: lengths, ends, quotes, signs of other encodings.
const WORDS: [&[u8]; 24] = [
    b"\0",
    b"\xff",
    b"\xfb\xff\xff",
    b"\xfc\xff\xff\xff\xff",
    b"\xfd\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\n",
    b"\r\n",
    b"\n\n",
    b"\"",
    b"\"\"\"",
    b"'",
    b"=",
    b"&",
    b"%",
    b"%00",
    b"+",
    b",",
    b"[",
    b"{",
    b"<tr ",
    b"\xef\xbb\xbf",
    "\u{2014} ".as_bytes(),
    "\u{202e}".as_bytes(),
    "٠٧٧".as_bytes(),
];

/// Longest that a change makes a seed.
const BYTES_MAX: usize = 1 << 20;

/// `seed`, changed in one to four places; `other` is another seed to take parts from.
pub fn changed(seed: &[u8], other: &[u8], number: u64) -> Vec<u8> {
    let mut chance = Chance(number);
    let mut bytes = seed.to_vec();
    for _ in 0..=chance.below(4) {
        change(&mut bytes, other, &mut chance);
    }
    bytes.truncate(BYTES_MAX);
    bytes
}

fn change(bytes: &mut Vec<u8>, other: &[u8], chance: &mut Chance) {
    let at = chance.below(bytes.len() + 1);
    let end = (at + 1 + chance.below(40)).min(bytes.len());
    match chance.below(8) {
        0 | 1 => flip(bytes, at, chance),
        2 => drop(bytes.splice(at..at, chance.word().iter().copied())),
        3 => drop(bytes.splice(at.min(end)..end, chance.word().iter().copied())),
        4 => drop(bytes.drain(at.min(end)..end)),
        5 => {
            let part: Vec<u8> = bytes.get(at..end).unwrap_or_default().to_vec();
            let times = 1 + chance.below(200);
            bytes.splice(at..at, part.repeat(times));
        }
        6 => bytes.truncate(at),
        _ => {
            let from = chance.below(other.len() + 1);
            bytes.truncate(at);
            bytes.extend(other.get(from..).unwrap_or_default());
        }
    }
}

fn flip(bytes: &mut [u8], at: usize, chance: &mut Chance) {
    let bit = 1 << chance.below(8);
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= bit;
    }
}

/// SplitMix64: numbers that look random and depend on nothing but the first.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `limit`, which is not 0.
    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() >> 8).map_or(0, |number| number % limit)
    }

    fn word(&mut self) -> &'static [u8] {
        let place = self.below(WORDS.len());
        WORDS.get(place).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_number_makes_the_same_change_and_another_another() {
        let of = |number| changed(b"answer=yes&revision=1", b"answer=no", number);
        assert_eq!(of(7), of(7));
        let different: std::collections::BTreeSet<_> = (0..100).map(of).collect();
        assert!(different.len() > 80);
    }
}
