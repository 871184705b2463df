//! What the tree costs: a publication's work beside the ingest of the same entries, and what the fold keeps in memory.

use crate::Scale;
use crate::ingest::{entries, ingested, prepare_of};
use crate::memory::resident;
use crate::stage::{master, temporary};
use crate::table::{Rate, Row, in_turn, rate, ratio};
use sijill_ledger::tile_writer::TileWriter;
use sijill_poll::credential::VerifiedAnswer;
use sijill_scenarios::Bench;
use sijill_scenarios::bench::Setup;
use sijill_server::limits::PUBLICATION_MS_MIN;
use sijill_server::measure;
use std::hint::black_box;
use tempfile::TempDir;

pub fn rows(scale: &Scale) -> Vec<Row> {
    let answers = scale.of(200_000);
    let mut setup = Setup::default();
    // Nothing is published while the ingest is measured.
    setup.terms.publication_answers = u32::MAX;
    let (bench, prepared) = prepare_of(setup, answers);
    let entries = entries(&bench, &prepared);
    let (mut rows, mut folders) = (Vec::new(), Vec::new());
    for flush in [64, 512] {
        let [ingest, tree, fold] = in_turn(
            scale.rounds,
            [
                ("ingest", &mut || ingest(&bench, &prepared, flush)),
                ("publications", &mut || {
                    publications(&bench, &prepared, flush, &mut folders)
                }),
                ("the fold alone", &mut || fold(&entries)),
            ],
        );
        let beside = format!("durable ingest of the same {answers} entries, {flush} a flush");
        let measured = "publishing: entries read back, chain, fold, tiles and checkpoint durable";
        rows.push(Row::at_most(measured, &beside, ratio(&ingest, &tree), 0.3));
        let measured = "building the tree and its tiles in memory";
        rows.push(Row::at_most(measured, &beside, ratio(&ingest, &fold), 0.3));
    }
    rows.extend(memory(scale));
    rows
}

fn ingest(bench: &Bench, prepared: &[VerifiedAnswer], flush: usize) -> Rate {
    let (stage, _, rate) = ingested(bench, prepared, flush);
    stage.stop();
    rate
}

/// What the signer does for these entries, as often as it would where they came as fast as they were taken.
/// Its folders are kept to the end: ext4 without a journal passes over every inode freed lately before it makes a file.
fn publications(
    bench: &Bench,
    prepared: &[VerifiedAnswer],
    flush: usize,
    folders: &mut Vec<TempDir>,
) -> Rate {
    let (stage, log, ingest) = ingested(bench, prepared, flush);
    let step = ingest * PUBLICATION_MS_MIN as f64 / 1_000.0;
    let (folder, book) = (temporary(), stage.service.book(&stage.slug).unwrap());
    let rate = rate(prepared.len() as u32, || {
        let poll = book.durable();
        let root = measure::publish_anew(&log, &poll, &master(), folder.path(), step as u64);
        black_box(root.unwrap());
    });
    drop(log);
    stage.stop();
    folders.push(folder);
    rate
}

fn fold(entries: &[Vec<u8>]) -> Rate {
    rate(entries.len() as u32, || {
        let mut writer = TileWriter::default();
        for entry in entries {
            black_box(writer.append(entry).unwrap());
        }
        black_box(writer.root());
    })
}

/// What the fold keeps on its way to ten million entries.
fn memory(scale: &Scale) -> [Row; 2] {
    let sizes = [scale.of(1_000_000), scale.of(10_000_000)].map(u64::from);
    let (mut writer, mut most, mut resident_at) = (TileWriter::default(), 0, Vec::new());
    let mut entry = [7; 202];
    for index in 0..sizes[1] {
        entry[..8].copy_from_slice(&index.to_le_bytes());
        black_box(writer.append(&entry).unwrap());
        // Level 0 and 1 are one short of full then, and what is above only grows.
        if writer.size() % 65_536 == 65_535 {
            most = most.max(kept(&writer));
        }
        if sizes.contains(&writer.size()) {
            resident_at.push(resident());
        }
    }
    let levels = u64::from(sizes[1].ilog(256)) + 1;
    let hashes = 255 * levels + u64::from(sizes[1].ilog2()) + 1;
    let allowed = hashes * 32 + 255 * (2 + entry.len() as u64);
    let [small, large] = sizes;
    let ratio = most as f64 / allowed as f64;
    let grown = resident_at[1].saturating_sub(resident_at[0]) / 1024;
    [
        Row::at_most(
            &format!("what the tree keeps at most on its way to {large} entries: {most} bytes"),
            &format!(
                "255 hashes on each of {levels} levels, one a bit of the size, and a bundle: {allowed} bytes"
            ),
            ratio,
            1.0,
        ),
        Row::stated(
            &format!("memory of the process that builds it, from {small} to {large} entries"),
            "—",
            format!("{grown} KiB more"),
        ),
    ]
}

/// Bytes of the hashes and of the bundle that a writer keeps.
fn kept(writer: &TileWriter) -> u64 {
    let tiles = writer.partial().into_iter();
    let bytes: usize = tiles.map(|tile| tile.bytes.len()).sum();
    bytes as u64 + 32 * u64::from(writer.size().count_ones())
}
