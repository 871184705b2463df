//! `sijill roster import`: from a file to the committed roster.
//!
//! Where the platform makes the tokens, the file is the operator's list of people; where the sender makes them, it is
//! the roster that `sijill roster make` wrote there, and no token ever comes here. Either way the leaves are on disk
//! before the commitment is in the ledger, after which nothing of it can change: an import that was broken off is run
//! again. Until then no message can have left.

use super::poll::KeyArg;
use crate::clerk::{self, Clerk, Recorded};
use crate::console::grouped;
use crate::fault::{Exit, input, not_so};
use crate::public_roster;
use crate::roster_file::{Parsed, Person};
use crate::roster_intake::Intake;
use crate::roster_making::{self, Held};
use crate::settings::Settings;
use crate::signing::{self, Pen};
use crate::vault_keeping;
use anyhow::Result;
use serde_json::{Value, json};
use sijill_outreach::number::Repair;
use sijill_poll::definition::{Definition, StrataVisibility, TokenMaker};
use sijill_poll::event::RosterCommitted;
use sijill_poll::{Event, unseal};
use sijill_server::desk::PollStatus;
use std::collections::BTreeMap;

/// Import a roster: one invitation a row, committed to before any message leaves
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The file is CSV, UTF-8, with the header `contact,stratum,language`; numbers may be written as people write them. Where the definition says that the sender makes the tokens, it is the file that `sijill roster make` wrote there.\n\nExample: sijill roster import roster.csv --poll coalition"
)]
pub struct Args {
    #[command(flatten)]
    intake: Intake,
    /// The poll
    #[arg(long, value_name = "SLUG")]
    poll: String,
    #[command(flatten)]
    key: KeyArg,
}

/// A roster just committed to.
#[derive(Debug, Clone)]
pub struct Committed {
    /// Where `RosterCommitted` stands.
    pub recorded: Recorded,
    /// Invitations.
    pub count: u32,
    /// RFC 6962 root of the leaves, in hexadecimal.
    pub root: String,
    /// Ids of sealed strata that have too few invitations ever to be opened.
    pub stay_closed: Vec<String>,
}

/// Carries it out.
pub fn run(args: &Args, settings: &Settings) -> Result<Exit> {
    let (parsed, committed) = clerk::at_the_desk(Clerk::reach(settings)?, |clerk| {
        let poll = clerk.show(&args.poll)?;
        let pen = args.key.pen(settings, &poll)?;
        let definition = signing::definition_of(&poll)?;
        vault_keeping::refuse_after_its_time(&definition, signing::now())?;
        match maker(args, &definition)? {
            TokenMaker::Sender => {
                let committed = take_over(clerk, settings, &poll, &pen, args)?;
                Ok((None, committed))
            }
            TokenMaker::Platform => {
                let parsed = args.intake.people(&definition, settings)?;
                let committed = commit(clerk, settings, &poll, &pen, &parsed.people)?;
                Ok((Some(parsed), committed))
            }
        }
    })?;
    say(settings, parsed.as_ref(), &committed)?;
    Ok(Exit::Well)
}

/// Who makes the tokens, which the file must fit.
fn maker(args: &Args, definition: &Definition) -> Result<TokenMaker> {
    let maker = definition.who.tokens_made_by;
    match (maker, public_roster::is_one(&args.intake.file)) {
        (TokenMaker::Platform, false) | (TokenMaker::Sender, true) => Ok(maker),
        (TokenMaker::Sender, false) => Err(input(
            "the definition says that the sender makes the tokens: run `sijill roster make` there, and import the file that it writes; nothing was imported",
        )),
        (TokenMaker::Platform, true) => Err(input(
            "the file is a roster made elsewhere, and the definition says that the platform makes the tokens; nothing was imported",
        )),
    }
}

/// Makes tokens, keys and leaves for these people, and commits to them.
pub fn commit(
    clerk: &mut Clerk,
    settings: &Settings,
    poll: &PollStatus,
    pen: &Pen,
    people: &[Person],
) -> Result<Committed> {
    let definition = signing::definition_of(poll)?;
    let folder = settings.data().poll(&poll.slug)?;
    let held = Held::new(&folder)?;
    refuse_second(clerk, &poll.slug)?;
    let secret = vault_keeping::secret_for_new(settings, &settings.data())?;
    let (length, origin) = (people.len() as u64, poll.origin.parse()?);
    let bar = settings.console.bar(length, "making invitations");
    let commitment = roster_making::make(&held, &origin, &definition, people, (&secret, &bar));
    bar.finish_and_clear();
    record(clerk, poll, pen, &definition, commitment?)
}

