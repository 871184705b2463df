//! What is said of one file: a verdict, and rows that people read beside the fields that machines do.

use crate::console::{grouped, plain};
use crate::fault::Exit;
use crate::moment::rfc3339;
use serde_json::{Map, Value, json};
use sijill_ledger::Sealed;
use sijill_ledger::checkpoint::Checkpoint;
use sijill_ledger::cosignature::Cosignature;
use sijill_ledger::policy::TrustedCheckpoint;
use sijill_poll::Event;
use sijill_poll::definition::{Definition, Localised};
use sijill_poll::event::{self, Responded, Who};

/// What came of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It proves what it says.
    Proven,
    /// A promise whose answer is in the ledger.
    Kept,
    /// It is not what it should be.
    Wrong,
    /// It is good, and the ledger is not what it should be by it.
    Broken,
    /// A promise that nobody could expect to be kept yet.
    NotDue,
    /// Nothing failed, and something is missing.
    NotVerified,
}

impl Verdict {
    /// The exit code.
    pub fn exit(self) -> Exit {
        match self {
            Self::Proven | Self::Kept => Exit::Well,
            Self::Wrong | Self::Broken => Exit::NotSo,
            Self::NotDue | Self::NotVerified => Exit::Incomplete,
        }
    }

    /// For machines.
    pub fn word(self) -> &'static str {
        match self {
            Self::Proven => "proven",
            Self::Kept => "kept",
            Self::Wrong => "wrong",
            Self::Broken => "broken",
            Self::NotDue => "not_due",
            Self::NotVerified => "not_verified",
        }
    }

    /// For people.
    fn shown(self) -> &'static str {
        match self {
            Self::NotDue => "not due yet",
            Self::NotVerified => "not verified",
            other => other.word(),
        }
    }
}

/// What is said of one file.
#[derive(Debug, Clone)]
pub struct Said {
    /// What came of it.
    pub verdict: Verdict,
    kind: &'static str,
    rows: Vec<(&'static str, String)>,
    fields: Map<String, Value>,
}

impl Said {
    /// Of a file of this kind, that it proves what it says, unless more is said.
    pub fn of(kind: &'static str) -> Self {
        Self {
            verdict: Verdict::Proven,
            kind,
            rows: Vec::new(),
            fields: Map::new(),
        }
    }

    /// The same with another verdict, and why.
    pub fn but(mut self, verdict: Verdict, why: impl ToString) -> Self {
        self.verdict = verdict;
        let why = why.to_string();
        let row = match verdict.exit() {
            Exit::Incomplete => "missing",
            _ => "because",
        };
        self.row(row, why.clone());
        self.field("why", json!(why));
        self
    }

    /// One row for people.
    pub fn row(&mut self, name: &'static str, text: impl Into<String>) {
        self.rows.push((name, text.into()));
    }

    /// One field for machines.
    pub fn field(&mut self, name: &str, value: Value) {
        self.fields.insert(name.to_owned(), value);
    }

    /// For people who see many: one line.
    pub fn line(&self, file: &str) -> String {
        let (file, why) = (plain(file), plain(self.why()));
        format!("{file}: {} ({}): {why}", self.verdict.shown(), self.kind)
    }

    /// Why it is not well, if it is not.
    fn why(&self) -> &str {
        let why = self.fields.get("why").and_then(Value::as_str);
        why.unwrap_or_default()
    }

    /// For people.
    pub fn text(&self, file: &str) -> String {
        let file = plain(file);
        let mut text = format!("{file}: {} ({})", self.verdict.shown(), self.kind);
        for (name, row) in &self.rows {
            text += &format!("\n  {name:<12}{}", plain(row));
        }
        text
    }

    /// For machines.
    pub fn json(&self, file: &str) -> Value {
        let mut fields = self.fields.clone();
        fields.insert("file".into(), json!(file));
        fields.insert("kind".into(), json!(self.kind));
        fields.insert("verdict".into(), json!(self.verdict.word()));
        fields.insert("exit_code".into(), json!(self.verdict.exit().code()));
        Value::Object(fields)
    }

