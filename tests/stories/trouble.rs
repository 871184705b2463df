//! A disk that is full, fails, falls silent or may not be written, and a process that may open nothing more. In each the
//! service says so, answers "not now" for some seconds, ends with code 3, and has everything confirmed after a restart.
//!
//! What a machine does not allow (mounts in a namespace of one's own, strace) is skipped, and says so.

use crate::assertions::bare;
use crate::browser::{Browser, FORM};
use crate::place::{Invitation, Place, START_MAX, listening, terms};
use crate::process::{Process, Ran, until};
use sijill_scenarios::trace;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const SLUG: &str = "bridge";

/// Longest from the failure of a disk to the end of the process: ten seconds in which it says so, and a busy machine.
const END_MAX: Duration = Duration::from_secs(40);

/// The same where the disk falls silent: half a minute until that counts as a failure.
const SILENT_END_MAX: Duration = Duration::from_secs(80);

/// A server in trouble, and the codes of the answers that it confirmed.
struct Troubled {
    process: Process,
    browser: Browser,
    confirmed: Vec<(String, String)>,
}

impl Troubled {
    #[track_caller]
    fn start(mut process: Process, log: impl Fn(&Process) -> String) -> Self {
        let address = until(START_MAX, || {
            assert!(process.is_running(), "the server ended: {}", log(&process));
            listening(&log(&process))
        });
        let browser = Browser::new(address.expect("the server says where it listens"));
        until(START_MAX, || {
            let health = browser.ask("GET", "/health", &[], b"").ok()?;
            (health.status == 200).then_some(())
        })
        .expect("the server gets healthy");
        Self {
            process,
            browser,
            confirmed: Vec::new(),
        }
    }

    /// A server run by this command, which names no address.
    #[track_caller]
    fn serve(place: &Place, name: &str, command: &mut Command) -> Self {
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        Self::start(Process::start(command, &place.path(""), name), |process| {
            process.err()
        })
    }

    /// These answer until one is told "not now"; the confirmed ones hold their codes.
    fn answer_until_refused(&mut self, invited: &[Invitation]) -> bool {
        for invitation in invited {
            let form = [("answer", "yes"), ("revision", "1")];
            let page = self.browser.try_post(&invitation.path, &form).unwrap();
            if page.status == 503 {
                return true;
            }
            let code = page
                .status(200)
                .code()
                .expect("a confirmation shows a code");
            self.confirmed.push((invitation.path.clone(), bare(&code)));
        }
        false
    }

    /// It still answers, and says that it has stopped and why.
    #[track_caller]
    fn check_says_so(&self, person: &Invitation) {
        let health = self.browser.get("/health").status(503).json();
        assert_eq!(health["state"], "stopped");
        let why = health["why"].as_str().unwrap();
        assert!(why.contains("answers are safe"), "{why}");
        self.browser
            .post(&person.path, &[("answer", "no"), ("revision", "1")])
            .status(503);
        self.browser.get("/polls/bridge/results.json").status(200);
    }
}

/// What operators read at three in the morning.
#[track_caller]
fn check_log(log: &str, what: &str, advice: &str) {
    let (_, report) = log
        .split_once("stopped taking answers: ")
        .unwrap_or_else(|| panic!("no report in: {log}"));
    let mut lines = report.lines();
    let first = lines.next().unwrap();
    assert!(first.contains(what), "{log}");
    assert!(first.contains(" free on `"), "{log}");
    let second = lines.next().unwrap();
    assert!(second.starts_with(&" ".repeat(21)), "{log}");
    assert!(second.contains(" answers are safe. "), "{log}");
    assert!(
        second.contains(advice) && second.contains(", then restart"),
        "{log}"
    );
    assert!(!log.contains("panicked"), "{log}");
}

/// After the trouble a server has everything confirmed, takes answers again, and the ledger is audited.
#[track_caller]
fn check_healed(place: &Place, confirmed: &[(String, String)], next: &Invitation) {
    let server = place.serve();
    check_holds(&server.browser(), confirmed, next);
    server.stop().well();
    place.audit_data(SLUG).well();
}

#[track_caller]
fn check_holds(browser: &Browser, confirmed: &[(String, String)], next: &Invitation) {
    for (path, code) in confirmed {
        let page = browser.get(path).status(200);
        assert_eq!(page.code().as_deref().map(bare).as_ref(), Some(code));
    }
    browser.answer(&next.path, "yes").status(200);
}

