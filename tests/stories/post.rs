//! How messages leave in a story: a poll with a roster, the configuration that names a gateway, the commands that send,
//! and what the vault and the ledger have of it afterwards.

use crate::place::{Invitation, Place, people, roster, terms};
use crate::process::Ran;
use serde_json::Value;
use sijill_outreach::vault::Contact;
use sijill_poll::definition::Definition;
use sijill_scenarios::Terms;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What is left to the configuration file: that a story may be told at night.
pub const SETTINGS: &str = "[sending]\nhours = \"00:00-24:00\"\nrest_days = []\n";

/// A poll with a roster of so many, and a configuration that names the message centre at this address.
pub fn place(address: &str, count: u32) -> Place {
    let place = Place::new();
    configure(&place, address);
    let definition = place.definition(&terms());
    open(&place, &definition, count);
    place
}

/// Opens the poll of this definition, and imports a roster of so many.
pub fn open(place: &Place, definition: &str, count: u32) {
    place.open(definition);
    let file = place.write("roster.csv", roster(&people(count)));
    place
        .sijill(args![
            "roster",
            "import",
            file,
            "--poll",
            terms().slug,
            "--key",
            place.key_file()
        ])
        .well();
}

/// The terms of a poll whose field lasts six days.
pub fn six_days() -> Terms {
    const DAY_MS: u64 = 24 * 3_600_000;
    let terms = terms();
    let [start, ..] = terms.field_ms;
    Terms {
        field_ms: [start, start + 6 * DAY_MS, start + 7 * DAY_MS],
        ..terms
    }
}

/// A definition that allows so many reminders, a day apart, and whose messages need two segments.
pub fn with_reminders(place: &Place, terms: &Terms, most: u8) -> String {
    let definition = in_two_segments(&place.definition(terms));
    let segments = "segments_max = 4\n";
    assert!(definition.contains(segments));
    let reminders = format!("{segments}reminders_max = {most}\nreminder_hours_min = 24\n");
    definition.replace(segments, &reminders)
}

/// The same definition with messages that need two segments, in each language.
pub fn in_two_segments(definition: &str) -> String {
    let mut definition = definition.to_owned();
    let english = "The City Council invites you, as one of those who were drawn by lot, to answer this question once: ";
    for (question, before) in [
        (
            "ar = \"هل تؤيد بناء الجسر الجديد؟\\n{link}",
            "يسألك مجلس المدينة: ",
        ),
        (
            "en = \"Do you support building the new bridge?\\n{link}",
            english,
        ),
    ] {
        assert!(definition.contains(question), "{definition}");
        let (tag, rest) = question.split_at("ar = \"".len());
        definition = definition.replace(question, &format!("{tag}{before}{rest}"));
    }
    definition
}

/// Writes a configuration that names the message centre at this address.
pub fn configure(place: &Place, address: &str) {
    configure_with(place, address, "", SETTINGS);
}

/// The same with further lines for `[gateway]`, and this in the place of [`SETTINGS`].
pub fn configure_with(place: &Place, address: &str, more: &str, settings: &str) {
    place.write_secret("password", "secret\n");
    let gateway = format!(
        "[gateway]\nsmpp = \"{address}\"\nsystem_id = \"ur\"\npassword_file = \"password\"\nrate = 100000\nwindow = 50\n{more}"
    );
    place.write("sijill.toml", format!("{gateway}{settings}"));
}

/// Sends to whoever was not written to yet.
pub fn send(place: &Place, more: &[&str]) -> Ran {
    place.sijill(command(place, "send", more))
}

/// Reminds whoever has not answered.
pub fn remind(place: &Place, more: &[&str]) -> Ran {
    place.sijill(command(place, "remind", more))
}

