//! What becomes of numbers and tokens: where they are while a poll runs, who can read them, and that they are gone when
//! they are erased or their time is over.

use crate::assertions::integer;
use crate::place::{Invitation, Place, now_ms, people, prompt_terms, roster, terms};
use crate::process::until;
use sijill_scenarios::Terms;
use sijill_scenarios::definition::rfc3339;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

const SLUG: &str = "bridge";

/// Every file below a folder, with its bytes. A socket is no file to be read.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => all.extend(files(&path)),
            false => all.extend(fs::read(&path).ok().map(|bytes| (path, bytes))),
        }
    }
    all
}

/// The ways in which the number and the token of an invitation could stand somewhere.
fn traces(invitation: &Invitation) -> Vec<Vec<u8>> {
    let digits = invitation.contact.trim_start_matches('+');
    let national = digits.trim_start_matches("964");
    let token = invitation.token();
    vec![
        national.as_bytes().to_vec(),
        digits.parse::<u64>().unwrap().to_le_bytes().to_vec(),
        digits.parse::<u64>().unwrap().to_be_bytes().to_vec(),
        token.as_bytes().to_vec(),
        token.to_ascii_uppercase().into_bytes(),
    ]
}

#[track_caller]
fn holds_nobody(what: &str, bytes: &[u8], invited: &[Invitation]) {
    for trace in invited.iter().flat_map(traces) {
        let found = bytes.windows(trace.len()).any(|window| window == trace);
        assert!(!found, "{what} holds a number or a token");
    }
}

#[track_caller]
fn no_file_holds_anybody(folder: &Path, invited: &[Invitation]) {
    let files = files(folder);
    assert!(files.len() > 10, "{} files were looked at", files.len());
    for (path, bytes) in files {
        holds_nobody(&path.display().to_string(), &bytes, invited);
    }
}

/// Whoever takes the disk of a poll that was answered, without the vault's key, has nobody's number and nobody's link.
#[test]
fn no_number_and_no_token_stands_in_clear_in_any_file_of_a_poll_nor_in_its_log() {
    let place = Place::new();
    let invited = place.poll(&prompt_terms(), 12);
    let server = place.serve();
    let browser = server.browser();
    server.answer(&invited[..6], "yes");
    // Strange requests with a token in them are where a log would give one away.
    browser.get(&format!("{}/promise", invited[7].path));
    browser.get(&format!("{}?x={}", invited[7].path, invited[7].token()));
    browser.post(&invited[7].path, &[("answer", "maybe"), ("revision", "9")]);
    browser.get(&format!("/polls/{SLUG}/{}", invited[7].token()));
    server.published(SLUG, place.recorded(SLUG));
    let export = place.path("bridge.export");
    place.sijill(args!["export", SLUG, &export]).well();

    no_file_holds_anybody(&place.data(), &invited);
    holds_nobody("the export", &fs::read(export).unwrap(), &invited);
    let stopped = server.stop().well();
    holds_nobody("standard error", stopped.err.as_bytes(), &invited);
    holds_nobody("standard output", stopped.out.as_bytes(), &invited);
    no_file_holds_anybody(&place.data(), &invited);
    // What the import and the export of messages said.
    for (path, bytes) in files(&place.path("")) {
        let is_output = path
            .extension()
            .is_some_and(|end| end == "out" || end == "err");
        if is_output {
            holds_nobody(&path.display().to_string(), &bytes, &invited);
        }
    }
    // The search finds what is there.
    let messages = fs::read(place.path("invitations-bridge.csv")).unwrap();
    let token = invited[0].token().as_bytes();
    assert!(messages.windows(token.len()).any(|window| window == token));
}

/// A poll is over and its people were promised to be forgotten: they are, and the result can be checked as before.
#[test]
fn a_poll_whose_contacts_were_erased_audits_as_before_and_holds_nobody() {
    let place = Place::new();
    let invited = place.poll(&prompt_terms(), 12);
    let server = place.serve();
    server.answer(&invited[..8], "yes");
    server.published(SLUG, place.recorded(SLUG));
    place.close(SLUG);
    let erase = |more: &[&str]| {
        let all = ["roster", "erase", "--poll", SLUG].iter().chain(more);
        place.sijill(all)
    };
    let asked = erase(&[]).expect_code(2);
    assert!(
        asked.err.contains("run it again with `--yes`"),
        "{}",
        asked.err
    );
    assert!(place.data().join("polls/bridge/vault/contacts").exists());

    let erased = erase(&["--yes", "--json"]).well().json();
    assert_eq!(erased["contacts_erased"], true);
    assert_eq!(erased["stratum_keys_kept"], false);
    server.stop().well();
    for gone in ["vault/contacts", "vault/secrets", "strata.keys"] {
        assert!(
            !place.data().join("polls/bridge").join(gone).exists(),
            "{gone}"
        );
    }
    no_file_holds_anybody(&place.data(), &invited);
    place.audit_data(SLUG).well();

    let again = erase(&["--yes"]).expect_code(1);
    assert!(again.err.contains("were erased"), "{}", again.err);
    let out = place.path("again.csv");
    let export = args![
        "invitations",
        "export",
        "--again",
        "--poll",
        SLUG,
        "--out",
        &out
    ];
    let told = place.sijill(export).expect_code(1);
    assert!(told.err.contains("were erased"), "{}", told.err);
    assert!(!out.exists());
}

