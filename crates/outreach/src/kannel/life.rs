//! The task of a gateway: it takes submits while the other side can be reached, asks for as many at once as the window
//! lets it, tells what came of each, and after a failure waits ever longer before it tries again.

use super::answer::Answer;
use super::client::{self, Connection};
use super::limits::{LOOK_EVERY, REPORTS_WAITING_MAX};
use super::listener::Listener;
use super::settings::Account;
use crate::gateway::{Report, Submit, Ticket};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{self, Permit, error::SendError};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};

/// Whether the other side can be reached.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    Up,
    /// It is being tried.
    Trying,
    /// It will be tried then.
    Down(Instant),
}

/// What a piece of work ended with.
enum Done {
    Tried(Result<Connection, String>),
    Asked(Ticket, Answer, Option<Connection>),
}

/// A gateway's task.
pub(super) struct Life {
    account: Arc<Account>,
    submits: mpsc::Receiver<Submit>,
    reports: mpsc::Sender<Report>,
    /// Reports for which there was no room yet.
    waiting: VecDeque<Report>,
    /// Attempts to connect, and requests.
    work: JoinSet<Done>,
    /// The requests among them.
    flying: HashMap<Id, Ticket>,
    /// Connections that nobody uses, the one used last at the end.
    kept: Vec<Connection>,
    line: Line,
    again_in: Duration,
    /// Nobody sends any more, or nobody reads reports.
    ended: bool,
    /// Why the account is refused.
    stopped: Option<String>,
}

impl Life {
    pub(super) fn new(
        account: Account,
        submits: mpsc::Receiver<Submit>,
        reports: mpsc::Sender<Report>,
    ) -> Self {
        Self {
            again_in: account.times.again_first,
            account: Arc::new(account),
            submits,
            reports,
            waiting: VecDeque::new(),
            work: JoinSet::new(),
            flying: HashMap::new(),
            kept: Vec::new(),
            line: Line::Down(Instant::now()),
            ended: false,
            stopped: None,
        }
    }

    /// Lives until nobody sends any more, or the account is refused.
    pub(super) async fn live(mut self, listener: Listener) {
        self.worked().await;
        self.submits.close();
        while let Some(Submit { ticket, .. }) = self.submits.recv().await {
            self.waiting.push_back(Report::Unsent { ticket });
        }
        self.waiting
            .extend(self.stopped.map(|why| Report::Stopped { why }));
        for report in self.waiting {
            if self.reports.send(report).await.is_err() {
                break;
            }
        }
        drop(self.reports);
        listener.leave().await;
    }

    async fn worked(&mut self) {
        let reports = self.reports.clone();
        let mut look = tokio::time::interval(LOOK_EVERY);
        while !self.is_over() {
            let (takes, next_try) = (self.takes(), self.next_try());
            tokio::select! {
                Some(done) = self.work.join_next_with_id() => self.done(done),
                submit = self.submits.recv(), if takes => match submit {
                    Some(submit) => self.ask(submit),
                    None => self.ended = true,
                },
                room = reports.reserve(), if !self.waiting.is_empty() => self.hand_over(room),
                () = reports.closed(), if !self.ended => self.ended = true,
                () = sleep_until(next_try), if matches!(self.line, Line::Down(_)) => self.try_again(),
                _ = look.tick(), if self.line != Line::Up => {}
            }
        }
    }

    /// Whether nothing is on its way and nothing more will be.
    fn is_over(&self) -> bool {
        // What waits to be taken while nothing is taken is never put on its way.
        let unreachable = self.line != Line::Up && self.submits.is_closed();
        self.flying.is_empty() && (self.ended || self.stopped.is_some() || unreachable)
    }

    /// Whether another submit is taken.
    fn takes(&self) -> bool {
        let room =
            self.flying.len() < self.account.window && self.waiting.len() < REPORTS_WAITING_MAX;
        room && self.line == Line::Up && !self.ended && self.stopped.is_none()
    }

    fn next_try(&self) -> Instant {
        match self.line {
            Line::Down(until) => until,
            Line::Up | Line::Trying => Instant::now(),
        }
    }

    fn try_again(&mut self) {
        self.line = Line::Trying;
        let account = self.account.clone();
        self.work
            .spawn(async move { Done::Tried(Connection::open(&account).await) });
    }

    fn ask(&mut self, submit: Submit) {
        let (account, kept, ticket) = (self.account.clone(), self.kept.pop(), submit.ticket);
        let asking = self.work.spawn(async move {
            let (answer, connection) = client::ask(&account, kept, &submit).await;
            Done::Asked(submit.ticket, answer, connection)
        });
        self.flying.insert(asking.id(), ticket);
    }

    fn done(&mut self, done: Result<(Id, Done), JoinError>) {
        match done {
            Ok((_, Done::Tried(Ok(connection)))) => {
                tracing::info!("the SMS gateway can be reached");
                self.line = Line::Up;
                self.kept.push(connection);
                self.waiting.push_back(Report::Up);
            }
            Ok((_, Done::Tried(Err(why)))) => self.fail(why),
            Ok((id, Done::Asked(ticket, answer, connection))) => {
                self.flying.remove(&id);
                self.kept.retain(Connection::is_fresh);
                self.kept.extend(connection);
                self.hear(ticket, answer);
            }
            // A task that broke off: nobody knows how far it came.
            Err(error) => {
                let ticket = self.flying.remove(&error.id());
                self.fail("a request broke off".to_owned());
                self.waiting
                    .extend(ticket.map(|ticket| Report::Unanswered { ticket }));
            }
        }
    }

    fn hear(&mut self, ticket: Ticket, answer: Answer) {
        let report = answer.report(ticket);
        match answer {
            Answer::Accepted | Answer::Refused(_) => self.again_in = self.account.times.again_first,
            // That nothing more is taken is told first, so that nobody hands this one in again at once.
            Answer::NotTaken(why) | Answer::Unclear(why) => self.fail(why),
            Answer::Denied(why) => self.stopped = Some(why),
        }
        self.waiting.push_back(report);
    }

    /// Nothing is taken for a while, unless that is so already.
    fn fail(&mut self, why: String) {
        if let Line::Down(_) = self.line {
            return;
        }
        let again_in = self.again_in;
        tracing::warn!(%why, again_in_ms = again_in.as_millis(), "the SMS gateway takes no messages");
        self.kept.clear();
        self.line = Line::Down(Instant::now() + again_in);
        self.again_in = (again_in * 2).min(self.account.times.again_max);
        self.waiting.push_back(Report::Down { why, again_in });
    }

    /// Hands the next report over. Where nobody reads them, none is kept.
    fn hand_over(&mut self, room: Result<Permit<'_, Report>, SendError<()>>) {
        match (room, self.waiting.pop_front()) {
            (Ok(room), Some(report)) => room.send(report),
            (Ok(_), None) => {}
            (Err(_), _) => {
                self.waiting.clear();
                self.ended = true;
            }
        }
    }
}
