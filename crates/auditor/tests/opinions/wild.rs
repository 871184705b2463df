//! Polls whose keeper has every key and keeps no rule: events at random, most of them next in turn, many of them wrong.

use super::Named;
use sijill_ledger::{Hash, Link, SecretKey};
use sijill_poll::Event;
use sijill_poll::event::{How, Responded, Value, WaveEnded, WaveStarted};
use sijill_poll::operator::Signer;
use sijill_scenarios::Case;
use sijill_scenarios::bench::{Bench, Setup};
use sijill_scenarios::definition::Terms;
use sijill_scenarios::export::file;
use sijill_scenarios::fixture;

/// As many polls as a test has time for.
pub fn polls() -> Vec<Named> {
    const POLLS: u64 = 400;
    (0..POLLS)
        .map(|seed| (format!("wild {seed}"), poll(seed)))
        .collect()
}

fn poll(seed: u64) -> Case {
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let rotated = dice.one_in(3);
    let terms = Terms {
        rotated,
        options: match rotated {
            true => fixture::rotated_setup().terms.options,
            false => Terms::default().options,
        },
        revisions: dice.below(3) as u8,
        close_any_time: dice.one_in(2),
        sealed: dice.one_in(3),
        threshold: dice.between(1, 5) as u32,
        ..Terms::default()
    };
    let mut bench = Bench::open(&Setup {
        terms,
        with_sender: dice.one_in(3),
        ..Setup::default()
    });
    for step in 0..dice.between(4, 24) {
        if step == 0 && !dice.one_in(8) {
            bench.record(bench.roster_committed());
        } else if step == 1 && !dice.one_in(8) {
            bench.record(bench.wave_started(8));
            bench.wait_for_start();
        } else {
            act(&mut bench, &mut dice);
        }
    }
    let behind = if dice.one_in(3) { 0 } else { 9_000_000 };
    Case {
        file: bytes(&bench, &mut dice),
        promises: promises(&bench, &mut dice),
        receipts: receipts(&bench, &mut dice),
        now_ms: bench.now + behind,
        ..Case::of(&bench)
    }
}

/// Promises for answers that were recorded, and for such as were not.
fn promises(bench: &Bench, dice: &mut Dice) -> Vec<(String, String)> {
    let mut promised: Vec<Responded> = Vec::new();
    for sealed in &bench.entries {
        if let Event::Responded(responded) = &sealed.entry().event
            && dice.one_in(8)
        {
            promised.push(responded.clone());
        }
    }
    if dice.one_in(3) {
        let (person, revision) = (dice.below(12) as u32, dice.between(1, 3) as u8);
        promised.push(bench.responded_as(person, revision, How::Link, "no"));
    }
    let files = promised.iter().map(|responded| bench.promise(responded));
    files.map(|file| ("held".to_owned(), file)).collect()
}

/// Receipts of entries, be they answers or not, under the poll's own checkpoint or that of a poll that went on.
fn receipts(bench: &Bench, dice: &mut Dice) -> Vec<(String, String)> {
    let mut longer = bench.clone();
    longer.record(Event::Responded(bench.responded_as(
        11,
        1,
        How::Link,
        "yes",
    )));
    let from = if dice.one_in(4) { &longer } else { bench };
    let indices = (0..from.entries.len() as u64).filter(|_| dice.one_in(12));
    let indices: Vec<u64> = indices.collect();
    let receipt = |index| ("held".to_owned(), from.receipt(index));
    indices.into_iter().map(receipt).collect()
}

/// The export, now and then with another roster than the poll's.
fn bytes(bench: &Bench, dice: &mut Dice) -> Vec<u8> {
    let mut export = bench.export();
    let leaf = sijill_poll::roster::LEAF_BYTES;
    match dice.below(16) {
        0 => return file(&export.sections()[..1]),
        1 => export.roster.truncate(leaf * 5 + 1),
        2 => export.roster.truncate(leaf * 9),
        3 => export.roster[..2 * leaf].rotate_left(leaf),
        4 => export.roster.clear(),
        5 => export.roster[32] = 9,
        6 => export.roster[leaf + 40] = 9,
        7 => export.roster[..32].fill(0),
        _ => {}
    }
    export.bytes()
}

