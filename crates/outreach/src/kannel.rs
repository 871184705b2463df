//! A gateway over HTTP, in the form of Kannel's `sendsms` (Kannel 1.4.5, user guide, "Using the HTTP interface to send SMS
//! messages" and "SMS Delivery Reports"): one request a segment, and a small listener for receipts and replies.
//!
//! [`connect`] opens the listener and starts a task that asks (`life`). What is asked (`request`), what an answer means
//! (`answer`) and what a callback says (`callback`) are decided without clock and network; around them stand the
//! connections to the gateway (`client`) and those from it (`listener`). It repeats no message, and keeps no pace: both
//! are for whoever sends.
//!
//! *Invariants:* every submit taken is reported once; at most a window of them wait for their answer; a callback is
//! answered with 200 only when its [`crate::gateway::Ack`] is given; numbers, texts, password and secret are in no log
//! line and no error.

mod answer;
pub mod callback;
mod client;
mod life;
pub mod limits;
mod listener;
mod request;
pub mod settings;

use crate::gateway::Gateway;
use settings::{KannelSettings, WrongSetting};
use tokio::sync::mpsc;

/// A gateway with these settings, which listens and connects at once and goes on by itself. Whoever sends must read
/// reports, too, while it waits for room. To be called within a runtime of tokio.
///
/// # Errors
/// [`WrongSetting`] says what is to be mended; it may be that another program has the callbacks' port.
pub fn connect(settings: KannelSettings) -> Result<Gateway, WrongSetting> {
    let account = settings.checked()?;
    let (submits, taken) = mpsc::channel(account.window);
    let (told, reports) = mpsc::channel(limits::REPORTS_MAX);
    let listener = listener::Listener::open(&account.callbacks, told.clone())?;
    tokio::spawn(life::Life::new(account, taken, told).live(listener));
    Ok(Gateway { submits, reports })
}
