//! What a publication signs, what a start makes of it, and what keeps a second history from being signed.

use crate::pair::{Pair, open_with, reopen, stopped};
use sijill_ledger::checkpoint::{Checkpoint, SignedCheckpoint};
use sijill_ledger::note::VerifierKey;
use sijill_ledger::policy::Policy;
use sijill_ledger::tile::TileId;
use sijill_ledger::tree::{Frontier, leaf_hash};
use sijill_ledger::{Hash, Sealed, SecretKey};
use sijill_scenarios::bench::Setup;
use sijill_server::{Checkpoints, ServerError, Service};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Many people, whose answers wait for nobody else's.
pub fn crowd() -> Setup {
    let mut setup = Setup {
        invitations: 600,
        ..Setup::default()
    };
    setup.terms.publication_answers = 1;
    setup
}

/// Has these people answer, and everything published.
pub fn answered(pair: &mut Pair, people: std::ops::Range<u32>) -> SignedCheckpoint {
    people.for_each(|person| pair.answer(person, "yes"));
    pair.bench.now += 2_000;
    pair.clock.store(pair.bench.now, Ordering::SeqCst);
    published(pair, pair.bench.poll.head().size)
}

/// Waits for the checkpoint over this many entries.
pub fn published(pair: &Pair, size: u64) -> SignedCheckpoint {
    let book = pair.service.book(&pair.bench.terms.slug).unwrap();
    let begun = Instant::now();
    loop {
        let newest = book.published().checkpoint.clone();
        if let Some(newest) = newest.filter(|newest| newest.claimed().size == size) {
            return SignedCheckpoint::clone(&newest);
        }
        let waited = begun.elapsed() < Duration::from_secs(20);
        assert!(waited, "{:?}", pair.service.stopped());
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn root_of<'a, E: sijill_ledger::Event + 'a>(
    entries: impl IntoIterator<Item = &'a Sealed<E>>,
) -> Hash {
    let mut tree = Frontier::default();
    for entry in entries {
        tree.append(leaf_hash(entry.bytes()));
    }
    tree.root()
}

fn policy(pair: &Pair) -> Policy {
    let opening = pair.bench.poll.opening();
    let name = opening.origin.as_str();
    Policy::of_logs(
        opening
            .log_keys
            .iter()
            .map(|key| VerifierKey::new(name, *key).unwrap()),
    )
}

/// The error of a start, once the threads of the service before have let go of the directory.
fn refused(folder: &Path, clock: &Arc<AtomicU64>) -> ServerError {
    let begun = Instant::now();
    loop {
        match open_with(folder, clock, Checkpoints::Inside) {
            Ok(_) => panic!("it was opened"),
            Err(error) if !error.to_string().contains("held by") => return error,
            Err(error) => assert!(begun.elapsed() < Duration::from_secs(20), "{error}"),
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn checkpoint_file(folder: &Path, slug: &str) -> PathBuf {
    folder
        .join("checkpoints")
        .join(format!("{slug}.checkpoint"))
}

fn copy(from: &Path, to: &Path) {
    let copied = std::process::Command::new("cp")
        .arg("-a")
        .args([from, to])
        .status();
    assert!(copied.unwrap().success());
}

#[test]
fn a_publication_signs_the_tree_of_the_entries_and_every_receipt_under_it_verifies() {
    let mut pair = Pair::invited(&crowd());
    let newest = answered(&mut pair, 0..300);
    assert_eq!(newest.claimed().root, root_of(&pair.bench.entries));
    let (policy, book) = (
        policy(&pair),
        pair.service.book(&pair.bench.terms.slug).unwrap(),
    );
    assert!(policy.verify(&newest).is_ok());
    let size = newest.claimed().size;
    for (index, entry) in (0..).zip(&pair.bench.entries) {
        let receipt = pair.service.receipt(&book, size, index).unwrap().unwrap();
        let verified = receipt.verify_entry(&policy).unwrap();
        assert_eq!(verified.canonical(), entry.bytes());
    }
    assert_eq!(pair.service.receipt(&book, size, size).unwrap(), None);
}

#[test]
fn every_published_checkpoint_stays_and_is_consistent_with_every_other() {
    let mut pair = Pair::invited(&crowd());
    let mut all: Vec<Checkpoint> = vec![published(&pair, 3).claimed().clone()];
    for people in [0..10, 10..252, 252..253, 253..260, 260..520] {
        all.push(answered(&mut pair, people).claimed().clone());
    }
    let book = pair.service.book(&pair.bench.terms.slug).unwrap();
    for old in &all {
        let kept = pair.service.checkpoint(&book, old.size).unwrap().unwrap();
        assert_eq!(kept.claimed(), old);
        for new in all.iter().filter(|new| new.size >= old.size) {
            let proof = pair.service.consistency(&book, old.size, new.size);
            let proof = proof.unwrap().unwrap();
            assert_eq!(
                proof.verify((old.size, old.root), (new.size, new.root)),
                Ok(())
            );
        }
    }
    let beyond = pair.bench.poll.head().size + 1;
    assert_eq!(pair.service.consistency(&book, 3, beyond).unwrap(), None);
}

#[test]
fn a_start_goes_on_after_the_newest_checkpoint() {
    let mut pair = Pair::invited(&crowd());
    let before = answered(&mut pair, 0..300);
    pair.service.stop().unwrap();
    let (folder, clock) = (pair.folder, pair.clock);
    drop(pair.service);
    let service = reopen(folder.path(), &clock);
    let mut pair = Pair {
        folder,
        clock,
        service,
        bench: pair.bench,
    };
    assert_eq!(published(&pair, before.claimed().size), before);
    let after = answered(&mut pair, 300..320);
    assert_eq!(after.claimed().root, root_of(&pair.bench.entries));
}

#[test]
fn tiles_that_are_missing_or_damaged_are_built_anew() {
    let mut pair = Pair::invited(&crowd());
    let newest = answered(&mut pair, 0..300);
    let (folder, clock, slug) = stopped(pair);
    let public = folder.path().join("polls").join(&slug).join("public");
    let tiles: Vec<PathBuf> = TileId::all_of(newest.claimed().size)
        .map(|id| public.join(id.to_string()))
        .collect();
    let whole: Vec<Vec<u8>> = tiles
        .iter()
        .map(|tile| std::fs::read(tile).unwrap())
        .collect();
    for damaged in [true, false] {
        // The last one: the edge of the tree is what a start looks at.
        let last = tiles.last().unwrap();
        match damaged {
            true => std::fs::write(last, b"?").unwrap(),
            false => std::fs::remove_dir_all(public.join("tile")).unwrap(),
        }
        let service = reopen(folder.path(), &clock);
        let now: Vec<Vec<u8>> = tiles
            .iter()
            .map(|tile| std::fs::read(tile).unwrap())
            .collect();
        assert_eq!(now, whole);
        service.stop().unwrap();
    }
}

/// An old backup, restored over a log whose newer part was published: going on would sign a second history.
#[test]
fn a_log_that_was_rolled_back_behind_its_newest_checkpoint_stops_the_start() {
    let mut pair = Pair::invited(&crowd());
    answered(&mut pair, 0..20);
    let bench = pair.bench.clone();
    let (folder, clock, slug) = stopped(pair);
    let (place, backup) = (folder.path(), tempfile::tempdir().unwrap());
    let old = backup.path().join("old");
    copy(place, &old);
    let service = reopen(place, &clock);
    let mut pair = Pair {
        folder,
        clock,
        service,
        bench,
    };
    let newest = answered(&mut pair, 20..40);
    let (folder, clock, _) = stopped(pair);
    for part in ["log", "clean", &format!("polls/{slug}")] {
        let (new, old) = (folder.path().join(part), old.join(part));
        let removed = std::process::Command::new("rm")
            .arg("-r")
            .arg(&new)
            .status();
        assert!(removed.unwrap().success());
        copy(&old, &new);
    }
    let file = checkpoint_file(folder.path(), &slug);
    assert_eq!(std::fs::read_to_string(file).unwrap(), newest.to_string());
    let error = refused(folder.path(), &clock);
    assert!(
        matches!(error, ServerError::BehindCheckpoint { .. }),
        "{error}"
    );
    assert!(error.to_string().contains("rolled back"), "{error}");
}

#[test]
fn a_log_with_another_history_than_the_newest_checkpoint_stops_the_start() {
    let mut pair = Pair::invited(&crowd());
    let newest = answered(&mut pair, 0..20);
    let (folder, clock, slug) = stopped(pair);
    let key = sijill_server::MasterKey::new([7; 32]).log_key(&newest.claimed().origin);
    let other = Checkpoint {
        root: Hash::of(b"another history"),
        ..newest.claimed().clone()
    };
    let file = checkpoint_file(folder.path(), &slug);
    std::fs::write(&file, other.sign(&key).unwrap().to_string()).unwrap();
    let error = refused(folder.path(), &clock);
    assert!(
        matches!(error, ServerError::OtherThanCheckpoint { .. }),
        "{error}"
    );
}

#[test]
fn a_checkpoint_that_is_no_longer_there_or_is_none_stops_the_start() {
    let mut pair = Pair::invited(&crowd());
    let newest = answered(&mut pair, 0..20);
    let (folder, clock, slug) = stopped(pair);
    let file = checkpoint_file(folder.path(), &slug);
    let whole = std::fs::read(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    let error = refused(folder.path(), &clock);
    assert!(
        matches!(error, ServerError::CheckpointLost { .. }),
        "{error}"
    );
    let foreign = newest.claimed().sign(&SecretKey::from_seed([9; 32]));
    for bad in [
        b"no checkpoint".to_vec(),
        foreign.unwrap().to_string().into_bytes(),
    ] {
        std::fs::write(&file, bad).unwrap();
        let error = refused(folder.path(), &clock);
        assert!(
            matches!(error, ServerError::BadCheckpoint { .. }),
            "{error}"
        );
    }
    std::fs::write(&file, whole).unwrap();
    reopen(folder.path(), &clock);
}

/// A crash after the checkpoint was replaced and before it was listed, and one after the size was noted and before the
/// checkpoint was replaced.
#[test]
fn a_start_ends_a_publication_that_a_crash_broke_off() {
    let mut pair = Pair::invited(&crowd());
    answered(&mut pair, 0..20);
    let newest = answered(&mut pair, 20..40);
    let (folder, clock, slug) = stopped(pair);
    let list = folder
        .path()
        .join("polls")
        .join(&slug)
        .join("public/checkpoints");
    let whole = std::fs::read_to_string(&list).unwrap();
    let half = &whole[..whole.len() - 10];
    std::fs::write(&list, half).unwrap();
    let close = |service: Service| {
        assert_eq!(std::fs::read_to_string(&list).unwrap(), whole);
        service.stop().unwrap();
    };
    close(reopen(folder.path(), &clock));
    let file = checkpoint_file(folder.path(), &slug);
    let before = whole.strip_suffix(&newest.to_string()).unwrap();
    let last = before.rfind(&format!("{}\n", newest.claimed().origin));
    std::fs::write(&file, &before[last.unwrap()..]).unwrap();
    std::fs::write(&list, before).unwrap();
    close(reopen(folder.path(), &clock));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), newest.to_string());
}

/// A bit flipped in the signature of an older checkpoint still reads as one, and was served to everyone.
#[test]
fn an_older_checkpoint_that_was_altered_in_the_list_stops_the_start() {
    let mut pair = Pair::invited(&crowd());
    answered(&mut pair, 0..20);
    let (folder, clock, slug) = stopped(pair);
    let list = folder
        .path()
        .join("polls")
        .join(&slug)
        .join("public/checkpoints");
    let whole = std::fs::read_to_string(&list).unwrap();
    let end = whole.find("=\n").unwrap();
    let altered = |place: usize| {
        let mut bytes = whole.clone().into_bytes();
        bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
        bytes
    };
    let last = whole.rfind("=\n").unwrap();
    // One by the note of how the list began before the last publication, the other by its signature.
    std::fs::write(&list, altered(end - 9)).unwrap();
    let error = refused(folder.path(), &clock);
    assert!(matches!(error, ServerError::ListAltered { .. }), "{error}");
    std::fs::write(&list, altered(last - 9)).unwrap();
    let error = refused(folder.path(), &clock);
    assert!(matches!(error, ServerError::BadListed { .. }), "{error}");
    std::fs::write(&list, &whole).unwrap();
    reopen(folder.path(), &clock);
}

/// The partial tiles of a checkpoint went as soon as the next was made, while readers still had the old one.
#[test]
fn the_partial_tiles_of_the_checkpoint_before_the_newest_are_still_there() {
    let mut pair = Pair::invited(&crowd());
    let before = answered(&mut pair, 0..250).claimed().size;
    let public = pair.folder.path().join("polls/bridge/public");
    let partial: Vec<PathBuf> = TileId::all_of(before)
        .map(|id| public.join(id.to_string()))
        .collect();
    let mut size = before;
    for person in 250.. {
        assert!(partial.iter().all(|tile| tile.exists()), "at {size}");
        if size >= 256 {
            break;
        }
        size = answered(&mut pair, person..person + 1).claimed().size;
    }
    answered(&mut pair, 400..401);
    assert!(!partial.iter().any(|tile| tile.exists()));
    // A crash came between the checkpoint and taking them away: the next start ends it.
    std::fs::create_dir_all(partial[0].parent().unwrap()).unwrap();
    std::fs::write(&partial[0], "left").unwrap();
    let (folder, clock, _) = stopped(pair);
    let _service = reopen(folder.path(), &clock);
    assert!(!partial[0].exists());
}

#[test]
fn a_lost_note_of_how_far_a_poll_is_published_takes_nothing_back() {
    let mut pair = Pair::invited(&crowd());
    let newest = answered(&mut pair, 0..20);
    let (folder, clock, slug) = stopped(pair);
    std::fs::remove_file(folder.path().join("polls").join(&slug).join("published")).unwrap();
    let service = reopen(folder.path(), &clock);
    let published = service.book(&slug).unwrap().published();
    assert_eq!(published.head.size, newest.claimed().size);
    assert_eq!(published.tally.answered, 20);
}

#[test]
fn a_copy_of_a_directory_that_publishes_is_served_only_when_it_is_said_to_have_moved() {
    let mut pair = Pair::invited(&crowd());
    answered(&mut pair, 0..20);
    let (folder, clock, slug) = stopped(pair);
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    copy(folder.path(), &data);
    let error = refused(&data, &clock);
    assert!(error.to_string().contains("--moved"), "{error}");
    let service = open_with(&data, &clock, Checkpoints::Moved).ok().unwrap();
    assert!(service.book(&slug).is_some());
}

/// Two machines, two copies of the data, one folder for checkpoints: the one that publishes second would fork the poll.
#[test]
fn of_two_servers_on_two_copies_that_share_their_checkpoints_one_stops() {
    let shared = tempfile::tempdir().unwrap();
    let checkpoints = Checkpoints::Shared(shared.path().join("checkpoints"));
    let mut pair = Pair::invited_with(&crowd(), checkpoints.clone());
    answered(&mut pair, 0..20);
    pair.service.stop().unwrap();
    let Pair {
        folder,
        clock,
        service,
        bench,
    } = pair;
    drop(service);
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    copy(folder.path(), &data);
    let begun = Instant::now();
    let start = |folder: &Path| loop {
        match open_with(folder, &clock, checkpoints.clone()) {
            Ok(service) => return service,
            Err(error) => assert!(begun.elapsed() < Duration::from_secs(20), "{error}"),
        }
    };
    let (one, other) = (start(folder.path()), start(&data));
    let mut one = Pair {
        folder,
        clock: Arc::clone(&clock),
        service: one,
        bench: bench.clone(),
    };
    let other = Pair {
        folder: place,
        clock: Arc::clone(&clock),
        service: other,
        bench,
    };
    answered(&mut one, 20..40);
    // Those that come after it has stopped are refused.
    let told = (40..60).map(|person| other.respond(person, 1, "no"));
    assert!(told.filter(Result::is_ok).count() < 20);
    let begun = Instant::now();
    while other.service.stopped().is_none() {
        assert!(begun.elapsed() < Duration::from_secs(20), "it went on");
        std::thread::sleep(Duration::from_millis(5));
    }
    let why = other.service.stopped().unwrap();
    assert!(why.contains("another server publishes this poll"), "{why}");
    assert_eq!(one.service.stopped(), None);
}