/// Ends the process by its trouble, within a time, and says what operators read.
#[track_caller]
fn check_ends(ran: Ran, what: &str, advice: &str) {
    let ran = ran.expect_code(3);
    check_log(&ran.err, what, advice);
    let last = ran
        .err
        .lines()
        .filter(|line| line.starts_with("error: "))
        .count();
    assert_eq!(last, 1, "{}", ran.err);
}

/// The binary under strace, which makes calls of `fdatasync` fail or wait.
fn injecting(place: &Place, how: &str) -> Command {
    let mut command = Command::new("strace");
    command
        .args(["-f", "-o", "/dev/null", "-e", "trace=fdatasync", "-e"])
        .arg(format!("inject=fdatasync:{how}"))
        .arg(env!("CARGO_BIN_EXE_sijill"))
        .current_dir(place.path(""))
        .env("SIJILL_DATA", place.data());
    command
}

// What happened: a sync failed, and the service said so and stayed, refusing everyone until somebody looked. What a
// respondent would have lost: the evening. What holds: it ends with code 3, so that whoever watches over it restarts it.
#[test]
fn a_disk_that_fails_ends_the_service_and_nothing_confirmed_is_lost() {
    if !trace::can_trace("a_disk_that_fails_ends_the_service_and_nothing_confirmed_is_lost") {
        return;
    }
    let place = Place::new();
    let invited = place.poll(&terms(), 30);
    let mut command = injecting(&place, "error=EIO:when=12+");
    let mut server = Troubled::serve(&place, "failing", &mut command);
    assert!(
        server.answer_until_refused(&invited[..25]),
        "nothing failed"
    );
    assert!(!server.confirmed.is_empty());
    server.check_says_so(&invited[26]);
    let seen = place.sijill(["monitor", "--once"]).expect_code(1).out;
    assert!(seen.contains("TAKES NO ANSWERS: "), "{seen}");
    let confirmed = server.confirmed;
    check_ends(
        server.process.wait(END_MAX),
        "Input/output error",
        "See that the disk works",
    );
    check_healed(&place, &confirmed, &invited[29]);
}

// What happened: a disk did not answer, and neither did the service: forms waited half a minute for a page that said
// "try again", `/health` said that all was well, and Ctrl-C was waited for for ever. What holds: a commit that takes as
// long as a request may counts as a failure of the disk.
#[test]
fn a_disk_that_falls_silent_ends_the_service_and_nothing_confirmed_is_lost() {
    if !trace::can_trace("a_disk_that_falls_silent_ends_the_service_and_nothing_confirmed_is_lost")
    {
        return;
    }
    let place = Place::new();
    let invited = place.poll(&terms(), 30);
    // Longer than the service waits and says goodbye; strace holds the ended process until then.
    let mut command = injecting(&place, "delay_enter=46000000:when=12");
    let mut server = Troubled::serve(&place, "silent", &mut command);
    assert!(
        server.answer_until_refused(&invited[..25]),
        "nothing failed"
    );
    let noticed = until(END_MAX, || {
        let health = server.browser.ask("GET", "/health", &[], b"");
        assert!(health.is_ok(), "{}", server.process.err());
        (health.unwrap().status == 503).then_some(())
    });
    noticed.expect("the service notices that its disk is silent");
    server.check_says_so(&invited[26]);
    let confirmed = server.confirmed;
    check_ends(
        server.process.wait(SILENT_END_MAX),
        "has not finished a write",
        "See that the disk works",
    );
    check_healed(&place, &confirmed, &invited[29]);
}

// What happened: the disk fell silent while a publication was written, and nobody looked: `/health` said that all was well
// while every form waited half a minute for a page that said "try again", and a stop was waited for for ever. What holds:
// whatever the service asks of the disk is watched.
#[test]
fn a_disk_that_falls_silent_while_it_publishes_ends_the_service_too() {
    let place = Place::new();
    let invited = place.poll(&terms(), 30);
    let mut command = Command::new(env!("CARGO_BIN_EXE_sijill"));
    command.env("SIJILL_DATA", place.data());
    let mut server = Troubled::serve(&place, "publishing", &mut command);
    // Opening a pipe that nobody reads takes for ever.
    let pipe = place.data().join("polls/bridge/published.writing");
    let made = Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("there is mkfifo (coreutils)").success());
    assert!(!server.answer_until_refused(&invited[..25]));
    let noticed = until(END_MAX, || {
        let health = server.browser.ask("GET", "/health", &[], b"");
        (health.is_ok_and(|health| health.status == 503)).then_some(())
    });
    noticed.expect("the service notices that its disk is silent");
    server.check_says_so(&invited[26]);
    let confirmed = server.confirmed;
    check_ends(
        server.process.wait(SILENT_END_MAX),
        "has not finished a write",
        "See that the disk works",
    );
    std::fs::remove_file(pipe).unwrap();
    check_healed(&place, &confirmed, &invited[29]);
}

