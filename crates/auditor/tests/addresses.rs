//! The auditor against a poll's address: a server of a few lines on the loopback, which shows what it is told to.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what cannot be set up must stop the test that asked for it"
)]

mod bench_of_audits;

use bench_of_audits::{failed, options, verdict};
use serde_json::{Value, json};
use sijill_auditor::{AuditError, Options, Report, Verdict, remote};
use sijill_scenarios::bench::question_block;
use sijill_scenarios::{Bench, Case, fixture};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

/// What is served, by path.
type Served = BTreeMap<String, Vec<u8>>;

const EXPORT: &str = "/polls/bridge/export";
const JSON: &str = "/polls/bridge/results.json";
const PAGE: &str = "/polls/bridge";

#[test]
fn page_and_json_of_an_honest_server_are_compared() {
    let bench = fixture::running();
    let report = audit_server(&bench, honest(&bench)).expect("the server answers");
    assert_eq!(report.exit_code(), 0, "{:#?}", report.checks);
    for check in [9, 17] {
        assert_eq!(verdict(&report, check), Verdict::Passed, "V{check}");
    }
}

#[test]
fn figures_from_before_a_publication_are_held_against_the_fold_of_then() {
    let before = fixture::running();
    let after = fixture::honest();
    let mut served = honest(&before);
    served.insert(EXPORT.into(), after.export().bytes());
    let report = audit_server(&after, served).expect("the server answers");
    assert_eq!(report.exit_code(), 0, "{:#?}", report.checks);
}

#[test]
fn a_wrong_figure_in_the_json_is_found() {
    lies(|shown| shown["options"][0]["count"] = json!(4), true);
    lies(|shown| shown["options"][1]["first_count"] = json!(9), true);
    lies(
        |shown| shown["strata"][0]["counts"] = json!([0, 0, 0]),
        true,
    );
    lies(|shown| shown["strata"][1]["invited"] = json!(600), true);
    lies(|shown| shown["answered"] = json!(11), true);
    lies(|shown| shown["invited"] = json!(13), true);
    lies(|shown| shown["link"] = json!("0".repeat(64)), true);
}

#[test]
fn right_numbers_beside_other_texts_are_found() {
    let swapped = |shown: &mut Value| {
        let yes = shown["options"][0]["label"].clone();
        shown["options"][0]["label"] = shown["options"][1]["label"].clone();
        shown["options"][1]["label"] = yes;
    };
    lies(swapped, true);
    lies(swapped, false);
}

#[test]
fn a_wrong_figure_on_the_page_is_found() {
    lies(|shown| shown["options"][2]["count"] = json!(400), false);
    lies(
        |shown| shown["strata"][0]["counts"] = json!([9, 9, 9]),
        false,
    );
    lies(|shown| shown["answered"] = json!(11), false);
}

#[test]
fn an_option_left_out_is_found() {
    let left_out = |shown: &mut Value| {
        shown["options"].as_array_mut().expect("a list").pop();
    };
    lies(left_out, true);
    lies(left_out, false);
}

#[test]
fn figures_that_are_not_served_leave_the_tally_unchecked() {
    let bench = fixture::honest();
    for path in [JSON, PAGE] {
        let mut served = honest(&bench);
        served.remove(path);
        let report = audit_server(&bench, served).expect("the server answers");
        assert_eq!(verdict(&report, 17), Verdict::NotChecked, "{path}");
        assert_eq!(report.exit_code(), 4);
    }
}

/// A host of what `publish` wrote has tiles, roster and checkpoints, and no figures: nothing is hidden that it could show.
#[test]
fn where_no_figures_are_shown_at_all_the_ledger_is_audited_alone_and_that_is_said() {
    let bench = fixture::honest();
    let listing = b"<!DOCTYPE html><title>Directory listing</title><ul><li>roster</ul>";
    let none = [
        None,
        Some(listing.to_vec()),
        Some(b"<html><li>caf\xe9".to_vec()),
    ];
    for page in none {
        let mut served = published(&bench);
        served.remove(JSON);
        served.remove(PAGE);
        served.extend(page.map(|page| (PAGE.to_owned(), page)));
        let case = Case::published(&bench, &[]).without_anchor();
        let report = audit_server_by(&options(&case), served).expect("the server answers");
        assert_eq!(report.exit_code(), 0, "{:#?}", report.checks);
        assert_eq!(verdict(&report, 17), Verdict::Passed);
        let tally = report.checks.iter().find(|check| check.number.0 == 17);
        let notes = format!("{:?}", tally.expect("it is made").notes);
        assert!(
            notes.contains("shows no figures that an auditor can read"),
            "{notes}"
        );
    }
}