fn act(bench: &mut Bench, dice: &mut Dice) {
    pass_time(bench, dice);
    let event = match dice.below(40) {
        0..=15 => answer(bench, dice),
        16 => committed(bench, dice),
        17 => wave_started(bench, dice),
        18 | 19 => wave_ended(bench, dice),
        20 | 21 => bench.paused(reason(dice)),
        22 | 23 => bench.resumed(reason(dice)),
        24 | 25 => extended(bench, dice),
        26 => closed(bench, dice),
        27 => annulled(bench, dice),
        28..=30 => unsealed(bench, dice),
        31 => recovered(bench, dice),
        32..=35 => objected(bench, dice),
        36 | 37 => page_changed(bench, dice),
        _ => bench.entries[dice.below(bench.entries.len() as u64) as usize]
            .entry()
            .event
            .clone(),
    };
    bench.record(event);
}

fn unsealed(bench: &Bench, dice: &mut Dice) -> Event {
    let mut content = bench.unsealing();
    match dice.below(8) {
        0 => content.keys.rotate_left(1),
        1 => content.keys[0] = None,
        2 => content.keys = bench.stratum_keys.iter().copied().map(Some).collect(),
        3 => content.keys[1] = Some([7; 32]),
        4 => content.keys.push(None),
        5 => content.tables = Hash::of(b"other tables"),
        _ => {}
    }
    bench.signed(content, Event::Unsealed)
}

fn recovered(bench: &Bench, dice: &mut Dice) -> Event {
    bench.recovered(dice.below(3), Link::from_bytes([9; 32]), reason(dice))
}

/// Mostly about an answer that was not recorded; sometimes about one that was, or about nothing.
fn objected(bench: &Bench, dice: &mut Dice) -> Event {
    let (person, revision) = (dice.below(12) as u32, dice.between(1, 2) as u8);
    let option = ["yes", "no"][dice.below(2) as usize];
    let answer = bench.responded_as(person, revision, How::Link, option);
    let file = match dice.below(12) {
        0 => bench.promise_due(&answer, bench.poll.promise_due() / 1_000 + 1),
        1 => bench
            .promise(&answer)
            .replace("sijill promise v1", "sijill promise v2"),
        2 => {
            let file = bench.promise(&answer);
            let line = file.lines().last().unwrap_or_default();
            format!("{file}{line}\n")
        }
        3 => "An advertisement".to_owned(),
        _ => bench.promise(&answer),
    };
    bench.objected(&file)
}

/// Mostly a second, sometimes to a moment that means something, or back.
fn pass_time(bench: &mut Bench, dice: &mut Dice) {
    let [start, end, latest] = bench.terms.field_ms;
    let window = bench.poll.definition().rules.objection_window_ms;
    let moments = [
        start,
        end,
        bench.poll.end(),
        latest,
        bench.now - 1_000,
        bench.poll.promise_due(),
        bench.poll.over_since().unwrap_or(bench.now) + window,
    ];
    if dice.one_in(12) {
        let moment = moments[dice.below(7) as usize];
        bench.now = moment - 1_000 + 1_000 * dice.below(3);
    }
    if dice.one_in(60) {
        bench.now += 1;
    }
}

fn answer(bench: &Bench, dice: &mut Dice) -> Event {
    let person = dice.below(12) as u32;
    let revision = bench.poll.cast(person).revision + 1;
    let revision = if dice.one_in(10) {
        dice.below(4) as u8
    } else {
        revision
    };
    let how = [How::Signed, How::Assisted, How::Anonymous, How::Link];
    let how = how[if dice.one_in(20) {
        dice.below(4) as usize
    } else {
        3
    }];
    let options = ["yes", "no", "dont-know", "perhaps"];
    let offered = if dice.one_in(15) { 4 } else { 3 };
    let option = options[dice.below(offered) as usize];
    let mut responded = bench.responded_as(person, revision, how, option);
    match dice.below(60) {
        0..=3 => {
            responded.answer.order = dice.below(4) as u16;
            responded = bench.signed_anew(person, responded);
        }
        4 => responded.answer.chosen.clear(),
        5 => responded
            .answer
            .chosen
            .push(responded.answer.chosen[0].clone()),
        6 => responded.answer.chosen[0].question = "tunnel".into(),
        7 => responded.answer.chosen[0].value = Value::Sealed(b"yes".to_vec()),
        8 => {
            responded.answer.who = sijill_poll::event::Who::Invitation {
                index: 12,
                revision,
            };
        }
        _ => {}
    }
    Event::Responded(responded)
}

