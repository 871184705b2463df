//! A disk that is full, or fails, under the journal of what was sent: nothing leaves that is not on record there, and
//! the same command goes on when there is space again.

use crate::centre::{Centre, hash, texts};
use crate::place::{Place, terms};
use crate::post::{command, configure, invited, letters, outcome, place, repeated, send};
use crate::process::{COMMAND_MAX, Process, until};
use serde_json::Value;
use sijill_outreach::deliveries::{Deliveries, Whose};
use sijill_outreach::delivery::State;
use sijill_scenarios::trace;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Invitations of a story.
const COUNT: u32 = 400;

/// Submits that may wait for their response.
const WINDOW: usize = 4;

/// What the journal is sealed under, as the program derives it from the vault's key.
const JOURNAL_KEY: &str = "sijill 2026 journal v1";

/// Opens a copy of a vault's journal: where every message stood, in the order of the roster's leaves.
fn standings(place: &Place, vault: &Path) -> Vec<State> {
    let shown = place
        .sijill(["poll", "show", terms().slug.as_str(), "--json"])
        .well()
        .json();
    let whose = Whose {
        origin: terms().origin().parse().unwrap(),
        poll_id: shown["poll_id"].as_str().unwrap().parse().unwrap(),
        invitations: COUNT,
    };
    let key = place.vault_in(vault).key_for(JOURNAL_KEY);
    let mut deliveries = Deliveries::open(vault, &key, whose).unwrap();
    (0..COUNT)
        .map(|invitation| deliveries.delivery(invitation).unwrap().state)
        .collect()
}

/// What the journal at this vault says was put on its way is what the centre got, but for those of the last moment,
/// which had no time to arrive. Returns those of whom nobody knows.
#[track_caller]
fn check_nothing_left_unrecorded(place: &Place, vault: &Path, report: &Value) -> BTreeSet<u64> {
    let invited = invited(place);
    let standings = standings(place, vault);
    let places = |wanted: &dyn Fn(usize) -> bool| -> BTreeSet<u64> {
        let all = (0..invited.len()).filter(|index| wanted(*index));
        all.map(|index| index as u64).collect()
    };
    let on_record = places(&|index| standings[index] != State::Queued);
    let arrived = places(&|index| !texts(report, &invited[index].contact).is_empty());
    assert_eq!(report["messages"], arrived.len());
    assert!(
        (1..COUNT as usize).contains(&arrived.len()),
        "{}",
        arrived.len()
    );
    let unrecorded: Vec<_> = arrived.difference(&on_record).collect();
    assert!(
        unrecorded.is_empty(),
        "{unrecorded:?} left without a record"
    );
    let on_their_way = on_record.difference(&arrived).count();
    assert!(on_their_way <= WINDOW, "{on_their_way} never left");
    places(&|index| standings[index] == State::Submitted)
}

/// Everybody has their message, and whoever has it twice is among those of whom nobody knew.
#[track_caller]
fn check_nobody_skipped(place: &Place, reports: &[&Value], unknown: &BTreeSet<u64>) {
    let listed: BTreeSet<u64> = repeated(place).into_iter().collect();
    assert_eq!(&listed, unknown);
    for (index, (invitation, text)) in (0..).zip(letters(place)) {
        let all = reports
            .iter()
            .flat_map(|report| texts(report, &invitation.contact));
        let got: Vec<String> = all.collect();
        assert!(
            !got.is_empty() && got.iter().all(|got| *got == hash(&text)),
            "invitation {index}: {got:?}"
        );
        assert!(
            got.len() == 1 || unknown.contains(&index),
            "invitation {index} was repeated"
        );
    }
    assert_eq!(outcome(place)[..3], [COUNT.into(), 0, 0]);
}

/// What whoever sends reads: which file, why, and what to do.
#[track_caller]
fn says_what_to_do(said: &str, why: &str) {
    for part in [
        "cannot write the journal `",
        "/vault/journal`",
        why,
        "start the same command again",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains("panicked"), "{said}");
}

/// Whether a file system can be mounted in a namespace of one's own here; says that a test is skipped where not.
fn can_mount(test: &str) -> bool {
    let tried = Command::new("unshare")
        .args([
            "-rmpf",
            "--kill-child",
            "sh",
            "-c",
            "mount -t tmpfs tmpfs /mnt",
        ])
        .output();
    let can = tried.is_ok_and(|ran| ran.status.success());
    if !can {
        println!("skipped: `{test}` needs mounts in a user namespace");
    }
    can
}

/// What runs in the namespace: a wave on a small disk, which is filled when told; the same command while it is full; and
/// once more when the space is freed.
const SMALL_DISK: &str = r#"
mount -t tmpfs -o size=64m tmpfs "$MOUNTED"
cp -a --sparse=always "$DATA" "$MOUNTED/data"
rm -f "$MOUNTED/data/checkpoints/place"
export SIJILL_DATA="$MOUNTED/data"
(until [ -e "$OUT/fill" ]; do sleep 0.02; done; dd if=/dev/zero of="$MOUNTED/filler" bs=4k) 2>/dev/null &
"$@" > "$OUT/out1" 2> "$OUT/err1"
echo $? > "$OUT/code1"
cp -a "$SIJILL_DATA/polls/bridge/vault" "$OUT/vault"
"$@" > "$OUT/out-full" 2> "$OUT/err-full"
echo $? > "$OUT/code-full.writing"; mv "$OUT/code-full.writing" "$OUT/code-full"
until [ -e "$OUT/free" ]; do sleep 0.02; done
rm "$MOUNTED/filler"
"$@" --without-receipts > "$OUT/out2" 2> "$OUT/err2"
echo $? > "$OUT/code2"
cp -a "$SIJILL_DATA" "$OUT/after"
"#;

