//! `sijill invitations export`: the messages, as a file for whoever sends them.
//!
//! `WaveStarted` is in the ledger before the file exists, and `WaveEnded` when it is on disk: handed over, and nothing
//! known of delivery. A wave that was broken off is finished by running this again.
//!
//! Cells are written as they are: the file is data for a gateway. A contact begins with `+` (E.164), and a message must
//! stay the text that entry 0 commits to.

use super::invitations::journal_of;
use super::poll::KeyArg;
use crate::clerk::{self, Clerk};
use crate::console::grouped;
use crate::data_folder::{DataFolder, PollFolder};
use crate::durable_file::{self, Access};
use crate::fault::{Exit, not_so, unfinished};
use crate::roster_leaves;
use crate::sending_lock::SendingLock;
use crate::settings::Settings;
use crate::signing::{self, Pen};
use crate::vault_keeping;
use anyhow::Result;
use indicatif::ProgressBar;
use rayon::prelude::*;
use serde_json::json;
use sijill_ledger::Origin;
use sijill_outreach::OutreachError;
use sijill_outreach::deliveries::Deliveries;
use sijill_outreach::stop_list::StopList;
use sijill_outreach::vault::{Contact, Vault};
use sijill_poll::Event;
use sijill_poll::definition::Definition;
use sijill_poll::definition::limits::LINK_PLACEHOLDER;
use sijill_poll::event::{WaveEnded, WaveStarted};
use sijill_poll::roster::Roster;
use sijill_server::desk::PollStatus;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Invitations checked and written at a time.
const CHUNK_CONTACTS: usize = 4_096;

/// Write the messages, with their personal links, for whoever sends them
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The file has the columns contact, link, message. Whoever has it can answer for everyone: hand it over and delete it.\n\nExample: sijill invitations export --poll coalition --out messages.csv"
)]
pub struct Args {
    /// The poll
    #[arg(long, value_name = "SLUG")]
    poll: String,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The data directory of the sender, where the roster was made [default: this one]
    #[arg(long, value_name = "DIR")]
    contacts: Option<PathBuf>,
    /// Write the same file once more; no new wave is recorded
    #[arg(long)]
    again: bool,
    #[command(flatten)]
    key: KeyArg,
}

/// Carries it out.
pub fn run(args: &Args, settings: &Settings) -> Result<Exit> {
    let folder = folder_of(args, settings)?;
    let count = clerk::at_the_desk(Clerk::reach(settings)?, |clerk| {
        let poll = clerk.show(&args.poll)?;
        let definition = signing::definition_of(&poll)?;
        let contacts = contacts_of(args, settings, &poll)?;
        let _sending = SendingLock::take(&folder)?;
        let contacts = Addressed::of(&poll, contacts, &folder)?;
        if args.again {
            refuse_again_without_wave(&poll)?;
            return write_messages(settings, &poll, &contacts, &args.out);
        }
        let named = args.key.key.as_deref().or(settings.key.as_deref());
        let keys = signing::keys_at_hand(&settings.data(), named)?;
        let pen = signing::wave_pen(&keys, &definition)?;
        export(clerk, settings, (&poll.slug, &contacts), &pen, &args.out)
    })?;
    let Written { count, left_out } = count;
    let json =
        json!({"slug": args.poll, "file": args.out, "invitations": count, "left_out": left_out});
    let mut text = format!(
        "{} messages in `{}`",
        grouped(count.into()),
        args.out.display()
    );
    if left_out > 0 {
        text += &format!(
            ", without {} people who want no more",
            grouped(left_out.into())
        );
    }
    settings.console.answer(&text, &json)?;
    settings.console.message(
        "secret  whoever has this file can answer for everyone in it; hand it over and delete it",
    );
    Ok(Exit::Well)
}

/// The poll's folder where the roster was made.
fn folder_of(args: &Args, settings: &Settings) -> Result<PollFolder> {
    let sender = args.contacts.clone().map(DataFolder::new);
    sender.unwrap_or_else(|| settings.data()).poll(&args.poll)
}

