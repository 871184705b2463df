//! A folder of receipts and promises: each judged by itself, all asked against the poll in one pass over its entries,
//! and what so many of them say of the answers that nobody brought.

use super::asked::Growth;
use super::promise::{kept, opened};
use super::receipt::{standing, went_back};
use super::said::{Said, Verdict};
use super::{Court, Kind, fork, kind_of};
use crate::console::{Console, grouped};
use crate::fault::{Exit, Fault, input};
use crate::settings::Settings;
use crate::small_file;
use anyhow::{Context, Result};
use serde_json::{Value, json};
use sijill_auditor::bound::share_max;
use sijill_auditor::receipt::{self, ProvenReceipt};
use sijill_auditor::search::{Search, Seen, Standing};
use sijill_ledger::Hash;
use sijill_ledger::checkpoint::Checkpoint;
use sijill_ledger::limits::FORK_BYTES_MAX;
use sijill_ledger::tlog_proof::TlogProof;
use sijill_poll::Event;
use sijill_poll::event::Responded;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Most files taken from one folder; more want a run for each part.
const FILES_MAX: usize = 100_000;

/// A file of the folder, and what is known of it so far.
struct Held {
    name: String,
    state: State,
}

enum State {
    /// All that can be said is said, and of a receipt that convicts the ledger, of which answer it is.
    Said(Box<Said>, Option<Hash>),
    /// An answer that the ledger is asked for, at this place of the search.
    Asked { place: usize, claim: Claim },
}

/// What the file says of its answer.
struct Claim {
    /// SHA-256 of the signed answer: a receipt and a promise of one answer count once.
    answer: Hash,
    kind: Said,
    /// Where the log's signed proof says that it is.
    proven: Option<(u64, Hash)>,
    /// Of a promise, in milliseconds since 1970.
    due_ms: Option<u64>,
}

