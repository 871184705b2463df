//! Durable ingest through the writer thread, beside a plain file with the same batches, each flush synced.

use crate::Scale;
use crate::stage::{Stage, play_of, temporary};
use crate::table::{Rate, Row, in_turn, rate, ratio};
use rayon::prelude::*;
use sijill_poll::credential::VerifiedAnswer;
use sijill_poll::event::How;
use sijill_scenarios::Bench;
use sijill_scenarios::bench::Setup;
use sijill_server::measure::{self, BatchLimits};
use sijill_server::rejection::Rejection;
use sijill_store::Log;
use sijill_store::measure::KeyAnEntry;
use std::collections::VecDeque;
use std::fs::File;
use std::io::Write;
use tokio::sync::oneshot::Receiver;

/// Answers on their way to the writer: nearly as many as its queue takes.
const WAITING_MAX: usize = 4_000;

pub fn rows(scale: &Scale) -> Vec<Row> {
    let answers = scale.of(200_000);
    let (bench, prepared) = prepare(answers);
    let entries = entries(&bench, &prepared);
    let bytes = entries.iter().map(Vec::len).sum::<usize>() / entries.len();
    eprintln!("   {answers} answers, entries of {bytes} bytes");
    let mut rows = Vec::new();
    for (flush, reach) in [(64, 0.65), (512, 0.45)] {
        let [ours, plain, keys] = in_turn(
            2 * scale.rounds - 1,
            [
                ("writer thread", &mut || {
                    through_writer(&bench, &prepared, flush)
                }),
                ("plain file", &mut || plain(&entries, flush)),
                ("one sled key an entry", &mut || {
                    key_an_entry(&entries, flush)
                }),
            ],
        );
        let measured = format!("durable ingest, {bytes}-byte entries, {flush} a flush");
        let beside = "plain file append + `fdatasync`";
        rows.push(Row::at_least(
            &measured,
            beside,
            ratio(&ours, &plain),
            reach,
        ));
        if flush == 512 {
            let beside = "one sled key an entry";
            rows.push(Row::at_least(&measured, beside, ratio(&ours, &keys), 3.0));
        }
    }
    rows
}

/// A poll, and one answer of everybody: ids as long as they may be, so that entries are as long as answers get.
fn prepare(answers: u32) -> (Bench, Vec<VerifiedAnswer>) {
    prepare_of(Setup::default(), answers)
}

/// The same with terms of the caller's choice.
pub fn prepare_of(mut setup: Setup, answers: u32) -> (Bench, Vec<VerifiedAnswer>) {
    setup.terms.options = vec![long("option-one"), long("option-two")];
    let bend = |text: String| {
        let question = format!("[question]\nid = \"{}\"", long("question"));
        text.replacen("[question]\nid = \"bridge\"", &question, 1)
    };
    let bench = play_of(&mut setup, answers, bend);
    let option = bench.terms.options[0].clone();
    let answer = |person: &sijill_poll::credential::Invitation| {
        person
            .answer(
                (bench.poll.id(), bench.poll.definition()),
                How::Link,
                1,
                &option,
            )
            .unwrap()
    };
    let prepared = bench.people.par_iter().map(answer).collect();
    (bench, prepared)
}

fn long(id: &str) -> String {
    format!("{id:-<40}").replace("--", "-x")
}

/// The entries that the answers become.
pub fn entries(bench: &Bench, prepared: &[VerifiedAnswer]) -> Vec<Vec<u8>> {
    let mut bench = bench.clone();
    let now = bench.now;
    prepared
        .iter()
        .map(|answer| {
            bench.now = now;
            bench.record(sijill_poll::Event::Responded(answer.responded().clone()));
            bench.entries.pop().unwrap().bytes().to_vec()
        })
        .collect()
}

fn through_writer(bench: &Bench, prepared: &[VerifiedAnswer], flush: usize) -> Rate {
    let (stage, _, rate) = ingested(bench, prepared, flush);
    stage.stop();
    rate
}

/// Records the answers, and returns what they are recorded in and how fast that went.
pub fn ingested(bench: &Bench, prepared: &[VerifiedAnswer], flush: usize) -> (Stage, Log, Rate) {
    let limits = BatchLimits {
        entries_max: flush,
        bytes_max: usize::MAX,
    };
    let mut kept = None;
    let stage = Stage::of(bench, limits, |dir| {
        kept.insert(Log::open(dir).unwrap()).clone()
    });
    let book = stage.service.book(&stage.slug).unwrap();
    let answers = prepared.to_vec();
    let mut waiting = VecDeque::with_capacity(WAITING_MAX);
    let rate = rate(answers.len() as u32, || {
        for answer in answers {
            if waiting.len() == WAITING_MAX {
                settle(waiting.drain(..WAITING_MAX / 2));
            }
            waiting.push_back(measure::submit(&stage.service, &book, answer).unwrap());
        }
        settle(waiting.drain(..));
    });
    assert_eq!(
        stage.entries(),
        (bench.entries.len() + prepared.len()) as u64
    );
    (stage, kept.unwrap(), rate)
}

/// Waits for the last first, so that who waits is woken once.
fn settle(waiting: impl DoubleEndedIterator<Item = Receiver<Result<(), Rejection>>>) {
    waiting
        .rev()
        .for_each(|done| done.blocking_recv().unwrap().unwrap());
}

fn plain(entries: &[Vec<u8>], flush: usize) -> Rate {
    let folder = temporary();
    let mut file = File::create(folder.path().join("plain")).unwrap();
    rate(entries.len() as u32, || {
        for batch in entries.chunks(flush) {
            file.write_all(&batch.concat()).unwrap();
            file.sync_data().unwrap();
        }
    })
}

fn key_an_entry(entries: &[Vec<u8>], flush: usize) -> Rate {
    let folder = temporary();
    let sled = KeyAnEntry::open(folder.path()).unwrap();
    let rate = rate(entries.len() as u32, || {
        for (place, batch) in entries.chunks(flush).enumerate() {
            let batch: Vec<&[u8]> = batch.iter().map(Vec::as_slice).collect();
            sled.append((place * flush) as u64, &batch).unwrap();
        }
    });
    sled.close().unwrap();
    rate
}