/// The contacts of a roster, and who of them wants no more messages.
struct Addressed {
    vault: Vault,
    stopped: BTreeSet<u32>,
}

impl Addressed {
    /// Of a poll whose messages nobody sends, by the list of those who asked elsewhere and by the journal, if there is
    /// one: a wave that is not over there is refused, since it is not ours to end.
    fn of(poll: &PollStatus, vault: Vault, folder: &PollFolder) -> Result<Self> {
        let asked = StopList::new(folder.stops()).new_lines()?;
        let mut stopped: BTreeSet<u32> = asked.into_iter().map(|(place, _)| place).collect();
        if folder.vault().join("journal").exists() {
            let (whose, key) = journal_of(poll, &vault)?;
            let mut deliveries = Deliveries::open(&folder.vault(), &key, whose)?;
            if deliveries.open_wave().is_some() {
                return Err(not_so(
                    "a wave that `sijill invitations send` or `remind` began is not over; send it to its end with the same command, which knows who was written to; nothing was written",
                ));
            }
            for place in 0..vault.count() {
                if deliveries.delivery(place)?.stopped {
                    stopped.insert(place);
                }
            }
        }
        Ok(Self { vault, stopped })
    }
}

/// Messages in a file, and people who were left out of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Written {
    count: u32,
    left_out: u32,
}

/// The contacts with their tokens: this directory's own, or those of the sender who made them.
fn contacts_of(args: &Args, settings: &Settings, poll: &PollStatus) -> Result<Vault> {
    let data = match &args.contacts {
        Some(sender) => DataFolder::new(sender.clone()),
        None => settings.data(),
    };
    vault_keeping::open_vault_in(settings, &data, poll, signing::now())
}

/// Starts the wave of the whole roster (or takes up the one that was broken off), writes the file, and ends the wave.
/// Returns what is in it.
fn export(
    clerk: &mut Clerk,
    settings: &Settings,
    (slug, contacts): (&str, &Addressed),
    pen: &Pen,
    out: &Path,
) -> Result<Written> {
    let poll = clerk.show(slug)?;
    if is_to_be_started(&poll)? {
        start(clerk, &poll, pen)?;
    } else {
        settings
            .console
            .message("taking up a wave that was started and not ended");
    }
    let written = write_messages(settings, &poll, contacts, out)?;
    let poll = clerk.show(slug)?;
    end(clerk, &poll, pen, written)?;
    Ok(written)
}

fn is_to_be_started(poll: &PollStatus) -> Result<bool> {
    if poll.roster == 0 {
        return Err(not_so(format!(
            "poll `{0}` has no roster yet; `sijill roster import FILE --poll {0}` comes first",
            poll.slug
        )));
    }
    match poll.waves.as_slice() {
        [] => Ok(true),
        [wave] if !wave.ended => Ok(false),
        _ => Err(not_so(format!(
            "the invitations of poll `{}` were sent or exported already; `--again` writes everybody's message to a file once more",
            poll.slug
        ))),
    }
}

fn refuse_again_without_wave(poll: &PollStatus) -> Result<()> {
    if poll.waves.iter().any(|wave| wave.ended) {
        return Ok(());
    }
    Err(not_so(format!(
        "the invitations of poll `{}` were not exported yet; leave `--again` out",
        poll.slug
    )))
}

fn start(clerk: &mut Clerk, poll: &PollStatus, pen: &Pen) -> Result<()> {
    let content = WaveStarted {
        wave: 1,
        planned: poll.roster,
        register: None,
    };
    clerk.record(
        &poll.slug,
        &signing::sign(poll, pen, content, Event::WaveStarted)?,
    )?;
    Ok(())
}

fn end(clerk: &mut Clerk, poll: &PollStatus, pen: &Pen, written: Written) -> Result<()> {
    let content = WaveEnded {
        wave: 1,
        sent: written.count,
        failed: 0,
        stopped: written.left_out,
        delivered: 0,
        unknown: written.count,
        refused: 0,
        journal: None,
    };
    clerk.record(
        &poll.slug,
        &signing::sign(poll, pen, content, Event::WaveEnded)?,
    )?;
    Ok(())
}

