//! The story of a log that a disk damaged: what was published is rebuilt from what was published, to the byte; what was
//! only acknowledged is named, and nobody goes on without it unless they say so for everyone to read.

use crate::assertions::{bare, entries, verdict};
use crate::place::{Invitation, Place, terms};
use crate::process::{COMMAND_MAX, Process, Ran, until};
use serde_json::Value;
use sijill_ledger::note::VerifierKey;
use sijill_ledger::policy::Policy;
use sijill_poll::Event;
use sijill_scenarios::Terms;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

const SLUG: &str = "bridge";

/// Answers that are published, by steps of ten.
const PUBLISHED: usize = 20;

/// A directory of two polls, stopped, and what people hold of it.
struct Story {
    place: Place,
    invited: Vec<Invitation>,
    codes: Vec<(String, String)>,
    /// Number of entries that the newest checkpoint is over.
    published: u64,
    anchor: String,
    policy: PathBuf,
    checkpoint: PathBuf,
}

impl Story {
    /// With so many more answers that wait to be published.
    fn with(waiting: usize) -> Self {
        let place = Place::new();
        let invited = place.poll(&terms(), 30);
        let tunnel = Terms {
            slug: "tunnel".to_owned(),
            ..terms()
        };
        place.poll(&tunnel, 3);
        let server = place.serve();
        let browser = server.browser();
        let mut codes = Vec::new();
        let mut answer = |invitation: &Invitation| {
            let page = browser.answer(&invitation.path, "yes").status(200);
            codes.push((invitation.path.clone(), bare(&page.code().unwrap())));
        };
        invited[..PUBLISHED].iter().for_each(&mut answer);
        let published = || {
            let results = browser.get("/polls/bridge/results.json").json();
            (results["answered"] == PUBLISHED).then_some(())
        };
        until(COMMAND_MAX, published).expect("the answers are published");
        let export = browser.get("/polls/bridge/export").status(200).body;
        let checkpoint = browser.get("/polls/bridge/checkpoint").status(200);
        invited[PUBLISHED..PUBLISHED + waiting]
            .iter()
            .for_each(&mut answer);
        server.stop().well();
        Self {
            published: entries(&export).len() as u64,
            anchor: place.anchor(SLUG),
            policy: place.write("policy", policy(&export)),
            checkpoint: place.write("checkpoint", checkpoint.body),
            invited,
            codes,
            place,
        }
    }

    fn log(&self) -> PathBuf {
        self.place.data().join("log")
    }

    #[track_caller]
    fn refused(&self) -> Ran {
        match self.place.try_serve() {
            Ok(server) => panic!("the damage is not noticed: {}", server.log()),
            Err(ran) => ran.expect_code(3),
        }
    }

    fn repair(&self) -> Ran {
        self.place.sijill(["replay", "--repair", "--json"])
    }

    fn accept_loss(&self) -> Ran {
        let key = self.place.key_file();
        let words = ["replay", "--accept-loss", "--poll", SLUG];
        let more = ["--reason", "A disk failed", "--key", key.to_str().unwrap()];
        self.place.sijill([&words[..], &more].concat())
    }

    /// Audited with what was held before the damage.
    fn audit(&self, anchor: &str) -> Value {
        let audit = args![
            "--anchor",
            anchor,
            "--policy",
            &self.policy,
            "--checkpoint",
            &self.checkpoint,
            "--poll",
            SLUG,
            "--json"
        ];
        let report = self.place.audit(self.place.data(), audit).well().json();
        for number in ["V4", "V17", "V20", "V21", "V23"] {
            assert_ne!(verdict(&report, number), "failed", "{report}");
        }
        report
    }

    /// Everybody's answer is there, and the next one is taken.
    fn check_whole(&self) {
        let server = self.place.serve();
        let browser = server.browser();
        for (path, code) in &self.codes {
            let page = browser.get(path).status(200);
            assert_eq!(page.code().as_deref().map(bare).as_ref(), Some(code));
        }
        browser.get("/polls/tunnel").status(200);
        server.stop().well();
        self.audit(&self.anchor);
    }
}

