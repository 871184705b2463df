//! The parts know only what they may: the invariants of docs/ARCHITECTURE.md, over what cargo itself says.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The workspace's crates by layer, lowest first: a crate knows none of its own layer and none above.
const LAYERS: [&[&str]; 6] = [
    &["sijill-ledger"],
    &["sijill-poll", "sijill-store"],
    &[
        "sijill-pages",
        "sijill-auditor",
        "sijill-outreach",
        "sijill-scenarios",
    ],
    &["sijill-server"],
    &["sijill"],
    &["sijill-fuzzing"],
];

/// Who may name a crate in its manifest, tests included.
const NAMED_BY: [(&str, &[&str]); 7] = [
    ("bincode", &["sijill-ledger"]),
    ("sled", &["sijill-store"]),
    ("axum", &["sijill-server"]),
    // An SMS gateway is asked over HTTP, and calls back: `outreach/src/kannel` alone, far from people's requests.
    ("hyper", &["sijill-server", "sijill-outreach"]),
    ("ureq", &["sijill-auditor", "sijill"]),
    // The demo brings a message centre with it (`demo/centre`), which is the other side of outreach's.
    ("rusmpp", &["sijill-outreach", "sijill"]),
    ("anyhow", &["sijill"]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What cargo knows of the workspace and everything below it.
struct Map {
    /// Name of each package, by id.
    names: BTreeMap<String, String>,
    /// What each package is built from, tests aside, by id.
    uses: BTreeMap<String, Vec<String>>,
    /// Packages of the workspace, by id.
    members: Vec<String>,
    /// What each package of the workspace names in its manifest, by name.
    named: BTreeMap<String, BTreeSet<String>>,
}

impl Map {
    fn read() -> Self {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let made = Command::new(cargo)
            .args([
                "metadata",
                "--format-version",
                "1",
                "--locked",
                "--filter-platform",
                "x86_64-unknown-linux-gnu",
            ])
            .current_dir(root())
            .output()
            .expect("cargo runs");
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        let data: Value = serde_json::from_slice(&made.stdout).unwrap();
        let members: Vec<String> = list(&data["workspace_members"]).map(text).collect();
        let packages = || list(&data["packages"]);
        let named = packages().filter(|package| members.contains(&text(&package["id"])));
        Self {
            names: packages()
                .map(|package| (text(&package["id"]), text(&package["name"])))
                .collect(),
            uses: list(&data["resolve"]["nodes"])
                .map(|node| (text(&node["id"]), built_from(node)))
                .collect(),
            named: named
                .map(|package| {
                    let names =
                        list(&package["dependencies"]).map(|dependency| text(&dependency["name"]));
                    (text(&package["name"]), names.collect())
                })
                .collect(),
            members,
        }
    }

    /// Names of everything that the package of this name is built from, near and far.
    fn reaches(&self, name: &str) -> BTreeSet<&str> {
        let start = self
            .members
            .iter()
            .find(|id| self.names[*id] == name)
            .expect("it is a package of ours");
        let mut seen = BTreeSet::from([start.as_str()]);
        let mut next = vec![start.as_str()];
        while let Some(id) = next.pop() {
            let fresh: Vec<&str> = self.uses[id]
                .iter()
                .map(String::as_str)
                .filter(|id| seen.insert(id))
                .collect();
            next.extend(fresh);
        }
        seen.remove(start.as_str());
        seen.into_iter().map(|id| self.names[id].as_str()).collect()
    }

    #[track_caller]
    fn never_reaches(&self, name: &str, forbidden: &[&str]) {
        let reached = self.reaches(name);
        assert!(
            reached.len() > 1,
            "`{name}` reaches nothing: the map is wrong"
        );
        for forbidden in forbidden {
            assert!(
                !reached.contains(forbidden),
                "`{name}` reaches `{forbidden}`"
            );
        }
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().expect("cargo says a list").iter()
}

fn text(value: &Value) -> String {
    value.as_str().expect("cargo says a text").to_owned()
}

/// Ids of what a node is built from: all but what its tests alone need.
fn built_from(node: &Value) -> Vec<String> {
    let is_built =
        |dependency: &&Value| list(&dependency["dep_kinds"]).any(|kind| kind["kind"] != "dev");
    list(&node["deps"])
        .filter(is_built)
        .map(|dependency| text(&dependency["pkg"]))
        .collect()
}

#[test]
fn the_core_reaches_no_clock_no_disk_no_network_and_no_runtime() {
    let map = Map::read();
    for core in ["sijill-ledger", "sijill-poll"] {
        map.never_reaches(
            core,
            &[
                "tokio", "sled", "hyper", "axum", "ureq", "mio", "tempfile", "rayon",
            ],
        );
    }
    map.never_reaches("sijill-ledger", &["sijill-poll"]);
}

#[test]
fn the_auditor_asks_none_of_the_operators_code() {
    let map = Map::read();
    for auditor in ["sijill-auditor", "sijill-scenarios"] {
        map.never_reaches(
            auditor,
            &[
                "sijill-store",
                "sijill-server",
                "sijill-pages",
                "sled",
                "axum",
                "tokio",
            ],
        );
    }
}

#[test]
fn only_the_log_has_the_database_and_only_the_server_is_async() {
    let map = Map::read();
    map.never_reaches("sijill-store", &["sijill-poll", "tokio", "axum"]);
    map.never_reaches("sijill-pages", &["tokio", "axum", "sled"]);
    map.never_reaches(
        "sijill-outreach",
        &["sijill-store", "sijill-server", "sled"],
    );
    assert!(map.reaches("sijill-store").contains("sled"));
    assert!(map.reaches("sijill-server").contains("tokio"));
}

#[test]
fn arrows_run_downwards_only() {
    let map = Map::read();
    let layer = |name: &str| LAYERS.iter().position(|names| names.contains(&name));
    for id in &map.members {
        let name = map.names[id].as_str();
        let own = layer(name).unwrap_or_else(|| {
            panic!("`{name}` has no layer; give it one here and in docs/ARCHITECTURE.md")
        });
        for used in map.uses[id]
            .iter()
            .filter_map(|used| layer(&map.names[used]))
        {
            assert!(
                used < own,
                "`{name}` knows a crate of layer {used}, and is of layer {own} itself"
            );
        }
    }
}

#[test]
fn a_library_that_is_kept_apart_is_named_by_its_keeper_alone() {
    let map = Map::read();
    for (library, keepers) in NAMED_BY {
        let naming = map
            .named
            .iter()
            .filter(|(_, names)| names.contains(library));
        let naming: BTreeSet<&str> = naming.map(|(name, _)| name.as_str()).collect();
        assert!(
            naming.is_subset(&keepers.iter().copied().collect()),
            "`{library}` is named by {naming:?}"
        );
    }
}

/// Every Rust file of a folder, with its text.
fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
    found
}

#[test]
fn the_encoding_is_in_one_file_and_the_core_asks_no_clock_and_no_chance() {
    let crates = root().join("crates");
    let naming = |folder: &str, words: &[&str]| -> Vec<String> {
        let sources = sources(&crates.join(folder).join("src")).into_iter();
        let is_test = |path: &Path| {
            let own = path.strip_prefix(&crates).unwrap_or(path);
            own.ends_with("tests.rs") || own.iter().any(|part| part == "tests")
        };
        let own = sources.filter(|(path, _)| !is_test(path));
        let naming = own.filter(|(_, text)| {
            let code = text
                .lines()
                .map(|line| line.split("//").next().unwrap_or_default());
            code.into_iter()
                .any(|line| words.iter().any(|word| line.contains(word)))
        });
        naming
            .map(|(path, _)| path.file_name().unwrap().to_string_lossy().into_owned())
            .collect()
    };
    assert_eq!(naming("ledger", &["bincode"]), ["codec.rs"]);
    let outside = [
        "std::fs",
        "std::net::Tcp",
        "std::net::Udp",
        "std::time",
        "SystemTime",
        "Instant::now",
        "Timestamp::now",
        "Zoned::now",
        "std::thread",
        "getrandom",
        "HashMap",
    ];
    assert_eq!(naming("ledger", &outside), Vec::<String>::new());
    assert_eq!(naming("poll", &outside), Vec::<String>::new());
}