#[track_caller]
fn limit(process: &Process, limit: &str) {
    let done = Command::new("prlimit")
        .args(["--pid", &process.id().to_string(), limit])
        .status();
    assert!(done.expect("there is prlimit (util-linux)").success());
}

#[test]
fn a_file_that_may_not_grow_ends_the_service_like_a_full_disk() {
    let place = Place::new();
    let invited = place.poll(&terms(), 30);
    // Who ignores the signal of that limit gets an error instead.
    let mut command = Command::new("sh");
    command
        .args([
            "-c",
            "trap '' XFSZ; exec \"$@\"",
            "sh",
            env!("CARGO_BIN_EXE_sijill"),
        ])
        .env("SIJILL_DATA", place.data());
    let mut server = Troubled::serve(&place, "limited", &mut command);
    assert!(!server.answer_until_refused(&invited[..8]));
    limit(&server.process, "--fsize=4096");
    assert!(
        server.answer_until_refused(&invited[8..25]),
        "nothing failed"
    );
    server.check_says_so(&invited[26]);
    let confirmed = server.confirmed;
    let ran = server.process.wait(END_MAX);
    // Its log goes into a file too, and has its place below the limit.
    check_ends(ran, "disk full: ", "Free space");
    check_healed(&place, &confirmed, &invited[29]);
}

// The publication needs a descriptor, and a crowd of idle connections has them all.
#[test]
fn a_process_without_descriptors_ends_and_nothing_confirmed_is_lost() {
    let place = Place::new();
    let invited = place.poll(&terms(), 30);
    let mut command = place.command();
    let mut server = Troubled::serve(&place, "crowded", &mut command);
    assert!(!server.answer_until_refused(&invited[..9]));
    let tenth = &invited[9];
    let mut form = server.browser.connect().unwrap();
    let body = "answer=yes&revision=1";
    let (name, value) = FORM;
    let head = server.browser.start("POST", &tenth.path)
        + &format!("{name}: {value}\r\nContent-Length: {}\r\n\r\n", body.len());
    form.write_all(head.as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    let open = fs::read_dir(format!("/proc/{}/fd", server.process.id()))
        .unwrap()
        .count();
    limit(&server.process, &format!("--nofile={}", open + 2));
    let idle: Vec<_> = (0..8).map(|_| server.browser.connect().unwrap()).collect();
    std::thread::sleep(Duration::from_millis(300));
    form.write_all(body.as_bytes()).unwrap();
    let mut answer = Vec::new();
    form.read_to_end(&mut answer).unwrap();
    let taken = crate::browser::Page::parse(&answer)
        .expect("a whole answer")
        .status(303);
    let confirmation = taken.header("location").unwrap().to_owned();
    until(END_MAX, || {
        server
            .process
            .err()
            .contains("stopped taking answers")
            .then_some(())
    })
    .expect("the publication fails");
    drop(idle);
    let page = server.browser.get(&confirmation).status(200);
    let code = bare(&page.code().expect("a confirmation shows a code"));
    server.confirmed.push((tenth.path.clone(), code));
    server.check_says_so(&invited[26]);
    let confirmed = server.confirmed;
    check_ends(
        server.process.wait(END_MAX),
        "Too many open files",
        "See that the disk works",
    );
    check_healed(&place, &confirmed, &invited[29]);
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
        eprintln!("skipped: `{test}` needs mounts in a user namespace");
    }
    can
}

/// What runs in the namespace: a server on a small disk, which is filled when told; the space is freed and a second one
/// started; what it leaves is copied out.
const SMALL_DISK: &str = r#"
mount -t tmpfs -o size=64m tmpfs "$MOUNTED"
cp -a --sparse=always "$DATA" "$MOUNTED/data"
rm "$MOUNTED/data/checkpoints/place"
(until [ -e "$OUT/fill" ]; do sleep 0.05; done; dd if=/dev/zero of="$MOUNTED/filler" bs=4k; touch "$OUT/full") 2>/dev/null &
"$SIJILL" serve --listen 127.0.0.1:0 --data "$MOUNTED/data" 2> "$OUT/err1"
echo $? > "$OUT/code1.writing"; mv "$OUT/code1.writing" "$OUT/code1"
"$SIJILL" serve --listen 127.0.0.1:0 --data "$MOUNTED/data" 2> "$OUT/err-full"
echo $? > "$OUT/code-full"
rm "$MOUNTED/filler"
"$SIJILL" serve --listen 127.0.0.1:0 --data "$MOUNTED/data" 2> "$OUT/err2" &
until [ -e "$OUT/stop" ]; do sleep 0.05; done
kill -INT $!; wait $!
echo $? > "$OUT/code2"
cp -a "$MOUNTED/data" "$OUT/after"
"#;

