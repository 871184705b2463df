//! What a process did to its files, as `strace` saw it: the program's own system calls, with every byte written.
//!
//! Only what can change a file or make it durable is traced. A call that the reader does not know how to understand
//! stops the test: a gap would make the disk of [`crate::power`] more forgiving than a real one.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What is traced: whatever makes, changes, moves, removes or syncs a file, and whatever tells somebody.
const CALLS: &str = "openat,open,creat,close,write,pwrite64,writev,pwritev,pwritev2,sendto,sendmsg,lseek,ftruncate,\
truncate,fallocate,copy_file_range,sendfile,splice,rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,\
unlinkat,mkdir,mkdirat,rmdir,fsync,fdatasync,sync_file_range,msync,sync,syncfs";

/// Longest single write that is kept whole, in bytes: a segment of the log, and room.
const WRITE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Something that a process did. Paths are as they were when it did it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// A file was opened so that it was made, or emptied.
    Opened {
        /// The file.
        path: PathBuf,
        /// It was made if it was not there.
        create: bool,
        /// It was emptied if it was.
        truncate: bool,
    },
    /// Bytes were written into a file.
    Wrote {
        /// The file.
        path: PathBuf,
        /// Where.
        at: u64,
        /// Which.
        bytes: Vec<u8>,
    },
    /// A file was cut or stretched.
    Resized {
        /// The file.
        path: PathBuf,
        /// To so many bytes.
        length: u64,
    },
    /// A sync began: what was written before is what it covers.
    SyncBegan {
        /// Who syncs: a thread's number.
        thread: u32,
        /// The file or folder.
        path: PathBuf,
    },
    /// That sync returned, and well.
    SyncEnded {
        /// Who synced.
        thread: u32,
    },
    /// A file or folder was renamed.
    Renamed {
        /// From here.
        from: PathBuf,
        /// To there.
        to: PathBuf,
    },
    /// A file got a second name.
    Linked {
        /// The first.
        from: PathBuf,
        /// The second.
        to: PathBuf,
    },
    /// A file was removed, or an empty folder.
    Removed {
        /// Which.
        path: PathBuf,
    },
    /// A folder was made.
    Made {
        /// Which.
        path: PathBuf,
    },
    /// Something was said to somebody: on standard output, or over a connection.
    Said {
        /// What.
        bytes: Vec<u8>,
    },
}

/// A deed, and when it was seen.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Seconds since 1970.
    pub time: f64,
    /// What.
    pub deed: Deed,
}

/// Whether programs can be traced here; says on standard error that a test is skipped where not.
pub fn can_trace(test: &str) -> bool {
    let tried = Command::new("strace")
        .args(["-o", "/dev/null", "true"])
        .output();
    let can = tried.is_ok_and(|ran| ran.status.success());
    if !can {
        eprintln!(
            "skipped: `{test}` needs strace (Debian: apt-get install strace) and the right to trace"
        );
    }
    can
}

/// A command that runs the program given to it as arguments, and writes what it does into `file`.
pub fn command(file: &Path) -> Command {
    let mut command = Command::new("strace");
    command
        .args(["-f", "-ttt", "-y", "-xx", "-e", "signal=none", "-s"])
        .arg(WRITE_BYTES_MAX.to_string())
        .arg("-e")
        .arg(format!("trace={CALLS}"))
        .arg("-o")
        .arg(file);
    command
}

/// Everything that a trace saw, in order. What concerns files outside of `folder` is left out.
///
/// # Panics
/// If a call touched a file of the folder in a way that this reader does not know.
#[track_caller]
pub fn read(trace: &str, folder: &Path) -> Vec<Seen> {
    let mut reader = Reader {
        folder,
        unfinished: BTreeMap::new(),
        offsets: BTreeMap::new(),
        seen: Vec::new(),
    };
    trace.lines().for_each(|line| reader.line(line));
    reader.seen
}

struct Reader<'a> {
    folder: &'a Path,
    /// The first half of calls that others interrupted, by thread.
    unfinished: BTreeMap<u32, String>,
    /// Where the next `write` of a descriptor goes.
    offsets: BTreeMap<u32, u64>,
    seen: Vec<Seen>,
}

