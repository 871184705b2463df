//! Receipts, promises and forks in people's hands: what `sijill verify`, `prove` and `compare` make of them, from a
//! folder and from an address, and what they say of a poll that was rewritten by somebody who holds its log key.

use crate::place::{Place, terms};
use crate::process::Ran;
use crate::second_opinion;
use crate::static_host::{Serves, StaticHost};
use serde_json::{Value, json};
use sijill_ledger::SecretKey;
use sijill_ledger::checkpoint::Checkpoint;
use sijill_ledger::cosignature::WitnessKey;
use sijill_ledger::fork::ForkProof;
use sijill_ledger::policy::Policy;
use sijill_ledger::tlog_proof::TlogProof;
use sijill_poll::Event;
use sijill_poll::event::{Responded, Who};
use sijill_scenarios::bench::Setup;
use sijill_scenarios::{Bench, Published, Terms, fixture};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A place with a published poll in the folder `poll`, and its policy in the file `policy`.
struct Told {
    place: Place,
    published: Published,
}

impl Told {
    fn of(published: Published) -> Self {
        let place = Place::new();
        published.write(&place.path("poll")).unwrap();
        place.write("policy", published.policy());
        Self { place, published }
    }

    /// Another published ledger in a folder of its own.
    fn also(&self, name: &str, published: &Published) -> PathBuf {
        published.write(&self.place.path(name)).unwrap();
        self.place.path(name)
    }

    fn verify(&self, file: &str, more: &[&str]) -> Ran {
        let words = ["verify", file, "--policy", "policy"];
        self.place.sijill(words.iter().chain(more))
    }

    fn compare(&self, a: &str, b: &str, more: &[&str]) -> Ran {
        let words = ["compare", a, b, "--policy", "policy", "--out", "proof"];
        self.place.sijill(words.iter().chain(more))
    }

    /// A receipt in the file of this name.
    fn receipt(&self, name: &str, index: u64, size: u64) {
        let receipt = self.published.receipt(index, size);
        self.place.write(name, receipt.to_string());
    }

    /// A file in the folder `held`.
    fn hold(&self, name: &str, text: String) {
        self.place.write(&format!("held/{name}"), text);
    }

    /// Verifies the folder `held`.
    fn folder(&self, more: &[&str]) -> Ran {
        let words = ["verify", "--folder", "held", "--policy", "policy"];
        self.place.sijill(words.iter().chain(more))
    }

    /// A host of the published ledger.
    fn served(&self) -> StaticHost {
        StaticHost::of(served(self.published.files()))
    }

    /// The fork that a comparison wrote, judged by the policy.
    fn fork(&self) -> ForkProof {
        let fork: ForkProof = std::fs::read_to_string(self.place.path("proof"))
            .unwrap()
            .parse()
            .unwrap();
        let policy = Policy::parse(self.published.policy().as_bytes()).unwrap();
        fork.verify(&policy).expect("the written proof convicts");
        fork
    }
}

/// The files as a host serves them.
fn served(files: BTreeMap<String, Vec<u8>>) -> impl Iterator<Item = (String, Serves)> {
    files
        .into_iter()
        .map(|(path, bytes)| (path, Serves::Bytes(bytes)))
}

/// Index and content of each answer of a ledger.
fn answers(bench: &Bench) -> Vec<(u64, Responded)> {
    let answers = bench
        .entries
        .iter()
        .filter_map(|sealed| match &sealed.entry().event {
            Event::Responded(responded) => Some((sealed.entry().index, responded.clone())),
            _ => None,
        });
    answers.collect()
}

/// A poll of more than one bundle: 300 people, of whom 280 answered.
fn large() -> Bench {
    let setup = Setup {
        invitations: 300,
        ..Setup::default()
    };
    fixture::answered(&setup, 280)
}

/// A poll that takes answers now, with `answers` of them.
fn running_now(answers: u32) -> Bench {
    let setup = Setup {
        terms: Terms {
            revisions: 1,
            ..terms()
        },
        // Two thirds of them have been sent for.
        invitations: 18,
        ..Setup::default()
    };
    let mut bench = fixture::invited(&setup);
    for person in 0..answers {
        bench.admit(fixture::respond(&bench, person, "yes"));
    }
    bench
}

/// A poll whose latest end was long ago, and that nobody closed: 12 invitations, 10 answers.
fn never_closed() -> Bench {
    let long_ago = 1_700_000_000_000;
    let setup = Setup {
        terms: Terms {
            field_ms: [0, 3_600_000, 7_200_000].map(|after| long_ago + after),
            ..Terms::default()
        },
        ..Setup::default()
    };
    fixture::answered(&setup, 10)
}

