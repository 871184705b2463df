//! Honest polls, and what an auditor of one is given.

use crate::bench::{Bench, Setup};
use crate::definition::{HOUR_MS, Terms};
use sijill_ledger::Link;
use sijill_ledger::note::VerifierKey;
use sijill_poll::event::How;
use std::collections::BTreeMap;

/// A link as the messages of the scenarios' polls have it; nobody's.
pub const LINK: &str = "http://ur.example/p/0123456789abcdefghjk";

/// What an auditor is handed: a file, and what they hold from elsewhere.
#[derive(Debug, Clone)]
pub struct Case {
    /// The export file's bytes.
    pub file: Vec<u8>,
    /// Operator keys that the auditor pinned.
    pub operator_keys: Vec<VerifierKey>,
    /// Index and link of entries that somebody noted.
    pub anchors: Vec<(u64, Link)>,
    /// Name and text of promise files that respondents handed in.
    pub promises: Vec<(String, String)>,
    /// Name and text of receipt files that respondents handed in.
    pub receipts: Vec<(String, String)>,
    /// Name and text of answer pages that respondents saved.
    pub pages: Vec<(String, String)>,
    /// Name and text of messages that respondents were sent.
    pub messages: Vec<(String, String)>,
    /// Whom the auditor believes about checkpoints: a policy as a file.
    pub policy: Option<Vec<u8>>,
    /// Name and bytes of checkpoints that the auditor held before.
    pub held: Vec<(String, Vec<u8>)>,
    /// The state file that the auditor kept of an audit before.
    pub state: Option<Vec<u8>>,
    /// The auditor's clock, milliseconds since 1970.
    pub now_ms: u64,
    /// The folder of a published poll, by path below it, where that is the source and not the file.
    pub folder: Option<Folder>,
}

/// The files of a published poll's folder, by path.
pub type Folder = BTreeMap<String, Vec<u8>>;

impl Case {
    /// The ledger of this bench, given the operator's key and its last entry's link, an hour after its last entry.
    pub fn of(bench: &Bench) -> Self {
        Self {
            file: bench.export().bytes(),
            operator_keys: vec![bench.keys.operator_key()],
            anchors: vec![bench.end()],
            promises: Vec::new(),
            receipts: Vec::new(),
            pages: Vec::new(),
            messages: Vec::new(),
            policy: None,
            held: Vec::new(),
            state: None,
            now_ms: bench.now + HOUR_MS,
            folder: None,
        }
    }

    /// The export with the list of checkpoints at these sizes and the policy that has the log's key.
    pub fn published(bench: &Bench, sizes: &[u64]) -> Self {
        Self {
            file: bench.export().with_checkpoints(&bench.list(sizes)),
            policy: Some(bench.policy()),
            ..Self::of(bench)
        }
    }

    /// The folder of the poll published at these sizes, and the policy that has the log's key.
    pub fn folder(bench: &Bench, sizes: &[u64]) -> Self {
        Self {
            folder: Some(bench.folder(sizes)),
            policy: Some(bench.policy()),
            ..Self::of(bench)
        }
    }

    /// The same file, with no anchor.
    pub fn without_anchor(self) -> Self {
        Self {
            anchors: Vec::new(),
            ..self
        }
    }
}

/// A poll under way: opened, its roster committed to, the first of two waves sent to two thirds, its start reached.
pub fn invited(setup: &Setup) -> Bench {
    let mut bench = Bench::open(setup);
    bench.admit(bench.roster_committed());
    bench.admit(bench.wave_started(setup.invitations * 2 / 3));
    bench.admit(bench.wave_ended(1));
    bench.wait_for_start();
    bench
}