/// The script, in namespaces that end with it.
fn small_disk(place: &Place, out: &Path) -> Process {
    let mounted = place.path("mounted");
    for folder in [out, &mounted] {
        fs::create_dir(folder).unwrap();
    }
    let mut command = Command::new("unshare");
    command
        .args(["-rmpf", "--kill-child", "sh", "-c", SMALL_DISK])
        .env("SIJILL", env!("CARGO_BIN_EXE_sijill"))
        .env("DATA", place.data())
        .env("MOUNTED", mounted)
        .env("OUT", out)
        .env_remove("SIJILL_DATA");
    Process::start(&mut command, &place.path(""), "small-disk")
}

fn said(path: PathBuf) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

#[test]
fn a_full_disk_ends_the_service_and_with_space_again_everything_confirmed_is_there() {
    if !can_mount("a_full_disk_ends_the_service_and_with_space_again_everything_confirmed_is_there")
    {
        return;
    }
    let place = Place::new();
    let invited = place.poll(&terms(), 60);
    let out = place.path("out");
    let log = |_: &Process| said(out.join("err1"));
    let mut server = Troubled::start(small_disk(&place, &out), log);
    assert!(!server.answer_until_refused(&invited[..12]));
    fs::write(out.join("fill"), b"").unwrap();
    until(END_MAX, || out.join("full").exists().then_some(())).expect("the disk gets full");
    // Whether the log has to grow or the next publication is written: one of them needs space within seconds.
    let refused = invited[12..55].iter().any(|one| {
        std::thread::sleep(Duration::from_millis(100));
        server.answer_until_refused(std::slice::from_ref(one))
    });
    assert!(refused, "nothing failed");
    server.check_says_so(&invited[56]);
    until(END_MAX, || out.join("code1").exists().then_some(())).expect("the service ends");
    assert_eq!(said(out.join("code1")), "3\n", "{}", said(out.join("err1")));
    check_log(&said(out.join("err1")), "disk full: ", "Free space");
    assert!(said(out.join("err1")).contains("(0 bytes free on `"));

    // Still full: it does not start, says why, and leaves no half of a copy to fill the disk further.
    let address = until(START_MAX, || listening(&said(out.join("err2"))))
        .expect("a server with space starts");
    assert_eq!(
        said(out.join("code-full")),
        "3\n",
        "{}",
        said(out.join("err-full"))
    );
    assert!(
        said(out.join("err-full")).contains("No space left"),
        "{}",
        said(out.join("err-full"))
    );
    check_holds(&Browser::new(address), &server.confirmed, &invited[59]);
    fs::write(out.join("stop"), b"").unwrap();
    server.process.wait(END_MAX).well();
    assert_eq!(said(out.join("code2")), "0\n", "{}", said(out.join("err2")));
    fs::remove_dir_all(place.data()).unwrap();
    fs::rename(out.join("after"), place.data()).unwrap();
    fs::remove_file(place.data().join("checkpoints/place")).unwrap();
    place.audit_data(SLUG).well();
    assert!(!place.data().join("before-recovery.unfinished").exists());
}

#[test]
fn a_directory_mounted_read_only_stops_the_start_with_its_name() {
    if !can_mount("a_directory_mounted_read_only_stops_the_start_with_its_name") {
        return;
    }
    let place = Place::new();
    place.poll(&terms(), 3);
    let script = "mount --bind \"$DATA\" \"$DATA\" && mount -o remount,ro,bind \"$DATA\" && exec \"$SIJILL\" serve --listen 127.0.0.1:0 --data \"$DATA\"";
    let mut command = Command::new("unshare");
    command
        .args(["-rmpf", "--kill-child", "sh", "-c", script])
        .env("SIJILL", env!("CARGO_BIN_EXE_sijill"))
        .env("DATA", place.data());
    let ran = Process::start(&mut command, &place.path(""), "read-only").wait(END_MAX);
    let ran = ran.expect_code(3);
    assert!(ran.err.contains("Read-only file system"), "{}", ran.err);
    assert!(
        ran.err.contains(&place.data().display().to_string()),
        "{}",
        ran.err
    );
    place.audit_data(SLUG).well();
}