/// A results page that cannot be read is one that shows something.
#[test]
fn figures_that_do_not_read_are_not_taken_for_none() {
    let bench = fixture::honest();
    let mut served = honest(&bench);
    served.remove(JSON);
    // Each of these is a results page in a browser.
    for main in [
        "<main data-size=\"3\">",
        "<main data-size='3'>",
        "<main\ndata-size=\"3\">",
        "<MAIN DATA-SIZE = 3>",
    ] {
        served.insert(PAGE.into(), main.as_bytes().to_vec());
        let report = audit_server(&bench, served.clone()).expect("the server answers");
        assert_eq!(verdict(&report, 17), Verdict::NotChecked, "{main}");
        assert_eq!(report.exit_code(), 4);
    }
}

#[test]
fn an_export_that_is_behind_the_page_leaves_the_tally_unchecked() {
    let (behind, ahead) = (fixture::running(), fixture::honest());
    let mut served = honest(&ahead);
    served.insert(EXPORT.into(), behind.export().bytes());
    let report = audit_server(&behind, served).expect("the server answers");
    assert!(failed(&report).is_empty());
    assert_eq!(verdict(&report, 17), Verdict::NotChecked);
}

#[test]
fn an_address_without_an_export_is_an_error_that_names_it() {
    let bench = fixture::running();
    let mut served = honest(&bench);
    served.remove(EXPORT);
    let error = audit_server(&bench, served).expect_err("there is no export");
    assert!(matches!(error, AuditError::Fetch { .. }));
    assert!(error.to_string().contains(EXPORT), "{error}");
}

#[test]
fn an_address_that_serves_tiles_is_audited_by_them() {
    let bench = fixture::honest();
    let mut served = published(&bench);
    assert!(served.remove(EXPORT).is_some());
    let case = Case::published(&bench, &[]).without_anchor();
    let report = audit_server_by(&options(&case), served).expect("the server answers");
    assert_eq!(report.exit_code(), 0, "{:#?}", report.checks);
    for check in [17, 20, 21, 24] {
        assert_eq!(verdict(&report, check), Verdict::Passed, "V{check}");
    }
}

#[test]
fn an_address_whose_tile_disagrees_with_its_entries_fails_v24() {
    let bench = fixture::honest();
    let mut served = published(&bench);
    let tile = format!("{PAGE}/tile/0/000.p/{}", bench.entries.len());
    served.get_mut(&tile).expect("it is served")[7] ^= 1;
    let report = audit_server(&bench, served).expect("the server answers");
    assert_eq!(failed(&report), [24]);
}

#[test]
fn a_question_that_is_another_in_one_language_is_found() {
    let bench = fixture::honest();
    for language in bench.poll.definition().languages() {
        let mut served = honest(&bench);
        let block = question_block(language).replace("The question", "Another one");
        served.insert(block_path(language), block.into_bytes());
        let report = audit_server(&bench, served).expect("the server answers");
        assert_eq!(failed(&report), [9], "{language}");
    }
}

#[test]
fn the_question_in_one_language_does_not_pass_for_that_in_another() {
    let bench = fixture::honest();
    let mut served = honest(&bench);
    let arabic = question_block("ar").into_bytes();
    served.insert(block_path("en"), arabic);
    let report = audit_server(&bench, served).expect("the server answers");
    assert_eq!(failed(&report), [9]);
}

#[test]
fn a_question_that_a_server_does_not_show_is_not_checked() {
    let bench = fixture::honest();
    let mut not_served = honest(&bench);
    not_served.remove(&block_path("ar"));
    let mut not_named = honest(&bench);
    let mut shown = figures(&bench);
    let text = shown["question"]["text"].as_object_mut();
    text.expect("it is one").remove("ar");
    not_named.insert(JSON.into(), shown.to_string().into_bytes());
    let mut no_question = honest(&bench);
    shown.as_object_mut().expect("it is one").remove("question");
    no_question.insert(JSON.into(), shown.to_string().into_bytes());
    for served in [not_served, not_named, no_question] {
        let report = audit_server(&bench, served).expect("the server answers");
        assert_eq!(verdict(&report, 9), Verdict::NotChecked);
        assert_eq!(report.exit_code(), 4);
    }
}

/// What an honest server shows of this bench, checkpoints and tiles too.
fn published(bench: &Bench) -> Served {
    let mut served = honest(bench);
    for (path, bytes) in bench.folder(&[7, bench.entries.len() as u64]) {
        served.insert(format!("{PAGE}/{path}"), bytes);
    }
    served
}

