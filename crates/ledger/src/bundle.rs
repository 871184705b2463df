//! The bytes of an entry bundle of C2SP's tlog-tiles: each entry after its length, a big-endian u16.
//!
//! It knows lengths and nothing of what an entry says; which entries a bundle has is for `tile`, whether they are those
//! of the tree for `tile_reader`.

use crate::limits::ENTRY_BYTES_MAX;

/// Why entries make no bundle, or bytes are none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// Longer than 16 bits can say.
    #[error("expected an entry of at most {ENTRY_BYTES_MAX} bytes, found {found}")]
    EntryTooLong {
        /// Its bytes.
        found: usize,
    },
    /// Fewer entries than announced.
    #[error("expected {expected} entries, the bundle ends within entry {found} (counted from 0)")]
    CutShort {
        /// As many as the bundle is wide.
        expected: u64,
        /// The entry that is not whole.
        found: u64,
    },
    /// More than the entries announced.
    #[error("expected {expected} entries, found {left} bytes after them")]
    LeftOver {
        /// As many as the bundle is wide.
        expected: u64,
        /// Bytes after the last.
        left: usize,
    },
}

/// Adds `entry` to the end of the bundle.
pub fn push(bundle: &mut Vec<u8>, entry: &[u8]) -> Result<(), BundleError> {
    let length =
        u16::try_from(entry.len()).map_err(|_| BundleError::EntryTooLong { found: entry.len() })?;
    bundle.extend(length.to_be_bytes());
    bundle.extend(entry);
    Ok(())
}

/// The entries of a bundle that is `width` wide: all of its bytes, and no other number of entries.
pub fn read(bundle: &[u8], width: u64) -> Result<Vec<&[u8]>, BundleError> {
    let (mut entries, mut rest) = (Vec::new(), bundle);
    for place in 0..width {
        let (entry, after) = split_entry(rest).ok_or(BundleError::CutShort {
            expected: width,
            found: place,
        })?;
        entries.push(entry);
        rest = after;
    }
    match rest.len() {
        0 => Ok(entries),
        left => Err(BundleError::LeftOver {
            expected: width,
            left,
        }),
    }
}

fn split_entry(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_length_is_a_big_endian_u16() {
        let mut bundle = Vec::new();
        push(&mut bundle, b"ab").unwrap();
        push(&mut bundle, &[7; 258]).unwrap();
        assert_eq!(bundle[..6], [0, 2, b'a', b'b', 1, 2]);
        assert_eq!(read(&bundle, 2), Ok(vec![&b"ab"[..], &[7; 258][..]]));
    }

    #[test]
    fn too_many_and_too_few_entries_are_told_apart() {
        let mut bundle = Vec::new();
        push(&mut bundle, b"ab").unwrap();
        push(&mut bundle, b"c").unwrap();
        let left = BundleError::LeftOver {
            expected: 1,
            left: 3,
        };
        assert_eq!(read(&bundle, 1), Err(left));
        let short = |expected, found| Err(BundleError::CutShort { expected, found });
        assert_eq!(read(&bundle, 3), short(3, 2));
        assert_eq!(read(&bundle[..6], 2), short(2, 1));
        assert_eq!(read(&bundle, u64::MAX), short(u64::MAX, 2));
        assert_eq!(
            push(&mut bundle, &vec![0; 65_536]),
            Err(BundleError::EntryTooLong { found: 65_536 })
        );
        assert_eq!(push(&mut bundle, &vec![0; 65_535]), Ok(()));
    }

    proptest! {
        #[test]
        fn entries_are_read_as_they_are_written(entries: Vec<Vec<u8>>) {
            let mut bundle = Vec::new();
            entries.iter().for_each(|entry| push(&mut bundle, entry).unwrap());
            prop_assert_eq!(read(&bundle, entries.len() as u64).unwrap(), entries);
        }

        #[test]
        fn a_bundle_is_written_as_it_was_read(bytes: Vec<u8>, width in 0..8u64) {
            if let Ok(entries) = read(&bytes, width) {
                let mut bundle = Vec::new();
                entries.iter().for_each(|entry| push(&mut bundle, entry).unwrap());
                prop_assert_eq!(bundle, bytes);
            }
        }
    }
}
