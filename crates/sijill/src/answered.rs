//! Which invitations have answered: from the ledger of this data directory, or from what is published of it, which is all
//! that a sender who is another body than the platform has.

use crate::clerk::{self, Clerk};
use crate::fault::{not_so, unfinished};
use crate::settings::Settings;
use anyhow::Result;
use sijill_auditor::published::Published;
use sijill_ledger::{Hash, Sealed};
use sijill_poll::Event;
use sijill_poll::event::Who;

/// A bit for each invitation.
pub struct Answered(Vec<u64>);

impl Answered {
    fn none(invitations: u32) -> Self {
        Self(vec![0; invitations.div_ceil(64) as usize])
    }

    /// Whether this invitation has answered.
    pub fn has(&self, invitation: u32) -> bool {
        let bits = self.0.get(invitation as usize / 64);
        bits.is_some_and(|bits| bits >> (invitation % 64) & 1 == 1)
    }

    fn add(&mut self, event: &Event) {
        let Event::Responded(responded) = event else {
            return;
        };
        let Who::Invitation { index, .. } = responded.answer.who;
        if let Some(bits) = self.0.get_mut(index as usize / 64) {
            *bits |= 1 << (index % 64);
        }
    }
}

/// Those of the ledger of this data directory.
pub fn of_desk(settings: &Settings, slug: &str, invitations: u32) -> Result<Answered> {
    let mut answered = Answered::none(invitations);
    clerk::at_the_desk(Clerk::reach(settings)?, |clerk| {
        let mut next = 0;
        loop {
            let entries = clerk.entries(slug, next)?;
            if entries.is_empty() {
                return Ok(());
            }
            next += entries.len() as u64;
            for entry in &entries {
                answered.add(&entry.entry().event);
            }
        }
    })?;
    Ok(answered)
}

/// Those of a published ledger, which must be that of the poll of this id (hexadecimal).
pub fn of_published(source: &str, poll_id: &str, invitations: u32) -> Result<Answered> {
    let published = Published::of(source)?;
    let mut tree = published.tree()?;
    let mut answered = Answered::none(invitations);
    let expected: Hash = poll_id.parse()?;
    if tree.first()?.poll_id != expected {
        return Err(not_so(format!(
            "`{source}` publishes another poll than the one that is sent"
        )));
    }
    let mut unreadable = None;
    tree.entries(0, |index, bytes| match Sealed::<Event>::read(bytes) {
        Ok(sealed) => answered.add(&sealed.entry().event),
        Err(error) => unreadable = Some((index, error)),
    })?;
    if let Some((index, error)) = unreadable {
        return Err(unfinished(format!("entry {index} of `{source}`: {error}")));
    }
    Ok(answered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_has_answered_who_is_not_there() {
        let mut answered = Answered::none(65);
        assert!(!answered.has(64));
        answered.0[1] = 1;
        assert!(answered.has(64));
        assert!(!answered.has(1_000_000));
    }
}
