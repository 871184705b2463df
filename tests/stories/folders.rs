//! A poll as files for any file server: `sijill publish` again and again, beside the server that publishes and after it,
//! until what is left is an archive that needs neither.

use crate::place::{Invitation, Place, Server, copy, prompt_terms};
use crate::process::{Process, Ran};
use crate::second_opinion;
use sijill_scenarios::bench::Setup;
use sijill_scenarios::{Published, fixture};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

const SLUG: &str = "bridge";

/// A poll that is served, and the folder that it is published in.
struct Poll {
    place: Place,
    server: Option<Server>,
    invited: Vec<Invitation>,
    policy: PathBuf,
    folder: PathBuf,
}

impl Poll {
    fn of(people: u32) -> Self {
        let place = Place::new();
        let invited = place.poll(&prompt_terms(), people);
        let server = place.serve();
        let policy = place.policy(SLUG);
        Self {
            folder: place.path("www"),
            server: Some(server),
            invited,
            policy,
            place,
        }
    }

    /// The next so many people answer, and it is published.
    fn grow(&mut self, people: usize) {
        let people: Vec<_> = self.invited.drain(..people).collect();
        let server = self.server.as_ref().unwrap();
        server.answer(&people, "yes");
        server.published(SLUG, self.place.recorded(SLUG));
    }

    fn stop(&mut self) {
        self.server.take().unwrap().stop().well();
    }

    fn publish(&self) -> Ran {
        self.publish_to(&self.folder)
    }

    fn publish_to(&self, folder: &Path) -> Ran {
        self.place.sijill(args!["publish", SLUG, folder, "--json"])
    }

    /// Auditor and second opinion pass the folder to its end.
    #[track_caller]
    fn passes(&self, folder: &Path) {
        self.place
            .audit(folder, args!["--policy", &self.policy])
            .well();
        let key = self.place.operator_key();
        let words = args![folder, "--operator-key", key, "--policy", &self.policy];
        second_opinion::verify(&self.place, words).well();
    }
}

/// Every file below a folder, by its path from there, as `look` sees it.
fn seen<T>(folder: &Path, look: impl Fn(&Path) -> T) -> BTreeMap<PathBuf, T> {
    let (mut folders, mut seen) = (vec![folder.to_owned()], BTreeMap::new());
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => {
                    drop(seen.insert(path.strip_prefix(folder).unwrap().to_owned(), look(&path)))
                }
            }
        }
    }
    seen
}

fn bytes(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    seen(folder, |path| fs::read(path).unwrap())
}

/// What tells a file that was written anew from one that was left alone.
fn identities(folder: &Path) -> BTreeMap<PathBuf, (u64, i64, i64)> {
    seen(folder, |path| {
        let data = fs::metadata(path).unwrap();
        (data.ino(), data.mtime(), data.mtime_nsec())
    })
}

#[test]
fn a_folder_is_brought_up_to_date_by_what_is_new_and_ends_as_an_archive() {
    let mut poll = Poll::of(300);
    poll.grow(262);
    let first = poll.publish().well().json();
    assert_eq!(first["entries_before"], 0);
    poll.passes(&poll.folder);
    let before = identities(&poll.folder);

    poll.grow(20);
    let second = poll.publish().well().json();
    assert_eq!(second["entries_before"], first["entries"]);
    assert_eq!(
        second["entries"].as_u64(),
        first["entries"].as_u64().map(|size| size + 20)
    );
    poll.passes(&poll.folder);
    let after = identities(&poll.folder);
    for kept in ["tile/0/000", "tile/entries/000", "roster"].map(Path::new) {
        assert_eq!(after[kept], before[kept], "{}", kept.display());
    }
    for new in ["checkpoint", "checkpoints"].map(Path::new) {
        assert_ne!(after[new], before[new], "{}", new.display());
    }
    assert!(
        !after
            .keys()
            .any(|path| path.extension().is_some_and(|end| end == "writing"))
    );

    // The server may be gone: the close is published by who closes.
    poll.stop();
    poll.place.close(SLUG);
    let last = poll.publish().well().json();
    assert_eq!(
        last["entries"].as_u64(),
        second["entries"].as_u64().map(|size| size + 1)
    );
    let whole = bytes(&poll.folder);
    let again = poll.publish().well().json();
    assert_eq!(again["entries_before"], again["entries"]);
    assert_eq!(bytes(&poll.folder), whole, "nothing is new");
    fs::remove_dir_all(poll.place.data()).unwrap();
    poll.passes(&poll.folder);
    let elsewhere = poll.place.path("elsewhere");
    copy(&poll.folder, &elsewhere);
    poll.passes(&elsewhere);
}

