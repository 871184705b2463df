//! A journal in a folder of its own, a world whose clock the test sets, and a gateway that answers by a closure.

use sijill_ledger::Hash;
use sijill_outreach::calendar::Calendar;
use sijill_outreach::deliveries::{Deliveries, Whose};
use sijill_outreach::delivery::{Selection, StopWay, WaveKind};
use sijill_outreach::gateway::{Ack, Gateway, Outcome, Receipt, Report, Submit, Ticket};
use sijill_outreach::number::Number;
use sijill_outreach::sending::{Ended, Progress, SendError, Terms, Waits, World, send};
use sijill_outreach::wave::{Standing, Wave};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc;

/// Something over a week from the start of the test's poll, in milliseconds since 1970.
pub const END: u64 = 1_800_000_000_000;

/// What the test and the world share.
#[derive(Debug, Default)]
pub struct Shared {
    pub now: AtomicU64,
    pub paused: AtomicBool,
    pub interrupted: AtomicBool,
    pub stops: Mutex<Vec<(u32, StopWay)>>,
    pub waits: Mutex<Vec<Option<Waits>>>,
    pub news: Mutex<Vec<String>>,
}

/// The world of the tests. Invitation `i` has the number +964770000000i.
#[derive(Debug, Clone, Default)]
pub struct TestWorld(pub Arc<Shared>);

pub fn number(invitation: u32) -> Number {
    Number::from_u64(9_647_700_000_000 + u64::from(invitation)).unwrap()
}

pub fn text(invitation: u32) -> String {
    format!(
        "هل تؤيد استمرار مهمة التحالف الدولي في العراق؟ رابطك الشخصي:\nhttps://ur.example/p/{invitation:020}"
    )
}

impl World for TestWorld {
    type Error = Infallible;

    fn now(&self) -> u64 {
        self.0.now.load(Ordering::SeqCst)
    }

    fn message(&mut self, invitation: u32) -> Result<(Number, String), Infallible> {
        Ok((number(invitation), text(invitation)))
    }

    fn said_stop(&mut self, number: Number) -> Result<Vec<u32>, Infallible> {
        let place = number.to_u64().saturating_sub(9_647_700_000_000);
        Ok(u32::try_from(place).into_iter().collect())
    }

    fn stopped(&mut self) -> Result<Vec<(u32, StopWay)>, Infallible> {
        Ok(std::mem::take(&mut *self.0.stops.lock().unwrap()))
    }

    fn is_paused(&mut self) -> bool {
        self.0.paused.load(Ordering::SeqCst)
    }

    fn ends_at(&mut self) -> u64 {
        END
    }

    fn is_interrupted(&self) -> bool {
        self.0.interrupted.load(Ordering::SeqCst)
    }

    fn tell(&mut self, progress: &Progress<'_>) {
        let mut waits = self.0.waits.lock().unwrap();
        if waits.last() != Some(&progress.waits) {
            waits.push(progress.waits);
        }
        self.0.news.lock().unwrap().extend(progress.news.clone());
    }
}

pub fn terms() -> Terms {
    Terms {
        calendar: Calendar::always(),
        rate: 100_000,
        receipts_ms: 0,
    }
}

pub fn opened(folder: &Path, invitations: u32) -> Deliveries {
    let whose = Whose {
        origin: "ur.example/polls/bridge".parse().unwrap(),
        poll_id: Hash::of(b"poll"),
        invitations,
    };
    Deliveries::open(folder, &[7; 32], whose).unwrap()
}

/// A journal with a first wave of all that is ready to leave.
pub fn wave_of(folder: &Path, invitations: u32) -> Deliveries {
    let mut deliveries = opened(folder, invitations);
    let all = Selection::default();
    let wave = deliveries.begin_wave(WaveKind::First, &all, 1).unwrap();
    deliveries.choose(wave, 0..invitations).unwrap();
    deliveries
}

/// What a gateway saw: every submit, in order.
pub type Seen = Arc<Mutex<Vec<Submit>>>;

/// Messages that left for each invitation: attempts of which every segment was seen.
pub fn messages(seen: &Seen) -> BTreeMap<u32, Vec<u16>> {
    let mut segments: BTreeMap<(u32, u16), usize> = BTreeMap::new();
    for submit in seen.lock().unwrap().iter() {
        let Ticket {
            invitation,
            attempt,
            ..
        } = submit.ticket;
        *segments.entry((invitation, attempt)).or_default() += 1;
    }
    let mut messages: BTreeMap<u32, Vec<u16>> = BTreeMap::new();
    for ((invitation, attempt), count) in segments {
        assert!(
            count <= 2,
            "{invitation} got a segment twice in attempt {attempt}"
        );
        messages.entry(invitation).or_default().push(attempt);
    }
    messages
}

/// A gateway with this window that answers each submit by what `answer` makes of it.
pub fn gateway(
    window: usize,
    mut answer: impl FnMut(&Submit) -> Vec<Report> + Send + 'static,
) -> (Gateway, Seen) {
    let (submits, mut taken) = mpsc::channel::<Submit>(window);
    let (told, reports) = mpsc::channel(1_024);
    let seen = Seen::default();
    let kept = Arc::clone(&seen);
    tokio::spawn(async move {
        if told.send(Report::Up).await.is_err() {
            return;
        }
        while let Some(submit) = taken.recv().await {
            kept.lock().unwrap().push(submit.clone());
            for report in answer(&submit) {
                if told.send(report).await.is_err() {
                    return;
                }
            }
        }
    });
    (Gateway { submits, reports }, seen)
}

pub fn accepted(submit: &Submit) -> Report {
    let ticket = submit.ticket;
    let id = id(ticket);
    Report::Accepted { ticket, id }
}

pub fn receipt(submit: &Submit, outcome: Outcome) -> Report {
    let receipt = Receipt {
        id: id(submit.ticket),
        to: Some(submit.to),
        outcome,
        error: String::new(),
    };
    let ack = Ack::new(|| {});
    Report::Receipt { receipt, ack }
}

fn id(ticket: Ticket) -> String {
    format!("m{}-{}-{}", ticket.invitation, ticket.attempt, ticket.part)
}

/// A gateway that takes and delivers everything.
pub fn honest(submit: &Submit) -> Vec<Report> {
    vec![accepted(submit), receipt(submit, Outcome::Delivered)]
}

pub async fn run(
    deliveries: &mut Deliveries,
    gateway: Gateway,
    world: &mut TestWorld,
) -> Result<Ended, SendError<Infallible>> {
    send(deliveries, gateway, &terms(), world).await
}

/// How many invitations of a wave stand where, as text.
pub fn counts(wave: &Wave) -> String {
    let all = Standing::ALL.into_iter();
    let some = all.filter(|standing| wave.count(*standing) > 0);
    let words = some.map(|standing| format!("{} {}", wave.count(standing), standing.word()));
    words.collect::<Vec<_>>().join(", ")
}

pub fn standing(deliveries: &Deliveries) -> String {
    counts(deliveries.waves().last().unwrap())
}
