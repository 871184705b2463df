//! Carrying out what operators ask: the same for a command that holds the directory and for one that comes over the
//! socket.

use crate::book::{Book, state_word};
use crate::desk::{Ask, NO_ANSWER, PollStatus, Reply, TurnStatus, WaveStatus};
use crate::limits::DESK_ENTRIES_MAX;
use crate::objection::Objection;
use crate::paths;
use crate::rejection::Rejection;
use crate::service::Service;
use crate::shelf;
use crate::site;
use crate::writer::{Job, Position};
use data_encoding::BASE64;
use sijill_ledger::note::VerifierKey;
use sijill_ledger::{Origin, codec};
use sijill_poll::operator::{self, Signer, Turn};
use sijill_poll::{Event, Poll, promise};
use std::path::Path;
use std::sync::Arc;

impl Service {
    /// Carries out what an operator asks. Blocks until it is done and, where something was recorded, durable.
    pub fn ask(&self, ask: Ask) -> Reply {
        let outcome = match ask {
            Ask::Keys { origin } => self.keys(&origin),
            Ask::Open { event } => self.open_poll(&event),
            Ask::List => Ok(Reply::Polls {
                polls: self
                    .books()
                    .iter()
                    .map(|book| status(book, self.now()))
                    .collect(),
            }),
            Ask::Show { slug } => self.show(&slug),
            Ask::Record { slug, event } => self.record(&slug, &event),
            Ask::Freeze { slug } => self.freeze(&slug),
            Ask::Object { promise } => self.object_at_desk(promise),
            Ask::Entries { slug, from } => self.entries(&slug, from),
            Ask::Casts { slug } => self.casts(&slug),
            Ask::Export { slug, path } => self.export(&slug, &path),
            Ask::Overview => Ok(Reply::Overview {
                overview: Box::new(self.overview()),
            }),
            Ask::MonitorLink => self.monitor_link(),
        };
        outcome.unwrap_or_else(|reply| reply)
    }

    fn keys(&self, origin: &str) -> Result<Reply, Reply> {
        let origin: Origin = origin.parse().map_err(refused)?;
        if self.has_origin(&origin) {
            let slug = origin.to_string();
            return Err(refused(Rejection::Taken { slug }));
        }
        let public = |key: sijill_ledger::SecretKey| BASE64.encode(key.public_key().as_bytes());
        Ok(Reply::Keys {
            log: public(self.master().log_key(&origin)),
            promise: public(self.master().promise_key(&origin)),
        })
    }

    fn open_poll(&self, event: &str) -> Result<Reply, Reply> {
        let Event::Opened(opened) = event_of(event)? else {
            return Err(refused("the event is not an `Opened`"));
        };
        let recorded = self.wait(|reply| Job::Open { opened, reply });
        recorded.map(recorded_at).map_err(rejected)
    }

    fn show(&self, slug: &str) -> Result<Reply, Reply> {
        let book = self.known(slug)?;
        let poll = Box::new(status(&book, self.now()));
        Ok(Reply::Poll { poll })
    }

    fn record(&self, slug: &str, event: &str) -> Result<Reply, Reply> {
        let book = self.known(slug)?;
        let event = event_of(event)?;
        let roster = match &event {
            Event::RosterCommitted(_) => Some(self.leaves(&book)?),
            _ => None,
        };
        let event = operator::verify(book.id(), &book.definition(), event).map_err(refused)?;
        let slug = slug.to_owned();
        let recorded = self.wait(|reply| Job::Record {
            slug,
            event: Box::new(event),
            roster,
            reply,
        });
        recorded.map(recorded_at).map_err(rejected)
    }

    fn object_at_desk(&self, file: String) -> Result<Reply, Reply> {
        let origin = promise::claimed(&file).map_err(refused)?.origin;
        let books = self.books();
        let book = books.iter().find(|book| *book.origin() == origin);
        let book = book.ok_or_else(|| {
            refused(format!(
                "the promise is of `{origin}`, and there is no such ledger in this data directory"
            ))
        })?;
        match self.object(book, file).map_err(rejected)? {
            Objection::Recorded(position) => Ok(recorded_at(position)),
            Objection::OnRecord { index } => Ok(Reply::OnRecord { index }),
            kept @ (Objection::Kept { .. } | Objection::Waiting { .. }) => Err(refused(kept)),
        }
    }

    fn leaves(&self, book: &Book) -> Result<Arc<sijill_poll::roster::Roster>, Reply> {
        let path = self.roster_path(book.slug());
        match shelf::read_roster(&path, &book.definition()) {
            Ok(Some(roster)) => Ok(Arc::new(roster)),
            Ok(None) => Err(refused(Rejection::Roster {
                why: "there is no roster file; import the roster first".to_owned(),
            })),
            Err(error) => Err(refused(error)),
        }
    }

    fn casts(&self, slug: &str) -> Result<Reply, Reply> {
        let book = self.known(slug)?;
        let poll = book.durable();
        let options = poll.casts().iter().map(|cast| match cast.revision {
            0 => NO_ANSWER,
            _ => cast.last,
        });
        let bytes: Vec<u8> = options.flat_map(u16::to_le_bytes).collect();
        Ok(Reply::Casts {
            casts: BASE64.encode(&bytes),
        })
    }