/// The script, in namespaces that end with it.
fn on_small_disk(place: &Place, out: &Path) -> Process {
    let mounted = place.path("mounted");
    for folder in [out, &mounted] {
        fs::create_dir(folder).unwrap();
    }
    let mut script = Command::new("unshare");
    script
        .args(["-rmpf", "--kill-child", "sh", "-c", SMALL_DISK, "sh"])
        .arg(env!("CARGO_BIN_EXE_sijill"))
        .args(slowly(place))
        .env("DATA", place.data())
        .env("MOUNTED", mounted)
        .env("OUT", out);
    Process::start(&mut script, &place.path(""), "small-disk")
}

/// The command that sends, slowly enough to be looked at.
fn slowly(place: &Place) -> Vec<std::ffi::OsString> {
    let window = WINDOW.to_string();
    command(place, "send", &["--rate", "60", "--window", &window])
}

fn said(path: PathBuf) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

#[test]
fn a_disk_that_fills_up_under_the_journal_stops_the_messages_and_with_space_again_the_rest_leaves()
{
    let name = "a_disk_that_fills_up_under_the_journal_stops_the_messages_and_with_space_again_the_rest_leaves";
    let centres = tempfile::tempdir().unwrap();
    let Some(centre) = Centre::open(centres.path(), &[]).filter(|_| can_mount(name)) else {
        return;
    };
    let place = place(&centre.address(), COUNT);
    let out = place.path("out");
    let script = on_small_disk(&place, &out);
    let connected = || {
        said(out.join("err1"))
            .contains("connected to the gateway")
            .then_some(())
    };
    until(COMMAND_MAX, connected).expect("it sends");
    std::thread::sleep(Duration::from_millis(1_000));
    fs::write(out.join("fill"), b"").unwrap();
    until(COMMAND_MAX, || out.join("code-full").exists().then_some(())).expect("it ends");
    let first = said(out.join("err1"));
    assert_eq!(said(out.join("code1")), "3\n", "{first}");
    says_what_to_do(&first, "No space left on device");
    let still_full = said(out.join("err-full"));
    assert_eq!(said(out.join("code-full")), "3\n", "{still_full}");
    assert!(
        still_full.contains("No space left on device"),
        "{still_full}"
    );

    let before = centre.report();
    let unknown = check_nothing_left_unrecorded(&place, &out.join("vault"), &before);
    let after = tempfile::tempdir().unwrap();
    let centre = Centre::open(after.path(), &[]).expect("there was one before");
    configure(&place, &centre.address());
    fs::write(out.join("free"), b"").unwrap();
    script.wait(COMMAND_MAX).well();
    assert_eq!(said(out.join("code2")), "0\n", "{}", said(out.join("err2")));
    fs::remove_dir_all(place.data()).unwrap();
    fs::rename(out.join("after"), place.data()).unwrap();
    drop(fs::remove_file(place.data().join("checkpoints/place")));
    check_nobody_skipped(&place, &[&before, &centre.report()], &unknown);
    place.close(&terms().slug);
    place.audit_data(&terms().slug).well();
}

/// The sending program under strace, which makes the syncs of its journal fail from a certain one on.
#[test]
fn a_disk_that_fails_to_sync_the_journal_stops_the_messages_and_the_same_command_goes_on() {
    let name =
        "a_disk_that_fails_to_sync_the_journal_stops_the_messages_and_the_same_command_goes_on";
    let centres = tempfile::tempdir().unwrap();
    if !trace::can_trace(name) {
        return;
    }
    let Some(centre) = Centre::open(centres.path(), &[]) else {
        return;
    };
    let place = place(&centre.address(), COUNT);
    let vault = place.data().join("polls").join(terms().slug).join("vault");
    let mut failing = Command::new("strace");
    failing
        .args(["-f", "-o", "/dev/null", "-P"])
        .arg(vault.join("journal"))
        .args(["-e", "trace=fdatasync"])
        .args(["-e", "inject=fdatasync:error=EIO:when=60+"])
        .arg(env!("CARGO_BIN_EXE_sijill"))
        .args(slowly(&place))
        .current_dir(place.path(""))
        .env("SIJILL_DATA", place.data());
    let ran = Process::start(&mut failing, &place.path(""), "failing").wait(COMMAND_MAX);
    says_what_to_do(&ran.expect_code(3).err, "Input/output error");
    let copy = place.path("vault-copy");
    crate::place::copy(&vault, &copy);
    let before = centre.report();
    let unknown = check_nothing_left_unrecorded(&place, &copy, &before);
    let after = tempfile::tempdir().unwrap();
    let centre = Centre::open(after.path(), &[]).expect("there was one before");
    configure(&place, &centre.address());
    send(&place, &["--without-receipts"]).well();
    check_nobody_skipped(&place, &[&before, &centre.report()], &unknown);
    place.close(&terms().slug);
    place.audit_data(&terms().slug).well();
}
