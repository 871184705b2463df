//! `docs/vectors.json`, parts `poll` and `rotation`: what the specification's sections 3 to 8 say, as bytes.
//!
//! One small poll whose operator and sender are two, with at least one entry of every kind; everything in it follows
//! from seeds. The tests make it and compare it with the file, and read the file back. After a change that is meant,
//! `SIJILL_WRITE_VECTORS=1 cargo test -p sijill-poll --test vectors` writes these parts anew.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a vector that cannot be made or read must stop its test"
)]

use data_encoding::{BASE64, HEXLOWER};
use serde_json::{Value, json};
use sijill_ledger::tree::leaf_hash;
use sijill_ledger::{Head, Link, PublicKey, Sealed};
use sijill_poll::credential::{Code, Token};
use sijill_poll::event::{How, LATER_KINDS, Responded};
use sijill_poll::objection::{Found, Search};
use sijill_poll::roster::{LEAF_BYTES, RosterReader, seal_contact};
use sijill_poll::unseal::{self, OpenedStrata};
use sijill_poll::{Event, Poll, evolve, operator, personal, promise, rotation, rules};
use sijill_scenarios::Terms;
use sijill_scenarios::bench::{Bench, Setup};
use sijill_scenarios::fixture;
use std::collections::BTreeSet;
use std::sync::Arc;

const PART: &str = "poll";

/// The part with the orders in which options are shown.
const ROTATION: &str = "rotation";

fn path() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/vectors.json")
}

fn file() -> Value {
    let text = std::fs::read_to_string(path()).expect("docs/vectors.json can be read");
    serde_json::from_str(&text).expect("docs/vectors.json is JSON")
}

fn hex(bytes: impl AsRef<[u8]>) -> String {
    HEXLOWER.encode(bytes.as_ref())
}

fn unhex(value: &Value) -> Vec<u8> {
    let text = value.as_str().expect("a text of hexadecimal digits");
    HEXLOWER.decode(text.as_bytes()).expect("hexadecimal")
}

fn rows(part: &Value) -> impl Iterator<Item = &Value> {
    part.as_array().expect("a list").iter()
}

/// The poll of the vectors: the fixture's closed one of the first rule set, with a sender of its own, annulled after its
/// close. The others are of the newest.
fn bench() -> Bench {
    let setup = Setup {
        with_sender: true,
        terms: Terms {
            rule_set: 1,
            ..Terms::default()
        },
        ..Setup::default()
    };
    let mut bench = fixture::closed(&setup, 10);
    bench.admit(bench.annulled("The list of residents was out of date"));
    bench
}

