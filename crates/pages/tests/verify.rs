//! The script of `/verify` is one more verifier, which shares no code with the crates: it must agree with every vector
//! of docs/vectors.json that is in its reach, the edge cases of signatures included, with a browser that has Ed25519 and
//! with one that has not.

use std::path::Path;
use std::process::Command;

#[test]
fn the_script_agrees_with_the_vectors() {
    if Command::new("node").arg("--version").output().is_err() {
        println!("skipped: the script's vectors need node (Debian: apt-get install nodejs)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("verify.js");
    std::fs::write(&script, sijill_pages::VERIFY_JS).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let ran = Command::new("node")
        .arg(root.join("tests/verify/vectors.cjs"))
        .arg(script)
        .arg(root.join("../../docs/vectors.json"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(
        ran.status.success() && said.ends_with(" cases, 0 disagree\n"),
        "{said}{}",
        String::from_utf8_lossy(&ran.stderr)
    );
}