impl Reader<'_> {
    fn line(&mut self, line: &str) {
        let Some((thread, rest)) = line.split_once(' ') else {
            return;
        };
        let (time, rest) = rest
            .trim_start()
            .split_once(' ')
            .expect("a time and a call");
        let thread = thread.parse().expect("a thread's number");
        let time = time.parse().expect("a time");
        let rest = rest.trim_start();
        if rest.starts_with("+++") || rest.starts_with("---") {
            return;
        }
        if let Some(first) = rest.strip_suffix(" <unfinished ...>") {
            self.began(thread, time, first);
            self.unfinished.insert(thread, first.to_owned());
            return;
        }
        let whole = match rest.strip_prefix("<... ") {
            Some(resumed) => {
                let first = self
                    .unfinished
                    .remove(&thread)
                    .expect("a call is resumed that began");
                let (_, second) = resumed.split_once(" resumed>").expect("a resumed call");
                first + second
            }
            None => {
                self.began(thread, time, rest);
                rest.to_owned()
            }
        };
        self.ended(thread, time, &whole);
    }

    fn began(&mut self, thread: u32, time: f64, call: &str) {
        if let Some(arguments) = call
            .strip_prefix("fsync(")
            .or(call.strip_prefix("fdatasync("))
        {
            let path = descriptor(arguments).1;
            self.push(time, Deed::SyncBegan { thread, path });
        }
    }

    fn ended(&mut self, thread: u32, time: f64, call: &str) {
        let (name, rest) = call
            .split_once('(')
            .unwrap_or_else(|| panic!("no call: {}", short(call)));
        let (arguments, result) = rest
            .rsplit_once(") ")
            .unwrap_or_else(|| panic!("no result: {}", short(call)));
        let result = result.trim_start().trim_start_matches("= ");
        let value = result
            .split([' ', '<'])
            .next()
            .and_then(|value| value.parse::<i64>().ok());
        let Some(value) = value.filter(|value| *value >= 0) else {
            return;
        };
        let arguments = split(arguments);
        let deed = self.deed(
            thread,
            name,
            &arguments,
            u64::try_from(value).expect("not negative"),
        );
        if let Some(deed) = deed {
            self.push(time, deed);
        }
    }

    fn deed(&mut self, thread: u32, name: &str, arguments: &[&str], value: u64) -> Option<Deed> {
        match name {
            "openat" => self.opened(arguments, value),
            "write" => self.written(arguments, None, value),
            "pwrite64" => self.written(arguments, arguments.get(3).copied(), value),
            "sendto" => Some(Deed::Said {
                bytes: first_bytes(arguments[1], value),
            }),
            "writev" | "sendmsg" => self.gathered(name, arguments, value),
            "lseek" => {
                self.offsets.insert(descriptor(arguments[0]).0, value);
                None
            }
            "ftruncate" => Some(Deed::Resized {
                path: descriptor(arguments[0]).1,
                length: arguments[1].parse().expect("a length"),
            }),
            "fsync" | "fdatasync" => Some(Deed::SyncEnded { thread }),
            "rename" => Some(Deed::Renamed {
                from: path(arguments[0]),
                to: path(arguments[1]),
            }),
            "link" => Some(Deed::Linked {
                from: path(arguments[0]),
                to: path(arguments[1]),
            }),
            "linkat" => Some(Deed::Linked {
                from: below(arguments[0], arguments[1]),
                to: below(arguments[2], arguments[3]),
            }),
            "unlink" | "rmdir" => Some(Deed::Removed {
                path: path(arguments[0]),
            }),
            "unlinkat" => Some(Deed::Removed {
                path: below(arguments[0], arguments[1]),
            }),
            "mkdir" => Some(Deed::Made {
                path: path(arguments[0]),
            }),
            // They promise nothing after a power cut.
            "close" | "sync_file_range" => None,
            other => {
                let touches = arguments.iter().any(|argument| self.touches(argument));
                assert!(!touches, "the reader of traces does not know `{other}`");
                None
            }
        }
    }

    fn touches(&self, argument: &str) -> bool {
        let named = argument.contains('<').then(|| descriptor(argument).1);
        named.is_some_and(|path| path.starts_with(self.folder))
            || argument.starts_with('"') && path(argument).starts_with(self.folder)
    }

    fn opened(&mut self, arguments: &[&str], value: u64) -> Option<Deed> {
        let flags = arguments[2];
        self.offsets
            .insert(u32::try_from(value).expect("a descriptor"), 0);
        assert!(
            !flags.contains("O_APPEND")
                || !below(arguments[0], arguments[1]).starts_with(self.folder),
            "the reader of traces does not know O_APPEND"
        );
        let (create, truncate) = (flags.contains("O_CREAT"), flags.contains("O_TRUNC"));
        (create || truncate).then(|| Deed::Opened {
            path: below(arguments[0], arguments[1]),
            create,
            truncate,
        })
    }

    fn written(&mut self, arguments: &[&str], at: Option<&str>, value: u64) -> Option<Deed> {
        let (number, path) = descriptor(arguments[0]);
        let bytes = first_bytes(arguments[1], value);
        if number == 1 || !path.is_absolute() {
            return Some(Deed::Said { bytes });
        }
        let at = match at {
            Some(at) => at.parse().expect("an offset"),
            None => {
                let next = self.offsets.entry(number).or_default();
                *next += value;
                *next - value
            }
        };
        Some(Deed::Wrote { path, at, bytes })
    }

    /// Several buffers at once, which only connections are written with.
    fn gathered(&self, name: &str, arguments: &[&str], value: u64) -> Option<Deed> {
        let path = descriptor(arguments[0]).1;
        assert!(
            !path.starts_with(self.folder),
            "the reader of traces does not know `{name}` on a file"
        );
        let parts = arguments[1].split("iov_base=").skip(1);
        let mut bytes: Vec<u8> = parts.flat_map(text).collect();
        bytes.truncate(usize::try_from(value).expect("a length"));
        Some(Deed::Said { bytes })
    }

    fn push(&mut self, time: f64, deed: Deed) {
        let inside = |path: &PathBuf| path.starts_with(self.folder);
        let keep = match &deed {
            Deed::Opened { path, .. }
            | Deed::Wrote { path, .. }
            | Deed::Resized { path, .. }
            | Deed::Removed { path }
            | Deed::Made { path } => inside(path),
            Deed::Renamed { from, to } | Deed::Linked { from, to } => inside(from) || inside(to),
            Deed::SyncBegan { .. } | Deed::SyncEnded { .. } | Deed::Said { .. } => true,
        };
        if keep {
            self.seen.push(Seen { time, deed });
        }
    }
}