/// A policy that trusts the log of this export alone.
fn policy(export: &[u8]) -> Vec<u8> {
    let first = entries(export).remove(0);
    let Event::Opened(opened) = &first.entry().event else {
        panic!("entry 0 is no opening");
    };
    let name = opened.opening.origin.to_string();
    let keys = opened.opening.log_keys.iter();
    Policy::of_logs(keys.map(|key| VerifierKey::new(&name, *key).unwrap())).to_bytes()
}

fn of<'a>(report: &'a Value, slug: &str) -> &'a Value {
    let polls = report["polls"].as_array().unwrap();
    polls.iter().find(|poll| poll["slug"] == slug).unwrap()
}

/// A bit in every 97th byte.
fn flip(file: &Path) {
    let mut bytes = fs::read(file).unwrap();
    bytes.iter_mut().step_by(97).for_each(|byte| *byte ^= 0x04);
    fs::write(file, bytes).unwrap();
}

/// Half of what is used is gone.
fn cut(file: &Path) {
    let bytes = fs::read(file).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    fs::write(file, &bytes[..used / 2]).unwrap();
}

fn copy(from: &Path, to: &Path) {
    let copied = std::process::Command::new("cp")
        .arg("-a")
        .args([from, to])
        .status();
    assert!(copied.unwrap().success());
}

/// How a log is damaged, by its folder.
type Damage = fn(&Path);

const DAMAGES: [(&str, Damage); 4] = [
    ("bits flipped", |log| flip(&log.join("db"))),
    ("cut", |log| cut(&log.join("db"))),
    ("emptied", |log| fs::write(log.join("db"), b"").unwrap()),
    ("gone", |log| fs::remove_dir_all(log).unwrap()),
];

// What happened: a disk gave back other bytes than were written, and the log did not open or had lost entries. What
// would have been lost: every answer that observers had already seen, unless somebody had a backup. What holds: all of
// it stands twice, and the log that is made from it is the old one, for whoever holds an anchor, a policy or a checkpoint.
#[test]
fn a_log_that_was_published_in_full_is_rebuilt_whatever_happened_to_it() {
    let story = Story::with(0);
    let whole = story.place.path("whole");
    copy(&story.log(), &whole);
    for (number, (name, damage)) in (1..).zip(DAMAGES) {
        fs::remove_dir_all(story.log()).unwrap();
        copy(&whole, &story.log());
        damage(&story.log());
        let refused = story.refused();
        assert!(refused.err.contains("--repair"), "{name}: {}", refused.err);
        let accepted = story.accept_loss();
        assert!(accepted.code != Some(0), "{name}: {}", accepted.out);
        assert!(
            accepted.err.contains("--repair"),
            "{name}: {}",
            accepted.err
        );
        let report = story.repair().well().json();
        let bridge = of(&report, SLUG);
        println!("{name}: {report}");
        assert_eq!(bridge["entries"], story.published, "{name}: {report}");
        assert_eq!(bridge["missing"], Value::Null, "{name}: {report}");
        assert_eq!(bridge["rebuilt"][0]["from"], bridge["readable"], "{name}");
        let kept = story.place.data().join(format!("salvaged-{number}"));
        assert_eq!(report["copy"], kept.to_str().unwrap(), "{name}");
        story.check_whole();
        let again = story.repair().well().json();
        assert_eq!(of(&again, SLUG)["rebuilt"], Value::Array(Vec::new()));
        assert_eq!(again["copy"], Value::Null, "{name}");
    }
}

