//! Invitations leave by SMS, and every one is accounted for: the whole program against a message centre that shares no
//! code with it.

use crate::centre::{Centre, hash, texts};
use crate::place::{Place, people, roster, terms};
use crate::post::{command, configure, files, last, letters, place, send};
use crate::process::{COMMAND_MAX, Ran, until};
use sijill_scenarios::Terms;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

#[test]
fn everyone_gets_their_invitation_word_for_word_and_the_ledger_counts_what_came_of_it() {
    let centres = tempfile::tempdir().unwrap();
    let Some(centre) = Centre::open(
        centres.path(),
        &["--receipts", "mixed", "--throttle-every", "97"],
    ) else {
        return;
    };
    let place = place(&centre.address(), 500);
    let sent = send(&place, &["--json"]).well();
    let said = sent.json();
    let started = last(&place, "WaveStarted");
    assert_eq!(started["content"]["planned"], 500, "{started}");
    let ended = last(&place, "WaveEnded");
    let report = centre.report();
    assert_eq!(
        (
            &report["messages"],
            &report["strange"],
            &report["incomplete"]
        ),
        (&500.into(), &0.into(), &0.into())
    );
    // Of each ten one has expired and one is undeliverable.
    for (what, count) in [
        ("sent", 400),
        ("failed", 100),
        ("stopped", 0),
        ("delivered", 400),
        ("unknown", 0),
        ("refused", 0),
    ] {
        assert_eq!(ended["content"][what], count, "{what}: {ended}");
    }
    assert_eq!(said["counts"]["expired"], 50, "{said}");
    for (invitation, text) in letters(&place) {
        assert_eq!(texts(&report, &invitation.contact), [hash(&text)]);
    }
    let again = send(&place, &[]).expect_code(1);
    assert!(again.err.contains("nobody is left"), "{}", again.err);
    place.close(&terms().slug);
    place.audit_data(&terms().slug).well();
    nothing_names_anybody(&place, &[&sent, &again]);
}

/// Neither a number nor a token stands anywhere but in the vault, where it is encrypted.
#[track_caller]
fn nothing_names_anybody(place: &Place, ran: &[&Ran]) {
    let letters = letters(place);
    let mut all = files(&place.data());
    for ran in ran {
        all.push(("standard error".into(), ran.err.clone().into_bytes()));
        all.push(("standard output".into(), ran.out.clone().into_bytes()));
    }
    for (invitation, _) in letters.iter().step_by(17) {
        for secret in [&invitation.contact[1..], invitation.token()] {
            for (path, bytes) in &all {
                let found = bytes
                    .windows(secret.len())
                    .any(|window| window == secret.as_bytes());
                assert!(!found, "{} names somebody", path.display());
            }
        }
    }
}

/// A sending process that is killed at any moment: no invitation is lost, and none is repeated but those of which nobody
/// knew, which are listed. `SIJILL_KILLS` says how often it is killed.
#[test]
fn a_sending_process_that_is_killed_again_and_again_skips_nobody_and_lists_whom_it_wrote_to_twice()
{
    let centres = tempfile::tempdir().unwrap();
    let Some(centre) = Centre::open(centres.path(), &["--ids", "hex-decimal"]) else {
        return;
    };
    let kills = std::env::var("SIJILL_KILLS").map_or(100, |kills| kills.parse().unwrap());
    let count: u32 = std::env::var("SIJILL_COUNT").map_or(8_000, |count| count.parse().unwrap());
    let place = place(&centre.address(), count);
    let mut dice = 12_345_u64;
    let mut killed_while_sending = 0;
    for round in 0..kills {
        let mut process = place.start(
            &format!("kill-{round}"),
            command(&place, "send", &["--rate", "900"]),
        );
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        std::thread::sleep(Duration::from_millis(100 + (dice >> 33) % 350));
        killed_while_sending += u32::from(process.is_running());
        process.kill();
    }
    assert!(killed_while_sending >= kills / 2, "{killed_while_sending}");
    // What the centre would have told a process that was killed, it tells nobody.
    send(&place, &["--without-receipts"]).well();
    let shown = place
        .sijill(command(&place, "status", &["--repeated", "--json"]))
        .well()
        .json();
    let repeated: Vec<u64> = shown["repeated"]
        .as_array()
        .unwrap()
        .iter()
        .map(|place| place.as_u64().unwrap())
        .collect();
    let report = centre.report();
    let mut twice = 0;
    for (index, (invitation, text)) in letters(&place).iter().enumerate() {
        let got = texts(&report, &invitation.contact);
        assert!(!got.is_empty(), "invitation {index} was skipped");
        assert!(
            got.iter().all(|got| *got == hash(text)),
            "invitation {index} got another link"
        );
        let is_listed = repeated.contains(&(index as u64));
        assert!(
            got.len() == 1 || is_listed,
            "invitation {index} got {} messages and is not listed",
            got.len()
        );
        twice += u32::from(got.len() > 1);
    }
    println!(
        "{killed_while_sending} kills while it ran, {} repeated, {twice} of them arrived twice",
        repeated.len()
    );
    let ended = last(&place, "WaveEnded");
    assert_eq!(ended["content"]["sent"], count, "{ended}");
}