#[test]
fn a_folder_with_another_history_is_left_as_it_is() {
    let mut poll = Poll::of(40);
    poll.grow(10);
    let behind = poll.place.path("behind");
    poll.publish_to(&behind).well();
    poll.grow(10);
    poll.publish().well();
    let size = poll.publish_to(&poll.folder).well().json()["entries"]
        .as_u64()
        .unwrap();
    let refused = |folder: &Path, why: &str| {
        let before = bytes(folder);
        let ran = poll.publish_to(folder).expect_code(2);
        let said = ran.json()["error"].as_str().unwrap().to_owned();
        assert!(said.contains(why), "expected `{why}`: {said}");
        assert!(said.contains("Nothing was changed"), "{said}");
        assert_eq!(bytes(folder), before);
    };
    // Of another poll, of the same one as somebody else ran it, and of this one with more than is published here.
    let mut other = Setup::default();
    other.terms.slug = "tunnel".into();
    let others = Published::of(&fixture::answered(&other, 10));
    let name = |name: &str| poll.place.path(name);
    others.write(&name("tunnel")).unwrap();
    refused(&name("tunnel"), "it is of `ur.example/polls/tunnel`");
    let same_name = Published::of(&fixture::answered(&Setup::default(), 10));
    assert!(same_name.size() < size);
    same_name.write(&name("other")).unwrap();
    refused(&name("other"), "the root");
    let longer = Setup {
        invitations: 60,
        ..Setup::default()
    };
    let longer = Published::of(&fixture::answered(&longer, 30));
    longer.write(&name("longer")).unwrap();
    let more = format!("its checkpoint is over {} entries", longer.size());
    refused(&name("longer"), &more);
    copy(&poll.folder, &name("damaged"));
    fs::write(name("damaged").join("checkpoint"), "none\n").unwrap();
    refused(&name("damaged"), "remove that file");
    // One that a publication of another poll was broken off in.
    copy(&name("tunnel"), &name("begun"));
    fs::remove_file(name("begun").join("checkpoint")).unwrap();
    fs::remove_file(name("begun").join("checkpoints")).unwrap();
    refused(&name("begun"), "another entry 0");
    fs::remove_dir_all(name("begun").join("tile/entries")).unwrap();
    refused(&name("begun"), "another entry 0");
    // One whose readers would not find what is written there.
    copy(&behind, &name("linked"));
    fs::rename(name("linked").join("tile"), name("tiles")).unwrap();
    std::os::unix::fs::symlink(name("tiles"), name("linked").join("tile")).unwrap();
    refused(&name("linked"), "`tile` is a link");
    // As the message says.
    fs::remove_file(name("damaged").join("checkpoint")).unwrap();
    poll.publish_to(&name("damaged")).well();
    poll.passes(&name("damaged"));
    // A folder that is only behind is none of these.
    poll.publish_to(&behind).well();
    poll.passes(&behind);
}

/// The service's own folder is no place for a copy, by whatever way one gets there.
#[test]
fn what_the_service_keeps_is_not_written_over_by_a_copy_of_it() {
    let mut poll = Poll::of(12);
    poll.grow(10);
    poll.stop();
    let polls = poll.place.data().join("polls");
    let link = poll.place.path("link");
    std::os::unix::fs::symlink(&polls, &link).unwrap();
    let before = bytes(&polls);
    let file = poll.place.write("file", "text");
    for (folder, why) in [
        (polls.join("bridge/public"), "keeps its polls"),
        (polls.join("other/public"), "keeps its polls"),
        (polls.join("../new"), "keeps its polls"),
        (link.join("bridge/new"), "keeps its polls"),
        (
            poll.place
                .path("nowhere")
                .join("..")
                .join(polls.strip_prefix(poll.place.path("")).unwrap())
                .join("new"),
            "keeps its polls",
        ),
        (file, "is no folder"),
    ] {
        let ran = poll.publish_to(&folder).expect_code(2);
        let said = ran.json()["error"].as_str().unwrap().to_owned();
        assert!(said.contains(why), "{said}");
        assert_eq!(bytes(&polls), before);
    }
}

