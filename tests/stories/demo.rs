//! The newcomer's story: one command, no configuration, a poll from keys to audit, in some seconds.

use crate::browser::{Browser, between};
use crate::place::Place;
use crate::process::{Process, Ran, until};
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