fn committed(bench: &Bench, dice: &mut Dice) -> Event {
    let mut content = bench.commitment();
    match dice.below(7) {
        0 => content.root = Hash::of(b"another roster"),
        1 => content.count += 1,
        2 => content.by_stratum.rotate_left(1),
        3 => content.by_stratum.push(0),
        4 => content.stratum_keys.push(Hash::of(b"a key")),
        5 => content.by_stratum = vec![12, 0],
        _ => {}
    }
    bench.signed(content, Event::RosterCommitted)
}

fn wave_started(bench: &Bench, dice: &mut Dice) -> Event {
    let next = bench.poll.waves().len() as u16 + 1;
    let content = WaveStarted {
        wave: if dice.one_in(3) {
            dice.below(4) as u16
        } else {
            next
        },
        planned: dice.below(7) as u32,
        register: None,
    };
    bench.signed_by(signer(bench, dice), content, Event::WaveStarted)
}

fn wave_ended(bench: &Bench, dice: &mut Dice) -> Event {
    let unknown = if dice.one_in(3) { 7 } else { 8 };
    let content = WaveEnded {
        wave: if dice.one_in(3) {
            dice.below(3) as u16
        } else {
            1
        },
        sent: 8,
        failed: dice.below(10).saturating_sub(8) as u32,
        stopped: 0,
        delivered: 0,
        unknown,
        refused: 0,
        journal: None,
    };
    bench.signed_by(signer(bench, dice), content, Event::WaveEnded)
}

/// Mostly whoever may sign waves.
fn signer<'a>(bench: &'a Bench, dice: &mut Dice) -> (Signer, &'a SecretKey) {
    match dice.below(12) {
        0 => (Signer::Sender, &bench.keys.sender),
        1 => (Signer::Operator { key: 0 }, &bench.keys.operator),
        2 => (Signer::Operator { key: 1 }, &bench.keys.operator),
        _ => bench.waves_signer(),
    }
}

fn extended(bench: &Bench, dice: &mut Dice) -> Event {
    let [_, end, latest] = bench.terms.field_ms;
    let ends = [
        end + 60_000,
        bench.poll.end() + 1_000,
        bench.poll.end(),
        latest,
        latest + 1_000,
        end + 500,
    ];
    bench.extended(ends[dice.below(6) as usize], reason(dice))
}

fn page_changed(bench: &Bench, dice: &mut Dice) -> Event {
    let mut pick = |texts: &[&'static str]| texts[dice.below(texts.len() as u64) as usize];
    let fields = [
        "sample.frame",
        "disclosure.privacy",
        "contact.name",
        "question.text",
        "who.why_they_differ",
    ];
    let texts = ["Another", "", "Line\nline", "Yеs", "Call 07701234567"];
    let wordings: Vec<_> = (0..2)
        .map(|_| (pick(&fields), pick(&["en", "ar", "fr"]), pick(&texts)))
        .collect();
    bench.page_changed(&wordings, reason(dice))
}

fn closed(bench: &Bench, dice: &mut Dice) -> Event {
    let mut content = bench.closing(reason(dice));
    match dice.below(8) {
        0 => content.size += 1,
        1 => content.link = Link::of_origin(bench.poll.origin()),
        2 => content.tally = None,
        3 => content.tally = Some(Vec::new()),
        4 => content.tally.iter_mut().flatten().for_each(|question| {
            question.options[0].count += 1;
        }),
        _ => {}
    }
    bench.signed(content, Event::Closed)
}

fn annulled(bench: &Bench, dice: &mut Dice) -> Event {
    let key = if dice.one_in(3) {
        &bench.keys.log
    } else {
        &bench.keys.operator
    };
    let reason = reason(dice).to_owned();
    bench.signed_by(
        (Signer::Operator { key: 0 }, key),
        sijill_poll::event::Annulled { reason },
        Event::Annulled,
    )
}

fn reason(dice: &mut Dice) -> &'static str {
    const LONG: &str = include_str!("wild.rs");
    match dice.below(12) {
        0 => &LONG[..2_001],
        1 => "Complaints to +964 770 123 4567",
        2 => "",
        3 => &LONG[..2_000],
        _ => "A reason",
    }
}

/// Throws of a die, the same for the same seed (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound
    }

    fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.below(most - least + 1)
    }

    fn one_in(&mut self, of: u64) -> bool {
        self.below(of) == 0
    }
}
