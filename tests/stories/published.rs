//! What a poll's address serves to strangers while the server runs: checkpoints, tiles, bundles and proofs, each for as
//! long as it stays what it is; nothing that is not published; and all that an auditor or a reader in another language
//! needs.

use crate::assertions::verdict;
use crate::browser::{Browser, Page};
use crate::place::{Invitation, Place, Server, prompt_terms, terms};
use crate::process::{COMMAND_MAX, Process};
use crate::second_opinion;
use serde_json::{Value, json};
use sijill_ledger::bundle;
use sijill_ledger::checkpoint::SignedCheckpoint;
use sijill_ledger::policy::Policy;
use sijill_ledger::proof::ConsistencyProof;
use sijill_ledger::tile::{TileId, TileKind};
use sijill_ledger::tlog_proof::TlogProof;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const SLUG: &str = "bridge";
const TEXT: &str = "text/plain; charset=utf-8";
const BYTES: &str = "application/octet-stream";
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const FOR_A_MOMENT: &str = "public, max-age=1";

/// Answers that make a publication in these polls.
const STEP: usize = 10;

/// A poll whose opening and whose first ten answers are published, and three more answers that are not.
struct Scene {
    place: Place,
    server: Server,
    browser: Browser,
    /// The two checkpoints.
    first: SignedCheckpoint,
    second: SignedCheckpoint,
}

impl Scene {
    fn new() -> Self {
        let place = Place::new();
        let invited = place.poll(&terms(), 14);
        let server = place.serve();
        let first = server.published(SLUG, place.recorded(SLUG));
        server.answer(&invited[..STEP], "yes");
        let second = server.published(SLUG, place.recorded(SLUG));
        server.answer(&invited[STEP..STEP + 3], "no");
        Self {
            browser: server.browser(),
            place,
            server,
            first,
            second,
        }
    }

    fn sizes(&self) -> [u64; 2] {
        [&self.first, &self.second].map(|signed| signed.claimed().size)
    }

    fn get(&self, path: &str) -> Page {
        self.browser.get(&at(path))
    }

    fn asking(&self, path: &str, header: (&str, &str)) -> Page {
        let page = self.browser.ask("GET", &at(path), &[header], b"");
        page.expect("the server answers")
    }
}

/// Below the poll's address.
fn at(path: &str) -> String {
    format!("/polls/{SLUG}/{path}")
}

#[test]
fn what_a_size_names_is_kept_for_ever_and_what_grows_for_a_moment() {
    let scene = Scene::new();
    let [old, new] = scene.sizes();
    let last = new - 1;
    for (path, kind, keep) in [
        ("checkpoint".to_owned(), TEXT, FOR_A_MOMENT),
        ("checkpoints".to_owned(), TEXT, FOR_A_MOMENT),
        (format!("tile/0/000.p/{new}"), BYTES, FOR_EVER),
        (format!("tile/0/000.p/{old}"), BYTES, FOR_EVER),
        (format!("tile/entries/000.p/{new}"), BYTES, FOR_EVER),
        (format!("receipt/{new}/{last}"), TEXT, FOR_EVER),
        (format!("receipt/{old}/0"), TEXT, FOR_EVER),
        (format!("consistency/{old}/{new}"), TEXT, FOR_EVER),
        (format!("consistency/{new}/{new}"), TEXT, FOR_EVER),
    ] {
        let page = scene.get(&path).status(200);
        assert_eq!(page.header("content-type"), Some(kind), "{path}");
        assert_eq!(page.header("cache-control"), Some(keep), "{path}");
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(page.header("content-encoding"), None, "nobody asked for it");

        let head = scene.browser.head(&at(&path)).status(200);
        assert_eq!(head.body, b"", "{path}");
        assert_eq!(head.header("content-type"), Some(kind), "{path}");
        let posted = scene.browser.post(&at(&path), &[]);
        assert_eq!(posted.status, 405, "{path}");
        let asked = scene.get(&format!("{path}?size={last}&index=1"));
        assert_eq!(asked.status(200).body, page.body, "a query means nothing");

        let zipped = scene.asking(&path, ("Accept-Encoding", "gzip")).status(200);
        let is_hashes = path.starts_with("tile/0/");
        if is_hashes || page.body.len() < 32 {
            assert_eq!(zipped.body, page.body, "hashes do not get smaller: {path}");
        } else {
            assert_eq!(zipped.header("content-encoding"), Some("gzip"), "{path}");
            assert_eq!(gunzip(&scene.place, &zipped.body), page.body, "{path}");
        }
    }
    let hashes = scene.get(&format!("tile/0/000.p/{new}")).body;
    assert_eq!(hashes.len() as u64, 32 * new);
    let entries = scene.get(&format!("tile/entries/000.p/{new}")).body;
    assert_eq!(bundle::read(&entries, new).unwrap().len() as u64, new);
}