// What happened: the damage took answers that were confirmed and not published yet. What holds: nothing is passed over in
// silence; the repair says which are missing, the start is still refused, and going on is a decision on record, behind
// everything that was published and not before.
#[test]
fn what_was_not_published_is_named_and_going_on_without_it_takes_a_decision() {
    let story = Story::with(4);
    fs::write(story.log().join("db"), b"").unwrap();
    let refused = story.accept_loss();
    assert!(refused.code != Some(0) && refused.err.contains("--repair"));
    let report = story.repair().expect_code(1).json();
    let bridge = of(&report, SLUG);
    assert_eq!(bridge["missing"]["from"], story.published, "{report}");
    assert_eq!(bridge["missing"]["to"], story.published + 4, "{report}");
    let told = story.place.sijill(["replay", "--repair"]).expect_code(1);
    let last = story.published + 3;
    let missing = format!("still missing: entries {} to {last}", story.published);
    assert!(told.out.contains(&missing), "{}", told.out);
    assert!(told.out.contains("--accept-loss"), "{}", told.out);
    let refused = story.refused();
    assert!(refused.err.contains("behind its head"), "{}", refused.err);
    story.accept_loss().well();
    let server = story.place.serve();
    let again = &story.invited[PUBLISHED];
    server.browser().answer(&again.path, "no").status(200);
    server.stop().well();
    let report = story.audit(&story.place.anchor(SLUG));
    assert!(
        report
            .to_string()
            .contains("were acknowledged and are lost")
    );
}

// What happened: somebody who knew only `--accept-loss` used it on a log that ended before its newest checkpoint, and the
// service would have signed a second history of what everybody had seen. What holds: it is refused and names the way.
#[test]
fn a_loss_is_not_accepted_where_the_log_would_end_before_its_newest_checkpoint() {
    let place = Place::new();
    let invited = place.poll(&terms(), 15);
    let early = place.path("early");
    place.serve().stop().well();
    copy(&place.data().join("log"), &early);
    let server = place.serve();
    for invitation in &invited[..10] {
        server.browser().answer(&invitation.path, "yes").status(200);
    }
    let published = || {
        let results = server.browser().get("/polls/bridge/results.json").json();
        (results["answered"] == 10).then_some(())
    };
    until(COMMAND_MAX, published).expect("the answers are published");
    server.stop().well();
    let anchor = place.anchor(SLUG);
    fs::remove_dir_all(place.data().join("log")).unwrap();
    copy(&early, &place.data().join("log"));
    let key = place.key_file();
    let words = ["replay", "--accept-loss", "--poll", SLUG, "--reason", "Old"];
    let more = ["--key", key.to_str().unwrap()];
    let refused = place.sijill([&words[..], &more].concat()).expect_code(1);
    assert!(refused.err.contains("second history"), "{}", refused.err);
    assert!(refused.err.contains("--repair"), "{}", refused.err);
    assert!(!place.data().join("salvaged-1").exists());
    place.sijill(["replay", "--repair"]).well();
    place
        .audit(place.data(), ["--anchor", &anchor, "--poll", SLUG])
        .well();
}

// What happened: bundles were damaged as well. What holds: the repair says which, nothing is gone on with, and with the
// tiles put back from a mirror the next repair has everything.
#[test]
fn damaged_bundles_are_named_and_a_mirror_gives_them_back() {
    let story = Story::with(0);
    let tiles = story.place.data().join("polls/bridge/public/tile");
    let mirror = story.place.path("mirror");
    copy(&tiles, &mirror);
    fs::write(story.log().join("db"), b"").unwrap();
    let file = tiles.join(format!("entries/000.p/{}", story.published));
    let mut bytes = fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&file, bytes).unwrap();
    let report = story.repair().expect_code(1).json();
    let bridge = of(&report, SLUG);
    assert_eq!(bridge["entries"], story.published - 1, "{report}");
    let why = bridge["unusable"].as_str().unwrap();
    assert!(why.contains("tile/entries/000"), "{why}");
    // The rest of that bundle too, and with entry 0 the keys that the checkpoint is signed with.
    fs::remove_dir_all(story.log()).unwrap();
    flip(&file);
    let report = story.repair().expect_code(1).json();
    let bridge = of(&report, SLUG);
    assert_eq!(bridge["missing"]["to"], story.published, "{report}");
    let told = story.place.sijill(["replay", "--repair"]).expect_code(1);
    assert!(
        told.out.contains("put the folder `tile` back"),
        "{}",
        told.out
    );
    assert!(!told.out.contains("--accept-loss"), "{}", told.out);
    fs::remove_dir_all(&tiles).unwrap();
    copy(&mirror, &tiles);
    story.repair().well();
    story.check_whole();
}

