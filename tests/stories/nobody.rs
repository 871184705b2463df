//! Numbers and tokens are nowhere but in the vault, where they are encrypted: not in what is published, exported, logged,
//! shown, left behind by a crash, or written down for a moment.
//!
//! What has them by design is left out, and not made here: the operator's own list of people, a number that somebody
//! hands to `invitations stop`, and the messages that `invitations export` writes for another carrier.

use crate::browser::Browser;
use crate::centre::Centre;
use crate::place::{Invitation, Place, Server, listening, prompt_terms, terms};
use crate::post::{command, configure, files, invited, open, send, status, stop};
use crate::process::{COMMAND_MAX, Process, Ran, until};
use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER, HEXUPPER, Specification};
use sijill_scenarios::trace;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Files of the story that have numbers or tokens by design.
const OWN: [&str; 3] = ["roster.csv", "bad-roster.csv", "number.txt"];

const PEOPLE: u32 = 60;

/// Every form of numbers and tokens that is looked for, by its first bytes.
struct Secrets(HashMap<[u8; 8], Vec<(Vec<u8>, &'static str)>>);

impl Secrets {
    fn of(invited: &[Invitation]) -> Self {
        let mut secrets = Self(HashMap::new());
        for invitation in invited {
            secrets.add_number(&invitation.contact);
            secrets.add_token(invitation.token());
        }
        secrets
    }

    /// A number as `+9647…`. Its digits in the country are in every way of writing it.
    fn add_number(&mut self, number: &str) {
        let digits = &number[1..];
        let national = &digits[3..];
        let (area, rest) = national.split_at(3);
        let spaced = format!("{area} {} {}", &rest[..3], &rest[3..]);
        let value: u64 = digits.parse().unwrap();
        self.add("a number", national.as_bytes());
        self.add("a number with spaces", spaced.as_bytes());
        for zero in ['٠', '۰'] {
            let other =
                |digit: char| char::from_u32(zero as u32 + digit.to_digit(10).unwrap()).unwrap();
            let written: String = national.chars().map(other).collect();
            self.add("a number in other digits", written.as_bytes());
        }
        self.add("a number in binary", &value.to_le_bytes());
        self.add("a number in binary", &value.to_be_bytes());
        self.add_encoded("a number, encoded", national.as_bytes());
    }

    fn add_token(&mut self, token: &str) {
        self.add("a token", token.as_bytes());
        self.add("a token in capitals", token.to_ascii_uppercase().as_bytes());
        self.add_encoded("a token, encoded", token.as_bytes());
        let bits = bits(token);
        self.add("the bits of a token", &bits);
        self.add_encoded("the bits of a token, encoded", &bits);
    }

    /// Hexadecimal, base64 wherever in it, and two bytes a character.
    fn add_encoded(&mut self, what: &'static str, bytes: &[u8]) {
        self.add(what, HEXLOWER.encode(bytes).as_bytes());
        self.add(what, HEXUPPER.encode(bytes).as_bytes());
        for before in 0..3 {
            let padded = [&[0; 3][..before], bytes].concat();
            // Characters that belong to these bytes alone.
            let whole = (before * 8).div_ceil(6)..padded.len() * 8 / 6;
            self.add(what, &BASE64.encode(&padded).as_bytes()[whole.clone()]);
            self.add(what, &BASE64URL_NOPAD.encode(&padded).as_bytes()[whole]);
        }
        let wide = |order: fn(u16) -> [u8; 2]| -> Vec<u8> {
            bytes
                .iter()
                .flat_map(|byte| order((*byte).into()))
                .collect()
        };
        self.add(what, &wide(u16::to_be_bytes));
        self.add(what, &wide(u16::to_le_bytes));
    }

    fn add(&mut self, what: &'static str, bytes: &[u8]) {
        let start = *bytes
            .first_chunk()
            .expect("it is long enough to be no chance");
        self.0
            .entry(start)
            .or_default()
            .push((bytes.to_vec(), what));
    }

    /// Which form of one of them stands there, if any does.
    fn found(&self, bytes: &[u8]) -> Option<&'static str> {
        bytes.windows(8).enumerate().find_map(|(at, window)| {
            let start: [u8; 8] = window.try_into().unwrap();
            // What was never written, and most of a log is that.
            let forms = (start != [0; 8]).then(|| self.0.get(&start))??;
            let is_there = |(form, what): &(Vec<u8>, &'static str)| {
                bytes[at..].starts_with(form).then_some(*what)
            };
            forms.iter().find_map(is_there)
        })
    }

    #[track_caller]
    fn not_in(&self, place: &str, bytes: &[u8]) {
        let found = self.found(bytes);
        assert_eq!(found, None, "{place} has {}", found.unwrap_or_default());
    }

    /// Every file below a folder, but those that have them by design.
    #[track_caller]
    fn in_no_file_of(&self, folder: &Path) {
        for (path, bytes) in files(folder) {
            let own = path.parent() == Some(folder)
                && path
                    .file_name()
                    .is_some_and(|name| OWN.iter().any(|own| name == *own));
            if !own {
                self.not_in(&path.display().to_string(), &bytes);
            }
        }
    }

    #[track_caller]
    fn in_nothing_said(&self, what: &str, ran: &Ran) {
        self.not_in(what, ran.out.as_bytes());
        self.not_in(what, ran.err.as_bytes());
    }
}

/// The first 96 of the 100 bits of a token.
fn bits(token: &str) -> Vec<u8> {
    let mut crockford = Specification::new();
    crockford
        .symbols
        .push_str("0123456789abcdefghjkmnpqrstvwxyz");
    crockford.check_trailing_bits = false;
    let encoding = crockford.encoding().unwrap();
    encoding.decode(token.as_bytes()).unwrap()
}

/// A place whose temporary files are in a folder of its own.
fn own_place() -> Place {
    let place = Place::new();
    fs::create_dir(place.path("tmp")).unwrap();
    place.set_variable("TMPDIR", place.path("tmp"));
    place
}

/// Every bad way to write somebody's number is named by its row, and by nothing else.
fn import_badly(place: &Place, invited: &[Invitation]) -> Vec<(&'static str, Ran)> {
    let own = |person: usize| &invited[person].contact;
    let rows = [
        format!("{},north,ar", own(0)),
        format!("{},north,ar", own(0)),
        format!("{}0,north,ar", own(1)),
        format!("{},nowhere,ar", own(2)),
        format!("{},north,fr", own(3)),
        format!("x{},north,ar", own(4)),
        format!("\"{} or {}\",north,ar", own(5), own(6)),
        format!("north,{},ar", own(7)),
    ];
    let file = place.write(
        "bad-roster.csv",
        format!("contact,stratum,language\n{}\n", rows.join("\n")),
    );
    let import = |more: &[&str]| {
        let all = args![
            "roster",
            "import",
            &file,
            "--poll",
            terms().slug,
            "--key",
            place.key_file()
        ];
        place.sijill(all.iter().cloned().chain(more.iter().map(Into::into)))
    };
    let said = import(&[]).expect_code(2);
    assert!(said.err.contains("row 3 repeats row 2"), "{}", said.err);
    let machine = import(&["--json"]).expect_code(2);
    vec![("a bad import", said), ("a bad import, by JSON", machine)]
}

/// A send that is killed in the middle while somebody looks at every file, and taken up with a torn journal.
fn crash(place: &Place, secrets: &Secrets) {
    let mut sending = place.start("killed", command(place, "send", &["--rate", "15"]));
    let left = || {
        let shown = place.sijill(command(place, "status", &["--json"]));
        shown.code.filter(|code| *code == 0)?;
        (shown.json()["counts"]["queued"].as_u64()? < u64::from(PEOPLE) - 10).then_some(())
    };
    until(COMMAND_MAX, left).expect("some leave");
    secrets.in_no_file_of(&place.path(""));
    assert!(sending.is_running(), "{}", sending.err());
    sending.kill();
    let journal = place
        .data()
        .join("polls")
        .join(terms().slug)
        .join("vault/journal");
    let bytes = fs::read(&journal).unwrap();
    fs::write(&journal, &bytes[..bytes.len() - 3]).unwrap();
    let taken_up = send(place, &["--without-receipts"]).well();
    assert!(taken_up.err.contains("was torn"), "{}", taken_up.err);
    assert!(journal.with_extension("torn").exists());
}

/// Where a server says that its metrics are.
fn metrics_of(server: &Server) -> Browser {
    let said = || {
        let log = server.log();
        let (_, rest) = log.split_once("metrics on ")?;
        listening(rest)
    };
    Browser::new(until(COMMAND_MAX, said).expect("the server says where its metrics are"))
}

/// What anybody can see of a running service, and its operator.
fn look_at(place: &Place, server: &Server, secrets: &Secrets) {
    let browser = server.browser();
    let slug = terms().slug;
    let poll = format!("/polls/{slug}");
    for path in [
        "/health",
        "/",
        "/in/ar",
        "/verify",
        &poll,
        &format!("{poll}/results.json"),
        &format!("{poll}/definition"),
        &format!("{poll}/checkpoint"),
        &format!("{poll}/checkpoints"),
        &format!("{poll}/export"),
        &format!("{poll}/roster"),
    ] {
        let page = browser.get(path).status(200);
        secrets.not_in(path, &page.body);
    }
    let metrics = metrics_of(server).get("/metrics").status(200);
    secrets.not_in("/metrics", &metrics.body);
    let monitor: [&[&str]; 3] = [&["--once"], &["--json"], &["--link", "--json"]];
    for more in monitor {
        let ran = place.sijill(["monitor"].iter().chain(more)).well();
        secrets.in_nothing_said("the monitor", &ran);
    }
    let link = place.sijill(["monitor", "--link", "--json"]).well().json();
    let opened = browser.ask("POST", link["path"].as_str().unwrap(), &[], b"");
    let opened = opened.unwrap().status(303);
    let (cookie, _) = opened
        .header("set-cookie")
        .unwrap()
        .split_once("; ")
        .unwrap();
    let monitor = browser.ask("GET", "/monitor/in/en", &[("Cookie", cookie)], b"");
    let monitor = monitor.unwrap().status(200);
    assert!(monitor.text().contains("data-poll=\"bridge\""));
    secrets.not_in("the monitor's page", &monitor.body);
    let folder = place.path("published");
    place.sijill(args!["publish", &slug, folder]).well();
    let export = place.path("bridge.export");
    place.sijill(args!["export", &slug, export]).well();
}

#[test]
fn numbers_and_tokens_stand_nowhere_but_in_the_vault_whatever_happens_to_a_poll() {
    let centres = tempfile::tempdir().unwrap();
    let Some(centre) = Centre::open(centres.path(), &["--receipts", "mixed", "--stops", "7"])
    else {
        return;
    };
    let place = own_place();
    configure(&place, &centre.address());
    open(&place, &place.definition(&prompt_terms()), PEOPLE);
    let invited = invited(&place);
    let secrets = Secrets::of(&invited);
    // The search finds what is there.
    let roster = fs::read(place.path("roster.csv")).unwrap();
    assert_eq!(secrets.found(&roster), Some("a number"));
    let tokens = Secrets::of(&invited[..1]);
    let written = BASE64.encode(format!("?{}", invited[0].link).as_bytes());
    assert_eq!(tokens.found(written.as_bytes()), Some("a token, encoded"));

    for (what, ran) in import_badly(&place, &invited) {
        secrets.in_nothing_said(what, &ran);
    }
    place.write_secret("password", "wrong\n");
    send(&place, &[]).expect_code(3);
    place.write_secret("password", "secret\n");
    place
        .sijill(command(&place, "preview", &["--price", "0.05"]))
        .well();
    let test = command(&place, "test", &[&invited[0].contact, "--language", "en"]);
    place.sijill(test).well();
    crash(&place, &secrets);

    let Ok(mut server) = place.try_serve_with(["--metrics", "127.0.0.1:0"]) else {
        panic!("the server starts");
    };
    let [first, second, third] = [0, 1, 2].map(|place: usize| &invited[place]);
    server.answer(&invited[10..20], "yes");
    let browser = server.browser();
    browser
        .post(&format!("{}/stop", first.path), &[])
        .status(200);
    stop(&place, &second.contact);
    // What a log could give away: strange requests with a token or a number in them.
    browser.get(&format!("{}?number={}", third.path, third.contact));
    browser.get(&format!("/polls/{}/{}", third.token(), third.contact));
    browser.post(
        &third.path,
        &[("answer", third.contact.as_str()), ("revision", "9")],
    );
    send(&place, &["--failed"]);
    status(&place, &["--repeated"]);
    server.published(&terms().slug, place.recorded(&terms().slug));
    look_at(&place, &server, &secrets);
    secrets.in_no_file_of(&place.path(""));
    server.kill();
    let again = place.serve();
    again.stop().well();
    place.close(&terms().slug);
    place.audit_data(&terms().slug).well();
    place.audit(place.path("bridge.export"), [""; 0]);
    place.audit(place.path("published"), [""; 0]);
    secrets.in_no_file_of(&place.path(""));
    assert_eq!(
        files(&place.path("tmp")).len(),
        0,
        "nothing temporary is left"
    );
}

/// Files that the binary made, or opened to write into, while it carried out a command.
fn written_by(place: &Place, name: &str, arguments: &[std::ffi::OsString]) -> Vec<PathBuf> {
    let log = place.path(&format!("{name}.strace"));
    let mut command = Command::new("strace");
    command
        .args(["-f", "-qq", "-s", "4096", "-o"])
        .arg(&log)
        .args([
            "-e",
            "trace=openat,open,creat,memfd_create,rename,renameat2,link,linkat",
        ])
        .arg(env!("CARGO_BIN_EXE_sijill"))
        .args(arguments)
        .current_dir(place.path(""))
        .env("SIJILL_DATA", place.data())
        .env("TMPDIR", place.path("tmp"));
    Process::start(&mut command, &place.path(""), name)
        .wait(COMMAND_MAX)
        .well();
    let log = fs::read_to_string(log).unwrap();
    let writes = |line: &&str| {
        [
            "O_WRONLY",
            "O_RDWR",
            "O_CREAT",
            "O_TMPFILE",
            "memfd_create",
            "rename",
            "link",
        ]
        .iter()
        .any(|word| line.contains(word))
    };
    let names = log
        .lines()
        .filter(writes)
        .filter_map(|line| line.split('"').nth(1));
    names.map(PathBuf::from).collect()
}

/// No command that knows numbers or tokens writes anywhere but into the data directory; an audit, which looks at a
/// private copy of it, copies neither vault nor keys.
#[test]
fn whoever_sends_writes_no_file_outside_the_data_directory_and_an_audit_copies_no_vault() {
    let name =
        "whoever_sends_writes_no_file_outside_the_data_directory_and_an_audit_copies_no_vault";
    let centres = tempfile::tempdir().unwrap();
    if !trace::can_trace(name) {
        return;
    }
    let Some(centre) = Centre::open(centres.path(), &[]) else {
        return;
    };
    let place = own_place();
    configure(&place, &centre.address());
    open(&place, &place.definition(&terms()), 20);
    for (what, more) in [
        ("preview", &[][..]),
        ("send", &[]),
        ("status", &["--repeated"]),
    ] {
        let written = written_by(&place, what, &command(&place, what, more));
        for path in &written {
            let own = path.starts_with(place.data()) || path.starts_with("/dev");
            assert!(own, "`{what}` writes {}", path.display());
        }
        assert!(what != "send" || written.len() > 10, "{written:?}");
    }
    place.close(&terms().slug);
    let (anchor, key) = (place.anchor(&terms().slug), place.operator_key());
    let audit = args![
        "audit",
        place.data(),
        "--operator-key",
        key,
        "--anchor",
        anchor
    ];
    let copied = written_by(&place, "audit", audit);
    assert!(
        copied
            .iter()
            .any(|path| path.starts_with(place.path("tmp"))),
        "{copied:?}"
    );
    for path in copied {
        let secret = ["vault", "keys", "strata.keys", "stops"];
        let has = |name: &&str| path.components().any(|part| part.as_os_str() == *name);
        assert!(
            !secret.iter().any(has),
            "the audit copies {}",
            path.display()
        );
    }
    assert_eq!(files(&place.path("tmp")).len(), 0, "the copy is gone");
}