/// Stratum keys that are gone before the unsealing leave a result without its strata for ever.
#[test]
fn stratum_keys_that_an_unsealing_needs_are_not_erased_by_the_way() {
    let place = Place::new();
    let sealed = Terms {
        sealed: true,
        ..prompt_terms()
    };
    let invited = place.poll(&sealed, 12);
    let server = place.serve();
    server.answer(&invited, "yes");
    server.published(SLUG, place.recorded(SLUG));
    place.close(SLUG);
    server.stop().well();
    let keys = place.data().join("polls/bridge/strata.keys");
    let erase = |more: &[&str]| {
        let all = ["roster", "erase", "--poll", SLUG, "--yes"]
            .iter()
            .chain(more);
        place.sijill(all)
    };
    let refused = erase(&[]).expect_code(1);
    assert!(
        refused.err.contains("--stratum-keys keep"),
        "{}",
        refused.err
    );
    assert!(place.data().join("polls/bridge/vault/contacts").exists() && keys.exists());

    erase(&["--stratum-keys", "keep"]).well();
    assert!(!place.data().join("polls/bridge/vault/contacts").exists() && keys.exists());
    place
        .sijill(args!["poll", "unseal", SLUG, "--key", place.key_file()])
        .well();
    erase(&[]).well();
    assert!(!keys.exists());
    place.audit_data(SLUG).well();
}

/// Nobody has to remember it: the service itself forgets when the definition says so, and says so once.
#[test]
fn contacts_are_erased_by_the_service_when_their_time_is_over() {
    let place = Place::new();
    let now = now_ms() / 1_000 * 1_000;
    let end = now + 12_000;
    let brief = Terms {
        field_ms: [now - 60_000, end, end],
        ..terms()
    };
    let latest = format!("latest_end = {}\n", rfc3339(end));
    let definition = place.definition(&brief);
    assert!(definition.contains(&latest));
    let until_then = format!("{latest}contacts_until = {}\n", rfc3339(end));
    place.open(&definition.replace(&latest, &until_then));
    let invited = place.invite(SLUG, &people(6));
    let vault = place.data().join("polls/bridge/vault/contacts");
    assert!(vault.exists());
    let is_over = until(Duration::from_secs(30), || (now_ms() > end).then_some(()));
    is_over.expect("time goes by");

    let said = |log: &str| log.matches("are erased now").count();
    let server = place.serve();
    let gone = until(Duration::from_secs(30), || (!vault.exists()).then_some(()));
    gone.expect("the contacts are erased");
    let stopped = server.stop().well();
    assert_eq!(said(&stopped.err), 1, "{}", stopped.err);
    assert!(!place.data().join("polls/bridge/vault/secrets").exists());
    no_file_holds_anybody(&place.data(), &invited);
    let again = place.serve().stop().well();
    assert_eq!(said(&again.err), 0, "{}", again.err);
    place.audit_data(SLUG).expect_code(0);
    // Nor does anybody bring them back.
    let file = place.write("roster.csv", roster(&people(6)));
    let import = args!["roster", "import", file, "--poll", SLUG];
    let late = place.sijill(import).expect_code(1);
    assert!(
        late.err.contains("nobody could be written to"),
        "{}",
        late.err
    );
    assert!(!vault.exists());
}

/// Nobody's number is taken down that would have to be erased at once.
#[test]
fn no_roster_is_made_when_the_time_of_its_contacts_is_over() {
    let place = Place::new();
    let day = 24 * 60 * 60 * 1_000;
    let end = now_ms() / 1_000 * 1_000 - day;
    let past = Terms {
        field_ms: [end - day, end, end],
        ..terms()
    };
    let sender = place.path("sender");
    let made = place.sijill(args!["keys", "new", "--name", "sender", "--data", &sender]);
    let keys = format!("operators = [\"{}\"]", place.operator_key());
    let with = format!("{keys}\nsender = \"{}\"", made.well().out.trim());
    let latest = format!("latest_end = {}\n", rfc3339(end));
    let until_then = format!("{latest}contacts_until = {}\n", rfc3339(end));
    let (platform, own) = ("_by = \"platform\"", "_by = \"sender\"");
    let definition = place.definition(&past).replace(&keys, &with);
    let definition = definition.replace(&latest, &until_then);
    let toml = place.write("poll.toml", definition.replace(platform, own));
    let (file, out) = (
        place.write("people.csv", roster(&people(6))),
        place.path("public.roster"),
    );
    let make = args![
        "roster",
        "make",
        file,
        "--definition",
        toml,
        "--out",
        &out,
        "--data",
        &sender
    ];
    let late = place.sijill(make).expect_code(1);
    assert!(
        late.err.contains("nobody could be written to"),
        "{}",
        late.err
    );
    assert!(!out.exists() && !sender.join("polls/bridge/vault").exists());
}