#[test]
fn tiles_that_differ_from_a_whole_log_are_written_anew_and_the_log_is_left_alone() {
    let story = Story::with(0);
    let tiles = story.place.data().join("polls/bridge/public/tile");
    let file = tiles.join(format!("entries/000.p/{}", story.published));
    let (right, log) = (fs::read(&file).unwrap(), fs::read(story.log().join("db")));
    flip(&file);
    let report = story.repair().well().json();
    assert_eq!(of(&report, SLUG)["tiles"], 1, "{report}");
    assert_eq!(report["copy"], Value::Null);
    assert_eq!(fs::read(&file).unwrap(), right);
    assert_eq!(fs::read(story.log().join("db")).unwrap(), log.unwrap());
    story.check_whole();
}

// What happened: the power went while a log was being rebuilt. What holds: whenever that is, the old log or the new one is
// there, the files as found are kept once, and the next repair or start ends what is left.
/// What happened: the list of published checkpoints was damaged, a repair said that there was nothing to repair, and the
/// next start refused. What observers would have lost: the checkpoints, in every folder that was published from then on.
/// What holds: signatures cannot be made anew, so whoever meets the list says that it is to be put back.
#[test]
fn a_list_of_checkpoints_that_is_gone_or_altered_is_named_by_a_repair_and_copied_nowhere() {
    let story = Story::with(0);
    let list = story.place.data().join("polls/bridge/public/checkpoints");
    let whole = fs::read(&list).unwrap();
    let in_a_signature: Damage = |list| {
        let mut bytes = fs::read(list).unwrap();
        // The end of the first note's signature, where base64 has all of its bits.
        let end = bytes
            .windows(2)
            .skip(100)
            .position(|two| two[0] == b'\n')
            .unwrap()
            + 100;
        bytes[end - 6] = if bytes[end - 6] == b'A' { b'B' } else { b'A' };
        fs::write(list, bytes).unwrap();
    };
    let gone: Damage = |list| fs::remove_file(list).unwrap();
    for damage in [in_a_signature, gone] {
        damage(&list);
        let report = story.repair().expect_code(1).json();
        let said = of(&report, SLUG)["list"].as_str().unwrap().to_owned();
        assert!(said.contains("list of published checkpoints"), "{said}");
        assert!(of(&report, "tunnel")["list"].is_null(), "{report}");
        let ran = story.place.sijill(["publish", SLUG, "copy", "--json"]);
        assert_eq!(ran.code, Some(3), "{}", ran.out);
        assert!(
            ran.out.contains("list of published checkpoints"),
            "{}",
            ran.out
        );
        assert!(!story.place.path("copy").exists());
        story.refused();
        fs::write(&list, &whole).unwrap();
    }
    story.repair().well();
    // The last one cut off, as a crash leaves it: nothing older is copied in its place, and the next start ends the list.
    let text = String::from_utf8(whole).unwrap();
    let last = text
        .rfind(&format!("{}\n", text.lines().next().unwrap()))
        .unwrap();
    fs::write(&list, &text[..last]).unwrap();
    let ran = story.repair().well();
    assert!(ran.err.contains("not listed yet"), "{}", ran.err);
    let ran = story.place.sijill(["publish", SLUG, "copy", "--json"]);
    let ran = ran.expect_code(3);
    assert!(ran.out.contains("not listed yet"), "{}", ran.out);
    story.check_whole();
    assert_eq!(fs::read_to_string(&list).unwrap(), text);
    // Without list and note, nothing says how many there were.
    fs::remove_file(&list).unwrap();
    fs::remove_file(story.place.data().join("polls/bridge/published")).unwrap();
    let ran = story.refused();
    assert!(ran.err.contains("is not there or empty"), "{}", ran.err);
}