fn gunzip(place: &Place, bytes: &[u8]) -> Vec<u8> {
    let file = place.write("zipped.gz", bytes);
    let ran = Command::new("gzip").arg("-dc").arg(file).output().unwrap();
    assert!(ran.status.success(), "{ran:?}");
    ran.stdout
}

#[test]
fn nothing_is_served_that_no_checkpoint_has_and_no_address_has_a_second_spelling() {
    let scene = Scene::new();
    let [old, new] = scene.sizes();
    let (more, none, last) = (new + 3, new - 1, new - 1);
    let nowhere = [
        // Of entries that are not published, or not yet that many; widths that no checkpoint had.
        format!("tile/0/000.p/{more} tile/entries/000.p/{more} tile/0/000.p/{none} tile/entries/000.p/{none}"),
        "tile/0/000 tile/entries/000 tile/0/001 tile/entries/001.p/1 tile/1/000 tile/1/000.p/1".to_owned(),
        "tile/0/000.p/0 tile/0/000.p/256 tile/0/000.p/999999999999999999999 tile/0/000.p/ tile/0/000.p".to_owned(),
        // Levels, indices and numbers out of range or spelled otherwise.
        format!("tile/8/000 tile/63/000 tile/-1/000.p/{new} tile/00/000.p/{new} tile/data/000.p/{new}"),
        format!("tile/0/0.p/{new} tile/0/0000.p/{new} tile/0/x000/000.p/{new} tile/0/000.p/0{new} tile/0/000.p/+{new}"),
        "tile/0/x999/x999/x999/x999/x999/x999/999 tile/0/xyz tile/entries/x001".to_owned(),
        // Dots, slashes, and characters in their longer form.
        format!("tile/0/../0/000.p/{new} tile/0/./000.p/{new} tile/../checkpoint ./checkpoint ../bridge/checkpoint"),
        format!("tile/0/%2e%2e/0/000.p/{new} tile/0/000.p%2F{new} tile%2F0/000.p/{new} tile/0/000%2Ep/{new}"),
        format!("tile/%30/000.p/{new} tile/%65ntries/000.p/{new} tile/entries%2F000.p/{new} check%70oint tile/0/000.p/{new}%00"),
        format!("tile/0/000.p/{new}/ tile//0/000.p/{new} tile/0//000.p/{new} tile tile/ tile/0 tile/0/ tile/entries/"),
        "checkpoint/ checkpoint/1 Checkpoint checkpoints/ checkpoints/1 checkpoint.writing published head".to_owned(),
        // Receipts and consistency of what is not there.
        format!("receipt/{new}/{new} receipt/{more}/0 receipt/{more}/{new} receipt/{none}/0 receipt/0/0"),
        format!("receipt/0{new}/0 receipt/{new}/00 receipt/{new}/-1 receipt/{new}/1e0 receipt/{new}/18446744073709551616"),
        format!("receipt/{new} receipt/{new}/ receipt/{new}/0/ receipt/{new}/%30 receipt/%31/0 receipt/{old}/{last}"),
        format!("consistency/{new}/{old} consistency/{old}/{more} consistency/{none}/{new} consistency/0/{new}"),
        format!("consistency/{old}/0{new} consistency/{old} consistency/{old}/{new}/ consistency/{old}%2F{new}"),
    ];
    let mut tried = 0;
    for path in nowhere.iter().flat_map(|line| line.split(' ')) {
        let page = scene.get(path);
        assert_eq!(page.status, 404, "{path}: {}", page.text());
        assert!(page.text().contains("<h1"), "a page says so: {path}");
        assert_ne!(page.header("cache-control"), Some(FOR_EVER), "{path}");
        tried += 1;
    }
    assert!(tried > 70, "{tried}");
    for slug in ["tunnel", "bridge%2F..%2Fbridge", "..", ".", "BRIDGE"] {
        let path = format!("/polls/{slug}/checkpoint");
        assert_eq!(scene.browser.get(&path).status, 404, "{path}");
    }
    assert!(
        !scene.server.log().contains("ERROR"),
        "{}",
        scene.server.log()
    );
}