#[test]
fn the_vaults_key_may_be_kept_elsewhere_and_a_wrong_or_missing_one_is_told() {
    let place = Place::new();
    place.open(&place.definition(&terms()));
    let file = place.write("roster.csv", roster(&people(3)));
    let imported = place
        .sijill(args!["roster", "import", &file, "--poll", SLUG])
        .well();
    let key = place.data().join("keys/vault.key");
    assert!(
        imported.err.contains("belongs on another disk"),
        "{}",
        imported.err
    );
    assert!(key.exists());
    let elsewhere = place.path("elsewhere.key");
    fs::rename(&key, &elsewhere).unwrap();

    let out = place.path("messages.csv");
    let export = || args!["invitations", "export", "--poll", SLUG, "--out", &out].to_vec();
    let missing = place.sijill(export()).expect_code(2);
    assert!(missing.err.contains("--vault-key FILE"), "{}", missing.err);
    let words = place.write("words", "a long walk by the river\n");
    private(&words);
    let mut other = export();
    other.extend_from_slice(args!["--vault-passphrase-file", &words]);
    let other = place.sijill(other).expect_code(2);
    assert!(
        other.err.contains("has a key file and no passphrase"),
        "{}",
        other.err
    );
    assert!(!out.exists());
    place.write("sijill.toml", "vault_key = \"elsewhere.key\"\n");
    let shown = place.sijill(["poll", "show", SLUG, "--json"]).well().json();
    // Nothing of what failed was recorded as a wave.
    assert_eq!(integer(&shown["planned"]), 0);
    place.sijill(export()).well();
    assert!(out.exists() && !key.exists());
}

#[test]
fn a_vault_may_have_a_passphrase_in_the_place_of_a_key() {
    let place = Place::new();
    let words = place.write("words", "a long walk by the river\n");
    private(&words);
    place.write("sijill.toml", "vault_passphrase_file = \"words\"\n");
    let invited = place.poll(&terms(), 6);
    assert!(!place.data().join("keys/vault.key").exists());
    no_file_holds_anybody(&place.data(), &invited);
    place.write("words", "another walk\n");
    let out = place.path("again.csv");
    let again = args![
        "invitations",
        "export",
        "--again",
        "--poll",
        SLUG,
        "--out",
        &out
    ];
    let wrong = place.sijill(again).expect_code(2);
    assert!(
        wrong.err.contains("the passphrase does not open"),
        "{}",
        wrong.err
    );
}

fn private(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// What a spreadsheet did to the numbers is mended, and how many of each kind is said.
#[test]
fn an_import_says_how_many_numbers_it_mended_and_how() {
    let place = Place::new();
    place.open(&place.definition(&terms()));
    let rows = [
        "+9647700000001",
        "07700000002",
        "+96407700000003",
        "+96407700000004",
        "+9649647700000005",
        "9.647700000006E+12",
        "9.6477E+12",
        "٠٧٧٠٠٠٠٠٠٠٣",
        "+964 1 719 1234",
    ];
    let rows: String = rows.iter().map(|row| format!("{row},north,ar\n")).collect();
    let file = place.write("roster.csv", format!("contact,stratum,language\n{rows}"));
    let import = |more: &[&str]| {
        let all = ["roster", "import", "roster.csv", "--poll", SLUG].iter();
        place.sijill(all.chain(more))
    };
    assert!(file.exists());
    let refused = import(&[]).expect_code(2);
    for told in [
        "row 8 has a contact with an exponent",
        "row 9 repeats row 4",
        "row 10 has a contact that is not a mobile",
    ] {
        assert!(refused.err.contains(told), "{told}: {}", refused.err);
    }
    let made = import(&["--skip-bad", "--json"]).well().json();
    assert_eq!(
        (integer(&made["rewritten"]), integer(&made["repaired"])),
        (5, 4)
    );
    let repairs =
        serde_json::json!({"stray_zero": 2, "code_doubled": 1, "lost_plus": 1, "exponent": 1});
    assert_eq!(made["repairs"], repairs);
}
