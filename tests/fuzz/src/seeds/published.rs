//! Seeds of what is published and proven: those of the specification's vectors, the refused ones too.

use super::Seed;
use data_encoding::HEXLOWER;
use serde_json::Value;
use sijill_ledger::tile_writer::TileWriter;
use sijill_scenarios::fixture;

/// Every seed of checkpoints, tiles, policies, receipts and forks.
pub(super) fn made() -> Vec<Seed> {
    let vectors = include_str!("../../../../docs/vectors.json");
    let vectors: Value = serde_json::from_str(vectors).unwrap_or_default();
    let proofs = vectors.get("proofs").unwrap_or(&Value::Null);
    [
        checkpoints(proofs),
        lists(),
        tiles(proofs),
        policies(proofs),
        receipts(proofs),
        forks(proofs),
    ]
    .concat()
}

fn text(value: &Value, path: &str) -> String {
    let found = value.pointer(path).and_then(Value::as_str);
    found.unwrap_or_default().to_owned()
}

fn rows<'a>(proofs: &'a Value, part: &str) -> impl Iterator<Item = &'a Value> {
    let rows = proofs.get(part).and_then(Value::as_array);
    rows.into_iter().flatten()
}

/// The rows of what is refused, under their names.
fn refused(proofs: &Value, part: &str, field: &str, target: &'static str) -> Vec<Seed> {
    let named = |row: &Value| {
        let name = text(row, "/name").replace([' ', '/'], "-");
        (target, name, text(row, &format!("/{field}")).into_bytes())
    };
    rows(proofs, part).map(named).collect()
}

fn checkpoints(proofs: &Value) -> Vec<Seed> {
    let checkpoint = text(proofs, "/checkpoint/checkpoint");
    let lines: Vec<String> = rows(proofs, "cosignatures")
        .map(|row| text(row, "/line") + "\n")
        .collect();
    let witness = rows(proofs, "cosignatures")
        .map(|row| text(row, "/verifier_key"))
        .next();
    let seeds = [
        ("cosigned", checkpoint.clone() + &lines.concat()),
        (
            "cosignature",
            lines.concat().lines().next().unwrap_or_default().to_owned(),
        ),
        ("witness", witness.unwrap_or_default()),
        ("signed", checkpoint),
    ];
    let seeds = seeds.map(|(name, text)| ("checkpoint", name.to_owned(), text.into_bytes()));
    [
        seeds.into(),
        refused(proofs, "checkpoints_refused", "checkpoint", "checkpoint"),
    ]
    .concat()
}

fn lists() -> Vec<Seed> {
    let bench = fixture::honest();
    let end = bench.entries.len() as u64;
    let lists = [
        ("ascending", bench.list(&[1, 7, end])),
        ("falling", bench.list(&[7, 3])),
        (
            "half-a-note",
            bench.list(&[7, end]).chars().take(300).collect(),
        ),
        (
            "signatures-alone",
            "— x AAAAAAAA\n— x AAAAAAAA\nx\n".to_owned(),
        ),
    ];
    lists
        .map(|(name, text)| ("checkpoints", name.to_owned(), text.into_bytes()))
        .into()
}

fn tiles(proofs: &Value) -> Vec<Seed> {
    let mut writer = TileWriter::default();
    for index in 0..3 {
        let entry = format!("entry {index}");
        writer.append(entry.as_bytes()).ok();
    }
    let own = writer.partial().into_iter();
    let own = own.map(|tile| [tile.id.to_string().into_bytes(), tile.bytes].join(&b'\n'));
    let bundle = HEXLOWER.decode(text(proofs, "/bundle/bytes").as_bytes());
    let bundle = [b"tile/entries/000.p/3".to_vec(), bundle.unwrap_or_default()].join(&b'\n');
    let paths = rows(proofs, "tile_paths").map(|row| text(row, "/path").into_bytes());
    let contents = own.chain([bundle]).chain(paths);
    let numbered = contents.enumerate();
    numbered
        .map(|(number, bytes)| ("tile", format!("tile-{number}"), bytes))
        .collect()
}

fn policies(proofs: &Value) -> Vec<Seed> {
    let named = ["policy", "the_same"].map(|name| {
        let policy = text(proofs, &format!("/policy/{name}"));
        ("policy", name.replace('_', "-"), policy.into_bytes())
    });
    let refused = rows(proofs, "policies_refused").enumerate();
    let refused = refused.map(|(number, row)| {
        (
            "policy",
            format!("refused-{number}"),
            text(row, "/policy").into_bytes(),
        )
    });
    named.into_iter().chain(refused).collect()
}

fn receipts(proofs: &Value) -> Vec<Seed> {
    let good = text(proofs, "/tlog_proof/proof").into_bytes();
    let refused = refused(proofs, "tlog_proofs_refused", "proof", "receipt");
    [vec![("receipt", "good".to_owned(), good)], refused].concat()
}

fn forks(proofs: &Value) -> Vec<Seed> {
    let forks = rows(proofs, "forks").enumerate();
    let forks = forks.map(|(number, row)| {
        (
            "fork",
            format!("good-{number}"),
            text(row, "/fork").into_bytes(),
        )
    });
    [
        forks.collect(),
        refused(proofs, "forks_refused", "fork", "fork"),
    ]
    .concat()
}