/// Arguments, apart; commas inside of texts, descriptors and structures are not between arguments. Texts and names are
/// in hexadecimal, so that nothing in them looks like anything else.
fn split(arguments: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0_usize);
    for (at, byte) in arguments.bytes().enumerate() {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                parts.push(arguments[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(arguments[start..].trim());
    parts
}

/// A descriptor's number, and the path that it leads to.
fn descriptor(argument: &str) -> (u32, PathBuf) {
    let (number, rest) = argument.split_once('<').unwrap_or((argument, ""));
    let name = rest.split('>').next().unwrap_or_default();
    (
        number.parse().unwrap_or(u32::MAX),
        bytes_path(hexadecimal(name)),
    )
}

fn path(argument: &str) -> PathBuf {
    bytes_path(text(argument))
}

/// A path relative to a folder's descriptor.
fn below(folder: &str, argument: &str) -> PathBuf {
    descriptor(folder).1.join(path(argument))
}

fn bytes_path(bytes: Vec<u8>) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(&bytes))
}

/// The first text in an argument.
fn text(argument: &str) -> Vec<u8> {
    let inside = argument.split('"').nth(1).unwrap_or_default();
    assert!(!argument.ends_with("\"..."), "the trace cut a text");
    hexadecimal(inside)
}

fn first_bytes(argument: &str, count: u64) -> Vec<u8> {
    let mut bytes = text(argument);
    bytes.truncate(usize::try_from(count).expect("a length"));
    bytes
}

/// `\x2f\x74` as bytes.
fn hexadecimal(text: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).expect("hexadecimal") as u8;
    let codes = text.as_bytes().chunks_exact(4);
    codes
        .map(|code| digit(code[2]) << 4 | digit(code[3]))
        .collect()
}

fn short(call: &str) -> String {
    call.chars().take(120).collect()
}
