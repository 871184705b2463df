//! The newcomer's story: one command, no configuration, a poll from keys to audit, in some seconds.

use crate::browser::{Browser, between};
use crate::centre::{Centre, hash, texts};
use crate::place::{Place, invitations, vault};
use crate::process::{Process, Ran, until};
use serde_json::Value;
use sijill_outreach::deliveries::{Deliveries, Whose};
use sijill_outreach::delivery::State;
use std::collections::BTreeSet;
use std::net::TcpListener;
use std::time::Duration;

/// Longest that the short demo of these stories may take, in a slow build on a busy machine.
const DEMO_MAX: Duration = Duration::from_secs(120);

/// Starts a demo of 120 answers in `seconds`, its data in `demo`.
fn start(place: &Place, seconds: &str, more: &[&str]) -> Process {
    let data = place.path("demo");
    let mut arguments = args![
        "demo",
        "--respondents",
        "120",
        "--seconds",
        seconds,
        "--listen",
        "127.0.0.1:0",
        "--data",
        data
    ]
    .to_vec();
    arguments.extend(more.iter().map(Into::into));
    place.start("demo", arguments)
}

/// The audit of its data that the demo offers.
fn audit_command(said: &str) -> Vec<String> {
    command(said, "audit", "--anchor")
}

/// A command that the demo prints for people to try, word by word, without the name of the binary. It has this flag, and
/// an explanation stands apart by several blanks.
fn command(said: &str, name: &str, flag: &str) -> Vec<String> {
    let space = format!(" {name} ");
    let line = said
        .lines()
        .find(|line| line.contains(&space) && line.contains(flag))
        .unwrap_or_else(|| panic!("no `{name}` with `{flag}` is offered in {said}"));
    let (_, words) = line.split_once(&space).unwrap();
    let words = words.split("    ").next().unwrap().split_whitespace();
    let words = words.map(|word| word.trim_matches(['"', '\'']).to_owned());
    [name.to_owned()].into_iter().chain(words).collect()
}

fn last_audit_holds(place: &Place, ran: &Ran) {
    let command = audit_command(&ran.out);
    let audited = place.sijill(&command).well();
    assert!(
        audited.out.contains("120 answers") || audited.out.contains("120"),
        "{}",
        audited.out
    );
}

#[test]
fn the_demo_runs_from_keys_to_an_audit_that_passes_and_the_audit_that_it_offers_passes_too() {
    let place = Place::new();
    let ran = start(&place, "4", &[]).wait(DEMO_MAX).well();
    let said = ran.out.to_lowercase();
    assert!(said.contains("simulated"), "{}", ran.out);
    for part in ["V1", "V17", "operator", "polls/"] {
        assert!(ran.out.contains(part), "no `{part}` in {}", ran.out);
    }
    last_audit_holds(&place, &ran);
    let key = std::fs::read_to_string(place.path("demo/operator.vkey")).unwrap();
    assert!(audit_command(&ran.out).contains(&key.trim().to_owned()));
    // What respondents kept holds as well, and everything can be rebuilt.
    let mut command = audit_command(&ran.out);
    command.extend([
        "--promise".into(),
        place.path("demo/promises").display().to_string(),
    ]);
    place.sijill(&command).well();
    place
        .sijill(args!["replay", "--data", place.path("demo")])
        .well();
}

/// Everything that checks the demo from outside, as it is printed: the receipt by itself, and the poll as it is
/// published, without the service.
#[test]
fn the_receipt_and_the_published_folder_that_the_demo_offers_are_checked_by_its_own_commands() {
    let place = Place::new();
    let ran = start(&place, "2", &[]).wait(DEMO_MAX).well();
    let verified = place.sijill(command(&ran.out, "verify", "--policy")).well();
    assert!(verified.out.contains("polls/coalition"), "{}", verified.out);
    place.sijill(command(&ran.out, "publish", "--data")).well();
    std::fs::remove_dir_all(place.path("demo/log")).unwrap();
    let published = ran
        .out
        .lines()
        .find(|line| line.contains("audit coalition-published"));
    let published = command(published.unwrap(), "audit", "--policy");
    let audited = place.sijill(published).well();
    assert!(audited.out.contains("exit code 0"), "{}", audited.out);
}

/// Three personal links that the demo offers.
fn links(said: &str) -> Vec<String> {
    let links = said
        .lines()
        .filter_map(|line| line.split_whitespace().find(|word| word.contains("/p/")));
    links.map(str::to_owned).collect()
}

