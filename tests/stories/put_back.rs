//! What a sender's vault is when it was put back: of an earlier version, of another poll, or from before its messages left.

use crate::centre::Centre;
use crate::place::{Place, copy, people, roster, terms};
use crate::process::Ran;
use data_encoding::BASE64;
use sijill_scenarios::Terms;
use std::fs;
use std::path::{Path, PathBuf};

const SLUG: &str = "bridge";

fn folder(place: &Place, slug: &str) -> PathBuf {
    place.data().join("polls").join(slug)
}

/// Files below a folder in which these bytes stand.
fn files_with(folder: &Path, bytes: &[u8]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files_with(&path, bytes)),
            false => {
                let file = fs::read(&path).unwrap_or_default();
                let holds = file.windows(bytes.len()).any(|window| window == bytes);
                found.extend(holds.then_some(path));
            }
        }
    }
    found
}

fn export_again(place: &Place) -> Ran {
    let out = place.path("again.csv");
    place.sijill(args![
        "invitations",
        "export",
        "--again",
        "--poll",
        SLUG,
        "--out",
        out
    ])
}

/// Whoever has the contact master and the public roster can try every number: it stands nowhere in clear, and where an
/// earlier version left it so, it is sealed as soon as somebody comes to the vault.
#[test]
fn the_contact_master_is_nowhere_in_clear_and_one_that_an_earlier_version_left_is_taken_in() {
    let place = Place::new();
    place.poll(&terms(), 12);
    let poll = folder(&place, SLUG);
    let nowhere = |master: &[u8; 32]| {
        let encoded = BASE64.encode(master);
        for bytes in [master.as_slice(), encoded.as_bytes()] {
            assert_eq!(files_with(&place.data(), bytes), [] as [PathBuf; 0]);
        }
    };
    let contact_master = || *place.vault(SLUG).secrets().unwrap().contact_master;
    let master = contact_master();
    nowhere(&master);
    assert!(!poll.join("contact.key").exists());

    fs::remove_file(poll.join("vault/secrets")).unwrap();
    let lost = export_again(&place).expect_code(3);
    assert!(lost.err.contains("whole folder back"), "{}", lost.err);
    let line = format!("sijill-contact-key@v1 {}\n", BASE64.encode(&master));
    let file = place.write("contact.key", line);
    private(&file);
    fs::rename(file, poll.join("contact.key")).unwrap();
    let taken_in = export_again(&place).well();
    assert!(
        taken_in.err.contains("sealed with them now"),
        "{}",
        taken_in.err
    );
    assert!(!poll.join("contact.key").exists());
    assert_eq!(contact_master(), master);
    nowhere(&master);
    let again = export_again(&place).well();
    assert!(!again.err.contains("sealed with them"), "{}", again.err);
}

fn private(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// Two polls of one sender, made with one key: with the other's vault every link would lead nowhere.
#[test]
fn a_vault_of_another_poll_is_refused_and_nothing_leaves() {
    let place = Place::new();
    let tunnel = Terms {
        slug: "tunnel".to_owned(),
        ..terms()
    };
    place.poll(&terms(), 12);
    place.poll(&tunnel, 12);
    let (own, other) = (folder(&place, SLUG), folder(&place, "tunnel"));
    fs::rename(own.join("vault"), own.join("kept")).unwrap();
    copy(&other.join("vault"), &own.join("vault"));
    for what in ["send", "remind", "preview"] {
        let refused = place.sijill(["invitations", what, "--poll", SLUG]);
        let refused = refused.expect_code(1);
        assert!(
            refused.err.contains("is of another roster"),
            "{}",
            refused.err
        );
    }
    // As far as the contacts go: what says whose they are does not open with their key.
    fs::copy(own.join("kept/secrets"), own.join("vault/secrets")).unwrap();
    let refused = place.sijill(["invitations", "preview", "--poll", SLUG]);
    let refused = refused.expect_code(3);
    assert!(refused.err.contains("of another vault"), "{}", refused.err);

    fs::remove_dir_all(own.join("vault")).unwrap();
    fs::rename(own.join("kept"), own.join("vault")).unwrap();
    place
        .sijill(["invitations", "preview", "--poll", SLUG])
        .well();
}

/// A poll with a roster of so many, and a configuration that names this gateway.
fn with_gateway(centre: &Centre, count: u32) -> Place {
    let place = Place::new();
    place.write_secret("password", "secret\n");
    let settings = format!(
        "[gateway]\nsmpp = \"{}\"\nsystem_id = \"ur\"\npassword_file = \"password\"\nrate = 100000\n[sending]\nhours = \"00:00-24:00\"\nrest_days = []\n",
        centre.address()
    );
    place.write("sijill.toml", settings);
    place.open(&place.definition(&terms()));
    let file = place.write("roster.csv", roster(&people(count)));
    place
        .sijill(args!["roster", "import", file, "--poll", SLUG])
        .well();
    place
}

fn send(place: &Place, more: &[&str]) -> Ran {
    let all = ["invitations", "send", "--poll", SLUG].iter();
    place.sijill(all.chain(more))
}

/// A disk broke, and last week's backup was put in its place: whoever was written to since then would be once more.
#[test]
fn a_journal_from_before_a_wave_is_recognised_and_nobody_is_written_to_twice() {
    let centres = tempfile::tempdir().unwrap();
    let Some(centre) = Centre::open(centres.path(), &[]) else {
        return;
    };
    let place = with_gateway(&centre, 40);
    send(&place, &["--share", "50"]).well();
    let journal = folder(&place, SLUG).join("vault/journal");
    let last_week = fs::read(&journal).unwrap();
    send(&place, &[]).well();
    let newest = fs::read(&journal).unwrap();

    fs::write(&journal, &last_week).unwrap();
    let entries = place.recorded(SLUG);
    for more in [&["--failed"][..], &[]] {
        let refused = send(&place, more).expect_code(1);
        assert!(
            refused.err.contains("older than the end of wave 2"),
            "{}",
            refused.err
        );
    }
    assert_eq!(fs::read(&journal).unwrap(), last_week);
    fs::remove_file(&journal).unwrap();
    let missing = send(&place, &[]).expect_code(1);
    assert!(missing.err.contains("there is none"), "{}", missing.err);
    assert!(!journal.exists());
    assert_eq!(place.recorded(SLUG), entries);

    fs::write(&journal, &newest).unwrap();
    let nobody = send(&place, &[]).expect_code(1);
    assert!(nobody.err.contains("nobody is left"), "{}", nobody.err);
    assert_eq!(centre.report()["messages"], 40);
}

/// A wave that was handed over as a file has no journal: that there is none is no reason to refuse anything.
#[test]
fn a_wave_that_was_exported_asks_for_no_journal() {
    let centres = tempfile::tempdir().unwrap();
    let Some(centre) = Centre::open(centres.path(), &[]) else {
        return;
    };
    let place = with_gateway(&centre, 10);
    let out = place.path("messages.csv");
    let export = args!["invitations", "export", "--poll", SLUG, "--out", out];
    place.sijill(export).well();
    let nobody = place.sijill(["invitations", "remind", "--poll", SLUG]);
    let nobody = nobody.expect_code(1);
    assert!(!nobody.err.contains("journal"), "{}", nobody.err);
}
