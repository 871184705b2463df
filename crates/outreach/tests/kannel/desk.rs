//! Whoever sends, in these tests: settings with short times, submits, and reports waited for.

use sijill_outreach::gateway::{Gateway, Report, Submit, Ticket};
use sijill_outreach::kannel::connect;
use sijill_outreach::kannel::settings::{Callbacks, KannelSettings, Secret, Times};
use sijill_outreach::number::Number;
use sijill_outreach::segment::segments;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;
use tokio::time::timeout;
use zeroize::Zeroizing;

/// Longest wait for what must come.
pub const SOON: Duration = Duration::from_secs(20);

pub const NUMBER: &str = "9647701234567";
pub const SECRET: &str = "kept-from-everybody-0123";
pub const PASSWORD: &str = "pass&word";

/// A port of loopback that is free now.
pub fn free() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

pub fn secret(text: &str) -> Secret {
    Secret::new(Zeroizing::new(text.to_owned()))
}

/// Settings for a gateway at this address.
pub fn settings(gateway: SocketAddr) -> KannelSettings {
    let listen = free();
    let callbacks = Callbacks {
        listen,
        address: format!("http://{listen}"),
        secret: secret(SECRET),
        poll: "bridge".to_owned(),
    };
    let address = format!("http://{gateway}");
    let mut settings =
        KannelSettings::new(&address, "sijill", secret(PASSWORD), "Portal", callbacks);
    settings.times = Times {
        response: Duration::from_secs(10),
        again_first: Duration::from_millis(50),
        again_max: Duration::from_millis(200),
    };
    settings
}

/// A gateway, and whoever sends by it.
pub struct Desk(pub Gateway);

impl Desk {
    #[track_caller]
    pub fn open(settings: KannelSettings) -> Self {
        Self(connect(settings).unwrap())
    }

    /// Hands over the segments of a text.
    pub async fn send(&self, invitation: u32, text: &str) {
        for submit in submits(invitation, NUMBER, text) {
            self.0.submits.send(submit).await.unwrap();
        }
    }

    /// The next report.
    pub async fn report(&mut self) -> Report {
        let report = timeout(SOON, self.0.reports.recv()).await;
        report
            .expect("a report comes in time")
            .expect("the gateway lives")
    }

    /// The next report in a few words.
    pub async fn told(&mut self) -> String {
        told(&self.report().await)
    }

    /// Says that nothing is told for a while.
    pub async fn nothing_is_told(&mut self) {
        let report = timeout(Duration::from_millis(200), self.0.reports.recv()).await;
        assert!(report.is_err(), "told: {report:?}");
    }

    /// Ends, and gives what is still told.
    pub async fn leave(self) -> Vec<String> {
        let Gateway {
            submits,
            mut reports,
        } = self.0;
        drop(submits);
        let mut rest = Vec::new();
        while let Some(report) = timeout(SOON, reports.recv())
            .await
            .expect("the gateway ends")
        {
            rest.push(told(&report));
        }
        rest
    }
}

/// The segments of a text.
pub fn submits(invitation: u32, to: &str, text: &str) -> Vec<Submit> {
    let to = Number::from_digits(to).unwrap();
    let segments = segments(text, invitation as u8).unwrap();
    let placed = (0..).zip(segments);
    let submit = |(part, segment)| Submit {
        ticket: Ticket {
            invitation,
            attempt: 1,
            part,
        },
        to,
        segment,
        useful_for: Duration::from_secs(86_400),
    };
    placed.map(submit).collect()
}

/// A report in a few words.
pub fn told(report: &Report) -> String {
    let named = |ticket: &Ticket| format!("{}.{}", ticket.invitation, ticket.part);
    match report {
        Report::Up => "up".to_owned(),
        Report::Down { why, .. } => format!("down: {why}"),
        Report::Stopped { why } => format!("stopped: {why}"),
        Report::Accepted { ticket, id } => format!("{} accepted as {id}", named(ticket)),
        Report::Refused { ticket, status } => format!("{} refused {status:#x}", named(ticket)),
        Report::Unanswered { ticket } => format!("{} unanswered", named(ticket)),
        Report::Unsent { ticket } => format!("{} unsent", named(ticket)),
        Report::Receipt { receipt, .. } => format!(
            "receipt {} {:?} {}",
            receipt.id, receipt.outcome, receipt.error
        ),
        Report::Reply { from, text, .. } => {
            let known = from.is_some_and(|from| from.digits() == NUMBER);
            format!("reply {known} {text}")
        }
    }
}
