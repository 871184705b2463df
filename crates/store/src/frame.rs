//! A frame: entries of one group commit, as one value in the log. Each entry as its length (u32, little-endian) and
//! its canonical bytes; the frame's key is the index of its first entry.

use crate::limits::FRAME_BYTES_MAX;

const LENGTH_BYTES: usize = 4;

/// Cuts entries into frames: the index of the first entry of each, and its bytes.
pub fn frames(first: u64, entries: &[&[u8]]) -> Vec<(u64, Vec<u8>)> {
    let mut frames: Vec<(u64, Vec<u8>)> = Vec::new();
    for (index, entry) in (first..).zip(entries) {
        let needed = LENGTH_BYTES + entry.len();
        match frames.last_mut() {
            Some((_, frame)) if frame.len() + needed <= FRAME_BYTES_MAX => put(frame, entry),
            _ => {
                let mut frame = Vec::with_capacity(needed.max(FRAME_BYTES_MAX));
                put(&mut frame, entry);
                frames.push((index, frame));
            }
        }
    }
    frames
}

fn put(frame: &mut Vec<u8>, entry: &[u8]) {
    frame.extend((entry.len() as u32).to_le_bytes());
    frame.extend(entry);
}

/// The entries of a frame, or `None` if its lengths do not add up.
pub fn entries(frame: &[u8]) -> Option<Vec<&[u8]>> {
    let mut entries = Vec::new();
    let mut rest = frame;
    while !rest.is_empty() {
        let (length, after) = rest.split_first_chunk::<LENGTH_BYTES>()?;
        let length = u32::from_le_bytes(*length) as usize;
        let (entry, after) = after.split_at_checked(length)?;
        entries.push(entry);
        rest = after;
    }
    Some(entries)
}

/// The frame with its first `kept` entries alone. Of what stands behind them nothing need be right; `None` if the
/// lengths of those kept do not add up.
pub fn shortened(frame: &[u8], kept: usize) -> Option<Vec<u8>> {
    let mut rest = frame;
    for _ in 0..kept {
        let (length, after) = rest.split_first_chunk::<LENGTH_BYTES>()?;
        rest = after.get(u32::from_le_bytes(*length) as usize..)?;
    }
    frame.get(..frame.len() - rest.len()).map(<[u8]>::to_vec)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_framed_comes_back_in_order(entries in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..30_000), 0..12)) {
            let slices: Vec<&[u8]> = entries.iter().map(Vec::as_slice).collect();
            let frames = frames(7, &slices);
            let back: Vec<Vec<u8>> = frames.iter()
                .flat_map(|(_, frame)| super::entries(frame).unwrap().into_iter().map(<[u8]>::to_vec).collect::<Vec<_>>())
                .collect();
            prop_assert_eq!(back, entries);
            for (_, frame) in &frames {
                prop_assert!(frame.len() <= FRAME_BYTES_MAX || super::entries(frame).unwrap().len() == 1);
            }
        }

        #[test]
        fn no_frame_makes_the_reader_panic(frame: Vec<u8>) {
            let _ = entries(&frame);
        }
    }
}
