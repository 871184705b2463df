//! The service killed at random moments while people answer, again and again.
//!
//! `SIJILL_KILL_ROUNDS=2000 SIJILL_KILL_SEED=7` before the test command makes a longer run, or another one.

use crate::assertions::{answers, bare, check, code, entries, integer, verdict};
use crate::browser::Browser;
use crate::place::{Place, terms};
use sijill_poll::event::{Responded, Who};
use sijill_scenarios::dice::Dice;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

const SLUG: &str = "bridge";

/// Rounds of a run, unless the environment says otherwise.
const ROUNDS: u64 = 104;

/// Rounds between two audits.
const AUDIT_EVERY: u64 = 26;

/// People who answer at the same time.
const CROWD: usize = 4;

/// People invited for each round; who is not served in one answers in the next.
const INVITED_A_ROUND: u64 = 70;

/// Somebody with a link, and a mind that does not change.
struct Respondent {
    path: String,
    choice: &'static str,
}

/// Everybody invited.
struct People {
    /// Who has no confirmation yet; first those whose form was sent to a server that died.
    waiting: Mutex<VecDeque<Respondent>>,
    /// The code shown, by the path of the link.
    codes: Mutex<BTreeMap<String, String>>,
    /// Where promise files are kept.
    promises: PathBuf,
}

impl People {
    fn invited(place: &Place, count: u64) -> Self {
        let invited = place.poll(&terms(), u32::try_from(count).unwrap());
        let respondent = |(number, path)| Respondent {
            path,
            choice: ["yes", "no", "dont-know"][number % 3],
        };
        let paths = invited.into_iter().map(|invitation| invitation.path);
        let promises = place.path("promises");
        fs::create_dir(&promises).unwrap();
        Self {
            waiting: Mutex::new(paths.enumerate().map(respondent).collect()),
            codes: Mutex::default(),
            promises,
        }
    }

    fn confirmed(&self) -> usize {
        self.codes.lock().unwrap().len()
    }

    fn promised(&self) -> u64 {
        fs::read_dir(&self.promises).unwrap().count() as u64
    }

    /// One after another answers until the server is gone, and keeps what was confirmed.
    fn answer_until_gone(&self, browser: &Browser) {
        loop {
            let Some(next) = self.waiting.lock().unwrap().pop_front() else {
                return;
            };
            let form = [("answer", next.choice), ("revision", "1")];
            let Ok(page) = browser.try_post(&next.path, &form) else {
                self.waiting.lock().unwrap().push_front(next);
                return;
            };
            let code = page
                .status(200)
                .code()
                .expect("a confirmation shows a code");
            let promise = browser.ask("GET", &format!("{}/promise", next.path), &[], b"");
            let file = self.promises.join(format!("{code}.promise"));
            self.codes.lock().unwrap().insert(next.path, bare(&code));
            match promise {
                Ok(promise) => fs::write(file, promise.status(200).body).unwrap(),
                Err(_) => return,
            }
        }
    }
}

/// Lets a crowd answer, and kills the server after a while: some tens of milliseconds to some tenths of a second of
/// load; in one round of eight while it starts, and in one while it stops.
fn round(place: &Place, people: &People, number: u64, dice: &mut Dice) {
    if number % 8 == 7 {
        let name = format!("killed-while-it-starts-{number}");
        let mut process = place.start(&name, ["serve", "--listen", "127.0.0.1:0"]);
        std::thread::sleep(Duration::from_millis(dice.below(120)));
        process.kill();
        return;
    }
    let mut server = place.serve();
    let browser = server.browser();
    std::thread::scope(|scope| {
        for _ in 0..CROWD {
            scope.spawn(|| people.answer_until_gone(&browser));
        }
        std::thread::sleep(Duration::from_millis(20 + dice.below(230)));
        if number % 8 == 3 {
            server.interrupt();
            std::thread::sleep(Duration::from_millis(dice.below(60)));
        }
        server.kill();
    });
}

/// Everything confirmed is in the ledger, each promise stands, nobody counts twice, and the audit finds nothing.
#[track_caller]
fn check_ledger(place: &Place, people: &People, file: &str) {
    let file = place.path(file);
    place.sijill(args!["export", SLUG, &file]).well();
    let ledger = entries(&fs::read(file).unwrap());
    let recorded = answers(&ledger);
    let codes: BTreeSet<String> = recorded.iter().map(|answer| code(answer)).collect();
    for code in people.codes.lock().unwrap().values() {
        assert!(codes.contains(code), "the confirmed answer {code} is gone");
    }
    let who: BTreeSet<u32> = recorded.iter().map(|answer| invitation(answer)).collect();
    assert_eq!(who.len(), recorded.len(), "an invitation counts twice");
    let anchor = place.anchor(SLUG);
    let arguments = args!["--anchor", anchor, "--promise", &people.promises, "--json"];
    let report = place.audit(place.data(), arguments).well().json();
    assert_eq!(verdict(&report, "V25"), "passed");
    assert_eq!(integer(&check(&report, "V25")["items"]), people.promised());
}

fn invitation(answer: &Responded) -> u32 {
    let Who::Invitation { index, .. } = answer.answer.who;
    index
}

fn number_from(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().expect("a number"))
}

// What happened: the service was killed while people were answering. What they would have lost: a confirmed answer, or
// their only one to a form that was sent twice. What holds: every confirmation that anybody received is in the ledger
// after the restart, who sends the form again is counted once, and the audit upholds every promise.
#[test]
fn killed_at_random_moments_a_hundred_times_the_service_keeps_every_confirmed_answer() {
    let rounds = number_from("SIJILL_KILL_ROUNDS", ROUNDS);
    let mut dice = Dice::new(number_from("SIJILL_KILL_SEED", 1));
    let place = Place::new();
    let people = People::invited(&place, rounds * INVITED_A_ROUND);
    for number in 0..rounds {
        round(&place, &people, number, &mut dice);
        if number % AUDIT_EVERY == AUDIT_EVERY - 1 {
            check_ledger(&place, &people, &format!("{number}.export"));
        }
    }
    assert!(people.confirmed() as u64 > rounds, "the crowd got nowhere");

    let server = place.serve();
    let browser = server.browser();
    for (path, code) in people.codes.lock().unwrap().iter().step_by(97) {
        let page = browser.get(path).status(200);
        assert_eq!(page.code().as_deref().map(bare).as_ref(), Some(code));
    }
    server.stop().well();
    check_ledger(&place, &people, "last.export");
    place.sijill(["replay"]).well();
    println!(
        "{rounds} rounds, {} answers confirmed, {} promises held, {} people not served",
        people.confirmed(),
        people.promised(),
        people.waiting.lock().unwrap().len()
    );
}
