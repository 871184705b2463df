//! V4: `previous` of each entry is the link of the one before, of entry 0 that of the origin; every anchor is met.

use crate::audit::Anchor;
use crate::findings::Findings;
use crate::report::{AnchorReport, Failure};
use sijill_ledger::Link;

const V4: u8 = 4;

pub(crate) struct Chain {
    /// What the next entry must name; none where nobody can know.
    expected: Option<Link>,
    anchors: Vec<(Anchor, Option<Link>)>,
    last: Option<Anchor>,
}

impl Chain {
    /// A chain from the link of the origin, if entry 0 names one that can be read.
    pub(crate) fn new(origin: Option<Link>, anchors: &[Anchor]) -> Self {
        Self {
            expected: origin,
            anchors: anchors.iter().map(|anchor| (*anchor, None)).collect(),
            last: None,
        }
    }

    /// Goes on after this entry.
    pub(crate) fn resume(&mut self, last: Anchor) {
        self.expected = Some(last.link);
        self.meet(last);
    }

    /// `previous` is what the entry names, if it can be read; `link` the link of its bytes, if there were not too many.
    pub(crate) fn look(
        &mut self,
        place: u64,
        previous: Option<Link>,
        link: Option<Link>,
        findings: &mut Findings,
    ) {
        findings.looked_at(V4, 1);
        if let (Some(expected), Some(found)) = (self.expected, previous)
            && expected != found
        {
            findings.fail(V4, broken(place, expected, found));
        }
        if place == 0 && self.expected.is_none() {
            findings.not_checked(V4, "the origin is not known, since entry 0 cannot be read");
        }
        self.expected = link;
        if let Some(link) = link {
            self.meet(Anchor { index: place, link });
        }
    }

    fn meet(&mut self, entry: Anchor) {
        self.last = Some(entry);
        for (anchor, found) in &mut self.anchors {
            if anchor.index == entry.index {
                *found = Some(entry.link);
            }
        }
    }

    /// Judges the anchors after the last of `entries` entries.
    pub(crate) fn finish(&self, entries: u64, findings: &mut Findings) -> Vec<AnchorReport> {
        findings.looked_at(V4, self.anchors.len() as u64);
        for (anchor, found) in &self.anchors {
            if *found != Some(anchor.link) {
                findings.fail(V4, missed(*anchor, *found, entries));
            }
        }
        self.anchors
            .iter()
            .map(|(anchor, found)| AnchorReport {
                anchor: *anchor,
                met: *found == Some(anchor.link),
            })
            .collect()
    }

    /// Index and link of the last entry.
    pub(crate) fn last(&self) -> Option<Anchor> {
        self.last
    }
}

fn broken(place: u64, expected: Link, found: Link) -> Failure {
    let meaning = match place {
        0 => {
            "the ledger does not begin at its origin: it is another ledger's, or its name was changed"
        }
        _ => {
            "the entry before it was changed, removed or put in its place after this one was written"
        }
    };
    let (expected, found) = (format!("previous {expected}"), format!("previous {found}"));
    Failure::new("entry", expected, found, meaning).at_entry(place)
}

fn missed(anchor: Anchor, found: Option<Link>, entries: u64) -> Failure {
    let expected = format!("link {}", anchor.link);
    let subject = "anchor";
    match found {
        Some(found) => {
            let meaning = "the ledger was rewritten up to this entry after the anchor was noted";
            Failure::new(subject, expected, format!("link {found}"), meaning)
        }
        None => {
            let meaning = "the ledger is shorter than it was when the anchor was noted";
            Failure::new(
                subject,
                expected,
                format!("a ledger of {entries} entries"),
                meaning,
            )
        }
    }
    .at_entry(anchor.index)
}