/// Verifies every file of the folder.
pub fn run(folder: &Path, court: Court, settings: &Settings) -> Result<Exit> {
    let files = files_of(folder)?;
    let console = settings.console;
    let now_ms = court.now_ms;
    let mut session = Session::of(court);
    let bar = console.bar(files.len() as u64, "verifying files");
    for file in &files {
        session.take(file)?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    let seen = session.read(console)?;
    let outcome = session.finish(seen, now_ms);
    console.answer(&outcome.text(), &outcome.json())?;
    Ok(outcome.exit())
}

fn files_of(folder: &Path) -> Result<Vec<PathBuf>> {
    let cannot = || Fault::Input(format!("cannot read the folder `{}`", folder.display()));
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(cannot)? {
        let path = entry.with_context(cannot)?.path();
        if path.is_file() {
            files.push(path);
        }
        if files.len() > FILES_MAX {
            return Err(input(format!(
                "`{}` has more than {FILES_MAX} files; verify a part of them at a time",
                folder.display()
            )));
        }
    }
    files.sort();
    match files.is_empty() {
        true => Err(input(format!(
            "the folder `{}` has no file",
            folder.display()
        ))),
        false => Ok(files),
    }
}

/// The files so far, and what the ledger is to be asked.
struct Session {
    court: Court,
    held: Vec<Held>,
    search: Search,
    /// Whether the poll of now grew from a checkpoint, by its size and root.
    growth: BTreeMap<(u64, Hash), Growth>,
    /// The leaf that a receipt proved at an index of a log, and the receipt's name.
    proven: BTreeMap<(String, u64), (Hash, String)>,
}

impl Session {
    fn of(court: Court) -> Self {
        Self {
            court,
            held: Vec::new(),
            search: Search::default(),
            growth: BTreeMap::new(),
            proven: BTreeMap::new(),
        }
    }

    fn take(&mut self, file: &Path) -> Result<()> {
        let name = file.display().to_string();
        let state = match small_file::text(file, FORK_BYTES_MAX) {
            Ok(text) => self.judge(&name, &text)?,
            Err(error) => State::of(Said::of("file").but(Verdict::Wrong, format!("{error:#}"))),
        };
        self.held.push(Held { name, state });
        Ok(())
    }

    fn judge(&mut self, name: &str, text: &str) -> Result<State> {
        match kind_of(text.as_bytes()) {
            Some(Kind::Receipt) => self.receipt(name, text),
            Some(Kind::Promise) => Ok(self.promise(text)),
            Some(Kind::Fork) => Ok(State::of(self.fork(text))),
            None => {
                let why = "its first line is of no receipt, promise or fork";
                Ok(State::of(Said::of("file").but(Verdict::Wrong, why)))
            }
        }
    }

    /// A fork that holds is the worst that a folder can have.
    fn fork(&self, text: &str) -> Said {
        let said = fork::judge(text, self.court.policy.as_ref());
        match said.verdict {
            Verdict::Proven => said.but(Verdict::Broken, "the log signed two histories"),
            _ => said,
        }
    }

    fn receipt(&mut self, name: &str, text: &str) -> Result<State> {
        let said = Said::of("receipt");
        let proof = match text.parse::<TlogProof>() {
            Ok(proof) => proof,
            Err(error) => return Ok(State::of(said.but(Verdict::Wrong, error))),
        };
        let Some(policy) = &self.court.policy else {
            let why = "nobody was named whom to believe; give `--policy`";
            return Ok(State::of(said.but(Verdict::NotVerified, why)));
        };
        let proven = match receipt::prove(&proof, policy) {
            Ok(proven) => proven,
            Err(error) if error.is_ignorance() => {
                return Ok(State::of(said.but(Verdict::NotVerified, error)));
            }
            Err(error) => return Ok(State::of(said.but(Verdict::Wrong, error))),
        };
        let event = &proven.entry().entry().event;
        if let Some(why) = self.contradicted(name, &proven) {
            return Ok(State::broken(said, why, event));
        }
        match self.grew_not(proven.checkpoint().verified().checkpoint())? {
            Some((Verdict::Broken, why)) => return Ok(State::broken(said, why, event)),
            Some((verdict, why)) => return Ok(State::of(said.but(verdict, why))),
            None => {}
        }
        Ok(match event {
            Event::Responded(responded) => {
                let proven = Some((proven.index(), proven.leaf()));
                self.asked(responded.clone(), said, proven, None)
            }
            _ => State::of(said),
        })
    }

    /// Two receipts of one index are of one entry, or two people were shown different histories.
    fn contradicted(&mut self, name: &str, proven: &ProvenReceipt) -> Option<String> {
        let origin = &proven.checkpoint().verified().checkpoint().origin;
        let (index, leaf) = (proven.index(), proven.leaf());
        let place = (origin.to_string(), index);
        match self.proven.get(&place) {
            Some((other, by)) if *other != leaf => Some(format!(
                "it proves another entry {} than `{by}` does: two people were shown different histories",
                grouped(index)
            )),
            Some(_) => None,
            None => {
                self.proven.insert(place, (leaf, name.to_owned()));
                None
            }
        }
    }

    /// Why the poll of now did not grow from this checkpoint, if it is asked and did not.
    fn grew_not(&mut self, held: &Checkpoint) -> Result<Option<(Verdict, String)>> {
        let Checkpoint { size, root, .. } = *held;
        let Some(asked) = &mut self.court.asked else {
            return Ok(None);
        };
        if let Err(error) = asked.expect(&held.origin) {
            return Ok(Some((Verdict::NotVerified, format!("{error:#}"))));
        }
        let growth = match self.growth.get(&(size, root)) {
            Some(growth) => *growth,
            None => asked.growth_from(size, root)?,
        };
        self.growth.insert((size, root), growth);
        let why = match growth {
            Growth::Consistent => return Ok(None),
            Growth::WentBack => went_back(asked.from(), asked.newest().size, size),
            Growth::Fork { found } => format!(
                "`{}` has another history: at {} entries its root is {found}; `sijill compare` makes the proof of it",
                asked.from(),
                grouped(size)
            ),
        };
        Ok(Some((Verdict::Broken, why)))
    }

    fn promise(&mut self, text: &str) -> State {
        let said = Said::of("promise");
        let Some(asked) = &self.court.asked else {
            let why = "no ledger to look into; give `--policy` and `--source`";
            return State::of(said.but(Verdict::NotVerified, why));
        };
        match opened(text, asked, None) {
            Ok(promise) => {
                let due_ms = promise.promise().due.saturating_mul(1_000);
                self.asked(promise.responded().clone(), said, None, Some(due_ms))
            }
            Err(why) => State::of(said.but(Verdict::Wrong, why)),
        }
    }

    /// An answer to be looked for; where nobody is asked, all is said.
    fn asked(
        &mut self,
        responded: Responded,
        kind: Said,
        proven: Option<(u64, Hash)>,
        due_ms: Option<u64>,
    ) -> State {
        let (Some(_), Ok(answer)) = (&self.court.asked, responded.hash()) else {
            return State::of(kind);
        };
        let place = self.search.want(responded);
        let claim = Claim {
            answer,
            kind,
            proven,
            due_ms,
        };
        State::Asked { place, claim }
    }

    /// One pass over the entries; none where no source was given.
    fn read(&mut self, console: Console) -> Result<Option<Seen>> {
        let Some(asked) = &mut self.court.asked else {
            return Ok(None);
        };
        let life = console.spinner("reading the ledger");
        let read = asked.search(&mut self.search, 0);
        life.finish_and_clear();
        read?;
        Ok(Some(self.search.seen()))
    }

    fn finish(self, seen: Option<Seen>, now_ms: u64) -> Outcome {
        let mut outcome = Outcome {
            source: self
                .court
                .asked
                .as_ref()
                .map(|asked| asked.from().to_owned()),
            seen,
            ..Outcome::default()
        };
        for held in self.held {
            let said = match held.state {
                State::Said(said, answer) => outcome.count(answer, *said),
                State::Asked { place, claim } => {
                    let stands = self.search.standing(place);
                    let seen = seen.unwrap_or_default();
                    outcome.looked_at(claim, stands, seen, now_ms)
                }
            };
            outcome.say(held.name, said);
        }
        outcome
    }
}

impl State {
    fn of(said: Said) -> Self {
        Self::Said(Box::new(said), None)
    }

    /// A receipt that is good, and that the ledger is not what it should be by.
    fn broken(said: Said, why: String, event: &Event) -> Self {
        let said = said.but(Verdict::Broken, why);
        let answer = match event {
            Event::Responded(responded) => responded.hash().ok(),
            _ => None,
        };
        Self::Said(Box::new(said), answer)
    }
}

/// What came of a folder.
#[derive(Default)]
struct Outcome {
    source: Option<String>,
    seen: Option<Seen>,
    files: u64,
    wrong: u64,
    broken: u64,
    not_due: u64,
    not_verified: u64,
    /// Whether each answer that could be judged is as it should be.
    answers: BTreeMap<Hash, bool>,
    problems: Vec<(String, Said)>,
}

impl Outcome {
    fn looked_at(&mut self, claim: Claim, stands: Standing, seen: Seen, now_ms: u64) -> Said {
        let said = match (claim.due_ms, claim.proven) {
            (Some(due_ms), _) => kept(claim.kind, stands, seen, due_ms, now_ms),
            (None, proven) => {
                let here = proven.map(|(index, _)| index);
                match stands.at() == here {
                    true => standing(claim.kind, stands, seen),
                    false => claim.kind.but(
                        Verdict::Broken,
                        "its answer is at another place than the receipt proves",
                    ),
                }
            }
        };
        self.count(Some(claim.answer), said)
    }

    /// Counts an answer among those that the ledger was asked for.
    fn count(&mut self, answer: Option<Hash>, said: Said) -> Said {
        let well = match said.verdict {
            Verdict::Proven | Verdict::Kept => true,
            Verdict::Broken => false,
            _ => return said,
        };
        if let (Some(answer), Some(_)) = (answer, &self.source) {
            let so_far = self.answers.entry(answer).or_insert(true);
            *so_far &= well;
        }
        said
    }

    fn say(&mut self, name: String, said: Said) {
        self.files += 1;
        let count = match said.verdict {
            Verdict::Proven | Verdict::Kept => return,
            Verdict::Wrong => &mut self.wrong,
            Verdict::Broken => &mut self.broken,
            Verdict::NotDue => &mut self.not_due,
            Verdict::NotVerified => &mut self.not_verified,
        };
        *count += 1;
        self.problems.push((name, said));
    }

    fn exit(&self) -> Exit {
        match (self.wrong + self.broken, self.not_due + self.not_verified) {
            (0, 0) if self.source.is_some() => Exit::Well,
            (0, _) => Exit::Incomplete,
            _ => Exit::NotSo,
        }
    }

    fn well(&self) -> u64 {
        self.files - self.problems.len() as u64
    }

    fn bad(&self) -> u64 {
        self.answers.values().filter(|well| !**well).count() as u64
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for (name, said) in &self.problems {
            text += &(said.line(name) + "\n");
        }
        text += &format!(
            "{} files: {} good, {} wrong, {} broken, {} not due yet, {} not verified\n",
            grouped(self.files),
            grouped(self.well()),
            grouped(self.wrong),
            grouped(self.broken),
            grouped(self.not_due),
            grouped(self.not_verified),
        );
        text + &self.bound_text()
    }

    fn bound_text(&self) -> String {
        let (Some(source), Some(seen)) = (&self.source, self.seen) else {
            return "no bound on dropped or altered answers: give `--source` with the poll's address".to_owned();
        };
        let (checked, bad) = (self.answers.len() as u64, self.bad());
        if checked == 0 {
            return "no bound on dropped or altered answers: no file is of an answer that could be judged".to_owned();
        }
        format!(
            "{} different answers were looked for in `{source}`, which has {} answers in {} entries: {} dropped or altered\nIf those who brought them are a random sample of all who answered, less than {} % of the answers were dropped or altered (95 % confidence, exact one-sided bound for {} of {})",
            grouped(checked),
            grouped(seen.answers),
            grouped(seen.entries),
            grouped(bad),
            percent_up(share_max(bad, checked)),
            grouped(bad),
            grouped(checked),
        )
    }

    fn json(&self) -> Value {
        let problems = self.problems.iter().map(|(name, said)| said.json(name));
        let (checked, bad) = (self.answers.len() as u64, self.bad());
        let bound = (self.source.is_some() && checked > 0).then(|| share_max(bad, checked));
        json!({
            "kind": "folder",
            "files": self.files,
            "good": self.well(),
            "wrong": self.wrong,
            "broken": self.broken,
            "not_due": self.not_due,
            "not_verified": self.not_verified,
            "source": self.source,
            "entries_read": self.seen.map(|seen| seen.entries),
            "answers": self.seen.map(|seen| seen.answers),
            "answers_checked": checked,
            "answers_bad": bad,
            "share_max": bound,
            "confidence": 0.95,
            "assumption": "those who brought the files are a random sample of all who answered",
            "problems": problems.collect::<Vec<_>>(),
            "exit_code": self.exit().code(),
        })
    }
}

/// A share in percent with three decimals, rounded up: a bound is never told smaller than it is.
fn percent_up(share: f64) -> String {
    format!("{:.3}", (share * 100_000.0).ceil() / 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_rounded_up() {
        assert_eq!(percent_up(0.050_001), "5.001");
        assert_eq!(percent_up(0.05), "5.000");
        assert_eq!(percent_up(1.0), "100.000");
        assert_eq!(percent_up(share_max(0, 1)), "95.000");
    }
}