/// A server whose JSON (or page) is bent must fail V17 and nothing else.
#[track_caller]
fn lies(bend: impl Fn(&mut Value), in_json: bool) {
    let bench = fixture::honest();
    let mut shown = figures(&bench);
    bend(&mut shown);
    let mut served = honest(&bench);
    if in_json {
        served.insert(JSON.into(), shown.to_string().into_bytes());
    } else {
        served.insert(PAGE.into(), page(&shown).into_bytes());
    }
    let report = audit_server(&bench, served).expect("the server answers");
    assert_eq!(failed(&report), [17], "{}", sijill_auditor::render(&report));
}

fn audit_server(bench: &Bench, served: Served) -> Result<Report, AuditError> {
    audit_server_by(&options(&Case::of(bench)), served)
}

fn audit_server_by(options: &Options, served: Served) -> Result<Report, AuditError> {
    let address = serve(served);
    let report = remote::audit_address(&address, options, &|_, _| {}, &|_| {})?;
    Ok(Report::new(vec![report]))
}

/// What an honest server shows of this bench.
fn honest(bench: &Bench) -> Served {
    let shown = figures(bench);
    let blocks = bench.poll.definition().languages();
    let blocks = blocks.map(|tag| (block_path(tag), question_block(tag).into_bytes()));
    let documents = [
        (EXPORT.into(), bench.export().bytes()),
        (JSON.into(), shown.to_string().into_bytes()),
        (PAGE.into(), page(&shown).into_bytes()),
    ];
    documents.into_iter().chain(blocks).collect()
}

fn block_path(language: &str) -> String {
    format!("{PAGE}/question/{language}")
}

fn figures(bench: &Bench) -> Value {
    let (poll, tally) = (&bench.poll, bench.poll.tally());
    let definition = poll.definition();
    let options = definition
        .options
        .iter()
        .enumerate()
        .map(|(place, option)| {
            let label: BTreeMap<&str, &str> = option.label.iter().collect();
            json!({
                "id": option.id,
                "label": label,
                "count": tally.by_option[place],
                "first_count": tally.first_by_option[place],
            })
        });
    let committed = poll.committed().expect("the roster is committed to");
    let strata = definition
        .strata
        .iter()
        .enumerate()
        .map(|(place, stratum)| {
            json!({
                "id": stratum.id,
                "invited": committed.by_stratum[place],
                "counts": tally.by_stratum[place],
            })
        });
    json!({
        "question": { "text": definition.question.text.iter().collect::<BTreeMap<_, _>>() },
        "size": poll.head().size,
        "link": poll.head().link.to_string(),
        "options": options.collect::<Vec<_>>(),
        "strata": strata.collect::<Vec<_>>(),
        "answered": tally.answered,
        "assisted": tally.assisted,
        "invited": committed.count,
        "planned": poll.planned(),
    })
}

/// The results page, in English, as `pages` marks up its figures.
fn page(shown: &Value) -> String {
    let rows = |list: &Value| list.as_array().cloned().unwrap_or_default();
    let option = |row: &Value| {
        format!(
            "<tr data-option={} data-count=\"{}\"><th scope=\"row\">{}<svg><rect/></svg></th><td>?</td></tr>",
            row["id"],
            row["count"],
            row["label"]["en"]
                .as_str()
                .unwrap_or_default()
                .replace('\'', "&#39;")
        )
    };
    let stratum = |row: &Value| {
        let cells = rows(&row["counts"]);
        let cells = cells
            .iter()
            .map(|count| format!("<td data-stratum-option=\"x\" data-count=\"{count}\">?</td>"));
        format!(
            "<tr data-stratum={} data-invited=\"{}\"><th scope=\"row\">?</th>{}</tr>",
            row["id"],
            row["invited"],
            cells.collect::<String>()
        )
    };
    format!(
        "<!doctype html><html><body><main data-size=\"{}\" data-invited=\"{}\"><table>{}<tr data-total=\"{}\"></tr></table><table>{}</table></main></body></html>",
        shown["size"],
        shown["invited"],
        rows(&shown["options"])
            .iter()
            .map(option)
            .collect::<String>(),
        shown["answered"],
        rows(&shown["strata"])
            .iter()
            .map(stratum)
            .collect::<String>(),
    )
}

/// Serves until the test ends; returns the poll's address.
fn serve(served: Served) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("the loopback has a free port");
    let port = listener.local_addr().expect("it is bound").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            answer(stream, &served);
        }
    });
    format!("http://127.0.0.1:{port}{PAGE}")
}

fn answer(mut stream: TcpStream, served: &Served) {
    let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
    let request = lines.next().unwrap_or_default();
    lines.take_while(|line| !line.is_empty()).for_each(drop);
    let path = request.split(' ').nth(1).unwrap_or_default();
    let (status, body) = match served.get(path) {
        Some(body) => ("200 OK", body.as_slice()),
        None => ("404 Not Found", b"no".as_slice()),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    // A client that went away is no matter of this server.
    let _ = stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(body));
}
