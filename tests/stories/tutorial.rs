//! `docs/TUTORIAL.md` is true: its commands run as they stand there, in order, and exit as it says.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

const TUTORIAL: &str = include_str!("../../docs/TUTORIAL.md");

/// The port that the tutorial names; the test runs it on a free one.
const PORT: &str = "8182";

/// The commands of the tutorial as one script, which stops where one does not exit as stated.
fn script() -> String {
    let mut script = String::from("set -eu\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n");
    let blocks = TUTORIAL.split("```sh\n").skip(1);
    for block in blocks {
        let (commands, _) = block.split_once("```").unwrap();
        for line in commands.lines() {
            script.push_str(&match line.split_once("# exits ") {
                Some((command, code)) => {
                    format!("code=0; {command} || code=$?; [ $code -eq {code} ] || {{ echo 'not {code}:' $code; exit 1; }}\n")
                }
                None => format!("{line}\n"),
            });
        }
    }
    script
}

#[test]
fn every_command_of_the_tutorial_runs_and_exits_as_stated() {
    let folder = tempfile::tempdir().unwrap();
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let script = script().replace(PORT, &free.to_string());
    assert!(
        script.matches("sijill ").count() > 20,
        "the tutorial has its commands"
    );
    let binary = Path::new(env!("CARGO_BIN_EXE_sijill"));
    let mut path = binary.parent().unwrap().as_os_str().to_owned();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap());
    let ran = Command::new("bash")
        .args(["-x", "-c", &script])
        .current_dir(folder.path())
        .env("PATH", path)
        .output()
        .unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&ran.stdout),
        String::from_utf8_lossy(&ran.stderr),
    );
    assert!(ran.status.success(), "{out}\n{err}");
}
