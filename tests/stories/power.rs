//! The whole service in a power cut: its system calls are traced while people answer, and the disk of
//! `sijill_scenarios::power` forgets whatever was not synced when somebody had been told.
//!
//! `SIJILL_POWER_IMAGES=500 SIJILL_POWER_SEED=7` before the test command makes a longer run, or another one.

use crate::assertions::bare;
use crate::browser::{Browser, Page};
use crate::place::{Place, START_MAX, listening, terms};
use crate::process::{Process, until};
use sijill_scenarios::dice::Dice;
use sijill_scenarios::power::Disk;
use sijill_scenarios::trace::{self, Deed, Seen};
use std::collections::BTreeSet;
use std::fs;
use std::process::Command;
use std::time::Duration;

/// Images of a run, unless the environment says otherwise.
const IMAGES: u64 = 16;

/// People who answer.
const PEOPLE: u32 = 48;

/// Longest from the end of the traced server's work to its end.
const END_MAX: Duration = Duration::from_secs(60);

/// Serves under strace while everyone answers, and stops. Returns what it did.
fn traced(place: &Place, paths: &[String]) -> Vec<Seen> {
    let file = place.path("trace");
    let mut command = trace::command(&file);
    command
        .arg(env!("CARGO_BIN_EXE_sijill"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(place.data())
        .current_dir(place.path(""));
    let process = Process::start(&mut command, &place.path(""), "traced");
    let address = until(START_MAX, || listening(&process.err())).expect("the server starts");
    let browser = Browser::new(address);
    for (number, path) in paths.iter().enumerate() {
        let choice = ["yes", "no"][number % 2];
        browser.answer(path, choice).status(200);
        // Over several publications.
        std::thread::sleep(Duration::from_millis(60));
    }
    interrupt_below(&process);
    process.wait(END_MAX).well();
    trace::read(&fs::read_to_string(file).unwrap(), &place.data())
}

/// Presses Ctrl-C in what strace runs: strace itself takes none.
fn interrupt_below(process: &Process) {
    let id = process.id();
    let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
    let kill = Command::new("sh")
        .args(["-c", &format!("kill -INT {children}")])
        .status();
    assert!(kill.unwrap().success());
}

/// The code that a confirmation shows, if this is one.
fn confirmed(bytes: &[u8]) -> Option<String> {
    let page = Page::parse(bytes).filter(|page| page.status == 200)?;
    let text = String::from_utf8_lossy(&page.body).into_owned();
    text.contains("/promise\"").then_some(())?;
    let code = text.split("<code dir=\"ltr\">").nth(2)?;
    code.split('<').next().map(bare)
}

#[test]
fn a_power_cut_takes_no_answer_that_was_confirmed_and_every_confirmation_follows_its_sync() {
    if !trace::can_trace("a_power_cut_takes_no_answer_that_was_confirmed") {
        return;
    }
    let number =
        |name: &str, default| std::env::var(name).map_or(default, |value| value.parse().unwrap());
    let mut dice = Dice::new(number("SIJILL_POWER_SEED", 1));
    let place = Place::new();
    let invited = place.poll(&terms(), PEOPLE + 1);
    let paths: Vec<String> = invited.iter().map(|one| one.path.clone()).collect();
    let mut disk = Disk::of(&place.data());
    let seen = traced(&place, &paths[..PEOPLE as usize]);
    let images = number("SIJILL_POWER_IMAGES", IMAGES);
    let mut cuts: Vec<usize> = (0..images)
        .map(|_| dice.below(seen.len() as u64) as usize)
        .collect();
    cuts.sort_unstable();
    let (mut told, mut at) = (BTreeSet::new(), 0);
    for cut in cuts {
        let end = at.max(cut + 1);
        for seen in &seen[at..end] {
            disk.apply(seen);
            let Deed::Said { bytes } = &seen.deed else {
                continue;
            };
            if let Some(code) = confirmed(bytes) {
                told.insert(code);
                check_synced(&disk);
            }
        }
        at = end;
        fs::remove_dir_all(place.data()).unwrap();
        disk.cut(&mut dice, &place.data());
        for key in fs::read_dir(place.data().join("keys")).unwrap() {
            // The disk of the story knows no rights.
            let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
            fs::set_permissions(key.unwrap().path(), private).unwrap();
        }
        // The image is a copy, and says that it is the one that is served.
        drop(fs::remove_file(place.data().join("checkpoints/place")));
        println!(
            "cut after deed {cut} of {}, {} told",
            seen.len(),
            told.len()
        );
        check_image(&place, &paths, &told);
    }
    println!(
        "{images} images, {} confirmations before the last",
        told.len()
    );
    assert!(!told.is_empty());
}

/// Whatever is not safe when somebody is told is the head file, which may be only written, or belongs to a publication
/// that is under way meanwhile and that nobody has seen.
#[track_caller]
fn check_synced(disk: &Disk) {
    let publication = [
        "polls/bridge/public",
        "polls/bridge/published.writing",
        "checkpoints/",
    ];
    let may_wait = |name: &str| {
        name == "polls/bridge/head" || publication.iter().any(|part| name.contains(part))
    };
    let found = disk.unsafe_now().into_iter();
    let others: Vec<_> = found.filter(|found| !may_wait(&found.name)).collect();
    assert!(others.is_empty(), "confirmed before a sync of {others:#?}");
}

/// The service starts on the image and has every answer that was confirmed; it goes on, and is audited.
fn check_image(place: &Place, paths: &[String], told: &BTreeSet<String>) {
    let server = place.serve();
    let browser = server.browser();
    let found = paths
        .iter()
        .filter_map(|path| browser.get(path).status(200).code());
    let found: BTreeSet<String> = found.map(|code| bare(&code)).collect();
    let lost: Vec<_> = told.difference(&found).collect();
    assert!(lost.is_empty(), "the confirmed answers {lost:?} are gone");
    browser.answer(paths.last().unwrap(), "yes").status(200);
    server.stop().well();
    place.audit_data("bridge").well();
}