/// What happened: a kill between the note of a first publication and its list made `sijill publish` say that the list was
/// gone, and to put it back from a backup that nobody could have. What holds: it says that the next start lists it.
#[test]
fn a_first_publication_that_was_broken_off_is_not_listed_yet_and_no_list_is_gone() {
    let place = Place::new();
    place.open(&place.definition(&terms()));
    let folder = place.data().join("polls/bridge");
    let list = folder.join("public/checkpoints");
    let newest = place.data().join("checkpoints/bridge.checkpoint");
    fs::remove_file(&list).unwrap();
    // Killed before the list, and killed before the newest checkpoint was kept.
    for before in [None, Some(&newest)] {
        before.map_or(Ok(()), fs::remove_file).unwrap();
        let ran = place.sijill(["publish", SLUG, "copy"]).expect_code(3);
        assert!(ran.err.contains("not listed yet"), "{}", ran.err);
        assert!(ran.err.contains("`sijill serve` lists it"), "{}", ran.err);
    }
    // The same while a server ends the publication.
    let mut publish = place.command();
    publish.args(["publish", SLUG, "copy"]);
    let publish = Process::start(&mut publish, &place.path(""), "publish");
    place.serve().stop().well();
    let ran = publish.wait(COMMAND_MAX);
    assert!([Some(0), Some(3)].contains(&ran.code), "{}", ran.err);
    place.sijill(["publish", SLUG, "copy"]).well();
    fs::remove_file(folder.join("published")).unwrap();
    fs::remove_file(&list).unwrap();
    let ran = place.sijill(["publish", SLUG, "other"]).expect_code(3);
    assert!(ran.err.contains("is not there or empty"), "{}", ran.err);
}

/// Without the note there is nothing to hold the list against, and it is not to be lost in silence.
#[test]
fn a_note_of_what_is_published_that_is_gone_or_junk_is_told_at_the_start() {
    let story = Story::with(0);
    let note = story.place.data().join("polls/bridge/published");
    for damage in [(|note| fs::write(note, "{}").unwrap()) as Damage, |note| {
        fs::remove_file(note).unwrap()
    }] {
        damage(&note);
        let server = story.place.serve();
        let log = server.log();
        assert!(log.contains("held against nothing this time"), "{log}");
        server.stop().well();
        story.check_whole();
    }
}

/// Nobody counted them where there is nothing to count them by.
#[test]
fn a_repair_without_a_head_file_does_not_say_how_many_entries_there_are() {
    let story = Story::with(0);
    fs::remove_file(story.place.data().join("polls/bridge/head")).unwrap();
    let ran = story.repair().expect_code(3);
    assert!(ran.out.contains("whether its log is whole"), "{}", ran.out);
}

#[test]
fn a_repair_that_was_killed_can_be_made_again() {
    let story = Story::with(0);
    fs::write(story.log().join("db"), b"").unwrap();
    for delay in [0, 5, 10, 20, 40, 80, 120, 160, 240, 320] {
        let name = format!("killed-{delay}");
        let mut repair = story.place.start(&name, ["replay", "--repair"]);
        std::thread::sleep(Duration::from_millis(delay));
        repair.kill();
    }
    let report = story.repair().well().json();
    assert_eq!(of(&report, SLUG)["entries"], story.published, "{report}");
    let data = story.place.data();
    for left in ["repairing", "repaired", "salvaged-2"] {
        assert!(!data.join(left).exists(), "{left}");
    }
    assert_eq!(
        fs::read(data.join("salvaged-1/as-found/log/db")).unwrap(),
        b""
    );
    story.check_whole();
}

/// The moments between the renames of a repair, which no kill hits by chance.
#[test]
fn a_start_ends_a_repair_that_had_made_its_log() {
    let story = Story::with(0);
    let data = story.place.data();
    let whole = story.place.path("whole");
    copy(&story.log(), &whole);
    for moment in ["made", "old one aside", "in place"] {
        fs::remove_dir_all(story.log()).unwrap();
        let repaired = data.join("repaired");
        fs::create_dir(&repaired).unwrap();
        let old = match moment {
            "made" => story.log(),
            _ => repaired.join("replaced"),
        };
        fs::create_dir(&old).unwrap();
        fs::write(old.join("db"), b"").unwrap();
        match moment {
            "in place" => copy(&whole, &story.log()),
            _ => copy(&whole, &repaired.join("log")),
        }
        story.audit(&story.anchor);
        story.check_whole();
        assert!(!repaired.exists(), "{moment}");
    }
}
