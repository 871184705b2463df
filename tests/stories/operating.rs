//! Small things that whoever operates or audits a poll meets at a terminal.

use crate::browser::Browser;
use crate::place::{Place, people, roster, terms};
use crate::portal::{LOGO, THEME};
use crate::process::{COMMAND_MAX, Process, until};
use serde_json::Value;
use sijill_scenarios::Terms;
use std::process::{Command, Stdio};

const SLUG: &str = "bridge";

/// Runs a command whose standard output nobody reads, and returns its exit code.
fn unread(command: &mut Command) -> Option<i32> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    child.wait().unwrap().code()
}

// What happened: `sijill audit forged.export | head` ended with 0, because nobody read the report to its end. What an
// auditor's script would have taken it for: every check passed.
#[test]
fn a_verdict_is_the_same_whoever_reads_the_report() {
    let place = Place::new();
    place.poll(&terms(), 3);
    let file = place.path("bridge.export");
    place.sijill(args!["export", SLUG, &file]).well();
    let mut bytes = std::fs::read(&file).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    let forged = place.write("forged.export", bytes);
    for json in [None, Some("--json")] {
        let audit = place
            .command()
            .arg("audit")
            .arg(&forged)
            .args(json)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        assert_eq!(audit.unwrap().code(), Some(1));
        assert_eq!(
            unread(place.command().arg("audit").arg(&forged).args(json)),
            Some(1)
        );
    }
    let definition = place.write("bad.toml", "slug = 1");
    assert_eq!(
        unread(place.command().args(["poll", "lint"]).arg(definition)),
        Some(1)
    );
}

#[test]
fn with_json_a_failure_is_a_document_too() {
    let place = Place::new();
    place.poll(&terms(), 3);
    let poll = place
        .sijill(["poll", "show", "nobody", "--json"])
        .expect_code(1)
        .json();
    assert!(poll["error"].as_str().unwrap().contains("nobody"), "{poll}");
    assert_eq!(poll["exit_code"], 1);
    let source = place.sijill(["audit", "/nowhere/poll.export", "--json"]);
    assert_eq!(source.expect_code(2).json()["exit_code"], 2);
}

#[test]
fn an_answer_is_found_by_the_code_that_its_respondent_was_shown() {
    let place = Place::new();
    let invited = place.poll(&terms(), 3);
    let server = place.serve();
    let page = server.browser().answer(&invited[1].path, "no").status(200);
    let code = page.code().expect("a confirmation shows a code");
    server.stop().well();
    let typed = code.to_lowercase().replace(' ', "-").replace('0', "o");
    for code in [&code, &typed] {
        let shown = place
            .sijill(["ledger", "show", SLUG, "--code", code])
            .well();
        let entry = &shown.json_lines()[0];
        assert_eq!(entry["content"]["answers"][0]["option"], "no");
    }
    let other = "0000 0000 0000 0000 0000";
    place
        .sijill(["ledger", "show", SLUG, "--code", other])
        .expect_code(1);
    place
        .sijill(["ledger", "show", SLUG, "--code", "short"])
        .expect_code(2);
}

#[test]
fn an_export_is_not_written_over_what_is_no_file() {
    let place = Place::new();
    place.poll(&terms(), 3);
    std::os::unix::fs::symlink("elsewhere", place.path("link")).unwrap();
    let refused = place.sijill(args!["export", SLUG, place.path("link")]);
    assert!(refused.expect_code(3).err.contains("no regular file"));
    let messages = [
        "invitations",
        "export",
        "--poll",
        SLUG,
        "--again",
        "--out",
        "/dev/null",
    ];
    place.sijill(messages).expect_code(2);
    assert!(!place.path("elsewhere").exists());
}

