//! Time goes by: reminders leave to those who have not answered, never too soon and never too often, and no message
//! leaves at night, whatever the clock does.

use crate::centre::{Centre, hash, texts};
use crate::clock::Clock;
use crate::place::{Invitation, Place, now_ms, terms};
use crate::post::{
    SETTINGS, command, configure, configure_with, last, letters, open, outcome, remind, send,
    six_days, status, stop, with_reminders,
};
use crate::process::{COMMAND_MAX, Process, until};
use serde_json::Value;
use sijill_scenarios::definition::rfc3339;
use std::collections::BTreeSet;
use std::time::Duration;

const HOUR: u64 = 3_600;

/// Baghdad's clock is so far ahead of UTC.
const EAST_MINUTES: u64 = 180;

/// Longest that a message may be on its way from the decision that it leaves to the centre, on a busy machine.
const ON_ITS_WAY_MS: u64 = 2_000;

/// Why no reminder may leave.
const TOO_SOON: &str = "less than 24 h ago (`message.reminder_hours_min`); from ";
const TOO_OFTEN: &str = "as often as the definition allows (`message.reminders_max` is 3)";

/// Whose numbers end in this digit write back that they want no more messages.
const STOPS: &str = "7";

/// A place with a clock that can be set, and the centre of its first messages.
fn scene(test: &str, options: &[&str]) -> Option<(Place, Clock, tempfile::TempDir, Centre)> {
    let centres = tempfile::tempdir().unwrap();
    let centre = Centre::open(centres.path(), options)?;
    let place = Place::new();
    let clock = Clock::of(&place, test)?;
    configure(&place, &centre.address());
    Some((place, clock, centres, centre))
}

/// Another centre in the place of the one before, whose report is returned.
fn next_centre(
    place: &Place,
    folder: &std::path::Path,
    before: Centre,
    options: &[&str],
) -> (Value, Centre) {
    let report = before.report();
    let centre = Centre::open(folder, options).expect("there was one before");
    configure(place, &centre.address());
    (report, centre)
}

/// These numbers got the message that was written for them, so many times; nobody else got any.
#[track_caller]
fn got(report: &Value, letters: &[(Invitation, String)], who: &BTreeSet<String>) {
    assert_eq!(
        (&report["strange"], &report["incomplete"]),
        (&0.into(), &0.into())
    );
    assert_eq!(report["messages"], who.len());
    for (invitation, text) in letters {
        let expected = match who.contains(&invitation.contact) {
            true => vec![hash(text)],
            false => Vec::new(),
        };
        assert_eq!(
            texts(report, &invitation.contact),
            expected,
            "{}",
            invitation.contact
        );
    }
}

#[track_caller]
fn refused(place: &Place, why: &str) {
    let entries = place.recorded(&terms().slug);
    let refused = remind(place, &[]).expect_code(1);
    assert!(
        refused.err.contains(why) && refused.err.contains("nothing was sent"),
        "{}",
        refused.err
    );
    assert_eq!(
        place.recorded(&terms().slug),
        entries,
        "nothing is on record of it"
    );
}

/// A wave of reminders is on record as one that plans nobody; how it went is what `status` shows.
#[track_caller]
fn reminded(place: &Place, wave: u64, counts: &[(&str, usize)]) {
    let started = last(place, "WaveStarted");
    assert_eq!(
        (&started["content"]["wave"], &started["content"]["planned"]),
        (&wave.into(), &0.into()),
        "{started}"
    );
    let ended = last(place, "WaveEnded");
    assert_eq!(ended["content"]["wave"], wave, "{ended}");
    assert!(ended["content"]["journal"].is_string(), "{ended}");
    assert_eq!(outcome(place), [0; 6]);
    let shown = status(place, &[]);
    assert_eq!(shown["kind"], "reminder", "{shown}");
    for (standing, count) in shown["counts"].as_object().unwrap() {
        let expected = counts.iter().find(|(word, _)| word == standing);
        let expected = expected.map_or(0, |(_, count)| *count);
        assert_eq!(count, expected, "{standing}: {shown}");
    }
}

