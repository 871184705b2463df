//! Forgeries of file, entries and chain (V1 to V5).

use super::{Forgery, Holds, edit, gone_on, must_understand, read, seal, swapped, with_sections};
use crate::bench::Setup;
use crate::export::framed;
use crate::fixture::{self, Case};
use sijill_ledger::{Head, codec};

pub(super) const FORGERIES: &[Forgery] = &[
    Forgery {
        name: "a byte is smuggled in behind the last section",
        holds: Holds::Nothing,
        fails: &[1],
        make: || {
            let mut case = Case::of(&fixture::honest());
            case.file.push(0);
            case
        },
    },
    Forgery {
        name: "a section that a reader must understand is of a kind that does not exist",
        holds: Holds::Nothing,
        fails: &[1],
        make: || {
            let bench = fixture::honest();
            let mut sections = bench.export().sections();
            sections.push(must_understand(999, b"instructions".to_vec()));
            with_sections(&bench, &sections)
        },
    },
    Forgery {
        name: "the roster is left out of the file",
        holds: Holds::Nothing,
        fails: &[1],
        make: || {
            let bench = fixture::honest();
            let sections = bench.export().sections();
            with_sections(&bench, &sections[..1])
        },
    },
    Forgery {
        name: "the entries stand in the file twice",
        holds: Holds::Nothing,
        fails: &[1],
        make: || {
            let bench = fixture::honest();
            let mut sections = bench.export().sections();
            sections.push(sections[0].clone());
            with_sections(&bench, &sections)
        },
    },
    Forgery {
        name: "the hash of a section is not that of its bytes",
        holds: Holds::Nothing,
        fails: &[1],
        make: || {
            let bench = fixture::honest();
            let honest = bench.export();
            // The head of another roster's file before the bytes of this one.
            let mut other = honest.clone();
            other.roster.iter_mut().for_each(|byte| *byte ^= 1);
            let mut file = other.bytes();
            let at = file.len() - honest.roster.len();
            file.truncate(at);
            file.extend(&honest.roster);
            Case {
                file,
                ..Case::of(&bench)
            }
        },
    },
    Forgery {
        name: "half an entry stands at the end of the section",
        holds: Holds::Nothing,
        fails: &[1],
        make: || {
            let bench = fixture::honest();
            let mut sections = bench.export().sections();
            sections[0].bytes.extend([200, 0, 0, 0, 1, 2, 3]);
            with_sections(&bench, &sections)
        },
    },
    Forgery {
        name: "the last entry writes its index in a longer form",
        holds: Holds::Nothing,
        fails: &[2],
        make: || {
            let bench = fixture::honest();
            let mut export = bench.export();
            let last = export.entries.last_mut().expect("there are entries");
            let index = last.remove(0);
            last.splice(0..0, [251, index, 0]);
            swapped(&bench, &export)
        },
    },
    Forgery {
        name: "a byte is appended to the last entry",
        holds: Holds::Nothing,
        fails: &[2],
        make: || {
            let bench = fixture::honest();
            let mut export = bench.export();
            export
                .entries
                .last_mut()
                .expect("there are entries")
                .push(0);
            swapped(&bench, &export)
        },
    },
    Forgery {
        name: "an entry of a later version's kind is appended",
        holds: Holds::Platform,
        fails: &[2],
        make: || {
            let bench = fixture::honest();
            let mut export = bench.export();
            export
                .entries
                .push(of_kind(bench.poll.head(), bench.now, 15));
            swapped(&bench, &export)
        },
    },
    Forgery {
        name: "an entry longer than any may be is appended",
        holds: Holds::Platform,
        fails: &[2],
        make: || {
            let bench = fixture::honest();
            let mut sections = bench.export().sections();
            sections[0].bytes.extend(framed(&[vec![7; 70_000]]));
            with_sections(&bench, &sections)
        },
    },
    Forgery {
        name: "an index is left out",
        holds: Holds::Platform,
        fails: &[3],
        make: || {
            let bench = fixture::honest();
            let mut export = bench.export();
            let mut last = read(&export).pop().expect("there are entries");
            last.index += 1;
            export.entries.pop();
            export.entries.push(seal(last).bytes().to_vec());
            swapped(&bench, &export)
        },
    },
    Forgery {
        name: "the time of an answer is changed in place",
        holds: Holds::Nothing,
        fails: &[4],
        make: || {
            let bench = fixture::honest();
            let mut export = bench.export();
            let mut entry = read(&export).swap_remove(7);
            entry.at -= 1_000;
            export.entries[7] = seal(entry).bytes().to_vec();
            swapped(&bench, &export)
        },
    },
    Forgery {
        name: "an answer is removed and nothing else touched",
        holds: Holds::Nothing,
        fails: &[3, 4, 17],
        make: || {
            let bench = fixture::honest();
            let mut export = bench.export();
            export.entries.remove(11);
            swapped(&bench, &export)
        },
    },
    Forgery {
        name: "two answers are swapped and the chain is made whole behind them",
        holds: Holds::Platform,
        fails: &[4],
        make: || {
            let bench = fixture::running();
            let export = edit(&bench.export(), |entries| {
                let (a, b) = (entries[17].event.clone(), entries[18].event.clone());
                entries[17].event = b;
                entries[18].event = a;
            });
            Case {
                file: export.bytes(),
                ..Case::of(&bench)
            }
        },
    },
    Forgery {
        name: "the last entries are cut off",
        holds: Holds::Platform,
        fails: &[4],
        make: || {
            let bench = fixture::running();
            let mut export = bench.export();
            export.entries.truncate(9);
            Case {
                file: export.bytes(),
                ..Case::of(&bench)
            }
        },
    },
    Forgery {
        name: "whoever has all keys writes the whole ledger anew, with other answers",
        holds: Holds::Everything,
        fails: &[4],
        make: || {
            let other = fixture::closed(&Setup::default(), 9);
            Case {
                anchors: vec![fixture::honest().end()],
                ..Case::of(&other)
            }
        },
    },
    Forgery {
        name: "of two ledgers of one origin, the other is shown to whoever noted the middle of the first",
        holds: Holds::Everything,
        fails: &[4],
        make: || {
            let (first, mut second) = (fixture::running(), fixture::invited(&Setup::default()));
            second.admit(fixture::respond(&second, 3, "no"));
            Case {
                anchors: vec![(7, first.entries[7].link()), second.end()],
                ..Case::of(&second)
            }
        },
    },
    Forgery {
        name: "an answer is dated before the entry before it",
        holds: Holds::Platform,
        fails: &[5],
        make: || {
            gone_on(&Setup::default(), |bench| {
                let event = fixture::respond(bench, 1, "no");
                let now = bench.now;
                bench.now -= 2_000;
                bench.record(event);
                bench.now = now;
                bench.admit(fixture::respond(bench, 2, "no"));
            })
        },
    },
    Forgery {
        name: "a time is finer than the resolution",
        holds: Holds::Platform,
        fails: &[5],
        make: || {
            gone_on(&Setup::default(), |bench| {
                let event = fixture::respond(bench, 1, "no");
                bench.now += 1;
                bench.record(event);
                bench.now -= 1;
            })
        },
    },
    Forgery {
        name: "an entry is dated after the auditor's clock",
        holds: Holds::Platform,
        fails: &[5],
        make: || {
            let mut case = Case::of(&fixture::running());
            case.now_ms -= 2 * 3_600_000;
            case
        },
    },
];

/// The canonical bytes of an entry of this kind, whatever follows.
fn of_kind(head: Head, at: u64, kind: u8) -> Vec<u8> {
    let prefix = codec::encode(&(head.size, head.link, at)).expect("a prefix is short");
    [prefix, vec![kind], b"whatever".to_vec()].concat()
}
