//! `docs/vectors.json`: how the tests read it, and how a part of it is compared or written anew.

use data_encoding::HEXLOWER;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/vectors.json")
}

pub fn file() -> Value {
    let text = std::fs::read_to_string(path()).expect("docs/vectors.json can be read");
    serde_json::from_str(&text).expect("docs/vectors.json is JSON")
}

pub fn hex(bytes: impl AsRef<[u8]>) -> String {
    HEXLOWER.encode(bytes.as_ref())
}

pub fn unhex(value: &Value) -> Vec<u8> {
    let text = value.as_str().expect("a text of hexadecimal digits");
    HEXLOWER.decode(text.as_bytes()).expect("hexadecimal")
}

pub fn rows(part: &Value) -> impl Iterator<Item = &Value> {
    part.as_array().expect("a list").iter()
}

/// That the file's part is what was made; with `SIJILL_WRITE_VECTORS` it is written instead.
pub fn holds(part: &str, made: Value) {
    let mut file = file();
    if std::env::var_os("SIJILL_WRITE_VECTORS").is_some() {
        file[part] = made;
        let text = serde_json::to_string_pretty(&file).unwrap() + "\n";
        // The other tests may be reading it.
        let new = path().with_extension("json.new");
        std::fs::write(&new, text).unwrap();
        std::fs::rename(new, path()).unwrap();
        return;
    }
    let keys = |value: &Value| -> BTreeSet<String> {
        value.as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(keys(&file[part]), keys(&made));
    for key in keys(&made) {
        assert_eq!(file[part][&key], made[&key], "{key}");
    }
}