    fn freeze(&self, slug: &str) -> Result<Reply, Reply> {
        let frozen = slug.to_owned();
        self.wait(|reply| Job::Freeze {
            slug: frozen,
            reply,
        })
        .map_err(rejected)?;
        self.show(slug)
    }

    fn entries(&self, slug: &str, from: u64) -> Result<Reply, Reply> {
        let book = self.known(slug)?;
        let durable = book.durable().head().size;
        let entries = shelf::entries(self.log(), book.origin(), from)
            .take(DESK_ENTRIES_MAX.min(durable.saturating_sub(from) as usize))
            .map(|entry| entry.map(|bytes| BASE64.encode(&bytes)))
            .collect::<Result<_, _>>()
            .map_err(failed)?;
        Ok(Reply::Entries { entries })
    }

    fn export(&self, slug: &str, path: &Path) -> Result<Reply, Reply> {
        let book = self.known(slug)?;
        let head = book.durable().head();
        shelf::export(self.log(), self.data(), &book, head.size, path).map_err(failed)?;
        Ok(Reply::Exported {
            size: head.size,
            link: head.link.to_string(),
            published: book.published().head.size,
        })
    }

    fn monitor_link(&self) -> Result<Reply, Reply> {
        let made = self.passes().make_link(self.now());
        let (secret, until) = made.map_err(failed)?;
        Ok(Reply::MonitorLink {
            site: self
                .books()
                .first()
                .map(|book| site::of_platform(&book.definition())),
            listening: self.listening(),
            path: paths::monitor_link(&secret),
            until,
        })
    }

    fn known(&self, slug: &str) -> Result<Arc<Book>, Reply> {
        self.book(slug).ok_or_else(|| {
            refused(Rejection::UnknownPoll {
                slug: slug.to_owned(),
            })
        })
    }
}

fn refused(why: impl ToString) -> Reply {
    Reply::Refused {
        why: why.to_string(),
    }
}

fn failed(why: impl ToString) -> Reply {
    Reply::Failed {
        why: why.to_string(),
    }
}

fn rejected(rejection: Rejection) -> Reply {
    match rejection {
        Rejection::Stopped { .. } | Rejection::Unread { .. } => failed(rejection),
        _ => refused(rejection),
    }
}

fn recorded_at(position: Position) -> Reply {
    Reply::Recorded {
        index: position.index,
        link: position.link.to_string(),
    }
}

fn event_of(base64: &str) -> Result<Event, Reply> {
    let bytes = BASE64
        .decode(base64.as_bytes())
        .map_err(|_| refused("the event is not base64"))?;
    codec::decode(&bytes).map_err(|error| refused(format!("the event cannot be read: {error}")))
}

/// A poll as its operator sees it.
fn status(book: &Book, now: u64) -> PollStatus {
    PollStatus::of(&book.durable(), book.published().head.size, now)
}

impl PollStatus {
    /// What there is to say of a poll, of whose entries so many are published.
    #[must_use]
    pub fn of(poll: &Poll, published: u64, now: u64) -> Self {
        let definition = poll.definition();
        let options = definition.options.iter().map(|option| option.id.clone());
        let waves = poll.waves().iter().map(|wave| WaveStatus {
            planned: wave.planned,
            ended: wave.ended,
            journal: wave.journal.map(|link| link.to_string()),
        });
        let committed = poll.committed();
        let stratum_keys = committed.iter().flat_map(|roster| &roster.stratum_keys);
        let tally = options.zip(poll.tally().by_option.iter().copied());
        Self {
            slug: definition.slug.clone(),
            origin: poll.origin().to_string(),
            poll_id: poll.id().to_string(),
            state: state_word(poll, now).to_owned(),
            entries: poll.head().size,
            link: poll.head().link.to_string(),
            published,
            start: definition.field.start,
            end: poll.end(),
            roster: committed.map_or(0, |roster| roster.count),
            roster_root: committed.map(|roster| roster.root.to_string()),
            stratum_keys: stratum_keys.map(ToString::to_string).collect(),
            unsealed: poll.unsealed().is_some(),
            planned: poll.planned(),
            waves: waves.collect(),
            answered: poll.tally().answered,
            tally: tally.collect(),
            log_key: log_key(poll),
            promise_key: promise::verifier_key(poll.origin(), poll.promise_key())
                .map_or_else(|error| error.to_string(), |key| key.to_string()),
            definition: poll.opening().definition.clone(),
            operator: turn(poll.turn(Signer::Operator { key: 0 })),
            sender: turn(poll.turn(Signer::Sender)),
        }
    }
}

fn log_key(poll: &Poll) -> String {
    let keys = poll.opening().log_keys.iter();
    let named = keys.filter_map(|key| VerifierKey::new(poll.origin().as_str(), *key).ok());
    named
        .map(|key| key.to_string())
        .collect::<Vec<_>>()
        .join(" ")
}

fn turn(turn: Turn) -> TurnStatus {
    TurnStatus {
        counter: turn.counter,
        previous: turn.previous.to_string(),
    }
}