#[test]
fn a_send_that_would_run_past_the_end_is_refused_with_the_arithmetic_and_leaves_nothing_behind() {
    let centres = tempfile::tempdir().unwrap();
    let Some(centre) = Centre::open(centres.path(), &[]) else {
        return;
    };
    let place = place(&centre.address(), 9_000);
    let refused = send(&place, &["--rate", "2"]).expect_code(1);
    for part in [
        "9,000 invitations in",
        "at 2 a second take",
        "--share",
        "nothing was sent",
    ] {
        assert!(refused.err.contains(part), "{part}: {}", refused.err);
    }
    send(&place, &["--share", "1"]).well();
    let report = centre.report();
    let messages = report["messages"].as_u64().unwrap();
    assert!((50..140).contains(&messages), "{messages}");
}

#[test]
fn who_asked_for_no_more_messages_behind_their_link_gets_none() {
    let centres = tempfile::tempdir().unwrap();
    let Some(centre) = Centre::open(centres.path(), &[]) else {
        return;
    };
    let place = place(&centre.address(), 20);
    let first = place.first_contact(&terms().slug);
    let server = place.serve();
    let path = format!("/p/{}/stop", first.token.reveal());
    server.browser().post(&path, &[]).status(200);
    send(&place, &[]).well();
    let ended = last(&place, "WaveEnded");
    assert_eq!(
        (&ended["content"]["sent"], &ended["content"]["stopped"]),
        (&19.into(), &1.into()),
        "{ended}"
    );
    let report = centre.report();
    assert_eq!(report["messages"], 19);
    assert!(texts(&report, &first.number.digits()).is_empty());
}

#[test]
fn waves_by_stratum_pauses_and_people_who_want_no_more_messages() {
    let centres = tempfile::tempdir().unwrap();
    let Some(centre) = Centre::open(centres.path(), &[]) else {
        return;
    };
    let place = place(&centre.address(), 200);
    place.sijill(command(&place, "pause", &[])).well();
    let mut process = place.start("send", command(&place, "send", &["--stratum", "north"]));
    std::thread::sleep(Duration::from_millis(1_500));
    assert!(process.is_running());
    let shown = place
        .sijill(command(&place, "status", &["--json"]))
        .well()
        .json();
    assert_eq!(
        (&shown["paused"], &shown["counts"]["queued"]),
        (&true.into(), &100.into()),
        "{shown}"
    );
    let server = place.serve();
    let seen = place.sijill(["monitor", "--once"]).well().out;
    assert!(
        seen.contains("1 (first), 100 invitations; nothing leaves: paused")
            && seen.contains("queued 100"),
        "{seen}"
    );
    let seen = place.sijill(["monitor", "--json"]).well().json();
    assert_eq!(seen["polls"][0]["sending"]["invitations"], 100, "{seen}");
    // Somebody of each stratum calls the operator.
    for contact in ["+9647700000000", "0770 000 0001"] {
        let file = place.write("number.txt", contact);
        let mut stop = place.command();
        stop.args(command(&place, "stop", &[]))
            .stdin(std::fs::File::open(file).unwrap());
        assert!(stop.status().unwrap().success());
    }
    place.sijill(command(&place, "resume", &[])).well();
    process.wait(COMMAND_MAX).well();
    let ended = last(&place, "WaveEnded");
    let counted = |what: &str| ended["content"][what].as_u64().unwrap();
    assert_eq!(
        (counted("sent"), counted("stopped"), counted("failed")),
        (99, 1, 0)
    );
    server.stop().well();
    let none = place.sijill(command(&place, "remind", &[])).expect_code(1);
    assert!(none.err.contains("allows no reminders"), "{}", none.err);
    send(&place, &[]).well();
    let ended = last(&place, "WaveEnded");
    assert_eq!(
        (&ended["content"]["sent"], &ended["content"]["stopped"]),
        (&99.into(), &1.into())
    );
    let report = centre.report();
    assert_eq!(report["messages"], 198);
    for contact in ["9647700000000", "9647700000001"] {
        assert!(texts(&report, contact).is_empty());
    }
    place.close(&terms().slug);
    place.audit_data(&terms().slug).well();
}