#[test]
fn the_list_of_checkpoints_is_read_on_from_where_one_left_off() {
    let scene = Scene::new();
    let [first, second] = [&scene.first, &scene.second].map(ToString::to_string);
    let whole = scene.get("checkpoints").status(200);
    // The opening and the roster were published before.
    assert!(whole.text().ends_with(&format!("{first}{second}")));
    assert_eq!(whole.header("accept-ranges"), Some("bytes"));
    let end = whole.body.len();
    let from = end - second.len();
    let part = |range: String| scene.asking("checkpoints", ("Range", &range));
    let grown = part(format!("bytes={from}-")).status(206);
    assert_eq!(grown.text(), second);
    let range = format!("bytes {from}-{}/{end}", end - 1);
    assert_eq!(grown.header("content-range"), Some(range.as_str()));
    let both = [("Range", "bytes=1-"), ("Accept-Encoding", "gzip")];
    let path = at("checkpoints");
    let both = scene.browser.ask("GET", &path, &both, b"").unwrap();
    assert_eq!(
        both.header("content-encoding"),
        None,
        "a part is of the bytes as they are"
    );
    assert_eq!(both.status(206).body, whole.body[1..]);
    for beyond in [end, end + 1, usize::MAX] {
        let page = part(format!("bytes={beyond}-")).status(416);
        assert_eq!(
            page.header("content-range"),
            Some(format!("bytes */{end}").as_str())
        );
        assert_eq!(page.body, b"");
    }
    // Other ways to ask for a part may be answered with the whole.
    for other in [
        "bytes=0-",
        "bytes=5-9",
        "bytes=-5",
        "bytes=05-",
        "lines=5-",
        "bytes=x-",
    ] {
        assert_eq!(
            part(other.to_owned()).status(200).body,
            whole.body,
            "{other}"
        );
    }
}

#[test]
fn the_proofs_that_an_address_serves_hold_under_its_checkpoints() {
    let scene = Scene::new();
    let [old, new] = scene.sizes();
    let entries = scene.get(&format!("tile/entries/000.p/{new}")).body;
    let entries = bundle::read(&entries, new).unwrap();
    let policy = fs::read(scene.place.policy(SLUG)).unwrap();
    let policy = Policy::parse(&policy).unwrap();
    for (index, entry) in (0..new).zip(entries) {
        let served = scene.get(&format!("receipt/{new}/{index}")).status(200);
        let receipt: TlogProof = served.text().parse().unwrap();
        assert_eq!(receipt.checkpoint(), &scene.second);
        let verified = receipt.verify_entry(&policy).unwrap();
        assert_eq!(verified.canonical(), entry);
    }
    let served = scene.get(&format!("consistency/{old}/{new}")).status(200);
    let proof: ConsistencyProof = served.text().parse().unwrap();
    let [old, new] = [&scene.first, &scene.second].map(|signed| {
        let claimed = signed.claimed();
        (claimed.size, claimed.root)
    });
    assert_eq!(proof.verify(old, new), Ok(()));
}