/// A poll in which `answers` people answered (each in turn another option), with a pause, a changed answer where the
/// definition allows one, an extension, and a second wave that is still under way.
///
/// `answers` must be at most the number of invitations and at least 2.
pub fn answered(setup: &Setup, answers: u32) -> Bench {
    let mut bench = invited(setup);
    let first_wave = setup.invitations * 2 / 3;
    answer(&mut bench, 0..answers.min(first_wave) / 2);
    bench.admit(bench.paused("Maintenance of the site"));
    bench.admit(bench.resumed("Maintenance is over"));
    answer(
        &mut bench,
        answers.min(first_wave) / 2..answers.min(first_wave),
    );
    if setup.terms.revisions > 0 {
        let last = bench.terms.options[2 % bench.terms.options.len()].clone();
        bench.admit(respond(&bench, 0, &last));
    }
    let [_, end, latest] = bench.terms.field_ms;
    bench.admit(bench.extended(end + (latest - end) / 2, "Heavy rain in the south"));
    bench.admit(bench.wave_started(setup.invitations - first_wave));
    answer(&mut bench, first_wave..answers.max(first_wave));
    bench
}

/// The same poll closed, and its second wave ended after the close.
pub fn closed(setup: &Setup, answers: u32) -> Bench {
    let mut bench = answered(setup, answers);
    if !setup.terms.close_any_time {
        bench.now = bench.now.max(bench.poll.end());
    }
    bench.admit(bench.closed("All who were invited had a week"));
    bench.admit(bench.wave_ended(2));
    bench
}

/// A setup with sealed strata: 40 invitations in 4 of them, of which those with fewer than 6 answers stay closed.
pub fn sealed_setup() -> Setup {
    let strata = [
        ("north", 3_000),
        ("south", 5_000),
        ("east", 900),
        ("west", 700),
    ];
    Setup {
        terms: Terms {
            sealed: true,
            threshold: 6,
            strata: strata.map(|(id, count)| (id.to_owned(), count)).into(),
            ..Terms::default()
        },
        invitations: 40,
        ..Setup::default()
    }
}

/// A setup in which three options are rotated from invitation to invitation, and a fourth stands last.
pub fn rotated_setup() -> Setup {
    Setup {
        terms: Terms {
            rotated: true,
            options: ["yes", "no", "other", "dont-know"].map(String::from).into(),
            ..Terms::default()
        },
        ..Setup::default()
    }
}

/// The closed poll of sealed strata, not opened yet: 23 answers, of which two strata have too few.
pub fn sealed() -> Bench {
    closed(&sealed_setup(), 23)
}

/// The closed poll that most tests use: 12 invitations in 2 strata, 10 answers, one of them changed.
pub fn honest() -> Bench {
    closed(&Setup::default(), 10)
}

/// The same poll of other people, with other keys.
pub fn honest_of_seed(seed: u8) -> Bench {
    let setup = Setup {
        seed,
        ..Setup::default()
    };
    closed(&setup, 10)
}

/// The promise that the platform of this bench gave person 10 for an answer that no fixture records.
pub fn dropped(bench: &Bench) -> String {
    bench.promise(&bench.responded_as(10, 1, How::Link, "no"))
}

/// The poll that most forgers begin with: 12 invitations in 2 strata, 10 answers, still running. Its last two entries,
/// 17 and 18, are answers that no operator event has sealed yet: a forger without the operator's key can change them.
pub fn running() -> Bench {
    answered(&Setup::default(), 10)
}

/// The event of this person's next answer.
pub fn respond(bench: &Bench, person: u32, option: &str) -> sijill_poll::Event {
    sijill_poll::Event::Responded(bench.responded(person, option))
}

fn answer(bench: &mut Bench, people: std::ops::Range<u32>) {
    for person in people {
        let options = &bench.terms.options;
        let option = options[person as usize % options.len()].clone();
        bench.admit(respond(bench, person, &option));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sijill_poll::poll::Phase;

    #[test]
    fn the_honest_poll_counts_what_it_was_told() {
        let bench = honest();
        assert_eq!(bench.poll.phase(), Phase::Closed);
        assert_eq!(bench.poll.tally().answered, 10);
        // 4 of 10 said yes first; the first of them changed to "don't know".
        assert_eq!(bench.poll.tally().first_by_option, [4, 3, 3]);
        assert_eq!(bench.poll.tally().by_option, [3, 3, 4]);
    }

    #[test]
    fn the_same_seed_makes_the_same_file() {
        assert_eq!(Case::of(&honest()).file, Case::of(&honest()).file);
    }
}