#[test]
fn the_links_that_the_demo_offers_work_and_the_crowd_leaves_them_alone() {
    let place = Place::new();
    let demo = start(&place, "6", &[]);
    let offered = until(DEMO_MAX, || {
        Some(links(&demo.out())).filter(|links| links.len() >= 3)
    })
    .expect("links are offered");
    assert_eq!(offered.len(), 3, "{offered:?}");
    for link in &offered {
        let address = between(link, "http://", "/p/").unwrap().parse().unwrap();
        let path = &link[link.find("/p/").unwrap()..];
        let page = Browser::new(address).answer(path, "dont-know").status(200);
        assert!(page.code().is_some());
    }
    let ran = demo.wait(DEMO_MAX).well();
    let report = place
        .sijill(
            audit_command(&ran.out)
                .into_iter()
                .chain(["--json".to_owned()]),
        )
        .well()
        .json();
    assert_eq!(report["polls"][0]["tally"]["answered"], 123);
}

#[test]
fn ctrl_c_in_the_middle_of_the_demo_leaves_a_ledger_that_audits() {
    let place = Place::new();
    let demo = start(&place, "60", &[]);
    // The crowd has begun: its answers are in the results.
    let begun = until(DEMO_MAX, || {
        let said = demo.out();
        let link = links(&said).into_iter().next()?;
        let address = between(&link, "http://", "/p/")?.parse().ok()?;
        let page = Browser::new(address)
            .ask("GET", "/polls/coalition/results.json", &[], b"")
            .ok()?;
        (page.status == 200 && page.json()["answered"].as_u64()? > 0).then_some(())
    });
    assert!(begun.is_some(), "{}", demo.out());
    demo.interrupt();
    let ran = demo.wait(Duration::from_secs(30));
    assert!(!ran.err.contains("panicked"), "{}", ran.err);

    ledger_audits(&place);
}

/// Whatever became of the demo, its ledger audits as far as it goes.
#[track_caller]
fn ledger_audits(place: &Place) {
    let data = place.path("demo");
    let key = std::fs::read_to_string(data.join("operator.vkey")).unwrap();
    let shown = place
        .sijill(args!["poll", "show", "--json", "--data", &data])
        .well()
        .json();
    let anchor = format!(
        "{}:{}",
        shown["entries"].as_u64().unwrap() - 1,
        shown["link"].as_str().unwrap()
    );
    let audit = |more: &[&str]| {
        let mut arguments = args!["audit", &data, "--operator-key", key.trim()].to_vec();
        arguments.extend(more.iter().map(Into::into));
        place.sijill(arguments)
    };
    audit(&[]).expect_code(4);
    audit(&["--anchor", &anchor]).well();
}

#[test]
fn a_second_demo_never_writes_over_the_first() {
    let place = Place::new();
    let folder = place.path("sijill-demo");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("diary.txt"), "mine").unwrap();
    let mut command = place.command();
    command.env_remove("SIJILL_DATA").args([
        "demo",
        "--respondents",
        "12",
        "--seconds",
        "1",
        "--listen",
        "127.0.0.1:0",
    ]);
    Process::start(&mut command, &place.path(""), "second")
        .wait(DEMO_MAX)
        .well();
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    assert!(place.path("sijill-demo-2/operator.vkey").exists());
}

/// The poll of the demo.
const SLUG: &str = "coalition";

/// The entries of its ledger.
#[track_caller]
fn entries(place: &Place) -> Vec<Value> {
    let data = place.path("demo");
    let shown = place.sijill(args!["ledger", "show", SLUG, "--data", data]);
    shown.well().json_lines()
}

/// Where the only entry of a kind stands.
#[track_caller]
fn only(entries: &[Value], kind: &str) -> usize {
    let mut places = (0..entries.len()).filter(|place| entries[*place]["kind"] == kind);
    let only = places.next().unwrap_or_else(|| panic!("no `{kind}`"));
    assert_eq!(places.next(), None, "{kind}");
    only
}

/// Invitations that have answered, by their place in the roster.
fn answered(entries: &[Value]) -> BTreeSet<u32> {
    let answers = entries.iter().filter(|entry| entry["kind"] == "Responded");
    let places = answers.map(|entry| entry["content"]["invitation"].as_u64().unwrap());
    places.map(|place| u32::try_from(place).unwrap()).collect()
}