/// A wording mistake that is found while the poll runs: people see the new wording once it is published, auditors both.
#[test]
fn a_wording_is_mended_while_the_poll_runs_and_stands_on_record() {
    let place = Place::new();
    let invited = place.poll(&terms(), 12);
    let server = place.serve();
    let browser = server.browser();
    let path = format!("{}/in/en", invited[0].path);
    assert!(
        browser
            .get(&path)
            .status(200)
            .text()
            .contains("Your answer is recorded without your name")
    );
    let key = place.key_file();
    let mend = |field: &str, text: &str| {
        place.sijill(args![
            "poll",
            "mend",
            "bridge",
            "--field",
            field,
            "--language",
            "en",
            "--text",
            text,
            "--reason",
            "A word was missing",
            "--key",
            &key
        ])
    };
    mend(
        "disclosure.privacy",
        "Your answer is recorded without your name or number",
    )
    .well();
    let refused = mend("question.text", "Should there be a bridge?").expect_code(1);
    assert!(
        refused.err.contains("stay as they were signed"),
        "{}",
        refused.err
    );
    let mended = || {
        let page = browser.get(&path).status(200);
        page.text()
            .contains("without your name or number")
            .then_some(())
    };
    until(COMMAND_MAX, mended).expect("the wording is shown");
    server.stop().well();
    let server = place.serve();
    let page = server.browser().get(&path).status(200);
    assert!(page.text().contains("without your name or number"));
    server.stop().well();
    let entries = place
        .sijill(["ledger", "show", "bridge"])
        .well()
        .json_lines();
    let last = entries.last().unwrap();
    assert_eq!(last["kind"], "PageChanged");
    assert_eq!(
        last["content"]["wordings"][0]["field"],
        "disclosure.privacy"
    );
    place.audit_data("bridge").well();
}

/// Of a sealed stratum with fewer invitations than the threshold nobody will ever see figures: the operator learns it while
/// the roster is made known, not when strata are unsealed.
#[test]
fn strata_that_will_stay_closed_are_named_when_the_roster_is_committed_to() {
    let place = Place::new();
    let sealed = Terms {
        sealed: true,
        threshold: 4,
        strata: ["north", "middle", "south"]
            .map(|id| (id.to_owned(), 3_000))
            .into(),
        ..terms()
    };
    place.open(&place.definition(&sealed));
    let mut invited = people(9);
    for (at, person) in invited.iter_mut().enumerate() {
        let stratum = ["north", "middle", "south"][(at / 4).min(2)];
        stratum.clone_into(&mut person.stratum);
    }
    let file = place.write("roster.csv", roster(&invited));
    let key = place.key_file();
    let import = args![
        "roster", "import", file, "--poll", "bridge", "--key", key, "--json"
    ];
    let said = place.sijill(import).well().json();
    assert_eq!(said["stay_closed"], serde_json::json!(["south"]));
}

/// From nothing to a definition: what is left to fill in is named, and a file that is there is left alone.
#[test]
fn a_definition_begins_with_a_file_that_says_what_belongs_where() {
    let place = Place::new();
    let new = || {
        place.sijill([
            "poll",
            "new",
            "poll.toml",
            "--slug",
            "coalition",
            "--languages",
            "ar,en",
            "--domain",
            "ur.example",
            "--country",
            "IQ",
            "--political",
        ])
    };
    new().well();
    let text = std::fs::read_to_string(place.path("poll.toml")).unwrap();
    assert!(text.contains(&place.operator_key()), "{text}");
    let report = place
        .sijill(["poll", "lint", "poll.toml", "--json"])
        .expect_code(1)
        .json();
    let findings = report["findings"].as_array().unwrap();
    let empty = findings.iter().filter(|finding| finding["number"] == "L13");
    assert!(empty.count() > 30, "{report}");
    let again = new().expect_code(2);
    assert!(again.err.contains("poll.toml"), "{}", again.err);
    assert_eq!(
        std::fs::read_to_string(place.path("poll.toml")).unwrap(),
        text
    );
}