/// A poll whose first tile became full between two checkpoints, its address, and a folder with what that serves.
struct Grown {
    place: Place,
    invited: Vec<Invitation>,
    server: Server,
    policy: PathBuf,
    /// Every checkpoint that was looked at on the way.
    seen: Vec<SignedCheckpoint>,
}

impl Grown {
    fn new() -> Self {
        let place = Place::new();
        let invited = place.poll(&prompt_terms(), 300);
        let server = place.serve();
        let policy = place.policy(SLUG);
        let first = server.published(SLUG, place.recorded(SLUG));
        Self {
            place,
            invited,
            server,
            policy,
            seen: vec![first],
        }
    }

    fn newest(&self) -> &SignedCheckpoint {
        self.seen.last().unwrap()
    }

    /// The next so many people answer, and it is published.
    fn grow(&mut self, people: usize) -> u64 {
        let people: Vec<_> = self.invited.drain(..people).collect();
        self.server.answer(&people, "yes");
        let size = self.place.recorded(SLUG);
        self.seen.push(self.server.published(SLUG, size));
        size
    }

    /// What an auditor says who keeps a state from one audit to the next.
    fn audit(&self) -> Value {
        let url = self.server.url("/polls/bridge");
        let state = self.place.path("state");
        let given = args!["--policy", &self.policy, "--state", &state, "--json"];
        self.place.audit(url, given).well().json()
    }