/// The invitation of somebody of [`crate::place::people`].
fn invitation_of(letters: &[(Invitation, String)], person: u32) -> Invitation {
    let contact = format!("+964770{person:07}");
    let found = letters.iter().find(|(to, _)| to.contact == contact);
    found.unwrap().0.clone()
}

#[test]
fn reminders_go_to_those_who_have_not_answered_not_too_soon_and_no_more_often_than_allowed() {
    let name =
        "reminders_go_to_those_who_have_not_answered_not_too_soon_and_no_more_often_than_allowed";
    let Some((place, clock, centres, centre)) = scene(name, &["--stops", STOPS]) else {
        return;
    };
    let (slug, count) = (terms().slug, 60);
    open(&place, &with_reminders(&place, &six_days(), 3), count);
    refused(&place, "no message reached them");
    send(&place, &[]).well();
    let letters = letters(&place);
    let everybody: BTreeSet<String> = letters.iter().map(|(to, _)| to.contact.clone()).collect();
    let (report, centre) = next_centre(&place, centres.path(), centre, &[]);
    got(&report, &letters, &everybody);
    // Who wrote back while their message was on its way has refused.
    assert_eq!(outcome(&place), [60, 0, 0, 54, 0, 6]);

    let server = place.serve();
    let own = |person| invitation_of(&letters, person);
    let heard: Vec<Invitation> = (0..7).chain([8, 9]).map(own).collect();
    server.answer(&heard[..7], "yes");
    let page = format!("{}/stop", heard[7].path);
    server.browser().post(&page, &[]).status(200);
    stop(&place, &heard[8].contact);
    refused(&place, TOO_SOON);

    clock.advance(25 * HOUR);
    remind(&place, &[]).well();
    // Those who wrote back are not asked about; those on the list are, and nothing leaves to them.
    let is_heard = |contact: &str| heard.iter().any(|heard| heard.contact == contact);
    let mut silent = everybody.clone();
    silent.retain(|contact| !contact.ends_with(STOPS) && !is_heard(contact));
    assert_eq!(silent.len(), 45);
    reminded(&place, 2, &[("delivered", 45), ("stopped", 2)]);
    let (report, centre) = next_centre(&place, centres.path(), centre, &["--stops", "5"]);
    got(&report, &letters, &silent);

    // An hour later it is too soon again. Somebody answers at last.
    clock.advance(HOUR);
    refused(&place, TOO_SOON);
    server.answer(&[own(11), own(12)], "no");
    clock.advance(24 * HOUR);
    remind(&place, &[]).well();
    for out in [own(11), own(12)] {
        silent.remove(&out.contact);
    }
    // Some ask for no more messages while their reminder is in the window: it is not taken back, and none follows.
    let (report, centre) = next_centre(&place, centres.path(), centre, &[]);
    got(&report, &letters, &silent);
    silent.retain(|contact| !contact.ends_with('5'));
    assert_eq!((silent.len(), &report["stops_confirmed"]), (38, &5.into()));
    reminded(&place, 3, &[("delivered", 38), ("refused", 5)]);

    clock.advance(25 * HOUR);
    remind(&place, &[]).well();
    got(&centre.report(), &letters, &silent);
    reminded(&place, 4, &[("delivered", silent.len())]);

    clock.advance(25 * HOUR);
    refused(&place, TOO_OFTEN);
    server.stop().well();
    place.close(&slug);
    place.audit_data(&slug).well();
}

/// A definition whose clock is Baghdad's.
fn in_baghdad(place: &Place) -> String {
    let terms = six_days();
    let definition = with_reminders(place, &terms, 0);
    let [start, ..] = terms.field_ms;
    let utc = format!("start = {}\n", rfc3339(start));
    assert!(definition.contains(&utc), "{definition}");
    let there = rfc3339(start + EAST_MINUTES * 60_000).replace('Z', "+03:00");
    definition.replace(&utc, &format!("start = {there}\n"))
}