#[test]
fn the_file_has_what_this_code_makes() {
    let bench = bench();
    let made = json!({
        "origin": bench.poll.origin().as_str(),
        "poll_id": bench.poll.id().to_string(),
        "keys": keys(&bench),
        "entries": bench.entries.iter().map(|entry| entry_row(&bench, entry)).collect::<Vec<_>>(),
        "later_kinds": LATER_KINDS,
        "tally": tally(&bench),
        "roster": roster_row(&bench),
        "invitations": invitations(&bench),
        "tokens_as_typed": tokens_as_typed(),
        "sealed_contact": sealed_contact(&bench),
        "promise": promise_row(&bench),
        "export": hex(bench.export().bytes()),
        "personal_data": personal_data(),
    });
    let made = with_objected(with_sealed(made));
    let mut file = file();
    if std::env::var_os("SIJILL_WRITE_VECTORS").is_some() {
        file[PART] = made;
        file[ROTATION] = rotations();
        let text = serde_json::to_string_pretty(&file).unwrap() + "\n";
        // The other tests may be reading it.
        let new = path().with_extension("json.new");
        std::fs::write(&new, text).unwrap();
        std::fs::rename(new, path()).unwrap();
        return;
    }
    let keys = |value: &Value| {
        value
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(file[ROTATION], rotations());
    assert_eq!(keys(&file[PART]), keys(&made));
    for key in keys(&made) {
        assert_eq!(file[PART][&key], made[&key], "{key}");
    }
}

/// The rotation of some keys, and the order of the options in each rotation of a definition.
fn rotations() -> Value {
    let setup = fixture::rotated_setup();
    let bench = Bench::open(&setup);
    let definition = bench.poll.definition();
    let question = definition.question.id.as_str();
    let keys = bench.leaves.chunks(LEAF_BYTES).take(6);
    let keys = keys.map(|leaf| <[u8; 32]>::try_from(&leaf[..32]).unwrap());
    let row = |(question, key, rotating): (&str, [u8; 32], u16)| {
        json!({
            "question": question,
            "public_key": hex(key),
            "rotating": rotating,
            "rotation": rotation::of_key(question, &key, rotating),
        })
    };
    let rows = keys.flat_map(|key| [2, 3, 7, 49].map(|rotating| (question, key, rotating)));
    let others = [
        (question, [0; 32], 0),
        ("q", [0; 32], 5),
        ("q-1", [255; 32], 5),
    ];
    let shown = |rotation| {
        let ids = rotation::shown(definition, rotation).map(|option| option.id.clone());
        ids.collect::<Vec<_>>()
    };
    json!({
        "keys": rows.chain(others).map(row).collect::<Vec<_>>(),
        "shown": {
            "options": setup.terms.options,
            "rotating": definition.rotating(),
            "orders": (0..definition.rotating()).map(shown).collect::<Vec<_>>(),
        },
    })
}

/// Adds the poll of sealed strata, which has the kinds that the other cannot have.
fn with_sealed(mut made: Value) -> Value {
    let bench = mended_bench();
    made["mended"] = json!({
        "origin": bench.poll.origin().as_str(),
        "poll_id": bench.poll.id().to_string(),
        "entries": bench.entries.iter().map(|entry| entry_row(&bench, entry)).collect::<Vec<_>>(),
    });
    let bench = sealed_bench();
    let opened = OpenedStrata::new(
        bench.poll.definition(),
        bench.poll.roster(),
        bench.poll.casts(),
        &bench.stratum_keys.iter().copied().map(Some).collect(),
    );
    made["sealed"] = json!({
        "origin": bench.poll.origin().as_str(),
        "poll_id": bench.poll.id().to_string(),
        "entries": bench.entries.iter().map(|entry| entry_row(&bench, entry)).collect::<Vec<_>>(),
        "roster": roster_row(&bench),
        "stratum_keys": bench.stratum_keys.iter().map(hex).collect::<Vec<_>>(),
        "answered": opened.answered(),
        "strata_of_leaves": opened.strata,
        "tally": tally(&bench),
        "export": hex(bench.export().bytes()),
        "stay_closed": STAY_CLOSED.map(|(answered, threshold)| {
            json!({
                "answered": answered,
                "threshold": threshold,
                "closed": unseal::stay_closed(answered, threshold),
            })
        }),
    });
    made
}

/// Adds the poll with an objection on record, and objections that nobody may record after it.
fn with_objected(mut made: Value) -> Value {
    let bench = objected_bench();
    let refused = objections_refused(&bench);
    made["objected"] = json!({
        "origin": bench.poll.origin().as_str(),
        "poll_id": bench.poll.id().to_string(),
        "entries": bench.entries.iter().map(|entry| entry_row(&bench, entry)).collect::<Vec<_>>(),
        "roster": roster_row(&bench),
        "tally": tally(&bench),
        "export": hex(bench.export().bytes()),
        "refused": refused.map(|(why, promise, at)| {
            json!({"why": why, "promise": promise, "at": at, "check": judge(&bench, at, &promise)})
        }),
    });
    made
}

/// The closed poll in which an answer was dropped that the platform had promised to keep.
fn objected_bench() -> Bench {
    let mut bench = fixture::honest();
    bench.admit(bench.objected(&fixture::dropped(&bench)));
    bench
}

fn mended_bench() -> Bench {
    let mut bench = fixture::running();
    let wording = ("disclosure.limitations", "en", "Made for tests alone");
    bench.admit(bench.page_changed(&[wording], "A word was missing"));
    bench
}

fn objections_refused(bench: &Bench) -> [(&'static str, String, u64); 8] {
    let (now, due) = (bench.now, bench.poll.promise_due() / 1_000);
    let other = bench.responded_as(11, 1, How::Link, "no");
    let broken = bench.promise(&other);
    let line = broken.lines().last().unwrap().replace("/promise", "/other");
    let elsewhere = fixture::honest_of_seed(2);
    let mut forger = bench.clone();
    forger.keys.promise = bench.keys.log.clone();
    let kept = bench.responded_as(3, 1, How::Link, "yes");
    let window = bench.poll.definition().rules.objection_window_ms;
    let late = bench.poll.over_since().unwrap() + window + 1_000;
    [
        ("on record already", fixture::dropped(bench), now),
        (
            "a signature beside the ledger's",
            format!("{broken}{line}\n"),
            now,
        ),
        ("another due time", bench.promise_due(&other, due + 60), now),
        ("of another poll", fixture::dropped(&elsewhere), now),
        ("by the log key", forger.promise(&other), now),
        ("no promise", "sijill-promise@v1\n".into(), now),
        ("after the objection window", broken, late),
        ("kept", bench.promise(&kept), now),
    ]
}

/// The check that an objection at this time would fail.
fn judge(bench: &Bench, at: u64, promise: &str) -> u8 {
    match Search::begin(&bench.poll, at, promise.to_owned()) {
        Err(refusal) => refusal.check(),
        Ok(mut search) => {
            bench
                .entries
                .iter()
                .for_each(|entry| search.look(entry.bytes()));
            assert!(matches!(search.finish(), Found::Kept { .. }));
            25
        }
    }
}

/// Answers by stratum and a threshold, for the rule of what stays closed.
const STAY_CLOSED: [(&[u64], u32); 8] = [
    (&[50, 60, 70], 40),
    (&[36, 45, 70], 40),
    (&[10, 12, 70, 41], 40),
    (&[20, 20, 70, 41], 40),
    (&[0, 50, 60], 40),
    (&[50, 3, 50], 40),
    (&[3, 50], 40),
    (&[3], 40),
];

/// The closed poll of sealed strata, unsealed; then some entries were lost.
fn sealed_bench() -> Bench {
    let mut bench = fixture::sealed();
    bench.admit(bench.unsealed());
    let link = Link::from_bytes([9; 32]);
    bench.admit(bench.recovered(2, link, "The disk of the server failed"));
    bench
}

fn keys(bench: &Bench) -> Value {
    json!({
        "operator": bench.keys.operator_key().to_string(),
        "sender": bench.keys.sender_key().to_string(),
        "promise": promise::verifier_key(bench.poll.origin(), bench.poll.promise_key()).unwrap().to_string(),
        "promise_seed": hex(bench.keys.promise.seed()),
    })
}

fn entry_row(bench: &Bench, sealed: &Sealed<Event>) -> Value {
    let entry = sealed.entry();
    let fields = readable(serde_json::to_value(&entry.event).unwrap());
    json!({
        "bytes": hex(sealed.bytes()),
        "link": sealed.link().to_string(),
        "leaf_hash": leaf_hash(sealed.bytes()).to_string(),
        "index": entry.index,
        "previous": entry.previous.to_string(),
        "at": entry.at,
        "kind": entry.event.kind(),
        "name": entry.event.name(),
        "content": fields[entry.event.name()],
        "signed_message": signed_message(bench, &entry.event).map(hex),
    })
}

/// The bytes that stand under this event's signature, if it has one.
fn signed_message(bench: &Bench, event: &Event) -> Option<Vec<u8>> {
    match event {
        Event::Opened(opened) => Some(opened.opening.message().unwrap()),
        Event::Responded(responded) => Some(responded.answer.message(bench.poll.id()).unwrap()),
        _ => {
            let envelope = operator::envelope(bench.poll.id(), event).unwrap();
            envelope.map(|envelope| envelope.message)
        }
    }
}

/// Lists of 32 bytes as hexadecimal text, and of a signature's two halves as one.
fn readable(value: Value) -> Value {
    match value {
        Value::Array(items) => {
            let bytes: Option<Vec<u8>> = items
                .iter()
                .map(|item| item.as_u64().and_then(|byte| u8::try_from(byte).ok()))
                .collect();
            match bytes {
                Some(bytes) if bytes.len() == 32 => hex(bytes).into(),
                _ => items.into_iter().map(readable).collect(),
            }
        }
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| match (name.as_str(), readable(value)) {
                ("signature", Value::Array(halves)) => {
                    let text: String = halves.iter().map(|half| half.as_str().unwrap()).collect();
                    (name, text.into())
                }
                (_, value) => (name, value),
            })
            .collect(),
        other => other,
    }
}

fn tally(bench: &Bench) -> Value {
    let tally = bench.poll.tally();
    json!({
        "answered": tally.answered,
        "options": bench.terms.options,
        "by_option": tally.by_option,
        "first_by_option": tally.first_by_option,
        "strata": bench.terms.strata.iter().map(|(id, _)| id).collect::<Vec<_>>(),
        "by_stratum": tally.by_stratum,
    })
}

fn roster_row(bench: &Bench) -> Value {
    let leaves: Vec<_> = bench.leaves.chunks(LEAF_BYTES).map(hex).collect();
    json!({ "leaves": leaves, "root": bench.poll.roster().root().to_string() })
}

fn invitations(bench: &Bench) -> Value {
    (0..3)
        .map(|index| {
            let token = &bench.tokens[index];
            let key = token.invitation_key(bench.poll.origin()).public_key();
            json!({ "index": index, "token": token.reveal(), "public_key": hex(key.as_bytes()) })
        })
        .collect()
}

fn tokens_as_typed() -> Value {
    [
        "O1I1-l0oO abcd-EFGH-jkmn",
        "7K3V Q0X9 M2R8 T5W1 Y6ZB",
        "7k3vq0x9m2r8t5w1y6zb",
    ]
    .iter()
    .map(|typed| json!({ "typed": typed, "token": typed.parse::<Token>().unwrap().reveal() }))
    .collect()
}

fn sealed_contact(bench: &Bench) -> Value {
    let key = bench.tokens[0]
        .invitation_key(bench.poll.origin())
        .public_key();
    json!({
        "master": hex([1; 32]),
        "public_key": hex(key.as_bytes()),
        "contact": "+9647701234567",
        "sealed": hex(seal_contact(&[1; 32], &key, "+9647701234567")),
    })
}

/// The promise for the ledger's first answer.
fn promise_row(bench: &Bench) -> Value {
    let responded = bench
        .entries
        .iter()
        .find_map(|sealed| match &sealed.entry().event {
            Event::Responded(responded) => Some(responded.clone()),
            _ => None,
        });
    let responded: Responded = responded.unwrap();
    let hash = responded.hash().unwrap();
    json!({
        "signed_answer": hex(responded.signed_bytes().unwrap()),
        "sha256": hash.to_string(),
        "sha256_base64": BASE64.encode(hash.as_bytes()),
        "code": Code::of(hash).to_string(),
        "file": bench.promise(&responded),
    })
}

/// Texts for the rules of personal data: what is found first, and where it stands in bytes of UTF-8.
fn personal_data() -> Value {
    const TEXTS: [&str; 26] = [
        "Heavy rain in the south",
        "write to office@ur.example today",
        "a@b",
        "a @b.example",
        "at 192.168.0.1.",
        "version 1.2.3.4.5",
        "at 300.1.1.1",
        "from 2001:db8::1 and on",
        "a::b_c",
        "08:00",
        "2026-11-24",
        "24.11.2026 and 2026/11/25",
        "46,118,793 people",
        "46 118 793 people",
        "41.2 %",
        "call 0770 123 4567",
        "call +964 (770) 123-45-67",
        "call 00964 770 1234567",
        "اتصل ٠٧٧٠١٢٣٤٥٦٧",
        "number 1234567890",
        "number 123456789",
        "0.123456789",
        "1 2 3 4 5 6 7 8 9 10 11 12 13 0770 123 4567",
        "+1",
        "a@b.example and 0770 123 4567",
        "0770 123 4567 and a@b.example",
    ];
    TEXTS
        .iter()
        .map(|text| {
            let found = personal::find(text);
            json!({
                "text": text,
                "found": found.as_ref().map(|hit| hit.kind.to_string()),
                "bytes": found.map(|hit| [hit.range.start, hit.range.end]),
            })
        })
        .collect()
}

#[test]
fn every_kind_of_this_version_has_an_entry_and_every_entry_reads() {
    let file = file();
    let mut kinds = BTreeSet::new();
    let others = ["sealed", "objected", "mended"].map(|part| &file[PART][part]);
    for part in [&file[PART]].into_iter().chain(others) {
        let mut head = Head::start(&part["origin"].as_str().unwrap().parse().unwrap());
        for row in rows(&part["entries"]) {
            let sealed = Sealed::<Event>::read(&unhex(&row["bytes"])).unwrap();
            assert_eq!(sealed.link().to_string(), row["link"]);
            head = head.follow(&sealed).unwrap();
            kinds.insert(sealed.entry().event.kind());
        }
    }
    let known = |kind: &u32| <Event as sijill_ledger::Event>::is_known(*kind);
    assert_eq!(kinds, (0..99).filter(known).collect());
}

#[test]
fn the_rules_admit_the_files_ledger_and_fold_it_to_the_files_tally() {
    let file = file();
    check_fold(&file[PART], &bench());
    check_fold(&file[PART]["sealed"], &sealed_bench());
    check_fold(&file[PART]["objected"], &objected_bench());
}

#[track_caller]
fn check_fold(part: &Value, bench: &Bench) {
    let mut entries =
        rows(&part["entries"]).map(|row| Sealed::<Event>::read(&unhex(&row["bytes"])).unwrap());
    let mut reader = RosterReader::of(bench.poll.definition());
    for leaf in rows(&part["roster"]["leaves"]) {
        reader.push(&unhex(leaf).try_into().unwrap()).unwrap();
    }
    let roster = reader.finish();
    assert_eq!(roster.root().to_string(), part["roster"]["root"]);
    let mut poll = Poll::open(&entries.next().unwrap(), Arc::new(roster)).unwrap();
    assert_eq!(poll.id().to_string(), part["poll_id"]);
    for sealed in entries {
        let entry = sealed.entry();
        assert_eq!(
            rules::admits(&poll, entry.at, &entry.event),
            Ok(()),
            "{}",
            entry.index
        );
        evolve(&mut poll, &sealed);
    }
    assert_eq!(json!(poll.tally().by_option), part["tally"]["by_option"]);
    assert_eq!(json!(poll.tally().by_stratum), part["tally"]["by_stratum"]);
}

#[test]
fn every_signature_of_the_file_holds_over_its_message() {
    let file = file();
    let bench = bench();
    let key = |row: &Value| -> PublicKey {
        let content = &row["content"];
        if row["kind"] == 4 {
            let index = content["answer"]["who"]["Invitation"]["index"]
                .as_u64()
                .unwrap();
            let leaf = unhex(&file[PART]["roster"]["leaves"][index as usize]);
            <[u8; 32]>::try_from(&leaf[..32])
                .unwrap()
                .try_into()
                .unwrap()
        } else if content["signer"] == "Sender" {
            bench.keys.sender.public_key()
        } else {
            bench.keys.operator.public_key()
        }
    };
    for row in rows(&file[PART]["entries"]) {
        let signature = unhex(&row["content"]["signature"]).try_into().unwrap();
        let signature = sijill_ledger::Signature::from_bytes(signature);
        let verdict = key(row).verify(&unhex(&row["signed_message"]), &signature);
        assert_eq!(verdict, Ok(()), "{}", row["index"]);
    }
}

#[test]
fn the_files_promise_opens_for_the_answer_beside_it() {
    let file = file();
    let row = &file[PART]["promise"];
    let origin = file[PART]["origin"].as_str().unwrap().parse().unwrap();
    let id = file[PART]["poll_id"].as_str().unwrap().parse().unwrap();
    let key = bench().poll.promise_key();
    let opened = promise::open(row["file"].as_str().unwrap(), &origin, id, key).unwrap();
    assert_eq!(
        hex(opened.responded().signed_bytes().unwrap()),
        row["signed_answer"]
    );
}

/// A decoder reads several padded texts, one after another, as the base64 of all their bytes. A promise whose answer or
/// hash was written so would have opened here and nowhere else.
#[test]
fn a_promise_in_pieces_of_base64_is_none() {
    let file = file();
    let row = &file[PART]["promise"];
    let origin = file[PART]["origin"].as_str().unwrap().parse().unwrap();
    let id = file[PART]["poll_id"].as_str().unwrap().parse().unwrap();
    let bench = bench();
    let (whole, answer) = (row["file"].as_str().unwrap(), &row["signed_answer"]);
    let base64 = |bytes: &[u8]| data_encoding::BASE64.encode(bytes);
    let answer = unhex(answer);
    let pieces = base64(&answer[..1]) + &base64(&answer[1..]);
    let bent = whole.replace(&base64(&answer), &pieces);
    assert_ne!(bent, whole);
    assert!(promise::open(&bent, &origin, id, bench.poll.promise_key()).is_err());
}

#[test]
fn the_files_refused_objections_fail_the_files_checks() {
    let file = file();
    let bench = objected_bench();
    for row in rows(&file[PART]["objected"]["refused"]) {
        let (at, promise) = (
            row["at"].as_u64().unwrap(),
            row["promise"].as_str().unwrap(),
        );
        assert_eq!(
            json!(judge(&bench, at, promise)),
            row["check"],
            "{}",
            row["why"]
        );
    }
}

#[test]
fn an_entry_of_a_later_kind_is_named_as_such() {
    let bench = bench();
    let mut bytes = bench.entries[1].bytes().to_vec();
    // Index (1), previous (32) and time (9) stand before the kind.
    assert_eq!(bytes[42], 1);
    for (kind, _) in LATER_KINDS {
        bytes[42] = u8::try_from(kind).unwrap();
        let error = Sealed::<Event>::read(&bytes).unwrap_err();
        assert!(error.to_string().contains("of a later version"), "{error}");
    }
}