/// Takes over the leaves of a roster made elsewhere, and commits to them.
fn take_over(
    clerk: &mut Clerk,
    settings: &Settings,
    poll: &PollStatus,
    pen: &Pen,
    args: &Args,
) -> Result<Committed> {
    let folder = settings.data().poll(&poll.slug)?;
    let _held = Held::new(&folder)?;
    refuse_second(clerk, &poll.slug)?;
    let commitment = public_roster::read(&args.intake.file, &folder.roster())?;
    record(clerk, poll, pen, &signing::definition_of(poll)?, commitment)
}

fn record(
    clerk: &mut Clerk,
    poll: &PollStatus,
    pen: &Pen,
    definition: &Definition,
    commitment: RosterCommitted,
) -> Result<Committed> {
    let (count, root) = (commitment.count, commitment.root.to_string());
    let stay_closed = stay_closed(definition, &commitment);
    let event = signing::sign(poll, pen, commitment, Event::RosterCommitted)?;
    let recorded = clerk.record(&poll.slug, &event)?;
    Ok(Committed {
        recorded,
        count,
        root,
        stay_closed,
    })
}

/// The strata that stay closed however many of the invited answer. Those below the threshold do; another one always stays
/// closed with a single one, or with few who could be told from the sum, but which it is the answers decide, unless
/// it is the only one left.
fn stay_closed(definition: &Definition, commitment: &RosterCommitted) -> Vec<String> {
    let rules = &definition.rules;
    if rules.strata != StrataVisibility::Sealed {
        return Vec::new();
    }
    let invited: Vec<u64> = commitment
        .by_stratum
        .iter()
        .map(|count| u64::from(*count))
        .collect();
    let threshold = u64::from(rules.threshold);
    let below = invited.iter().filter(|count| **count < threshold).count();
    // As all of the invited answer: with fewer answers there is no more to open.
    let closed = unseal::stay_closed(&invited, rules.threshold);
    let none_opens = closed.iter().all(|closed| *closed) && below + 1 >= closed.len();
    let strata = definition.strata.iter().zip(invited);
    let stay = strata.filter(|(_, count)| none_opens || *count < threshold);
    stay.map(|(stratum, _)| stratum.id.clone()).collect()
}

/// Asks the desk anew, since another import may have ended while this one read its file.
fn refuse_second(clerk: &mut Clerk, slug: &str) -> Result<()> {
    let poll = clerk.show(slug)?;
    if poll.roster == 0 {
        return Ok(());
    }
    Err(not_so(format!(
        "poll `{slug}` has a roster of {} invitations already, and a roster is committed to once; nothing was imported",
        grouped(poll.roster.into())
    )))
}

fn say(settings: &Settings, parsed: Option<&Parsed>, committed: &Committed) -> Result<()> {
    let Recorded { index, link } = committed.recorded;
    let mut text = format!(
        "{} invitations committed to, entry {index}, roster root {}",
        grouped(committed.count.into()),
        committed.root,
    );
    let mut json = json!({
        "invitations": committed.count,
        "root": committed.root,
        "index": index,
        "link": link.to_string(),
        "stay_closed": committed.stay_closed,
    });
    if !committed.stay_closed.is_empty() {
        text += &format!(
            "\n  strata that stay closed whoever answers, since too few are invited: {}",
            committed.stay_closed.join(", ")
        );
    }
    if let Some(parsed) = parsed {
        text += &rows_in_words(parsed);
        if let (Value::Object(all), Value::Object(rows)) = (&mut json, rows(parsed)) {
            all.extend(rows);
        }
    }
    settings.console.answer(&text, &json)
}

/// What became of the rows of a people's file, as a line of its own.
pub fn rows_in_words(parsed: &Parsed) -> String {
    format!(
        "\n  {} rows, {} numbers rewritten as E.164, {} numbers repaired{}, {} rows left out",
        grouped(parsed.rows),
        grouped(parsed.rewritten),
        grouped(parsed.repaired),
        repairs_in_words(parsed),
        grouped(parsed.problems.len() as u64),
    )
}