    /// What the address serves of the newest checkpoint, as files.
    fn mirrored(&self) -> PathBuf {
        let folder = self.place.path("mirror");
        let tiles = TileId::all_of(self.newest().claimed().size);
        let paths = tiles.map(|id| id.to_string());
        let fixed = ["checkpoint", "checkpoints", "roster"].map(str::to_owned);
        for path in paths.chain(fixed) {
            let file = folder.join(&path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            let page = self.server.browser().get(&at(&path)).status(200);
            fs::write(file, page.body).unwrap();
        }
        folder
    }
}

#[test]
fn a_poll_that_fills_its_first_tile_is_audited_from_its_address_then_by_its_growth_alone() {
    let mut poll = Grown::new();
    let before = poll.grow(20);
    let report = poll.audit();
    assert_eq!(report["polls"][0]["entries"], before);
    assert_eq!(report["polls"][0]["end_anchored"], true);
    for check in ["V20", "V21", "V24"] {
        assert_eq!(verdict(&report, check), "passed");
    }
    let browser = poll.server.browser();
    let partial = at(&format!("tile/entries/000.p/{before}"));
    let was = browser.get(&partial).status(200).body;
    let kept = poll
        .place
        .write("kept.checkpoint", poll.newest().to_string());
    let receipt = browser.get(&at(&format!("receipt/{before}/7"))).status(200);
    let receipt = poll.place.write("kept.tlog-proof", receipt.body);

    let now = poll.grow(250);
    let full = TileId::at(TileKind::Entries, 0, now).unwrap();
    assert!(full.is_full());
    let full = browser.get(&at(&full.to_string())).status(200);
    assert_eq!(full.header("cache-control"), Some(FOR_EVER));
    assert!(
        full.body.starts_with(&was),
        "what was published is still so"
    );
    // From the publication after that on, nobody needs the partial one any more.
    let now = poll.grow(3);
    assert_eq!(browser.get(&partial).status, 404);

    let report = poll.audit();
    assert_eq!(report["polls"][0]["audited_from"], before);
    assert_eq!(report["polls"][0]["entries"], now);
    assert_eq!(report["polls"][0]["end_anchored"], true);
    assert_eq!(verdict(&report, "V23"), "passed");

    let url = poll.server.url("/polls/bridge");
    let words = args!["compare", &kept, &url, "--policy", &poll.policy];
    let said = poll.place.sijill(words).well().out;
    assert!(said.contains("consistent"), "{said}");
    let words = args![
        "verify",
        &receipt,
        "--policy",
        &poll.policy,
        "--source",
        &url
    ];
    poll.place.sijill(words).well();
    let size = before.to_string();
    let words = args!["prove", &url, "--index", "7", "--size", size];
    let made = poll.place.sijill(words).well().out;
    assert_eq!(made.as_bytes(), fs::read(&receipt).unwrap());
    // The server makes it from the full tile too.
    let again = browser.get(&at(&format!("receipt/{before}/7"))).status(200);
    assert_eq!(again.body, made.as_bytes());
}

#[test]
fn readers_that_share_no_code_with_the_server_read_what_it_serves() {
    let mut poll = Grown::new();
    for people in [10, 30, 230] {
        poll.grow(people);
    }
    let folder = poll.mirrored();
    let key = poll.place.operator_key();
    let words = args![
        &folder,
        "--operator-key",
        key,
        "--policy",
        &poll.policy,
        "--json"
    ];
    let report = second_opinion::verify(&poll.place, words).well().json();
    for check in ["V1", "V20", "V21", "V24"] {
        assert_eq!(verdict(&report, check), "passed");
    }
    let Some(peer) = go_peer(&poll.place) else {
        return;
    };
    fs::write(folder.join("proofs.json"), served_proofs(&poll).to_string()).unwrap();
    let key = fs::read_to_string(&poll.policy).unwrap();
    let key = key
        .lines()
        .next()
        .unwrap()
        .strip_prefix("log ")
        .unwrap()
        .to_owned();
    let mut command = Command::new(peer);
    command.arg("check").arg(&folder).arg(key);
    let said = Process::start(&mut command, &poll.place.path(""), "go").wait(COMMAND_MAX);
    let size = poll.newest().claimed().size;
    let expected = format!("{size} entries, 12 inclusion proofs, 10 consistency proofs");
    assert_eq!(said.well().out.trim(), expected);
}

/// Proofs between all checkpoints that were seen, as the server serves them and the peer reads them.
fn served_proofs(poll: &Grown) -> Value {
    let browser = poll.server.browser();
    let get = |path: String| browser.get(&at(&path)).status(200).text().to_owned();
    let (mut inclusion, mut consistency) = (Vec::new(), Vec::new());
    for new in poll.seen.iter().map(SignedCheckpoint::claimed) {
        let (size, root) = (new.size, new.root.to_base64());
        for index in [0, size / 2, size - 1] {
            let receipt: TlogProof = get(format!("receipt/{size}/{index}")).parse().unwrap();
            let hashes = receipt.inclusion().hashes().iter();
            let hashes: Vec<_> = hashes.map(|hash| hash.to_base64()).collect();
            inclusion.push(json!({"index": index, "size": size, "root": root, "hashes": hashes}));
        }
        let olds = poll.seen.iter().map(SignedCheckpoint::claimed);
        for old in olds.filter(|old| old.size <= size) {
            let proof = get(format!("consistency/{}/{size}", old.size));
            let hashes: Vec<_> = proof.lines().collect();
            consistency.push(json!({
                "old": old.size, "old_root": old.root.to_base64(), "size": size, "root": root, "hashes": hashes,
            }));
        }
    }
    json!({"inclusion": inclusion, "consistency": consistency})
}

/// The peer in Go, built offline; none where Go or its packages are not installed.
fn go_peer(place: &Place) -> Option<PathBuf> {
    let packages = Path::new("/usr/share/gocode");
    let there = packages.join("src/golang.org/x/mod/sumdb/tlog").is_dir();
    if !there || Command::new("go").arg("version").output().is_err() {
        println!("the Go peer is skipped: it needs Debian's golang-go and golang-golang-x-mod-dev");
        return None;
    }
    let peer = place.path("peer");
    let mut build = Command::new("go");
    build.args(["build", "-o"]).arg(&peer).arg("main.go");
    build
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers/go"))
        .env("GO111MODULE", "off")
        .env("GOPATH", packages)
        .envs([("GOFLAGS", ""), ("GOPROXY", "off"), ("CGO_ENABLED", "0")])
        .env("GOCACHE", place.path("go-cache"));
    Process::start(&mut build, &place.path(""), "go-build")
        .wait(COMMAND_MAX)
        .well();
    Some(peer)
}