/// Invitations whose message failed, by what the journal of the sending says.
#[track_caller]
fn failed(place: &Place) -> BTreeSet<u32> {
    let data = place.path("demo");
    let shown = place.sijill(args!["poll", "show", SLUG, "--json", "--data", &data]);
    let shown = shown.well().json();
    let vault = vault(&data, SLUG);
    let whose = Whose {
        origin: shown["origin"].as_str().unwrap().parse().unwrap(),
        poll_id: shown["poll_id"].as_str().unwrap().parse().unwrap(),
        invitations: vault.count(),
    };
    let key = vault.key_for("sijill 2026 journal v1");
    let folder = data.join("polls").join(SLUG).join("vault");
    let mut deliveries = Deliveries::open(&folder, &key, whose).unwrap();
    let is_failed = |invitation: &u32| {
        let state = deliveries.delivery(*invitation).unwrap().state;
        assert_ne!(state, State::Uninvited);
        matches!(state, State::Failed | State::Expired)
    };
    (0..vault.count()).filter(is_failed).collect()
}

/// What the demo says of its sending is what the ledger has, and who has no message has not answered.
#[track_caller]
fn sending_is_accounted_for(place: &Place, said: &Value) -> BTreeSet<u32> {
    let entries = entries(place);
    let (started, ended) = (only(&entries, "WaveStarted"), only(&entries, "WaveEnded"));
    assert!(started < ended);
    let first = entries
        .iter()
        .position(|entry| entry["kind"] == "Responded");
    assert!(ended < first.unwrap(), "answers come after the messages");
    let (planned, outcome) = (
        &entries[started]["content"]["planned"],
        &entries[ended]["content"],
    );
    assert_eq!(
        (planned, &said["sent"]["invitations"]),
        (&360.into(), &360.into())
    );
    for what in ["delivered", "failed", "unknown"] {
        assert_eq!(said["sent"][what], outcome[what], "{what}: {outcome}");
    }
    let (failed, answered) = (failed(place), answered(&entries));
    assert_eq!(outcome["failed"], failed.len());
    assert_eq!(outcome["delivered"], 360 - failed.len());
    assert!(!failed.is_empty() && failed.is_disjoint(&answered));
    failed
}

#[test]
fn every_invitation_of_the_demo_arrives_over_smpp_or_is_on_record_as_failed_and_then_nobody_answers_it()
 {
    let place = Place::new();
    let ran = start(&place, "2", &["--json", "--seed", "1"])
        .wait(DEMO_MAX)
        .well();
    let said = ran.json();
    assert_eq!(said["sent"]["built_in"], true);
    assert!(said["sent"]["segments"].as_u64().unwrap() > 360, "{said}");
    let failed = sending_is_accounted_for(&place, &said);
    assert!(failed.len() < 30, "{failed:?}");
    let figures = format!("{} delivered, {} failed", 360 - failed.len(), failed.len());
    assert!(ran.err.contains(&figures), "{figures}: {}", ran.err);
    assert!(
        ran.err.contains("19 checks passed, none failed"),
        "{}",
        ran.err
    );
    assert!(!place.path("demo/messages.csv").exists());
}

#[test]
fn the_messages_that_the_demo_shows_end_with_the_links_that_it_offers_and_stand_in_every_language()
{
    let place = Place::new();
    let said = start(&place, "1", &["--json"]).wait(DEMO_MAX).well();
    let offered = said.json();
    let languages: Vec<&str> = offered["links"]
        .as_array()
        .unwrap()
        .iter()
        .map(|link| link["language"].as_str().unwrap())
        .collect();
    assert_eq!(languages, ["ar", "ckb", "en"]);
    for (language, wording) in [
        ("ar", "رابطك الشخصي:"),
        ("ckb", "بەستەری کەسیت:"),
        ("en", "Your personal link:"),
    ] {
        let lines: Vec<&str> = said.err.lines().collect();
        let text = lines.iter().position(|line| line.ends_with(wording));
        let link = lines[text.unwrap() + 1].trim();
        assert!(link.starts_with("http://") && link.ends_with(&format!("      {language}")));
    }
}

/// A configuration with the account of npm's message centre, and more of `[gateway]`.
fn configure(place: &Place, more: &str) -> String {
    place.write_secret("password", "secret\n");
    let text = format!("[gateway]\nsystem_id = \"ur\"\npassword_file = \"password\"\n{more}");
    place.write("sijill.toml", text).display().to_string()
}

