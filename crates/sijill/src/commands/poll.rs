//! `sijill poll …`: the commands that open a poll and steer it, and what they share.

pub mod annul;
pub mod close;
pub mod extend;
pub mod lint;
pub mod list;
pub mod mend;
pub mod new;
pub mod object;
pub mod open;
pub mod pause;
pub mod preview;
pub mod record;
pub mod resume;
pub mod show;
pub mod unseal;

use crate::clerk::{self, Clerk, Recorded};
use crate::fault::Exit;
use crate::settings::Settings;
use crate::signing::{self, Pen};
use anyhow::Result;
use serde::Serialize;
use serde_json::json;
use sijill_poll::Event;
use sijill_poll::operator::Signed;
use sijill_server::desk::PollStatus;
use std::path::PathBuf;

/// Which key signs.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct KeyArg {
    /// Operator's key file [default: the one in DATA/keys that the definition lists]
    #[arg(long, env = "SIJILL_KEY", value_name = "FILE")]
    pub key: Option<PathBuf>,
}

impl KeyArg {
    /// The operator's pen for this poll.
    pub fn pen(&self, settings: &Settings, poll: &PollStatus) -> Result<Pen> {
        let named = self.key.as_deref().or(settings.key.as_deref());
        let keys = signing::keys_at_hand(&settings.data(), named)?;
        signing::operator_pen(&keys, &signing::definition_of(poll)?)
    }
}

/// Signs `content` as the operator's next event, has it recorded, and says so in the words of `done`.
fn steer<C: Serialize + Clone>(
    settings: &Settings,
    (slug, key): (&str, &KeyArg),
    done: &str,
    content: C,
    wrap: impl Fn(Signed<C>) -> Event,
) -> Result<Exit> {
    let recorded = clerk::at_the_desk(Clerk::reach(settings)?, |clerk| {
        let poll = clerk.show(slug)?;
        let pen = key.pen(settings, &poll)?;
        clerk.record(slug, &signing::sign(&poll, &pen, content, wrap)?)
    })?;
    say_recorded(settings, slug, done, recorded)?;
    Ok(Exit::Well)
}

fn say_recorded(settings: &Settings, slug: &str, done: &str, recorded: Recorded) -> Result<()> {
    let Recorded { index, link } = recorded;
    let text = format!("poll `{slug}` {done}, entry {index}, link {link}");
    let json = json!({"slug": slug, "done": done, "index": index, "link": link.to_string()});
    settings.console.answer(&text, &json)
}
