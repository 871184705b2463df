//! The pass over the entries, in their order: each is held against everything before it, and then changes it.
//!
//! The pass goes on after a bad entry, so that all of them are named; `evolve` takes any entry that could be read.

use crate::audit::Options;
use crate::checks::chain::Chain;
use crate::checks::numbering::Numbering;
use crate::checks::promises::Promises;
use crate::checks::rules::Rules;
use crate::checks::tally::Declared;
use crate::checks::times::Times;
use crate::checks::turnout::Turnout;
use crate::checks::{encoding, opening, personal, signatures, strata};
use crate::findings::Findings;
use crate::log::Log;
use crate::prepare::Prepared;
use sijill_ledger::{Link, Sealed};
use sijill_poll::{Event, Poll, evolve};

/// Everything that one pass carries along.
pub(crate) struct Fold {
    /// Number of entries so far.
    pub(crate) entries: u64,
    /// The poll after them, if entry 0 opened one.
    pub(crate) poll: Option<Poll>,
    pub(crate) log: Log,
    pub(crate) chain: Chain,
    numbering: Numbering,
    times: Times,
    rules: Rules,
    turnout: Turnout,
    promises: Promises,
    declared: Declared,
    /// What the checks found.
    pub(crate) findings: Findings,
}

impl Fold {
    /// A pass over a ledger with this entry 0, if it can be read, this poll, if it opens one, and this log.
    pub(crate) fn new(
        first: Option<&Sealed<Event>>,
        poll: Option<Poll>,
        log: Log,
        options: &Options,
        mut findings: Findings,
    ) -> Self {
        let origin = first
            .and_then(opening::of)
            .map(|opened| Link::of_origin(&opened.opening.origin));
        let promises = match &poll {
            Some(poll) => {
                personal::look_at_definition(poll, &mut findings);
                Promises::open(poll, &options.promises, &mut findings)
            }
            None => Promises::default(),
        };
        let resolution = poll
            .as_ref()
            .map(|poll| poll.definition().rules.resolution_ms);
        Self {
            entries: 0,
            log,
            chain: Chain::new(origin, &options.anchors),
            numbering: Numbering::default(),
            times: Times::new(resolution, options.now_ms),
            rules: Rules::default(),
            turnout: Turnout::default(),
            promises,
            declared: Declared::new(options.shown.clone()),
            poll,
            findings,
        }
    }

    /// Takes the next entry.
    pub(crate) fn take(&mut self, prepared: &Prepared) {
        let place = self.entries;
        self.entries += 1;
        let findings = &mut self.findings;
        encoding::look(place, prepared, findings);
        if let Some(leaf) = prepared.leaf {
            self.log.append(leaf, findings);
        }
        let sealed = prepared.entry.as_ref().ok();
        let entry = sealed.map(Sealed::entry);
        self.numbering
            .look(place, entry.map(|entry| entry.index), findings);
        self.chain.look(
            place,
            entry.map(|entry| entry.previous),
            prepared.link,
            findings,
        );
        if let Some(entry) = entry {
            self.times.look(place, entry.at, findings);
        }
        if let Some(sealed) = sealed {
            self.take_event(place, sealed, prepared);
        }
        if let Some(poll) = &self.poll {
            self.declared.look_after(self.entries, prepared.link, poll);
        }
    }

    /// What the entry says, held against the poll before it; then what it means for the poll.
    fn take_event(&mut self, place: u64, sealed: &Sealed<Event>, prepared: &Prepared) {
        let (Some(poll), findings) = (&mut self.poll, &mut self.findings) else {
            return;
        };
        // Entry 0 was judged, and opened the poll, before the pass.
        if place > 0 {
            let event = &sealed.entry().event;
            signatures::look(place, event, prepared.signature, poll, findings);
            personal::look(place, event, poll, findings);
            self.declared.look(place, event, poll, findings);
            strata::look(place, event, poll, findings);
            self.rules.look(place, sealed.entry(), poll, findings);
            self.promises.look(place, event);
            evolve(poll, sealed);
        }
        self.turnout.look(place, poll, findings);
    }

    /// Judges what can only be judged after the last entry.
    pub(crate) fn finish(&mut self, options: &Options) {
        let (Some(poll), findings) = (&self.poll, &mut self.findings) else {
            return;
        };
        self.rules.finish(findings);
        Turnout::finish(poll, findings);
        self.declared.finish(self.entries, poll, findings);
        strata::finish(poll, findings);
        self.promises.finish(poll, options.now_ms, findings);
    }
}