    /// An entry: what it is, where and when.
    pub fn entry(&mut self, entry: &Sealed<Event>, definition: Option<&Definition>) {
        let (entry, index) = (entry.entry(), entry.entry().index);
        match &entry.event {
            Event::Responded(responded) => self.answer(responded, definition),
            event => self.row("entry", format!("`{}`, no answer", event.name())),
        }
        let at = rfc3339(entry.at);
        self.row("index", format!("entry {}, of {at}", grouped(index)));
        self.field("index", json!(index));
        self.field("event", json!(entry.event.name()));
        self.field("at", json!(at));
    }

    /// An answer: what was chosen, and whose it is. A definition puts words to the ids.
    pub fn answer(&mut self, responded: &Responded, definition: Option<&Definition>) {
        let Who::Invitation { index, revision } = responded.answer.who;
        for chosen in &responded.answer.chosen {
            let (question, answer) = worded(chosen, definition);
            self.row("answer", answer);
            self.row("question", question);
        }
        let by = format!(
            "invitation {}, revision {revision}",
            grouped(u64::from(index))
        );
        self.row("by", by);
        let chosen = responded.answer.chosen.iter().map(chosen_json);
        self.field("answers", chosen.collect());
        self.field("invitation", json!(index));
        self.field("revision", json!(revision));
    }

    /// A checkpoint that somebody claims.
    pub fn claimed(&mut self, checkpoint: &Checkpoint) {
        self.row("poll", checkpoint.origin.as_str());
        let Checkpoint { origin, size, root } = checkpoint;
        self.row(
            "checkpoint",
            format!("{} entries, root {root}", grouped(*size)),
        );
        self.field("origin", json!(origin.as_str()));
        let json = json!({"size": size, "root": root.to_string()});
        self.field("checkpoint", json);
    }

    /// A checkpoint that the policy trusts: who signed and cosigned it.
    pub fn trusted(&mut self, trusted: &TrustedCheckpoint) {
        let verified = trusted.verified();
        self.claimed(verified.checkpoint());
        let signed: Vec<_> = verified
            .signed_by()
            .iter()
            .map(ToString::to_string)
            .collect();
        self.row("signed by", signed.join(", "));
        if !verified.not_signed_by().is_empty() {
            let without = verified.not_signed_by().iter().map(ToString::to_string);
            self.row("not by", without.collect::<Vec<_>>().join(", "));
        }
        let cosigned: Vec<_> = trusted.cosignatures().iter().map(cosigned).collect();
        let shown = match cosigned.as_slice() {
            [] => "no witness, and the policy asks for none".to_owned(),
            cosigned => cosigned.join(", "),
        };
        self.row("cosigned by", shown);
        self.field("signed_by", json!(signed));
        let json = trusted.cosignatures().iter().map(cosigned_json);
        self.field("cosigned_by", json.collect());
    }
}

fn cosigned(cosignature: &Cosignature) -> String {
    let time = rfc3339(cosignature.time().saturating_mul(1_000));
    format!("{} at {time}", cosignature.witness().name())
}

fn cosigned_json(cosignature: &Cosignature) -> Value {
    json!({
        "witness": cosignature.witness().to_string(),
        "at": rfc3339(cosignature.time().saturating_mul(1_000)),
    })
}

/// Question and answer of a choice: in the definition's words where it has some, else by their ids.
fn worded(chosen: &event::Chosen, definition: Option<&Definition>) -> (String, String) {
    let definition = definition.filter(|definition| definition.question.id == chosen.question);
    let question = match definition {
        Some(definition) => format!(
            "{} (`{}`)",
            said(&definition.question.text),
            chosen.question
        ),
        None => format!("`{}`", chosen.question),
    };
    let answer = match &chosen.value {
        event::Value::Sealed(_) => "sealed".to_owned(),
        event::Value::Clear(id) => {
            let options = definition.map_or(&[][..], |definition| &definition.options);
            match options.iter().find(|option| option.id == *id) {
                Some(option) => format!("{} (`{id}`)", said(&option.label)),
                None => format!("`{id}`"),
            }
        }
    };
    (question, answer)
}

/// In English where the poll has it, else in its first language.
fn said(text: &Localised) -> &str {
    text.get("en")
}

fn chosen_json(chosen: &event::Chosen) -> Value {
    match &chosen.value {
        event::Value::Clear(option) => json!({"question": chosen.question, "option": option}),
        event::Value::Sealed(_) => json!({"question": chosen.question, "sealed": true}),
    }
}