/// The arguments of a command of `invitations`.
pub fn command(place: &Place, what: &str, more: &[&str]) -> Vec<OsString> {
    let config = place.path("sijill.toml");
    let mut all = args![
        "invitations",
        what,
        "--poll",
        terms().slug,
        "--config",
        config
    ]
    .to_vec();
    if matches!(what, "send" | "remind") {
        all.extend(args!["--key", place.key_file()].to_vec());
    }
    all.extend(more.iter().map(Into::into));
    all
}

/// How sending stands, as `invitations status` shows it.
pub fn status(place: &Place, more: &[&str]) -> Value {
    let more = [&["--json"], more].concat();
    place.sijill(command(place, "status", &more)).well().json()
}

/// Places in the roster of those whose message may have arrived twice in the last wave.
pub fn repeated(place: &Place) -> Vec<u64> {
    let shown = status(place, &["--repeated"]);
    let repeated = shown["repeated"].as_array().unwrap().iter();
    repeated.map(|place| place.as_u64().unwrap()).collect()
}

/// Somebody told the operator that they want no more messages.
pub fn stop(place: &Place, contact: &str) {
    let file = place.write("number.txt", contact);
    let mut stop = place.command();
    stop.args(command(place, "stop", &[]))
        .stdin(std::fs::File::open(file).unwrap());
    assert!(stop.status().unwrap().success());
}

/// Everybody as the vault has them, without their message, in the order of the roster's leaves.
pub fn invited(place: &Place) -> Vec<Invitation> {
    let folder = place.data().join("polls").join(terms().slug).join("vault");
    let contacts: Vec<_> = place.vault_in(&folder).contacts().collect();
    let invitation = |contact: Contact| {
        let path = format!("/p/{}", contact.token.reveal());
        Invitation {
            contact: contact.number.e164(),
            link: format!("http://{}{path}", terms().host),
            path,
            message: String::new(),
        }
    };
    contacts
        .into_iter()
        .map(|contact| invitation(contact.unwrap()))
        .collect()
}

/// Everybody's message as the vault and the definition have it, in the order of the roster's leaves.
pub fn letters(place: &Place) -> Vec<(Invitation, String)> {
    let opened = last(place, "Opened");
    let definition = opened["content"]["definition"].as_str().unwrap();
    let definition = Definition::parse(definition).unwrap();
    let folder = place.data().join("polls").join(terms().slug).join("vault");
    let contacts = place.vault_in(&folder);
    let languages = contacts.contacts().map(|contact| contact.unwrap().language);
    let letter = |(invitation, language): (Invitation, u8)| {
        let tag = definition.languages().nth(language.into()).unwrap();
        let prefix = &definition.message.link_prefix;
        let link = format!("{prefix}{}", invitation.token());
        let text = definition.message.text.get(tag).replace("{link}", &link);
        (Invitation { link, ..invitation }, text)
    };
    invited(place)
        .into_iter()
        .zip(languages)
        .map(letter)
        .collect()
}

/// The last entry of a kind.
#[track_caller]
pub fn last(place: &Place, kind: &str) -> Value {
    let entries = place
        .sijill(["ledger", "show", terms().slug.as_str()])
        .well()
        .json_lines();
    let of_kind = entries
        .into_iter()
        .rev()
        .find(|entry| entry["kind"] == kind);
    of_kind.unwrap_or_else(|| panic!("the ledger has no `{kind}`"))
}

/// What the ledger says of a wave's end: sent, failed, stopped, delivered, unknown, refused.
#[track_caller]
pub fn outcome(place: &Place) -> [u64; 6] {
    let ended = last(place, "WaveEnded");
    let words = [
        "sent",
        "failed",
        "stopped",
        "delivered",
        "unknown",
        "refused",
    ];
    words.map(|word| ended["content"][word].as_u64().unwrap())
}

/// Files below a folder, with their bytes. What goes away meanwhile, and a socket, is not there.
pub fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else {
        return found;
    };
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.extend(std::fs::read(&path).map(|bytes| (path, bytes))),
        }
    }
    found
}