/// Writes the file, after a look whether each token is one of the roster: a message with a dead link reaches nobody.
fn write_messages(
    settings: &Settings,
    poll: &PollStatus,
    contacts: &Addressed,
    out: &Path,
) -> Result<Written> {
    let definition = signing::definition_of(poll)?;
    let folder = settings.data().poll(&poll.slug)?;
    let roster = roster_leaves::read(&folder.roster(), &definition)?;
    let messages = Messages {
        origin: poll.origin.parse()?,
        definition,
        roster,
    };
    let bar = settings.console.bar(poll.roster.into(), "writing messages");
    let written = durable_file::replace(out, Access::Private, |file| {
        messages.write(contacts, file, &bar)
    });
    bar.finish_and_clear();
    let written = written?;
    match written.count + written.left_out {
        count if count == poll.roster => Ok(written),
        count => Err(unfinished(format!(
            "the vault has {count} contacts, expected the roster's {}; put the right one back",
            poll.roster
        ))),
    }
}

struct Messages {
    origin: Origin,
    definition: Definition,
    roster: Roster,
}

impl Messages {
    fn write(
        &self,
        addressed: &Addressed,
        file: &mut impl Write,
        bar: &ProgressBar,
    ) -> Result<Written> {
        let mut rows = csv::Writer::from_writer(file);
        rows.write_record(["contact", "link", "message"])?;
        let mut contacts = addressed.vault.contacts();
        let (mut place, mut left_out) = (0, 0);
        loop {
            let chunk: Vec<Contact> = contacts
                .by_ref()
                .take(CHUNK_CONTACTS)
                .collect::<Result<_, OutreachError>>()?;
            if chunk.is_empty() {
                break;
            }
            self.refuse_strangers(&chunk, place)?;
            for contact in &chunk {
                place += 1;
                if addressed.stopped.contains(&(place - 1)) {
                    left_out += 1;
                    continue;
                }
                let link = self.link(contact);
                let message = self.message(contact, &link);
                rows.write_record([&contact.number.e164(), &link, &message])?;
            }
            bar.inc(chunk.len() as u64);
        }
        rows.flush()?;
        Ok(Written {
            count: place - left_out,
            left_out,
        })
    }

    /// Each must be the invitation that stands at its place in the roster, from `first` on.
    fn refuse_strangers(&self, contacts: &[Contact], first: u32) -> Result<()> {
        let is_in_place = |(place, contact): (usize, &Contact)| {
            let key = contact.token.invitation_key(&self.origin);
            let found = self.roster.find(&key.public_key());
            found.map(u64::from) == Some(u64::from(first) + place as u64)
        };
        if contacts.par_iter().enumerate().all(is_in_place) {
            return Ok(());
        }
        Err(unfinished(
            "the contacts hold tokens that the roster does not have; nothing was written, put the right vault back",
        ))
    }

    fn link(&self, contact: &Contact) -> String {
        format!(
            "{}{}",
            self.definition.message.link_prefix,
            contact.token.reveal()
        )
    }