fn verdict(ran: &Ran) -> String {
    ran.json()["verdict"].as_str().unwrap().to_owned()
}

fn why(ran: &Ran) -> String {
    ran.json()["why"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_receipt_says_what_it_proves_alone_and_whether_it_still_counts() {
    let bench = large();
    let (index, answer) = answers(&bench)[3].clone();
    let published = Published::of(&bench).after([60, 270]);
    let told = Told::of(published);
    told.receipt("receipt", index, 60);

    let alone = told.verify("receipt", &[]).well().out;
    for part in [
        "receipt: proven",
        "`bridge`",
        "60 entries",
        "signed by",
        "no witness",
        "--source",
    ] {
        assert!(alone.contains(part), "no `{part}` in {alone}");
    }
    let json = told.verify("receipt", &["--json"]).well().json();
    let Who::Invitation { index: person, .. } = answer.answer.who;
    assert_eq!(
        (json["index"].as_u64(), json["invitation"].as_u64()),
        (Some(index), Some(person.into()))
    );
    assert_eq!(json["checkpoint"]["size"], 60);

    let asked = told.verify("receipt", &["--source", "poll"]).well().out;
    for part in [
        "grew from it",
        "it counts",
        "Do you support building the new bridge?",
    ] {
        assert!(asked.contains(part), "no `{part}` in {asked}");
    }
    let json = told
        .verify("receipt", &["--source", "poll", "--json"])
        .well()
        .json();
    assert_eq!(json["counts"], true);
    assert_eq!(
        json["entries_read"].as_u64(),
        Some(told.published.size() - index - 1)
    );

    let host = told.served();
    let over_http = told
        .verify("receipt", &["--source", &host.url(), "--json"])
        .well()
        .json();
    assert_eq!(over_http["counts"], true);
}

#[test]
fn a_receipt_that_was_changed_proves_nothing_and_one_of_no_policy_is_not_verified() {
    let told = Told::of(Published::of(&fixture::honest()));
    told.receipt("receipt", 7, 12);
    let text = std::fs::read_to_string(told.place.path("receipt")).unwrap();
    let hash = text.lines().nth(3).unwrap().to_owned();
    for (name, altered) in [
        ("another index", text.replace("index 7", "index 6")),
        ("a hash less", text.replace(&format!("{hash}\n"), "")),
        ("another size", text.replace("\n12\n", "\n13\n")),
        ("carriage returns", text.replace("\nindex", "\r\nindex")),
    ] {
        told.place.write("altered", altered);
        let ran = told.verify("altered", &["--json"]).expect_code(1);
        assert_eq!(verdict(&ran), "wrong", "{name}");
        assert!(!why(&ran).is_empty(), "{name}");
    }
    let without = told
        .place
        .sijill(["verify", "receipt", "--json"])
        .expect_code(4);
    assert_eq!(verdict(&without), "not_verified");
    assert!(why(&without).contains("--policy"));
    told.place
        .sijill(["verify", "receipt", "--source", "poll"])
        .expect_code(2);

    let other = fixture::closed(
        &Setup {
            seed: 9,
            ..Setup::default()
        },
        10,
    );
    let mut other = Published::of(&other);
    told.place.write("other-key", other.policy());
    let refused = told
        .place
        .sijill(["verify", "receipt", "--policy", "other-key", "--json"])
        .expect_code(1);
    assert!(why(&refused).contains("not signed"), "{}", why(&refused));
    other.origin = "ur.example/polls/other".parse().unwrap();
    told.place.write("other-log", other.policy());
    let unknown = told
        .place
        .sijill(["verify", "receipt", "--policy", "other-log", "--json"])
        .expect_code(4);
    assert!(
        why(&unknown).contains("no key is known"),
        "{}",
        why(&unknown)
    );

    told.place.write("nothing", "Dear Sir or Madam\n");
    told.verify("nothing", &[]).expect_code(2);
    told.verify("nowhere", &[]).expect_code(2);
    told.place.write("bad-policy", "log\n");
    told.place
        .sijill(["verify", "receipt", "--policy", "bad-policy"])
        .expect_code(2);
}

#[test]
fn a_receipt_of_an_answer_that_was_changed_says_what_superseded_it() {
    let bench = fixture::running();
    let answers = answers(&bench);
    let of_person_0 = |(_, responded): &&(u64, Responded)| {
        matches!(responded.answer.who, Who::Invitation { index: 0, .. })
    };
    let [first, second] = answers.iter().filter(of_person_0).collect::<Vec<_>>()[..] else {
        panic!("person 0 answered twice")
    };
    let told = Told::of(Published::of(&bench));
    told.receipt("first", first.0, told.published.size());
    told.receipt("second", second.0, told.published.size());
    let ran = told
        .verify("first", &["--source", "poll", "--json"])
        .well()
        .json();
    assert_eq!(ran["counts"], false);
    assert_eq!(ran["superseded_by"]["index"].as_u64(), Some(second.0));
    assert_eq!(
        told.verify("second", &["--source", "poll", "--json"])
            .well()
            .json()["counts"],
        true
    );
}

/// The forger holds the log key and drops an answer whose respondent has a receipt.
#[test]
fn a_receipt_convicts_a_poll_that_was_rewritten_or_went_back() {
    let bench = fixture::running();
    let (index, _) = answers(&bench)[4];
    let told = Told::of(Published::of(&bench));
    let size = told.published.size();
    told.receipt("receipt", index, size);
    let mut forged = told.published.clone();
    forged.entries.remove(index as usize);
    forged.entries.push(b"something later".to_vec());
    forged.entries.push(b"and later still".to_vec());
    told.also("forged", &forged);
    let ran = told
        .verify("receipt", &["--source", "forged", "--json"])
        .expect_code(1);
    assert_eq!(verdict(&ran), "broken");
    assert!(why(&ran).contains("another history"), "{}", why(&ran));
    told.compare("receipt", "forged", &[]).expect_code(1);
    assert_eq!(told.fork().first().claimed().size, size);

    told.also("older", &told.published.at(size - 2));
    let ran = told
        .verify("receipt", &["--source", "older", "--json"])
        .expect_code(1);
    assert!(why(&ran).contains("went back"), "{}", why(&ran));
}

#[test]
fn a_source_of_another_poll_or_with_another_polls_tiles_is_told_from_a_wrong_receipt() {
    let bench = fixture::honest();
    let told = Told::of(Published::of(&bench));
    told.receipt("receipt", 7, 12);
    let other = Setup {
        terms: Terms {
            slug: "other".into(),
            ..Terms::default()
        },
        seed: 9,
        ..Setup::default()
    };
    let other = Published::of(&fixture::closed(&other, 10));
    told.also("other", &other);
    told.place.write(
        "both",
        format!("log {}\n{}", other.log_key(), told.published.policy()),
    );
    let words = ["verify", "receipt", "--policy", "both", "--source", "other"];
    let ran = told.place.sijill(words).expect_code(2);
    assert!(ran.err.contains(other.origin.as_str()), "{}", ran.err);
    told.verify("receipt", &["--source", "other"])
        .expect_code(2);

    let mut files = other.files();
    let checkpoint = told.published.files().remove("checkpoint").unwrap();
    files.insert("checkpoint".into(), checkpoint);
    let host = StaticHost::of(served(files));
    let ran = told
        .verify("receipt", &["--source", &host.url(), "--json"])
        .expect_code(1);
    assert!(
        ran.json()["error"]
            .as_str()
            .unwrap()
            .contains("other tiles than its checkpoint"),
        "{}",
        ran.out
    );
}

/// Tiles, roster and checkpoints are enough, from an address as from a folder: any host of files can be audited, and again.
#[test]
fn a_host_of_files_alone_is_audited_to_its_end_and_again_by_its_growth() {
    let bench = running_now(6);
    let told = Told::of(Published::of(&bench));
    let key = bench.keys.operator_key().to_string();
    let bucket = StaticHost::of_bucket(served(told.published.files()));
    for (host, state) in [(told.served(), "state"), (bucket, "another")] {
        let url = host.url();
        let words = args![
            "audit",
            &url,
            "--operator-key",
            &key,
            "--policy",
            "policy",
            "--state",
            state
        ];
        let ran = told.place.sijill(words).well();
        assert!(ran.out.contains("shows no figures"), "{}", ran.out);
        assert!(told.place.path(state).exists());
        told.place.sijill(words).well();
    }
}

#[test]
fn a_source_that_serves_too_much_or_nothing_is_an_error_that_says_so() {
    let told = Told::of(Published::of(&fixture::honest()));
    told.receipt("receipt", 7, 12);
    let size = told.published.size();
    let tile = format!("tile/0/000.p/{size}");
    for (path, serves, code, said) in [
        ("checkpoint", Serves::Bomb, 3, "longer than"),
        ("checkpoint", Serves::Endless, 3, "longer than"),
        (&tile, Serves::Endless, 3, "longer than"),
        (&tile, Serves::Bomb, 3, "longer than"),
        (&tile, Serves::Redirect, 3, "elsewhere.example"),
        (&tile, Serves::Bytes(vec![0; 7]), 1, "expected"),
        ("checkpoint", Serves::Bytes(b"\xff\n".to_vec()), 1, "UTF-8"),
        (
            "checkpoint",
            Serves::Bytes(b"good day\n".to_vec()),
            1,
            "not a checkpoint",
        ),
    ] {
        let mut files: Vec<_> = served(told.published.files()).collect();
        files.push((path.to_owned(), serves));
        let host = StaticHost::of(files);
        let ran = told
            .verify("receipt", &["--source", &host.url()])
            .expect_code(code);
        assert!(ran.err.contains(said), "{path}: {}", ran.err);
    }
    let nothing = StaticHost::of([]);
    let ran = told
        .verify("receipt", &["--source", &nothing.url()])
        .expect_code(3);
    assert!(ran.err.contains("is not there"), "{}", ran.err);
    told.verify("receipt", &["--source", "no/such/folder"])
        .expect_code(2);
}

#[test]
fn a_promise_is_kept_not_due_yet_or_broken_and_the_evidence_is_named() {
    let mut bench = running_now(6);
    let (at, kept) = answers(&bench)[2].clone();
    let dropped = bench.responded(8, "no");
    let told = Told::of(Published::of(&bench));
    told.place.write("kept", bench.promise(&kept));
    told.place.write("dropped", bench.promise(&dropped));

    let ran = told.verify("kept", &["--source", "poll", "--json"]).well();
    assert_eq!(verdict(&ran), "kept");
    assert_eq!(ran.json()["index"].as_u64(), Some(at));
    let ran = told
        .verify("dropped", &["--source", "poll", "--json"])
        .expect_code(4);
    assert_eq!(verdict(&ran), "not_due");

    bench.admit(bench.annulled("It was a mistake"));
    told.also("over", &Published::of(&bench));
    let ran = told
        .verify("dropped", &["--source", "over", "--json"])
        .expect_code(1);
    assert_eq!(verdict(&ran), "broken");
    assert!(
        why(&ran).contains("annulled") && why(&ran).contains("poll object"),
        "{}",
        why(&ran)
    );
}

/// Whoever is handed a file may ask either of two tools that share no code, and nobody's key is needed to see that a file
/// is none.
#[test]
fn what_a_file_says_alone_is_the_same_to_both_verifiers() {
    let bench = running_now(6);
    let told = Told::of(Published::of(&bench));
    let receipt = told.published.receipt(7, told.published.size()).to_string();
    let promise = bench.promise(&bench.responded(8, "no"));
    let line = format!("{}\n", promise.lines().last().unwrap());
    let bytes = |text: String| text.into_bytes();
    let no_text = |text: &str| [text.as_bytes(), b"\xff\n"].concat();
    let origin = bench.poll.origin().as_str();
    let bent: [(&str, Vec<u8>, i32); 14] = [
        ("a promise", bytes(promise.clone()), 4),
        ("without a signature", bytes(promise.replace(&line, "")), 1),
        ("signed twice", bytes(format!("{promise}{line}")), 1),
        ("with more behind it", bytes(format!("{promise}more\n")), 1),
        (
            "by another name",
            bytes(promise.replace("/promise ", "/other ")),
            1,
        ),
        (
            "of no ledger",
            bytes(promise.replace(origin, "Ur.example")),
            1,
        ),
        ("not UTF-8", no_text(&promise), 1),
        ("too long", bytes(promise.clone() + &line.repeat(9_000)), 1),
        (
            "for another answer",
            bytes(promise.replacen("answer ", "answer AAAA", 1)),
            1,
        ),
        ("a receipt", bytes(receipt.clone()), 4),
        ("with more behind it", bytes(format!("{receipt}more\n")), 1),
        ("not UTF-8", no_text(&receipt), 1),
        ("too long", bytes(receipt.repeat(2_000)), 1),
        ("a fork of nothing", no_text("sijill-fork@v1\n\n"), 1),
    ];
    for (name, bytes, code) in bent {
        let file = told.place.write("file", bytes);
        let ran = told.place.sijill(args!["verify", &file]);
        assert_eq!(ran.code, Some(code), "{name}: {}{}", ran.out, ran.err);
        let ran = second_opinion::verify(&told.place, args![&file]);
        assert_eq!(ran.code, Some(code), "{name}: {}{}", ran.out, ran.err);
    }
}

/// What happened: a file that was too long, and read up to the middle of a character, was said to be no UTF-8.
#[test]
fn what_is_too_long_is_said_to_be_that_wherever_the_reading_ends() {
    let place = Place::new();
    for line in [
        "c2sp.org/tlog-proof@v1",
        "sijill-promise@v1",
        "sijill-fork@v1",
    ] {
        for shift in ["", "x", "xx", "xxx"] {
            let text = format!("{line}\n{shift}{}", "\u{10348}".repeat(100_000));
            let file = place.write("file", text);
            let said = place.sijill(args!["verify", &file, "--json"]);
            let said = said.expect_code(1).out;
            let is_too_long = said.contains("expected at most") || said.contains("it is too long");
            assert!(is_too_long, "{line} {shift}: {said}");
        }
    }
    let file = place.write(
        "file",
        [b"sijill-fork@v1\n".as_slice(), &[0xff; 8]].concat(),
    );
    let said = place.sijill(args!["verify", &file]).expect_code(1);
    assert!(said.out.contains("not UTF-8"), "{}", said.out);
}

#[test]
fn a_promise_past_its_time_or_replaced_or_by_another_key_is_not_kept() {
    let mut bench = never_closed();
    let dropped = bench.responded(11, "yes");
    let told = Told::of(Published::of(&bench));
    told.place.write("dropped", bench.promise(&dropped));
    let ran = told
        .verify("dropped", &["--source", "poll", "--json"])
        .expect_code(1);
    assert!(why(&ran).contains("past"), "{}", why(&ran));

    let other = bench.responded(11, "no");
    bench.record(Event::Responded(other));
    told.also("replaced", &Published::of(&bench));
    let ran = told
        .verify("dropped", &["--source", "replaced", "--json"])
        .expect_code(1);
    assert!(why(&ran).contains("stands in its place"), "{}", why(&ran));

    let key = |secret: &SecretKey| {
        sijill_poll::promise::verifier_key(bench.poll.origin(), secret.public_key())
            .unwrap()
            .to_string()
    };
    let (good, bad) = (key(&bench.keys.promise), key(&bench.keys.log));
    let with_key = |key: &str| {
        told.place
            .sijill(["verify", "dropped", "--json", "--promise-key", key])
    };
    let ran = with_key(&good).expect_code(4);
    assert!(why(&ran).contains("--source"), "{}", why(&ran));
    assert_eq!(verdict(&with_key(&bad).expect_code(1)), "wrong");
    let log_key = told.published.log_key().to_string();
    with_key(&log_key).expect_code(2);
    let ran = told
        .place
        .sijill(["verify", "dropped", "--json"])
        .expect_code(4);
    assert!(why(&ran).contains("--promise-key"), "{}", why(&ran));

    let mut forger = bench.clone();
    forger.keys.promise = SecretKey::from_seed([7; 32]);
    told.place.write("forged", forger.promise(&dropped));
    let ran = told
        .verify("forged", &["--source", "poll", "--json"])
        .expect_code(1);
    assert_eq!(verdict(&ran), "wrong");
}

/// A folder `held` with a receipt or a promise of each of ten answers, and a promise beside the first receipt.
fn holders() -> (Told, Bench) {
    let bench = running_now(10);
    let told = Told::of(Published::of(&bench).after([9]));
    std::fs::create_dir(told.place.path("held")).unwrap();
    let answers = answers(&bench);
    for (place, (index, responded)) in answers.iter().enumerate() {
        match place % 2 {
            0 => told.receipt(
                &format!("held/receipt-{place}"),
                *index,
                told.published.size(),
            ),
            _ => told.hold(&format!("promise-{place}"), bench.promise(responded)),
        };
    }
    told.hold("twice", bench.promise(&answers[0].1));
    (told, bench)
}

#[test]
fn a_folder_of_receipts_and_promises_bounds_what_was_dropped_or_altered() {
    let (told, _) = holders();
    let json = told.folder(&["--source", "poll", "--json"]).well().json();
    assert_eq!(json["files"], 11);
    assert_eq!(json["answers_checked"], 10, "one answer is counted once");
    let expected = 1.0 - 0.05f64.powf(0.1);
    let found = json["share_max"].as_f64().unwrap();
    assert!((found - expected).abs() < 1e-9, "{json}");
    let text = told.folder(&["--source", "poll"]).well().out;
    for part in [
        "random sample",
        "25.887 %",
        "10 answers",
        "11 files: 11 good",
    ] {
        assert!(text.contains(part), "no `{part}` in {text}");
    }
    let json = told.folder(&["--json"]).expect_code(4).json();
    assert_eq!(json["share_max"], Value::Null, "nobody was asked");
}

#[test]
fn what_is_wrong_in_a_folder_is_named_and_what_is_broken_counts_in_the_bound() {
    let (told, mut bench) = holders();
    told.hold("waiting", bench.promise(&bench.responded(10, "no")));
    let json = told
        .folder(&["--source", "poll", "--json"])
        .expect_code(4)
        .json();
    assert_eq!(
        (&json["not_due"], &json["answers_checked"]),
        (&json!(1), &json!(10))
    );
    told.hold("nonsense", "nonsense\n".into());
    let json = told
        .folder(&["--source", "poll", "--json"])
        .expect_code(1)
        .json();
    assert_eq!(
        (&json["wrong"], &json["answers_bad"]),
        (&json!(1), &json!(0))
    );

    bench.admit(bench.annulled("It was a mistake"));
    told.also("over", &Published::of(&bench));
    let json = told
        .folder(&["--source", "over", "--json"])
        .expect_code(1)
        .json();
    assert_eq!(
        (&json["broken"], &json["answers_bad"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(json["answers_checked"], 11);
    let problems = json["problems"].as_array().unwrap().iter();
    let files: Vec<_> = problems.map(|problem| &problem["file"]).collect();
    assert_eq!(files, ["held/nonsense", "held/waiting"]);
}

/// The forger holds the log key and signed one entry for one person and another for the next.
#[test]
fn two_receipts_of_one_index_and_different_entries_are_a_contradiction() {
    let bench = fixture::running();
    let told = Told::of(Published::of(&bench));
    let size = told.published.size();
    let (last, _) = answers(&bench)[answers(&bench).len() - 1].clone();
    let mut split = bench.clone();
    let dropped = split.entries.pop().unwrap();
    assert_eq!(dropped.entry().index, last);
    split.entries.push(
        sijill_ledger::Sealed::seal(sijill_ledger::Entry {
            event: Event::Responded(bench.responded_as(9, 1, sijill_poll::event::How::Link, "no")),
            ..dropped.entry().clone()
        })
        .unwrap(),
    );
    std::fs::create_dir(told.place.path("held")).unwrap();
    told.place
        .write("held/a", told.published.receipt(last, size).to_string());
    told.place.write(
        "held/b",
        Published::of(&split).receipt(last, size).to_string(),
    );
    let words = ["verify", "--folder", "held", "--policy", "policy", "--json"];
    let json = told.place.sijill(words).expect_code(1).json();
    let why = json["problems"][0]["why"].as_str().unwrap();
    assert!(why.contains("two people"), "{json}");
    let json = told
        .folder(&["--source", "poll", "--json"])
        .expect_code(1)
        .json();
    assert_eq!(
        (&json["answers_checked"], &json["answers_bad"]),
        (&json!(2), &json!(1))
    );
}

#[test]
fn proofs_are_made_from_a_folder_and_an_address_for_the_newest_and_for_older_sizes() {
    let told = Told::of(Published::of(&large()).after([60, 270]));
    let size = told.published.size();
    let host = told.served();
    let url = host.url();
    for (source, index, at) in [
        ("poll", 7, None),
        (&url, 270, None),
        ("poll", 59, Some(60)),
        (&url, 256, Some(270)),
    ] {
        let (index_word, at_word) = (index.to_string(), at.unwrap_or(size).to_string());
        let mut words = vec![
            "prove",
            source,
            "--index",
            &index_word,
            "--out",
            "made",
            "--policy",
            "policy",
        ];
        if at.is_some() {
            words.extend(["--size", &at_word]);
        }
        told.place.sijill(words).well();
        let made: TlogProof = std::fs::read_to_string(told.place.path("made"))
            .unwrap()
            .parse()
            .unwrap();
        assert_eq!(made, told.published.receipt(index, at.unwrap_or(size)));
        told.verify("made", &["--source", "poll"]).well();
    }
    let out = told
        .place
        .sijill(["prove", "poll", "--index", "7"])
        .well()
        .out;
    assert_eq!(out, told.published.receipt(7, size).to_string());

    for (from, to) in [(60, 270), (59, 271), (0, 9), (9, 9), (256, size)] {
        let words = [
            "prove",
            &url,
            "--from",
            &from.to_string(),
            "--to",
            &to.to_string(),
        ];
        let out = told.place.sijill(words).well().out;
        let proof: sijill_ledger::proof::ConsistencyProof = out.parse().unwrap();
        let [old, new] = [from, to].map(|size| (size, told.published.checkpoint(size).root));
        assert_eq!(proof.verify(old, new), Ok(()), "{from} to {to}");
    }
    for wrong in [
        &["prove", "poll", "--index", "99999"][..],
        &["prove", "poll", "--index", "7", "--size", "61"],
        &["prove", "poll", "--index", "60", "--size", "60"],
        &["prove", "poll", "--from", "9", "--to", "8"],
        &["prove", "poll", "--from", "1", "--to", "99999"],
        &["prove", "poll", "--from", "1"],
        &["prove", "poll"],
    ] {
        told.place.sijill(wrong.iter().copied()).expect_code(2);
    }
}

#[test]
fn checkpoints_of_one_history_are_consistent_wherever_they_come_from() {
    let told = Told::of(Published::of(&large()).after([60, 270]));
    let size = told.published.size();
    for size in [1, 60, 256, 270] {
        let checkpoint = told.published.signed_checkpoint(size).to_string();
        told.place.write(&format!("at-{size}"), checkpoint);
    }
    told.receipt("receipt", 7, 60);
    let host = told.served();
    let url = host.url();
    for (a, b) in [
        ("at-1", "poll"),
        ("poll", "at-256"),
        ("receipt", &url),
        (&url, "poll"),
        ("at-60", "at-60"),
    ] {
        let ran = told.compare(a, b, &["--json"]).well();
        assert_eq!(verdict(&ran), "consistent", "{a} {b}");
    }
    let out = told.compare("at-60", "poll", &[]).well().out;
    assert!(out.contains(&format!("60 entries grew to {size}")), "{out}");
    let ran = told.compare("at-60", "at-270", &["--json"]).expect_code(4);
    assert!(why(&ran).contains("--tiles"), "{}", why(&ran));
    told.compare("at-60", "at-270", &["--tiles", "poll"]).well();
    assert!(!told.place.path("proof").exists());
}

/// A checkpoint over no entry was answered as if whoever asked had asked wrongly.
#[test]
fn a_log_that_signs_a_tree_without_entries_is_at_fault_and_not_who_asks() {
    let bench = fixture::running();
    let (index, _) = answers(&bench)[4];
    let told = Told::of(Published::of(&bench));
    told.receipt("receipt", index, told.published.size());
    told.also("nothing", &told.published.at(0));
    let ran = told
        .verify("receipt", &["--source", "nothing"])
        .expect_code(1);
    assert!(ran.err.contains("went back"), "{}", ran.err);
    let impossible = Checkpoint {
        size: 0,
        ..told.published.checkpoint(told.published.size())
    };
    let signed = impossible.sign(&bench.keys.log).unwrap().to_string();
    told.place.write("impossible", signed);
    let ran = told.compare("impossible", "poll", &[]).expect_code(1);
    assert!(ran.err.contains("cannot be"), "{}", ran.err);
}

#[test]
fn a_source_that_went_back_is_named_and_not_taken_for_consistent() {
    let told = Told::of(Published::of(&large()));
    let size = told.published.size();
    let newest = told.published.signed_checkpoint(size).to_string();
    told.place.write("newest", newest);
    told.also("older", &told.published.at(270));
    let ran = told.compare("newest", "older", &["--json"]).expect_code(4);
    assert!(why(&ran).contains("went back"), "{}", why(&ran));
    told.compare("newest", "older", &["--tiles", "poll"]).well();
}

/// A policy with two witnesses, of which one must have seen a checkpoint, and a receipt that this one cosigned.
#[test]
fn a_receipt_says_by_whom_its_checkpoint_was_cosigned_and_when() {
    let told = Told::of(Published::of(&fixture::honest()));
    let witness = |seed: u8| {
        let key = SecretKey::from_seed([seed; 32]);
        let name = format!("witness.example/w{seed}");
        (WitnessKey::new(&name, key.public_key()).unwrap(), key)
    };
    let [(one, key), (two, _)] = [witness(11), witness(12)];
    let policy = format!(
        "log {}\nwitness w1 {one}\nwitness w2 {two}\ngroup enough any w1 w2\nquorum enough\n",
        told.published.log_key()
    );
    told.place.write("policy", policy);
    let bare = told.published.receipt(7, 12);
    told.place.write("bare", bare.to_string());
    let ran = told.verify("bare", &["--json"]).expect_code(1);
    assert!(why(&ran).contains("quorum"), "{}", why(&ran));

    let verified = bare
        .checkpoint()
        .verify(&[told.published.log_key()])
        .unwrap();
    let line = verified.cosign(one.name(), &key, 1_796_000_000).unwrap();
    let cosigned = bare.checkpoint().clone().with(line).unwrap();
    let text = bare.to_string();
    let text = text.replace(&bare.checkpoint().to_string(), &cosigned.to_string());
    told.place.write("cosigned", &text);
    let out = told.verify("cosigned", &[]).well().out;
    assert!(
        out.contains("cosigned by witness.example/w11 at 2026-11-30T00:53:20Z"),
        "{out}"
    );
    told.place.write(
        "later",
        text.replace("— witness.example/w11 ", "— witness.example/w12 "),
    );
    told.verify("later", &[]).expect_code(1);
}

/// The forger holds the log key and shows another history to some.
#[test]
fn a_log_that_forked_is_convicted_by_a_file_that_stands_alone() {
    let bench = large();
    let told = Told::of(Published::of(&bench));
    let size = told.published.size();
    let mut forged = told.published.clone();
    forged.entries[100] = forged.entries[101].clone();
    told.also("forged", &forged);
    told.also("forged-and-grown", &{
        let mut grown = forged.clone();
        grown.entries.extend([b"x".to_vec(), b"y".to_vec()]);
        grown
    });
    told.place
        .write("at-200", told.published.signed_checkpoint(200).to_string());
    for (a, b, first) in [
        ("poll", "forged", size),
        ("forged-and-grown", "poll", size),
        ("at-200", "forged", 200),
        ("forged", "at-200", 200),
    ] {
        let ran = told.compare(a, b, &["--json"]).expect_code(1);
        assert_eq!(verdict(&ran), "fork", "{a} {b}");
        assert_eq!(told.fork().first().claimed().size, first);
        let ran = told.verify("proof", &["--json"]).well();
        assert_eq!(verdict(&ran), "proven");
    }
    // Up to where they part, the two are one history.
    told.place
        .write("at-100", told.published.signed_checkpoint(100).to_string());
    told.compare("at-100", "forged", &[]).well();

    let proof = std::fs::read_to_string(told.place.path("proof")).unwrap();
    told.place
        .write("bent", proof.replace("\nroot ", "\nroot A"));
    assert_eq!(
        verdict(&told.verify("bent", &["--json"]).expect_code(1)),
        "wrong"
    );
    told.place.sijill(["verify", "proof"]).expect_code(4);
    std::fs::create_dir(told.place.path("held")).unwrap();
    told.place.write("held/fork", proof);
    told.place
        .sijill(["verify", "--folder", "held", "--policy", "policy"])
        .expect_code(1);
}

#[test]
fn checkpoints_that_cannot_be_compared_are_a_clear_error() {
    let told = Told::of(Published::of(&fixture::honest()));
    let mut other = told.published.clone();
    other.origin = "ur.example/polls/other".parse().unwrap();
    told.place
        .write("other", other.signed_checkpoint(9).to_string());
    told.place.write(
        "both",
        format!("log {}\nquorum none\n", told.published.log_key()),
    );
    let ran = told.compare("other", "poll", &[]).expect_code(2);
    assert!(ran.err.contains("no key is known"), "{}", ran.err);
    let mut forger = told.published.clone();
    forger.log = SecretKey::from_seed([7; 32]);
    told.place
        .write("unsigned", forger.signed_checkpoint(9).to_string());
    let ran = told.compare("poll", "unsigned", &[]).expect_code(1);
    assert!(ran.err.contains("not signed"), "{}", ran.err);
    told.place.write("none", "nothing\n");
    told.compare("none", "poll", &[]).expect_code(2);
    told.compare("nowhere", "poll", &[]).expect_code(2);

    let mut two = other.clone();
    two.log = SecretKey::from_seed([8; 32]);
    told.place.write(
        "policy",
        format!("log {}\n{}", two.log_key(), told.published.policy()),
    );
    told.place
        .write("other", two.signed_checkpoint(9).to_string());
    let ran = told.compare("other", "poll", &[]).expect_code(2);
    assert!(ran.err.contains("of one log"), "{}", ran.err);
    let empty = told.also("bare", &told.published);
    std::fs::remove_dir_all(empty.join("tile")).unwrap();
    told.place
        .write("at-3", told.published.signed_checkpoint(3).to_string());
    told.compare("at-3", "bare", &[]).expect_code(4);
}
