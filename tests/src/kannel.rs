//! Kannel itself: Debian's bearerbox and smsbox with the configuration in `contrib/kannel`, in a folder of a test's own.
//!
//! What is replaced in it are addresses, ports, paths, passwords and times, each as often as it is there: a test fails
//! when the shipped file no longer has them.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const CONFIGURATION: &str = include_str!("../../contrib/kannel/kannel.conf");

/// Longest that a program may take until it listens.
const START_MAX: Duration = Duration::from_secs(20);

/// The name of the account that may send, and of the one that Kannel has at the centre.
pub const ACCOUNT: &str = "sijill";

/// Kannel's password at the centre.
pub const CENTRE_PASSWORD: &str = "centre";

/// What it is set up with.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Where the message centre listens, or will.
    pub centre: SocketAddr,
    /// Where callbacks go, on this machine.
    pub callbacks: SocketAddr,
    /// The secret in their path.
    pub secret: String,
    /// The password of who sends.
    pub password: String,
    /// How often a callback is made again that nobody confirms.
    pub retries: u32,
}

/// A Kannel that runs until it is dropped.
#[derive(Debug)]
pub struct Kannel {
    sendsms: SocketAddr,
    smsbox: Child,
    bearerbox: Child,
    folder: tempfile::TempDir,
}

/// A port of loopback that is free now.
#[must_use]
pub fn free() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a port");
    listener.local_addr().expect("it has an address")
}

/// Whether there is a Kannel; says that a test is skipped where not.
#[must_use]
pub fn can_run(test: &str) -> bool {
    let can = ["bearerbox", "smsbox"]
        .iter()
        .all(|name| program(name).is_some());
    if !can {
        println!("{test} is skipped: it needs Kannel (Debian: apt-get install kannel)");
    }
    can
}

/// Where a program is that Debian puts among those of the system.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    folders
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

impl Kannel {
    /// Starts it; it takes messages when this returns, and connects to the centre as soon as that listens.
    #[must_use]
    pub fn open(setup: &Setup) -> Self {
        let folder = tempfile::tempdir().expect("there is a place for temporary files");
        for name in ["store", "receipts"] {
            fs::create_dir(folder.path().join(name)).expect("a new folder can be made");
        }
        let [administration, boxes, sendsms] = [free(), free(), free()];
        let doors = Doors {
            administration,
            boxes,
            sendsms,
        };
        let file = folder.path().join("kannel.conf");
        let text = configuration(folder.path(), &doors, setup);
        fs::write(&file, text).expect("the folder can be written to");
        let bearerbox = started("bearerbox", &file);
        until_open(boxes);
        let smsbox = started("smsbox", &file);
        until_open(sendsms);
        Self {
            sendsms,
            smsbox,
            bearerbox,
            folder,
        }
    }

    /// Where messages are handed in.
    #[must_use]
    pub fn address(&self) -> String {
        format!("http://{}", self.sendsms)
    }

    /// Everything in its log files.
    #[must_use]
    pub fn logs(&self) -> String {
        let read = |name: &str| {
            let text = fs::read_to_string(self.folder.path().join(name));
            text.expect("it writes a log")
        };
        read("bearerbox.log") + &read("smsbox.log")
    }
}

impl Drop for Kannel {
    fn drop(&mut self) {
        for child in [&mut self.smsbox, &mut self.bearerbox] {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn started(name: &str, file: &Path) -> Child {
    // `-v 4`: on its output it says nothing but why it ends.
    let program = program(name).expect("a test that needs it asks first");
    Command::new(program)
        .args(["-v", "4", "--"])
        .arg(file)
        .stdin(Stdio::null())
        .spawn()
        .expect("it starts")
}

fn until_open(door: SocketAddr) {
    let began = Instant::now();
    while TcpStream::connect(door).is_err() {
        assert!(began.elapsed() < START_MAX, "nobody listens on {door}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Where its own parts listen.
struct Doors {
    administration: SocketAddr,
    boxes: SocketAddr,
    sendsms: SocketAddr,
}

fn configuration(folder: &Path, doors: &Doors, setup: &Setup) -> String {
    let folder = format!("\"{}/", folder.display());
    let port = |name: &str, door: SocketAddr| format!("\n{name} = {}\n", door.port());
    replaced(
        CONFIGURATION,
        &[
            (
                "\nadmin-port = 13000\n",
                &port("admin-port", doors.administration),
                1,
            ),
            (
                "\nsmsbox-port = 13001\n",
                &port("smsbox-port", doors.boxes),
                1,
            ),
            (
                "\nsendsms-port = 13013\n",
                &port("sendsms-port", doors.sendsms),
                1,
            ),
            ("\nport = 2775\n", &port("port", setup.centre), 1),
            ("\nhost = smsc.example\n", "\nhost = 127.0.0.1\n", 1),
            (
                "\nsmsc-password = CHANGE-ME\n",
                &format!("\nsmsc-password = {CENTRE_PASSWORD}\n"),
                1,
            ),
            (
                "\npassword = CHANGE-ME-sendsms\n",
                &format!("\npassword = \"{}\"\n", setup.password),
                1,
            ),
            (
                "http://127.0.0.1:13080/CHANGE-ME-callbacks-secret/",
                &format!("http://{}/{}/", setup.callbacks, setup.secret),
                1,
            ),
            ("\"/var/log/kannel/", &folder, 2),
            ("\"/var/spool/kannel/", &folder, 2),
            ("\nhttp-queue-delay = 10\n", "\nhttp-queue-delay = 1\n", 1),
            (
                "\nhttp-request-retry = 360\n",
                &format!("\nhttp-request-retry = {}\n", setup.retries),
                1,
            ),
            ("\nthroughput = 50\n", "\nthroughput = 500\n", 1),
        ],
    )
}

#[track_caller]
fn replaced(text: &str, replacements: &[(&str, &str, usize)]) -> String {
    let mut text = text.to_owned();
    for (from, to, times) in replacements {
        assert_eq!(text.matches(from).count(), *times, "`{from}`");
        text = text.replace(from, to);
    }
    text
}
