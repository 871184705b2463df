//! A gateway by SMPP 3.4: one connection of an account at a message centre, on which segments go out and receipts and
//! replies come in.
//!
//! [`connect`] starts a task that owns the connection and makes another when it is lost. What is said (`wire`) is encoded
//! by `rusmpp`; what is heard is framed and read here, as leniently as it can be told apart. What waits for a response is
//! kept without clock and network (`exchange`); around that are one connection's life (`session`) and the task's (`life`).
//! It repeats no message, and keeps no pace: both are for whoever sends.
//!
//! *Invariants:* every submit taken is reported once; at most a window of them wait for their response; a delivery is
//! confirmed only when its [`crate::gateway::Ack`] is given; numbers, texts and the password are in no log line.

pub mod deliver_sm;
mod exchange;
mod life;
pub mod limits;
mod session;
pub mod settings;
mod stream;
mod wire;

use crate::gateway::Gateway;
use settings::{SmppSettings, WrongSetting};
use tokio::sync::mpsc;

/// A gateway with these settings, which connects at once and goes on by itself. Whoever sends must read reports, too,
/// while it waits for room: a gateway whose reports nobody reads takes nothing more. To be called within a runtime of
/// tokio.
///
/// # Errors
/// [`WrongSetting`] says what is to be mended.
pub fn connect(settings: SmppSettings) -> Result<Gateway, WrongSetting> {
    let account = settings.checked()?;
    let (submits, taken) = mpsc::channel(account.window);
    let (told, reports) = mpsc::channel(limits::REPORTS_MAX);
    tokio::spawn(life::Life::new(account, taken, told).live());
    Ok(Gateway { submits, reports })
}
