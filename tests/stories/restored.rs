//! What is published outlives a machine: ledgers come back from exports with the checkpoints that were published, and
//! neither a copy of a data directory nor a second server signs another history.

use crate::place::{Invitation, Place, copy, prompt_terms};
use crate::process::until;
use sijill_ledger::checkpoint::Checkpoint;
use sijill_ledger::container::{self, CHECKPOINTS};
use sijill_ledger::{Hash, SecretKey};
use sijill_scenarios::export::{Section, file};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

const SLUG: &str = "bridge";

/// A poll with ten answers that are published and exported, whose server stopped.
struct Exported {
    place: Place,
    invited: Vec<Invitation>,
    policy: PathBuf,
    export: PathBuf,
    /// The newest checkpoint, as somebody kept it.
    kept: PathBuf,
    /// The list that it stands in.
    list: Vec<u8>,
}

impl Exported {
    fn new() -> Self {
        let place = Place::new();
        let invited = place.poll(&prompt_terms(), 14);
        let server = place.serve();
        server.answer(&invited[..10], "yes");
        let newest = server.published(SLUG, place.recorded(SLUG));
        let list = server.browser().get("/polls/bridge/checkpoints");
        server.stop().well();
        let export = place.path("bridge.export");
        place.sijill(args!["export", SLUG, &export]).well();
        Self {
            policy: place.policy(SLUG),
            kept: place.write("kept.checkpoint", newest.to_string()),
            list: list.status(200).body,
            invited,
            export,
            place,
        }
    }

    /// The machine is lost; what is left is the export, and a copy of the service's keys.
    fn lose_everything(&self) {
        let keys = self.place.path("keys-kept-elsewhere");
        copy(&self.place.data().join("keys"), &keys);
        fs::remove_dir_all(self.place.data()).unwrap();
        copy(&keys, &self.place.data().join("keys"));
    }

    /// The export's sections.
    fn sections(&self) -> Vec<Section> {
        let bytes = fs::read(&self.export).unwrap();
        let mut at = container::head_length(&bytes).unwrap();
        let table = container::sections(&bytes[..at]).unwrap();
        let section = |row: &container::Section| {
            let start = at;
            at += row.length as usize;
            Section {
                kind: row.kind,
                flags: row.flags,
                bytes: bytes[start..at].to_vec(),
            }
        };
        table.iter().map(section).collect()
    }

    /// The export with this list of checkpoints.
    fn with_list(&self, list: &[u8]) -> PathBuf {
        let mut sections = self.sections();
        let published = sections
            .iter_mut()
            .find(|section| section.kind == CHECKPOINTS);
        published.unwrap().bytes = list.to_vec();
        self.place.write("bent.export", file(&sections))
    }

    /// What the newest checkpoint says.
    fn newest(&self) -> Checkpoint {
        let text = fs::read_to_string(&self.kept).unwrap();
        let signed: sijill_ledger::checkpoint::SignedCheckpoint = text.parse().unwrap();
        signed.claimed().clone()
    }

    /// The list with another last checkpoint, signed by somebody.
    fn ending_with(&self, last: &Checkpoint) -> Vec<u8> {
        let signed = last.sign(&SecretKey::from_seed([9; 32])).unwrap();
        let before = self.list.len() - fs::read(&self.kept).unwrap().len();
        [&self.list[..before], signed.to_string().as_bytes()].concat()
    }

    fn import(&self, file: &Path) -> crate::process::Ran {
        self.place.sijill(args!["import", file, "--json"])
    }
}

// What happened: the machine of a poll burnt down while people answered. What observers would have lost: checkpoints
// that they kept would have been of a ledger that is no more. What holds: the poll goes on from an export and the
// service's keys, and everything signed from then on grows from what was signed before.
#[test]
fn a_poll_that_comes_back_from_an_export_goes_on_after_its_published_checkpoints() {
    let poll = Exported::new();
    let sections = poll.sections();
    let published = sections.iter().find(|section| section.kind == CHECKPOINTS);
    assert_eq!(published.unwrap().bytes, poll.list);
    poll.lose_everything();
    poll.import(&poll.export).well();
    let folder = poll.place.data().join("polls/bridge/public");
    assert_eq!(fs::read(folder.join("checkpoints")).unwrap(), poll.list);

    let server = poll.place.serve();
    server.answer(&poll.invited[10..], "no");
    let newest = server.published(SLUG, poll.place.recorded(SLUG));
    assert_eq!(newest.claimed().size, poll.newest().size + 4);
    let list = server
        .browser()
        .get("/polls/bridge/checkpoints")
        .status(200);
    assert!(list.body.starts_with(&poll.list));
    let url = server.url("/polls/bridge");
    let words = args!["compare", &poll.kept, &url, "--policy", &poll.policy];
    let said = poll.place.sijill(words).well().out;
    assert!(said.contains("consistent"), "{said}");
    let given = args!["--policy", &poll.policy, "--checkpoint", &poll.kept];
    poll.place.audit(&url, given).well();
    server.stop().well();
}