/// Who opened a link that came before the poll began found a page without answers, and did not come back.
#[test]
fn no_invitation_leaves_before_the_poll_begins() {
    let place = Place::new();
    configure(&place, "127.0.0.1:9");
    let now = crate::place::now_ms() / 1_000 * 1_000;
    let later = Terms {
        field_ms: [now + 3_600_000, now + 7_200_000, now + 10_800_000],
        ..terms()
    };
    crate::post::open(&place, &place.definition(&later), 4);
    let before = place.recorded("bridge");
    let refused = send(&place, &[]).expect_code(1).err;
    assert!(
        refused.contains("the poll begins ") && refused.contains("nothing was sent"),
        "{refused}"
    );
    assert_eq!(place.recorded("bridge"), before);
}

/// An export took a wave over that was being sent, and ended it on record with figures of its own; an erasing said that
/// contacts were gone, and messages went on leaving to them.
#[test]
fn while_messages_leave_nobody_exports_them_and_nobody_erases_their_contacts() {
    let centres = tempfile::tempdir().unwrap();
    let Some(centre) = Centre::open(centres.path(), &[]) else {
        return;
    };
    let place = place(&centre.address(), 60);
    let out = place.path("messages.csv");
    let export = args![
        "invitations",
        "export",
        "--poll",
        "bridge",
        "--out",
        &out,
        "--key",
        place.key_file()
    ];
    let erase = ["roster", "erase", "--poll", "bridge", "--yes"];
    let server = place.serve();
    let process = place.start("send", command(&place, "send", &["--rate", "8"]));
    let state = place.path("data/polls/bridge/sending.json");
    until(COMMAND_MAX, || state.exists().then_some(())).unwrap();
    let refused = place.sijill(export.clone()).expect_code(1).err;
    assert!(refused.contains("are being sent"), "{refused}");
    let refused = place.sijill(erase).expect_code(1).err;
    assert!(refused.contains("are being sent"), "{refused}");
    process.interrupt();
    process.wait(COMMAND_MAX).expect_code(3);
    // It was stopped, and is not over: its figures are the journal's.
    let refused = place.sijill(export).expect_code(1).err;
    assert!(refused.contains("is not over"), "{refused}");
    assert!(!out.exists());
    send(&place, &[]).well();
    assert_eq!(last(&place, "WaveEnded")["content"]["delivered"], 60);
    server.stop().well();
    place.sijill(erase).well();
    assert_eq!(centre.report()["messages"], 60);
}

/// Receipts and replies come to any connection of an account: two that send by it would take each other's.
#[test]
fn an_account_that_sends_already_is_not_used_by_a_second_one() {
    let centres = tempfile::tempdir().unwrap();
    let Some(centre) = Centre::open(centres.path(), &[]) else {
        return;
    };
    let place = place(&centre.address(), 20);
    place.sijill(command(&place, "pause", &[])).well();
    let mut first = place.start("send", command(&place, "send", &[]));
    let state = place.path("data/polls/bridge/sending.json");
    until(COMMAND_MAX, || state.exists().then_some(())).unwrap();
    let number = "07701234567";
    let test = command(&place, "test", &[number]);
    let refused = place.sijill(test).expect_code(1).err;
    assert!(refused.contains("by the account `ur` already"), "{refused}");
    assert!(first.is_running());
    place.sijill(command(&place, "resume", &[])).well();
    first.wait(COMMAND_MAX).well();
    place.sijill(command(&place, "test", &[number])).well();
    assert_eq!(centre.report()["messages"], 21);
}

