//! V2: every entry decodes strictly, within limits, and re-encodes to the same bytes; the same bytes give link and leaf.

use crate::findings::Findings;
use crate::prepare::Prepared;
use crate::report::Failure;

const V2: u8 = 2;

/// Looks at what stands at this place.
pub(crate) fn look(place: u64, prepared: &Prepared, findings: &mut Findings) {
    findings.looked_at(V2, 1);
    if let Err(why) = &prepared.entry {
        let expected = "the canonical bytes of an entry that this version knows";
        let meaning = "the entry says nothing that everyone would read alike, and was not counted";
        let failure = Failure::new("entry", expected, why, meaning);
        findings.fail(V2, failure.at_entry(place));
    }
}
