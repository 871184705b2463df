//! The pass over the entries, in their order: each is held against everything before it, and then changes it.
//!
//! The pass goes on after a bad entry, so that all of them are named; `evolve` takes any entry that could be read.

use crate::audit::{Anchor, Options};
use crate::checks::chain::Chain;
use crate::checks::numbering::Numbering;
use crate::checks::objections::Objections;
use crate::checks::pages::Pages;
use crate::checks::promises::Promises;
use crate::checks::receipts::Receipts;
use crate::checks::rules::{Counts, Rules};
use crate::checks::tally::Declared;
use crate::checks::times::Times;
use crate::checks::turnout::Turnout;
use crate::checks::{encoding, opening, personal, signatures, strata};
use crate::findings::Findings;
use crate::log::Log;
use crate::prepare::Prepared;
use serde::{Deserialize, Serialize};
use sijill_ledger::{Link, Sealed};
use sijill_poll::{Event, Poll, evolve};

/// Everything that one pass carries along.
pub(crate) struct Fold {
    /// Entry 0's canonical bytes, if it can be read.
    pub(crate) first: Option<Vec<u8>>,
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
    receipts: Receipts,
    pages: Pages,
    pub(crate) objections: Objections,
    declared: Declared,
    /// What the checks found.
    pub(crate) findings: Findings,
}

/// What a pass in which nothing was wrong carries along, poll and log aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FoldCarried {
    /// Number of entries.
    pub(crate) entries: u64,
    link: Link,
    counts: Counts,
    closed: bool,
    items: Vec<(u8, u64)>,
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
        let (mut promises, mut receipts) = (Promises::default(), Receipts::default());
        if let Some(poll) = &poll {
            personal::look_at_definition(poll, &mut findings);
            promises = Promises::open(poll, &options.promises, &mut findings);
            let policy = options.policy.as_ref();
            receipts = Receipts::open(poll, &options.receipts, policy, &mut findings);
        }
        let resolution = poll
            .as_ref()
            .map(|poll| poll.definition().rules.resolution_ms);
        Self {
            first: first.map(|first| first.bytes().to_vec()),
            entries: 0,
            log,
            chain: Chain::new(origin, &options.anchors),
            numbering: Numbering::default(),
            times: Times::new(resolution, options.now_ms),
            rules: Rules::default(),
            turnout: Turnout::default(),
            promises,
            receipts,
            pages: poll.as_ref().map(Pages::of).unwrap_or_default(),
            objections: Objections::default(),
            declared: Declared::new(options.shown.clone()),
            poll,
            findings,
        }
    }

    /// The same, gone on with after the entries that left `carried`.
    pub(crate) fn resume(mut self, carried: &FoldCarried) -> Self {
        self.entries = carried.entries;
        self.chain.resume(Anchor {
            index: carried.entries.saturating_sub(1),
            link: carried.link,
        });
        self.numbering = Numbering::resume(carried.entries);
        self.rules = Rules::resume(carried.counts);
        self.declared.resume(carried.closed);
        if let Some(poll) = &self.poll {
            self.times.resume(poll.last_at());
            self.turnout = Turnout::resume(poll);
            self.declared
                .look_after(carried.entries, Some(carried.link), poll);
        }
        self.findings.resume(&carried.items);
        self
    }

    /// What it carries after the last entry, if nothing was wrong with any.
    pub(crate) fn carried(&self) -> Option<FoldCarried> {
        let last = self.chain.last()?;
        let whole = last.index.checked_add(1) == Some(self.entries);
        (whole && !self.findings.has_any_failed()).then(|| FoldCarried {
            entries: self.entries,
            link: last.link,
            counts: self.rules.counts(),
            closed: self.declared.closed(),
            items: self.findings.items(),
        })
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
        self.receipts.look_at_leaf(place, prepared.leaf);
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
            self.receipts.look(place, event);
            self.pages.look(event);
            self.objections.look(place, event, poll, findings);
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
        self.receipts.finish(self.entries, poll, findings);
        self.pages.finish(poll, options, findings);
        self.objections.finish(findings);
        if options.has_nothing_of_answers() && self.objections.is_empty() {
            let why = "no promise or receipt was given; respondents have them, give --promise or --receipt";
            findings.not_applicable(25, why);
        }
    }
}