/// How somebody bends a published folder.
type Bend = fn(&Place, &Path);

/// What is no file of the folder is not there, for whoever reads it: a link that stays inside is a file, one that leads
/// out is none, nor is a pipe, which nobody waits for.
#[test]
fn of_a_folder_that_has_more_than_files_every_reader_says_the_same() {
    let mut poll = Poll::of(12);
    poll.grow(10);
    poll.publish().well();
    poll.stop();
    let bends: [(Bend, i32); 7] = [
        (|_, folder| within(&folder.join("roster")), 0),
        (|_, folder| within(&tile(folder, "0")), 0),
        (|_, folder| within(&folder.join("checkpoint")), 0),
        (|place, folder| outside(place, &folder.join("roster")), 1),
        (
            |place, folder| outside(place, &folder.join("checkpoint")),
            1,
        ),
        (
            |_, folder| {
                fs::remove_file(folder.join("checkpoints")).unwrap();
                fs::create_dir(folder.join("checkpoints")).unwrap();
            },
            1,
        ),
        (|_, folder| pipe(&tile(folder, "0")), 1),
    ];
    for (place, (bend, code)) in bends.into_iter().enumerate() {
        let folder = poll.place.path(&format!("bent-{place}"));
        copy(&poll.folder, &folder);
        bend(&poll.place, &folder);
        let policy = args!["--policy", &poll.policy, "--json"];
        let audited = poll.place.audit(&folder, policy).expect_code(code).json();
        let key = poll.place.operator_key();
        let words = args![
            &folder,
            "--operator-key",
            key,
            "--policy",
            &poll.policy,
            "--json"
        ];
        let verified = second_opinion::verify(&poll.place, words);
        let verified = verified.expect_code(code).json();
        let failed = |report: &serde_json::Value| -> Vec<String> {
            let checks = report["checks"].as_array().unwrap().iter();
            let failed = checks.filter(|check| check["verdict"] == "failed");
            failed.map(|check| check["number"].to_string()).collect()
        };
        assert_eq!(failed(&audited), failed(&verified), "bend {place}");
    }
}

/// The one hash tile of this level.
fn tile(folder: &Path, level: &str) -> PathBuf {
    let tiles = folder.join("tile").join(level);
    let files = seen(&tiles, |_| ());
    tiles.join(
        files
            .keys()
            .max_by_key(|path| path.as_os_str().len())
            .unwrap(),
    )
}

/// A file becomes a link to itself beside it.
fn within(file: &Path) {
    let beside = file.with_extension("kept");
    fs::rename(file, &beside).unwrap();
    std::os::unix::fs::symlink(beside.file_name().unwrap(), file).unwrap();
}

/// A file becomes a link to itself outside of the folder.
fn outside(place: &Place, file: &Path) {
    let away = place.path("away");
    fs::rename(file, &away).unwrap();
    std::os::unix::fs::symlink(away, file).unwrap();
}

fn pipe(file: &Path) {
    fs::remove_file(file).unwrap();
    let made = std::process::Command::new("mkfifo").arg(file).status();
    assert!(made.unwrap().success());
}

#[track_caller]
fn refused(ran: Ran) {
    let error = ran.expect_code(3).json()["error"].clone();
    let said = error.as_str().unwrap();
    for part in ["the tiles in", "replay --repair"] {
        assert!(said.contains(part), "{said}");
    }
}

/// Flips a bit in the middle of a file, and returns what it was.
fn flip(path: &Path) -> Vec<u8> {
    let whole = fs::read(path).unwrap();
    let mut bent = whole.clone();
    bent[whole.len() / 2] ^= 1;
    fs::write(path, bent).unwrap();
    whole
}