    fn message(&self, contact: &Contact, link: &str) -> String {
        let language = self.definition.languages.get(usize::from(contact.language));
        let language = language.map_or("", String::as_str);
        let template = self.definition.message.text.get(language);
        template.replace(LINK_PLACEHOLDER, link)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_desk::TestDesk;
    use sijill_outreach::delivery::StopWay;
    use sijill_outreach::stop_list;

    fn everybody(vault: Vault) -> Addressed {
        Addressed {
            vault,
            stopped: BTreeSet::new(),
        }
    }

    fn links(path: &Path) -> Vec<String> {
        let mut rows = csv::Reader::from_path(path).unwrap();
        let links = rows.records().map(|row| row.unwrap()[1].to_owned());
        links.collect()
    }

    /// Disk full while the file was written: the ledger says that a wave began, and nobody has a message. Running the
    /// command again must neither start a second wave nor make other links.
    #[test]
    fn a_wave_that_was_broken_off_is_finished_and_no_second_one_begins() {
        let desk = TestDesk::with_roster(40);
        let (mut clerk, pen) = (desk.clerk(), desk.pen());
        let poll = clerk.show(TestDesk::SLUG).unwrap();
        start(&mut clerk, &poll, &pen).unwrap();

        let out = desk.path().join("messages.csv");
        let written = export(
            &mut clerk,
            &desk.settings,
            (TestDesk::SLUG, &everybody(desk.vault())),
            &pen,
            &out,
        )
        .unwrap();

        let poll = clerk.show(TestDesk::SLUG).unwrap();
        assert_eq!((written.count, poll.waves.len(), poll.planned), (40, 1, 40));
        assert!(poll.waves[0].ended);
        assert_eq!(links(&out).len(), 40);
    }

    #[test]
    fn a_second_export_is_refused_and_the_same_file_can_be_had_again() {
        let desk = TestDesk::with_roster(40);
        let (mut clerk, pen) = (desk.clerk(), desk.pen());
        let (first, again) = (desk.path().join("first.csv"), desk.path().join("again.csv"));
        export(
            &mut clerk,
            &desk.settings,
            (TestDesk::SLUG, &everybody(desk.vault())),
            &pen,
            &first,
        )
        .unwrap();

        let error = export(
            &mut clerk,
            &desk.settings,
            (TestDesk::SLUG, &everybody(desk.vault())),
            &pen,
            &again,
        )
        .unwrap_err();
        assert!(error.to_string().contains("--again"), "{error}");
        assert!(!again.exists());

        let poll = clerk.show(TestDesk::SLUG).unwrap();
        refuse_again_without_wave(&poll).unwrap();
        write_messages(&desk.settings, &poll, &everybody(desk.vault()), &again).unwrap();
        assert_eq!(
            std::fs::read(&first).unwrap(),
            std::fs::read(&again).unwrap()
        );
    }

    /// Whoever asked for no more messages got one by a file.
    #[test]
    fn who_wants_no_more_messages_is_left_out_of_the_file_and_counted_as_stopped() {
        let desk = TestDesk::with_roster(40);
        let folder = desk.settings.data().poll(TestDesk::SLUG).unwrap();
        stop_list::add(&folder.stops(), 7, StopWay::Operator).unwrap();
        let (mut clerk, pen) = (desk.clerk(), desk.pen());
        let poll = clerk.show(TestDesk::SLUG).unwrap();
        let addressed = Addressed::of(&poll, desk.vault(), &folder).unwrap();
        let out = desk.path().join("messages.csv");
        let poll = (TestDesk::SLUG, &addressed);
        let written = export(&mut clerk, &desk.settings, poll, &pen, &out).unwrap();
        assert_eq!((written.count, written.left_out), (39, 1));
        let stopped = desk.vault().contact(7).unwrap().token;
        let links = links(&out);
        assert_eq!(links.len(), 39);
        assert!(links.iter().all(|link| !link.ends_with(stopped.reveal())));
    }

    #[test]
    fn a_contact_that_the_roster_does_not_have_stops_the_export() {
        let desk = TestDesk::with_roster(40);
        let poll = desk.clerk().show(TestDesk::SLUG).unwrap();
        let mut all: Vec<Contact> = desk.vault().contacts().map(Result::unwrap).collect();
        let out = desk.path().join("messages.csv");
        let refused = |contacts: &[Contact]| {
            let vault = desk.another_vault(contacts);
            write_messages(&desk.settings, &poll, &everybody(vault), &out).unwrap_err()
        };
        all.swap(3, 4);
        let error = refused(&all);
        assert!(format!("{error:#}").contains("vault back"), "{error:#}");
        all.swap(3, 4);
        all[7].token = sijill_poll::credential::Token::from_entropy([3; 20]);
        let error = refused(&all);
        assert!(format!("{error:#}").contains("vault back"), "{error:#}");
        assert!(!out.exists());
    }
}