#[test]
fn an_export_whose_checkpoints_are_not_over_its_entries_is_refused_in_words() {
    let poll = Exported::new();
    poll.lose_everything();
    let newest = poll.newest();
    let bent = |bend: &dyn Fn(&mut Checkpoint)| {
        let mut last = newest.clone();
        bend(&mut last);
        poll.ending_with(&last)
    };
    let other = Checkpoint {
        size: 2,
        root: Hash::of(b"something else"),
        ..newest.clone()
    };
    let other = other.sign(&SecretKey::from_seed([9; 32])).unwrap();
    let older = [other.to_string().as_bytes(), &fs::read(&poll.kept).unwrap()].concat();
    let many = format!(
        "over {} entries, and it has {}",
        newest.size + 1,
        newest.size
    );
    let cases = [
        (
            bent(&|last| last.root = Hash::of(b"something else")),
            "is over others",
        ),
        (older, "over 2 entries is over others"),
        (bent(&|last| last.size += 1), many.as_str()),
        (
            poll.list[..poll.list.len() - 9].to_vec(),
            "no list of checkpoints",
        ),
        (poll.list[1..].to_vec(), "no list of checkpoints"),
        (
            [&poll.list[..], b"more\n"].concat(),
            "no list of checkpoints",
        ),
        (
            bent(&|last| last.origin = "ur.example/polls/tunnel".parse().unwrap()),
            "no list of checkpoints",
        ),
    ];
    for (list, says) in cases {
        let ran = poll.import(&poll.with_list(&list)).expect_code(2);
        let why = ran.json()["error"].as_str().unwrap().to_owned();
        assert!(why.contains(says), "expected `{says}`: {why}");
        assert!(!poll.place.data().join("polls/bridge").exists(), "{why}");
    }
    // An import does not judge signatures; a server signs nothing after a checkpoint that is not its own.
    poll.import(&poll.with_list(&bent(&|_| ()))).well();
    let refused = poll.place.try_serve().err().expect("it is refused");
    assert!(refused.err.contains("cannot be used"), "{}", refused.err);
    fs::remove_dir_all(poll.place.data().join("log")).unwrap();
    poll.lose_everything();
    poll.import(&poll.export).well();
    poll.place.serve().stop().well();
}

/// An older export has no list: the service signs anew what it signed before, over the same entries.
#[test]
fn an_export_without_checkpoints_comes_back_consistent_with_those_that_were_published() {
    let poll = Exported::new();
    poll.lose_everything();
    let mut sections = poll.sections();
    sections.retain(|section| section.kind != CHECKPOINTS);
    let bare = poll.place.write("bare.export", file(&sections));
    poll.import(&bare).well();
    let server = poll.place.serve();
    server.answer(&poll.invited[10..], "no");
    server.published(SLUG, poll.newest().size + 1);
    let url = server.url("/polls/bridge");
    let words = args!["compare", &poll.kept, &url, "--policy", &poll.policy];
    poll.place.sijill(words).well();
}

#[test]
fn a_copied_directory_is_served_only_where_it_is_said_to_have_moved() {
    let poll = Exported::new();
    let copied = poll.place.path("copied");
    copy(&poll.place.data(), &copied);
    let serve = |more: &[&str]| {
        let mut words = args!["--data", &copied].to_vec();
        words.extend(more.iter().map(Into::into));
        poll.place.try_serve_with(words)
    };
    let refused = serve(&[]).err().expect("it is refused").expect_code(2);
    for part in ["is a copy", "sijill serve --moved"] {
        assert!(refused.err.contains(part), "{}", refused.err);
    }
    let moved = serve(&["--moved"]).expect("it is served");
    assert_eq!(moved.published(SLUG, 1).claimed(), &poll.newest());
    moved.stop().well();
    // Once it has been said, it stays so.
    serve(&[]).expect("it is served").stop().well();
}

// What happened: a second machine was started on a copy of the data while the first went on. What observers would have
// lost: the poll would have had two histories. What holds: with one folder for the checkpoints of both, the one that
// publishes second stops, says what to do, and signs nothing.
#[test]
fn of_two_servers_on_copies_of_one_directory_the_second_to_publish_stops_and_says_what_to_do() {
    let place = Place::new();
    place.write("sijill.toml", "checkpoints = \"shared\"\n");
    let invited = place.poll(&prompt_terms(), 12);
    let policy = place.policy(SLUG);
    let server = place.serve();
    server.published(SLUG, place.recorded(SLUG));
    server.stop().well();
    let second = place.path("second");
    copy(&place.data(), &second);
    let first = place.serve();
    let second = place
        .try_serve_with(args!["--data", &second])
        .expect("it is served");
    first.answer(&invited[..4], "yes");
    first.published(SLUG, place.recorded(SLUG));
    second.browser().answer(&invited[5].path, "no").status(200);
    let health = until(Duration::from_secs(20), || {
        let health = second.browser().get("/health");
        (health.status == 503).then(|| health.json())
    });
    let health = health.expect("the second server stops");
    assert_eq!(health["state"], "stopped");
    let why = health["why"].as_str().unwrap();
    for part in [
        "another server publishes this poll",
        "stop one of the two",
        "sijill compare",
    ] {
        assert!(why.contains(part), "{why}");
    }
    assert!(!why.contains("disk"), "{why}");
    let ran = second.ended().expect_code(3);
    assert!(ran.err.contains("another server publishes"), "{}", ran.err);

    first.answer(&invited[6..8], "yes");
    first.published(SLUG, place.recorded(SLUG));
    place
        .audit(first.url("/polls/bridge"), args!["--policy", &policy])
        .well();
    first.stop().well();
}
