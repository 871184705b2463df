//! Space on the disk of a data directory, and what says that there is none.

use std::path::Path;

/// Bytes that may still be written below this path; none where the system does not say.
pub fn free_bytes(path: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(path).ok()?;
    Some(found.f_bavail.saturating_mul(found.f_frsize))
}

/// A number of bytes as people read it.
pub fn readable(bytes: u64) -> String {
    const KIB: u64 = 1024;
    match bytes {
        0..KIB => format!("{bytes} bytes"),
        KIB..0x10_0000 => format!("{} KiB", bytes / KIB),
        0x10_0000..0x4000_0000 => format!("{} MiB", bytes / KIB / KIB),
        _ => format!("{} GiB", bytes / KIB / KIB / KIB),
    }
}

/// Whether what a failed write said means that nothing more fits: a full disk, a quota, a limit on a file's size.
pub fn is_full(said: &str) -> bool {
    [28, 122, 27].into_iter().any(|number| {
        let error = std::io::Error::from_raw_os_error(number).to_string();
        said.contains(&error) || said.contains(error.split(" (").next().unwrap_or_default())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_known_by_what_it_says() {
        let full = "IO error: No space left on device (os error 28) while syncing the log";
        assert!(is_full(full));
        assert!(is_full("File too large (os error 27)"));
        assert!(!is_full("Input/output error (os error 5)"));
        assert!(!is_full(""));
    }

    #[test]
    fn bytes_are_readable() {
        let cases = [
            (0, "0 bytes"),
            (41 * 1024 + 7, "41 KiB"),
            (3 << 20, "3 MiB"),
            (58 << 30, "58 GiB"),
        ];
        for (bytes, expected) in cases {
            assert_eq!(readable(bytes), expected);
        }
        assert!(free_bytes(&std::env::temp_dir()).is_some());
        assert_eq!(free_bytes(Path::new("/no/such/folder")), None);
    }
}