/// Messages went on leaving after an operator had closed the poll: people would have been asked for an answer that is
/// not taken.
#[test]
fn once_the_poll_is_closed_no_message_leaves_and_those_that_never_left_have_failed() {
    let centres = tempfile::tempdir().unwrap();
    let Some(centre) = Centre::open(centres.path(), &[]) else {
        return;
    };
    let place = place(&centre.address(), 600);
    let slow = command(&place, "send", &["--rate", "40"]);
    let process = place.start("send", slow);
    std::thread::sleep(Duration::from_secs(3));
    place
        .sijill(args![
            "poll",
            "annul",
            terms().slug,
            "--reason",
            "A mistake",
            "--key",
            place.key_file()
        ])
        .well();
    let said = process.wait(COMMAND_MAX).expect_code(1);
    assert!(said.out.contains("the poll is over"), "{}", said.out);
    let ended = last(&place, "WaveEnded");
    let counted = |what: &str| ended["content"][what].as_u64().unwrap();
    let messages = centre.report()["messages"].as_u64().unwrap();
    assert!((20..400).contains(&messages), "{messages}");
    assert_eq!(
        (counted("sent"), counted("failed")),
        (messages, 600 - messages)
    );
    let again = send(&place, &[]).expect_code(1);
    assert!(again.err.contains("the poll is over"), "{}", again.err);
}

/// The power went between the wave's end on record and in the journal: what was sent would have been planned once more.
#[test]
fn a_wave_whose_end_the_journal_lost_is_not_begun_again() {
    let centres = tempfile::tempdir().unwrap();
    let Some(centre) = Centre::open(centres.path(), &[]) else {
        return;
    };
    let place = place(&centre.address(), 40);
    send(&place, &["--share", "50"]).well();
    let before = last(&place, "WaveEnded");
    let journal = place
        .data()
        .join("polls")
        .join(terms().slug)
        .join("vault/journal");
    let bytes = std::fs::read(&journal).unwrap();
    std::fs::write(&journal, &bytes[..bytes.len() - 3]).unwrap();
    let taken_up = send(&place, &[]).well();
    assert!(taken_up.err.contains("was torn"), "{}", taken_up.err);
    assert_eq!(last(&place, "WaveEnded"), before);
    send(&place, &[]).well();
    assert_eq!(centre.report()["messages"], 40);
    let waves = place
        .sijill(["poll", "show", terms().slug.as_str(), "--json"])
        .well()
        .json();
    assert_eq!(
        (&waves["planned"], waves["waves"].as_array().unwrap().len()),
        (&40.into(), 2)
    );
}

#[test]
fn a_wrong_password_stops_at_once_and_the_same_command_goes_on_when_it_is_mended() {
    let centres = tempfile::tempdir().unwrap();
    let Some(centre) = Centre::open(centres.path(), &[]) else {
        return;
    };
    let place = place(&centre.address(), 20);
    place.write_secret("password", "wrong\n");
    let stopped = send(&place, &[]).expect_code(3);
    assert!(
        stopped.out.contains("the gateway stops it"),
        "{}",
        stopped.out
    );
    assert!(!stopped.err.contains("wrong\n"));
    place.write_secret("password", "secret\n");
    send(&place, &[]).well();
    assert_eq!(centre.report()["messages"], 20);
}