/// What was mended, as it stands behind the number of repaired ones: several things may have been wrong with one.
fn repairs_in_words(parsed: &Parsed) -> String {
    let kinds = Repair::ALL.into_iter();
    let found = kinds.filter_map(|kind| Some((kind, parsed.repairs.get(&kind)?)));
    let words: Vec<String> = found
        .map(|(kind, count)| format!("{} {}", kind.words(), grouped(*count)))
        .collect();
    match words.as_slice() {
        [] => String::new(),
        words => format!(" ({})", words.join(", ")),
    }
}

/// The same for machines.
pub fn rows(parsed: &Parsed) -> Value {
    let repairs = parsed.repairs.iter();
    let repairs: BTreeMap<_, _> = repairs.map(|(kind, count)| (kind.name(), count)).collect();
    json!({
        "rows": parsed.rows,
        "rewritten": parsed.rewritten,
        "repaired": parsed.repaired,
        "repairs": repairs,
        "left_out": parsed.problems.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_desk::TestDesk;
    use indicatif::ProgressBar;

    /// The machine went down after the files were written and before the commitment was: nobody has a message yet, so
    /// the import is run again from the start, and what is committed to is what is on disk.
    #[test]
    fn an_import_that_was_broken_off_can_be_run_again_and_a_finished_one_cannot() {
        let desk = TestDesk::open();
        let poll = desk.clerk().show(TestDesk::SLUG).unwrap();
        let folder = desk.settings.data().poll(TestDesk::SLUG).unwrap();
        let definition = signing::definition_of(&poll).unwrap();
        let people = TestDesk::people(30);
        let origin = poll.origin.parse().unwrap();
        let bar = ProgressBar::hidden();
        let secret = vault_keeping::secret_for_new(&desk.settings, &desk.settings.data()).unwrap();
        roster_making::make(
            &Held::new(&folder).unwrap(),
            &origin,
            &definition,
            &people,
            (&secret, &bar),
        )
        .unwrap();

        let import = |poll: &PollStatus| {
            commit(
                &mut desk.clerk(),
                &desk.settings,
                poll,
                &desk.pen(),
                &people,
            )
        };
        let committed = import(&poll).unwrap();
        assert_eq!(committed.count, 30);
        let roster = crate::roster_leaves::read(&folder.roster(), &definition).unwrap();
        assert_eq!(roster.root().to_string(), committed.root);
        let vault = desk.vault();
        let known = vault
            .contacts()
            .map(|contact| contact.unwrap().token.invitation_key(&origin));
        assert!(
            known
                .map(|key| key.find_in(&roster))
                .all(|found| found.is_some())
        );

        let poll = desk.clerk().show(TestDesk::SLUG).unwrap();
        let before = std::fs::read(folder.vault().join("contacts")).unwrap();
        assert!(import(&poll).is_err());
        assert_eq!(
            std::fs::read(folder.vault().join("contacts")).unwrap(),
            before
        );
    }

    /// Each has seen the poll without a roster; the tokens of the one that is committed to must stay.
    #[test]
    fn of_imports_at_the_same_time_one_is_committed_to_and_its_tokens_stay() {
        let desk = TestDesk::open();
        let poll = desk.clerk().show(TestDesk::SLUG).unwrap();
        let (people, pen) = (TestDesk::people(30), desk.pen());
        let import = || {
            commit(&mut desk.clerk(), &desk.settings, &poll, &pen, &people).map(|made| made.root)
        };
        let mut made: Vec<_> = std::thread::scope(|scope| {
            let imports: Vec<_> = (0..4).map(|_| scope.spawn(import)).collect();
            imports
                .into_iter()
                .filter_map(|import| import.join().unwrap().ok())
                .collect()
        });
        import().unwrap_err();
        let root = made.pop().unwrap();
        assert!(made.is_empty());

        let folder = desk.settings.data().poll(TestDesk::SLUG).unwrap();
        let definition = signing::definition_of(&poll).unwrap();
        let roster = crate::roster_leaves::read(&folder.roster(), &definition).unwrap();
        assert_eq!(roster.root().to_string(), root);
        let origin = poll.origin.parse().unwrap();
        for contact in desk.vault().contacts() {
            let key = contact.unwrap().token.invitation_key(&origin);
            assert!(key.find_in(&roster).is_some());
        }
    }
}