/// What happened: a bit of a published tile flipped on the service's disk. What observers would have lost: every copy
/// made from then on. What holds: nothing is copied until the tile is built anew, and what was copied stands.
#[test]
fn a_damaged_tile_of_the_service_gets_into_no_folder() {
    let mut poll = Poll::of(300);
    poll.grow(10);
    poll.publish().well();
    let small = bytes(&poll.folder);
    poll.grow(270);
    poll.stop();
    let public = poll.place.data().join("polls/bridge/public");
    let newest = |kind: &str| {
        let files = seen(&public.join("tile").join(kind), |_| ());
        let partial = |path: &&PathBuf| path.starts_with("001.p");
        let path = files
            .keys()
            .filter(partial)
            .max_by_key(|path| path.to_string_lossy().len());
        format!("tile/{kind}/{}", path.unwrap().display())
    };
    let bundles = ["tile/entries/000".to_owned(), newest("entries")];
    for bundle in bundles.iter().map(|tile| public.join(tile)) {
        let whole = flip(&bundle);
        for folder in [poll.folder.clone(), poll.place.path("fresh")] {
            refused(poll.publish_to(&folder));
            assert!(!poll.place.path("fresh/checkpoint").exists());
        }
        // Whoever reads the folder finds what was there.
        let now = bytes(&poll.folder);
        let stands = |(path, bytes): (&PathBuf, &Vec<u8>)| now.get(path) == Some(bytes);
        assert!(small.iter().all(stands));
        let policy = args!["--policy", &poll.policy];
        poll.place.audit(&poll.folder, policy).well();
        fs::write(&bundle, whole).unwrap();
    }
    // Hashes are made from the entries, and those of the service only tell whether the folder is of one history.
    let hashes = public.join(newest("0"));
    let whole = flip(&hashes);
    refused(poll.publish());
    poll.publish_to(&poll.place.path("fresh")).well();
    poll.passes(&poll.place.path("fresh"));
    fs::write(&hashes, whole).unwrap();
    poll.publish().well();
    poll.passes(&poll.folder);

    // As the message says.
    fs::write(public.join("tile/entries/000"), b"?").unwrap();
    poll.publish_to(&poll.place.path("more")).expect_code(3);
    fs::remove_dir_all(public.join("tile")).unwrap();
    poll.place.serve().stop().well();
    poll.publish_to(&poll.place.path("more")).well();
    assert_eq!(bytes(&poll.place.path("more")), bytes(&poll.folder));
}

/// What happened: a folder with a damaged tile was emptied before anything could be put in its place, and the service's own
/// bundle was damaged too. What observers would have lost: every tile of a folder whose checkpoint still stood. What holds:
/// each file stays until another takes its place.
#[test]
fn a_damaged_folder_keeps_its_files_until_others_can_take_their_place() {
    let mut poll = Poll::of(300);
    poll.grow(280);
    poll.publish().well();
    poll.stop();
    let whole = bytes(&poll.folder);
    let edge = |path: &&PathBuf| path.starts_with("tile/0/001.p");
    let edge = poll.folder.join(whole.keys().find(edge).unwrap());
    flip(&edge);
    let damaged = bytes(&poll.folder);
    let bundle = poll
        .place
        .data()
        .join("polls/bridge/public/tile/entries/000");
    let good = flip(&bundle);
    let words = args!["publish", SLUG, &poll.folder, "--json", "--anew"].clone();
    for words in [&words[..4], &words[..]] {
        refused(poll.place.sijill(words));
        assert!(
            bytes(&poll.folder) == damaged,
            "a refused publication changed the folder"
        );
    }
    fs::write(&bundle, good).unwrap();
    poll.publish().well();
    assert!(
        bytes(&poll.folder) == whole,
        "the folder is not as it was before the damage"
    );
    poll.passes(&poll.folder);
}

/// Killed at any moment, it leaves a folder that audits as it was before or as it is afterwards, and the next one ends
/// well.
#[test]
fn a_publish_that_was_killed_leaves_a_folder_that_audits_and_is_ended_by_the_next() {
    let mut poll = Poll::of(300);
    poll.grow(20);
    let old = poll.place.path("old");
    poll.publish_to(&old).well();
    poll.grow(260);
    poll.publish().well();
    let mut moments = 0;
    for round in 0..12 {
        let folder = poll.place.path(&format!("killed-{round}"));
        copy(&old, &folder);
        let before = fs::read(folder.join("checkpoint")).unwrap();
        let mut process: Process = poll.place.start("killed", args!["publish", SLUG, &folder]);
        std::thread::sleep(Duration::from_millis(round * 7));
        process.kill();
        moments += u32::from(fs::read(folder.join("checkpoint")).unwrap() == before);
        poll.place
            .audit(&folder, args!["--policy", &poll.policy])
            .well();
        poll.publish_to(&folder).well();
        assert_eq!(bytes(&folder), bytes(&poll.folder), "round {round}");
    }
    assert!(moments > 0, "it was never killed before its end");
}