#[test]
fn the_demo_sends_to_another_message_centre_which_gets_every_text_word_for_word() {
    let centres = tempfile::tempdir().unwrap();
    let Some(centre) = Centre::open(centres.path(), &["--receipts", "mixed"]) else {
        return;
    };
    let place = Place::new();
    let config = configure(&place, "");
    let address = centre.address();
    let more = ["--json", "--smpp", &address, "--config", &config];
    let said = start(&place, "2", &more).wait(DEMO_MAX).well().json();
    assert_eq!(
        (&said["sent"]["to"], &said["sent"]["built_in"]),
        (&address.into(), &false.into())
    );
    sending_is_accounted_for(&place, &said);
    let report = centre.report();
    assert_eq!(
        (&report["messages"], &report["strange"]),
        (&360.into(), &0.into())
    );
    assert_eq!(report["segments"], said["sent"]["segments"]);
    let (out, data) = (place.path("again.csv"), place.path("demo"));
    let export = args![
        "invitations",
        "export",
        "--again",
        "--poll",
        SLUG,
        "--out",
        &out,
        "--data",
        data
    ];
    place.sijill(export).well();
    for invitation in invitations(&out) {
        let text = hash(&invitation.message);
        assert_eq!(texts(&report, &invitation.contact), [text]);
    }
}

/// The numbers of the demo are made up, and somebody may have them.
#[test]
fn a_message_centre_that_is_not_private_is_refused_before_anything_is_made() {
    let place = Place::new();
    for address in ["203.0.113.7:2775", "[2001:db8::7]:2775"] {
        let refused = start(&place, "1", &["--smpp", address]).wait(DEMO_MAX);
        let refused = refused.expect_code(2);
        for part in [
            address,
            "real people's",
            "RFC 1918",
            "sijill invitations send",
        ] {
            assert!(refused.err.contains(part), "{part}: {}", refused.err);
        }
        assert!(!place.path("demo").exists());
    }
}

#[test]
fn a_message_centre_that_is_not_there_ends_the_demo_and_the_ledger_audits() {
    let place = Place::new();
    // The system gives a port that is free to nobody else for a while.
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    let ran = start(&place, "1", &["--smpp", &address]).wait(DEMO_MAX);
    let ran = ran.expect_code(3);
    for part in [
        address.as_str(),
        "nobody listens",
        "audits as far as it goes",
    ] {
        assert!(ran.err.contains(part), "{part}: {}", ran.err);
    }
    ledger_audits(&place);
}

#[test]
fn a_message_centre_that_refuses_the_account_ends_the_demo_and_the_ledger_audits() {
    let centres = tempfile::tempdir().unwrap();
    let Some(centre) = Centre::open(centres.path(), &[]) else {
        return;
    };
    let place = Place::new();
    // Without a configuration the account is `demo`.
    let ran = start(&place, "1", &["--smpp", &centre.address()]).wait(DEMO_MAX);
    let ran = ran.expect_code(3);
    assert!(ran.err.contains("refuses this account"), "{}", ran.err);
    ledger_audits(&place);
    assert_eq!(centre.report()["refused_binds"], 1);
}

#[test]
fn ctrl_c_while_invitations_leave_ends_the_demo_and_the_ledger_audits() {
    let centres = tempfile::tempdir().unwrap();
    let Some(centre) = Centre::open(centres.path(), &[]) else {
        return;
    };
    let place = Place::new();
    let config = configure(&place, "rate = 20\n");
    let more = ["--smpp", &centre.address(), "--config", &config];
    let demo = start(&place, "1", &more);
    let state = place.path("demo/polls/coalition/sending.json");
    let begun = until(DEMO_MAX, || {
        let state: Value = serde_json::from_slice(&std::fs::read(&state).ok()?).ok()?;
        (state["counts"]["delivered"].as_u64()? > 0).then_some(())
    });
    assert!(begun.is_some(), "{}", demo.err());
    demo.interrupt();
    let ran = demo.wait(DEMO_MAX).expect_code(3);
    assert!(ran.err.contains("audits as far as it goes"), "{}", ran.err);
    ledger_audits(&place);
    let messages = centre.report()["messages"].as_u64().unwrap();
    assert!((1..360).contains(&messages), "{messages}");
}