#[track_caller]
fn is_quiet(place: &Place, process: &mut Process) -> Value {
    let quiet = until(COMMAND_MAX, || {
        assert!(process.is_running(), "it ended: {}", process.err());
        // Before anything was told there is nothing to show.
        let shown = place.sijill(command(place, "status", &["--json"]));
        let shown = (shown.code == Some(0)).then(|| shown.json())?;
        (shown["waits"] == "quiet_hours").then_some(shown)
    });
    quiet.expect("it falls quiet")
}

#[track_caller]
fn leaves(place: &Place, process: &mut Process, below: u64) {
    let queued = || status(place, &[])["counts"]["queued"].as_u64().unwrap();
    let left = until(COMMAND_MAX, || {
        assert!(process.is_running(), "it ended: {}", process.err());
        (queued() < below).then_some(())
    });
    left.expect("messages leave");
}

/// A wave that begins ten seconds before eight in the evening, on a machine whose clock is set while it runs.
#[test]
fn a_clock_that_jumps_over_quiet_hours_lets_no_message_leave_in_them_and_all_of_them_in_the_end() {
    let name = "a_clock_that_jumps_over_quiet_hours_lets_no_message_leave_in_them_and_all_of_them_in_the_end";
    let Some((place, clock, _centres, centre)) = scene(name, &["--times"]) else {
        return;
    };
    const COUNT: u32 = 400;
    let hours = SETTINGS.replace("00:00-24:00", "09:00-20:00");
    configure_with(&place, &centre.address(), "", &hours);
    open(&place, &in_baghdad(&place), COUNT);
    // When messages may leave, by the machine's own clock.
    let mut open_ms = Vec::new();
    clock.advance_to(20 * HOUR - 10, EAST_MINUTES);
    let began = now_ms();
    let process = &mut place.start("send", command(&place, "send", &["--rate", "40"]));
    let shown = is_quiet(&place, process);
    let morning = shown["waits_until"].as_u64().unwrap() / 1_000;
    assert_eq!(morning % (24 * HOUR), 9 * HOUR - EAST_MINUTES * 60);
    let queued = shown["counts"]["queued"].as_u64().unwrap();
    assert!((20..u64::from(COUNT)).contains(&queued), "{shown}");
    open_ms.push((began, began + 10_000));

    // Into the night, and to five seconds before nine: nothing leaves until it is nine.
    clock.advance(2 * HOUR);
    std::thread::sleep(Duration::from_millis(1_500));
    assert_eq!(is_quiet(&place, process)["counts"]["queued"], queued);
    clock.advance_to(9 * HOUR - 5, EAST_MINUTES);
    let nine = now_ms() + 5_000;
    leaves(&place, process, queued - 40);
    // From the middle of the morning into the evening, and over the next night at once.
    clock.advance(12 * HOUR);
    open_ms.push((nine - 1_000, now_ms()));
    let queued = is_quiet(&place, process)["counts"]["queued"]
        .as_u64()
        .unwrap();
    assert!(queued > 0, "something is left for the next day");
    std::thread::sleep(Duration::from_millis(1_500));
    clock.advance(15 * HOUR);
    open_ms.push((now_ms(), u64::MAX - ON_ITS_WAY_MS));
    let ended = until(COMMAND_MAX, || (!process.is_running()).then_some(()));
    ended.expect("the rest leaves");
    assert_eq!(
        outcome(&place),
        [u64::from(COUNT), 0, 0, u64::from(COUNT), 0, 0]
    );
    let report = centre.report();
    assert_eq!(report["messages"], COUNT);
    let times = report["times"].as_array().unwrap();
    assert_eq!(times.len(), COUNT as usize);
    for time in times.iter().map(|time| time.as_u64().unwrap()) {
        let open = |(from, until): &(u64, u64)| (*from..*until + ON_ITS_WAY_MS).contains(&time);
        assert!(
            open_ms.iter().any(open),
            "one arrived at {time}, not in {open_ms:?}"
        );
    }
    for (invitation, text) in letters(&place) {
        assert_eq!(texts(&report, &invitation.contact), [hash(&text)]);
    }
}
