//! A portal: Debian's nginx with the configuration in `contrib/nginx`, in a folder of the story's own.
//!
//! What is replaced in it are names, ports and paths, each as often as it is there: a story fails when the shipped files
//! no longer have them.

use crate::browser::Browser;
use crate::place::Place;
use crate::process::{Process, until};
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Longest that it may take to start.
const START_MAX: Duration = Duration::from_secs(20);

const CONFIGURATION: &str = include_str!("../../contrib/nginx/sijill.conf");
const PROXY: &str = include_str!("../../contrib/nginx/sijill-proxy.conf");

/// Where a portal will be found: chosen first, since polls and settings name it.
#[derive(Debug, Clone, Copy)]
pub struct Doors {
    /// `portal.example`.
    pub portal: SocketAddr,
    /// The same with TLS.
    pub portal_tls: SocketAddr,
    /// `short.example`.
    pub short: SocketAddr,
    short_tls: SocketAddr,
    /// Both without TLS.
    pub unencrypted: SocketAddr,
}

/// A portal that runs until it is dropped.
pub struct Portal {
    nginx: Process,
    folder: PathBuf,
    doors: Doors,
}

/// Whether there is an nginx; says that a test is skipped where not.
pub fn can_proxy(test: &str) -> bool {
    let runs = |program: &str, argument: &str| {
        let ran = Command::new(program).arg(argument).output();
        ran.is_ok_and(|ran| ran.status.success())
    };
    let can = runs("nginx", "-v") && runs("openssl", "version");
    if !can {
        println!(
            "{test} is skipped: it needs nginx and openssl (Debian: apt-get install nginx-light openssl)"
        );
    }
    can
}

impl Doors {
    /// Ports that are free now.
    pub fn free() -> Self {
        let listeners = [(); 5].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let [portal, portal_tls, short, short_tls, unencrypted] =
            listeners.map(|listener| listener.local_addr().unwrap());
        Self {
            portal,
            portal_tls,
            short,
            short_tls,
            unencrypted,
        }
    }

    /// The address that stands in the settings of the server.
    pub fn address(&self) -> String {
        format!("http://{}/services", self.portal)
    }
}

impl Portal {
    /// Starts one before the server at `sijill`, in the folder `portal` of this place.
    #[track_caller]
    pub fn open(place: &Place, doors: Doors, sijill: SocketAddr) -> Self {
        let folder = place.path("portal");
        fs::create_dir(&folder).unwrap();
        certificate(&folder);
        let write = |name: &str, text: String| fs::write(folder.join(name), text).unwrap();
        write("nginx.conf", surroundings(&folder));
        write("sijill.conf", configuration(&folder, doors, sijill));
        write("sijill-proxy.conf", proxy(&folder));
        let mut command = Command::new("nginx");
        // `-e`: before it has read its configuration it would write where only root may.
        command.arg("-e").arg(folder.join("start.log"));
        command.arg("-p").arg(&folder);
        command.arg("-c").arg(folder.join("nginx.conf"));
        let mut nginx = Process::start(&mut command, &folder, "nginx");
        let open = until(START_MAX, || {
            assert!(nginx.is_running(), "nginx ended: {}", nginx.err());
            Browser::new(doors.portal).connect().ok()
        });
        assert!(open.is_some(), "nginx does not listen: {}", nginx.err());
        Self {
            nginx,
            folder,
            doors,
        }
    }

    /// Somebody's browser at the portal.
    pub fn browser(&self) -> Browser {
        Browser::new(self.doors.portal)
    }

    /// The whole address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.doors.portal)
    }

    /// The lines of the access log.
    pub fn access_log(&self) -> Vec<String> {
        let log = fs::read_to_string(self.folder.join("sijill.access.log")).unwrap();
        log.lines().map(str::to_owned).collect()
    }

    /// Everything that it keeps: every file of its folder, by name.
    pub fn kept(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        let mut folders = vec![self.folder.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => folders.push(path),
                    false => files.push((path.clone(), fs::read(&path).unwrap())),
                }
            }
        }
        files
    }

    /// What it said for itself, which is not kept.
    pub fn said(&self) -> String {
        self.nginx.err()
    }
}

/// What a machine's own `nginx.conf` has around ours. It is one process, since workers would outlive a master that is
/// killed. What it logs besides ours is as much as there can be.
fn surroundings(folder: &Path) -> String {
    let folder = folder.display();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("    {kind}_temp_path {folder}/temporary-{kind};\n"))
        .concat();
    format!(
        "daemon off;\nmaster_process off;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log info;\n\
         events {{ worker_connections 256; }}\n\
         http {{\n    access_log {folder}/access.log;\n{temporary}    include {folder}/sijill.conf;\n}}\n"
    )
}

fn configuration(folder: &Path, doors: Doors, sijill: SocketAddr) -> String {
    let listen = |name: &str, plain: SocketAddr, tls: SocketAddr| {
        (
            format!("listen 443 ssl;\n    server_name {name};"),
            format!("listen {plain};\n    listen {tls} ssl;\n    server_name {name};"),
        )
    };
    let (folder, portal) = (folder.display(), doors.address());
    let (of_portal, at_portal) = listen("portal.example", doors.portal, doors.portal_tls);
    let (of_short, at_short) = listen("short.example", doors.short, doors.short_tls);
    replaced(
        CONFIGURATION,
        &[
            (&of_portal, &at_portal, 1),
            (&of_short, &at_short, 1),
            (
                "    listen 80;",
                &format!("    listen {};", doors.unencrypted),
                1,
            ),
            (
                "    server 127.0.0.1:8181;",
                &format!("    server {sijill};"),
                1,
            ),
            (
                "return 302 https://portal.example/services",
                &format!("return 302 {portal}"),
                1,
            ),
            (
                "/etc/ssl/certs/portal.example.pem",
                &format!("{folder}/tls.pem"),
                1,
            ),
            (
                "/etc/ssl/certs/short.example.pem",
                &format!("{folder}/tls.pem"),
                1,
            ),
            (
                "/etc/ssl/private/portal.example.key",
                &format!("{folder}/tls.key"),
                1,
            ),
            (
                "/etc/ssl/private/short.example.key",
                &format!("{folder}/tls.key"),
                1,
            ),
            ("/etc/nginx/", &format!("{folder}/"), 2),
            ("/var/log/nginx/", &format!("{folder}/"), 3),
        ],
    )
}

fn proxy(folder: &Path) -> String {
    let folder = format!("{}/", folder.display());
    replaced(PROXY, &[("/var/log/nginx/", &folder, 1)])
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

fn certificate(folder: &Path) {
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt"])
        .args(["ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=portal.example", "-out"])
        .arg(folder.join("tls.pem"))
        .arg("-keyout")
        .arg(folder.join("tls.key"))
        .output()
        .unwrap();
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
}