/// A preview wears the theme that the poll would; what is wrong with the definition is told before what is wrong with that,
/// and with either nothing is shown.
#[test]
fn a_preview_wears_the_theme_and_tells_the_definitions_faults_first() {
    let place = Place::new();
    let text = place.definition(&terms());
    let good = place.write("poll.toml", &text);
    let bent = place.write("bent.toml", text.replace("no_opinion = true", ""));
    place.write("sijill.toml", "theme = \"theme.toml\"\n");
    place.write("logo.svg", LOGO);
    place.write("theme.toml", THEME.replace("#00584f", "#ffffff"));
    let preview = |file| args!["poll", "preview", file, "--listen", "127.0.0.1:0"].to_vec();
    let refused = place.sijill(preview(&bent)).expect_code(1);
    assert!(refused.err.contains("L45"), "{}", refused.err);
    assert!(!refused.err.contains("theme"), "{}", refused.err);
    let refused = place.sijill(preview(&good)).expect_code(2);
    assert!(refused.err.contains("theme.toml"), "{}", refused.err);
    assert_eq!(refused.out, "", "nothing is shown anywhere");
    place.write("theme.toml", THEME);
    let mut command = place.command();
    command.args(preview(&good)).arg("--json");
    let (mut process, browser) = shown(&mut command, &place);
    for page in [
        "/p/preview/in/en",
        "/p/preview/confirmation/in/en",
        "/polls/bridge/in/en",
    ] {
        let page = browser.get(page).status(200);
        assert!(page.text().contains("<bdi>Services Portal</bdi>"));
        assert!(page.text().contains("A preview"));
    }
    process.kill();
}

/// A preview that is shown, and a browser that visits it.
#[track_caller]
fn shown(command: &mut Command, place: &Place) -> (Process, Browser) {
    let process = Process::start(command, &place.path(""), "preview");
    let address = || {
        let said: Value = serde_json::from_str(&process.out()).ok()?;
        Some(said["address"].as_str()?.to_owned())
    };
    let address = until(COMMAND_MAX, address).expect("it says where it is");
    let host = address.trim_start_matches("http://").trim_end_matches('/');
    (process, Browser::new(host.parse().unwrap()))
}

/// Whoever writes a definition sees what people would see, and nothing of it is a poll.
#[test]
fn a_definition_is_looked_at_before_it_is_signed() {
    let place = Place::new();
    let text = place.definition(&terms());
    let file = place.write("poll.toml", &text);
    let mut command = place.command();
    command
        .args(["poll", "preview"])
        .arg(&file)
        .args(["--listen", "127.0.0.1:0", "--json"]);
    let (mut process, browser) = shown(&mut command, &place);
    for (language, banner) in [("en", "A preview"), ("ar", "معاينة")] {
        for page in [
            format!("/p/preview/in/{language}"),
            format!("/polls/bridge/in/{language}"),
        ] {
            let page = browser.get(&page).status(200);
            assert!(page.text().contains(banner), "{}", page.text());
        }
    }
    let page = browser.get("/p/preview/in/en").status(200);
    assert!(
        page.text()
            .contains("Do you support building the new bridge?")
    );
    let sent = |choice| browser.post("/p/preview/in/en", &[("answer", choice), ("revision", "1")]);
    let confirmed = sent("yes").status(200);
    assert!(confirmed.text().contains("A preview"));
    let code = confirmed.code().expect("a code is shown, made up");
    assert_eq!(
        sent("no").status(200).code(),
        Some(code),
        "whatever is sent"
    );
    let stop = browser.post("/p/preview/stop/in/en", &[]).status(200);
    assert!(stop.text().contains("A preview") && stop.text().contains("<button"));
    let again = browser.get("/p/preview/in/en").status(200);
    assert!(again.form().is_some(), "nothing is recorded");
    assert_eq!(
        browser.get("/").header("location"),
        Some("/p/preview/in/ar")
    );
    process.kill();
    let bent = place.write("bent.toml", text.replace("no_opinion = true", ""));
    let refused = place.sijill(args!["poll", "preview", &bent]).expect_code(1);
    assert!(refused.err.contains("L45"), "{}", refused.err);
}