#[test]
fn a_preview_shows_what_arrives_how_long_it_takes_and_what_it_costs() {
    let centres = tempfile::tempdir().unwrap();
    let Some(centre) = Centre::open(centres.path(), &[]) else {
        return;
    };
    let place = place(&centre.address(), 40);
    let preview = command(&place, "preview", &["--price", "0.05", "--json"]);
    let shown = place.sijill(preview).well().json();
    let segments: u64 = shown["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| {
            message["segments"].as_u64().unwrap() * message["invitations"].as_u64().unwrap()
        })
        .sum();
    assert_eq!(shown["segments"], segments);
    let by_language: BTreeMap<&str, u64> = shown["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| {
            (
                m["language"].as_str().unwrap(),
                m["invitations"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(by_language, BTreeMap::from([("ar", 20), ("en", 20)]));
    assert!(shown["cost"].is_string());
    let test = command(&place, "test", &["0770 123 4567", "--language", "en"]);
    let tested = place.sijill(test).well();
    assert!(tested.out.contains("is on the phone"), "{}", tested.out);
    let report = centre.report();
    assert_eq!(
        (texts(&report, "9647701234567").len(), &report["messages"]),
        (1, &1.into())
    );
}

/// Opens a poll whose sender is another body, with a data directory of its own: the platform gets keys and leaves.
fn open_with_a_sender(place: &Place, sender: &Path) {
    let made = place.sijill(args!["keys", "new", "--name", "sender", "--data", sender]);
    let keys = format!("operators = [\"{}\"]", place.operator_key());
    let with = format!("{keys}\nsender = \"{}\"", made.well().out.trim());
    let (platform, own) = (
        "tokens_made_by = \"platform\"",
        "tokens_made_by = \"sender\"",
    );
    let definition = place.definition(&terms());
    place.open(&definition.replace(&keys, &with).replace(platform, own));
    let people = place.write("people.csv", roster(&people(60)));
    let (out, toml) = (place.path("public.roster"), place.path("poll.toml"));
    let make = args![
        "roster",
        "make",
        people,
        "--definition",
        toml,
        "--out",
        &out,
        "--data",
        sender
    ];
    place.sijill(make).well();
    let key = place.key_file();
    let import = args![
        "roster",
        "import",
        &out,
        "--poll",
        terms().slug,
        "--key",
        key
    ];
    place.sijill(import).well();
}

/// What the sender calls, which sees the ledger by what this server publishes.
fn send_by_what_is_published(place: &Place, sender: &Path, address: &str) -> Vec<OsString> {
    let (config, key) = (place.path("sijill.toml"), sender.join("keys/sender.key"));
    args![
        "invitations",
        "send",
        "--poll",
        terms().slug,
        "--data",
        sender,
        "--config",
        config,
        "--key",
        key,
        "--ledger",
        address
    ]
    .to_vec()
}

/// A sender that is another body than the platform: it reads the published ledger, hands its waves over as files, and
/// nothing else passes between the two.
#[test]
fn a_sender_of_its_own_sends_by_what_is_published_and_the_platform_never_holds_a_token() {
    let centres = tempfile::tempdir().unwrap();
    let Some(centre) = Centre::open(centres.path(), &["--receipts", "mixed"]) else {
        return;
    };
    let place = Place::new();
    let (sender, slug) = (place.path("sender"), terms().slug);
    open_with_a_sender(&place, &sender);
    let server = place.serve();
    configure(&place, &centre.address());
    let address = server.url(&format!("/polls/{slug}"));
    let send = send_by_what_is_published(&place, &sender, &address);
    let process = place.start("sender", send);
    for file in ["WaveStarted-0.event", "WaveEnded-1.event"] {
        let file = sender.join("polls").join(&slug).join(file);
        let handed = until(COMMAND_MAX, || file.exists().then_some(()));
        handed.expect("the sender hands it over");
        let record = || place.sijill(args!["poll", "record", &file, "--poll", &slug]);
        record().well();
        assert_ne!(record().code, Some(0));
    }
    let said = process.wait(COMMAND_MAX).well();
    assert!(said.out.contains("48 delivered"), "{}", said.out);
    assert_eq!(centre.report()["messages"], 60);
    let ended = last(&place, "WaveEnded");
    let counted = |what: &str| ended["content"][what].as_u64().unwrap();
    assert_eq!((counted("sent"), counted("failed")), (48, 12));
    let toml = place.path("poll.toml");
    let nonsense = place.sijill(args!["poll", "record", toml, "--poll", &slug]);
    assert!(nonsense.expect_code(2).err.contains("no event of a sender"));
    drop(server);
    place.audit_data(&slug).well();
    assert!(
        !place
            .data()
            .join("polls")
            .join(&slug)
            .join("vault")
            .exists()
    );
}
