//! Kannel itself: Debian's bearerbox and smsbox with the configuration in `contrib/kannel`, in a folder of the test's own.
//!
//! What is replaced in it are addresses, ports, paths and passwords, each as often as it is there: a test fails when the
//! shipped file no longer has them.

use crate::centre::Centre;
use crate::desk::{Desk, SECRET, SOON, free, secret, settings};
use sijill_outreach::kannel::settings::KannelSettings;
use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const CONFIGURATION: &str = include_str!("../../../../contrib/kannel/kannel.conf");
const PASSWORD: &str = "send & receive";

/// A Kannel that runs until it is dropped, the centre behind it, and a desk before it.
pub struct Scene {
    pub centre: Centre,
    pub desk: Desk,
    pub settings: KannelSettings,
    smsbox: Child,
    bearerbox: Child,
    folder: TempDir,
}

/// Whether there is a Kannel; says that a test is skipped where not.
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

/// Where everybody listens.
struct Doors {
    administration: SocketAddr,
    boxes: SocketAddr,
    sendsms: SocketAddr,
    centre: SocketAddr,
    callbacks: SocketAddr,
}

impl Scene {
    pub async fn open() -> Self {
        Self::with(PASSWORD, 360).await
    }

    /// One whose desk has another password than Kannel.
    pub async fn with_another_password() -> Self {
        Self::with("another", 360).await
    }

    /// One that makes a callback again so often.
    pub async fn calling_again(times: u32) -> Self {
        Self::with(PASSWORD, times).await
    }

    async fn with(password: &str, retries: u32) -> Self {
        let folder = TempDir::new().unwrap();
        for name in ["store", "receipts"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let mut settings = settings(free());
        let doors = Doors {
            administration: free(),
            boxes: free(),
            sendsms: free(),
            centre: free(),
            callbacks: settings.callbacks.listen,
        };
        let file = folder.path().join("kannel.conf");
        fs::write(&file, configuration(folder.path(), &doors, retries)).unwrap();
        let centre = Centre::open(doors.centre).await;
        let bearerbox = started("bearerbox", &file);
        until(|| TcpStream::connect(doors.boxes).is_ok()).await;
        let smsbox = started("smsbox", &file);
        until(|| TcpStream::connect(doors.sendsms).is_ok()).await;
        until(|| centre.peer().is_some()).await;
        settings.address = format!("http://{}", doors.sendsms);
        settings.password = secret(password);
        Self {
            desk: Desk::open(settings.clone()),
            settings,
            centre,
            smsbox,
            bearerbox,
            folder,
        }
    }

    /// Everything in its log files.
    pub fn logs(&self) -> String {
        let read = |name: &str| fs::read_to_string(self.folder.path().join(name)).unwrap();
        read("bearerbox.log") + &read("smsbox.log")
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        for child in [&mut self.smsbox, &mut self.bearerbox] {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn started(name: &str, file: &Path) -> Child {
    // `-v 4`: on its output it says nothing but why it ends.
    Command::new(program(name).unwrap())
        .args(["-v", "4", "--"])
        .arg(file)
        .stdin(Stdio::null())
        .spawn()
        .unwrap()
}

/// Waits until it is so.
pub async fn until(mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < SOON, "it does not come to be");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn configuration(folder: &Path, doors: &Doors, retries: u32) -> String {
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
            ("\nport = 2775\n", &port("port", doors.centre), 1),
            ("\nhost = smsc.example\n", "\nhost = 127.0.0.1\n", 1),
            (
                "\nsmsc-password = CHANGE-ME\n",
                "\nsmsc-password = centre\n",
                1,
            ),
            (
                "\npassword = CHANGE-ME-sendsms\n",
                &format!("\npassword = \"{PASSWORD}\"\n"),
                1,
            ),
            (
                "http://127.0.0.1:13080/CHANGE-ME-callbacks-secret/",
                &format!("http://{}/{SECRET}/", doors.callbacks),
                1,
            ),
            ("\"/var/log/kannel/", &folder, 2),
            ("\"/var/spool/kannel/", &folder, 2),
            ("\nhttp-queue-delay = 10\n", "\nhttp-queue-delay = 1\n", 1),
            (
                "\nhttp-request-retry = 360\n",
                &format!("\nhttp-request-retry = {retries}\n"),
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
