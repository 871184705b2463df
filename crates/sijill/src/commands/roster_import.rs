//! `sijill roster import`: from the operator's file to the committed roster.
//!
//! In this order, so that a broken-off import can be run again: contact master, contacts with their tokens, leaves, and
//! last the commitment in the ledger, after which nothing of it can change. Until then no message can have left.

use super::poll::KeyArg;
use crate::clerk::{self, Clerk, Recorded};
use crate::console::grouped;
use crate::contacts_file;
use crate::data_folder::PollFolder;
use crate::durable_file::{self, Access};
use crate::fault::{Exit, Fault, input, not_so};
use crate::key_file;
use crate::roster_file::{self, Parsed, Person, Problem};
use crate::settings::Settings;
use crate::signing::{self, Pen};
use anyhow::{Context, Result};
use indicatif::ProgressBar;
use rayon::prelude::*;
use serde_json::json;
use sijill_ledger::Origin;
use sijill_poll::Event;
use sijill_poll::credential::Token;
use sijill_poll::definition::Definition;
use sijill_poll::limits::{CODE_CHARS, INVITATIONS_MAX};
use sijill_poll::roster::{LEAF_BYTES, Leaf, RosterReader, seal_contact};
use sijill_server::desk::PollStatus;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Bad rows named on the terminal; the report has all.
const PROBLEMS_SHOWN_MAX: usize = 20;

/// People whose keys are made between two steps of the progress bar.
const CHUNK_PEOPLE: usize = 4_096;

/// Import a roster: one invitation a row, committed to before any message leaves
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The file is CSV, UTF-8, with the header `contact,stratum,language`; numbers may be written as people write them.\n\nExample: sijill roster import roster.csv --poll coalition"
)]
pub struct Args {
    /// The roster
    file: PathBuf,
    /// The poll
    #[arg(long, value_name = "SLUG")]
    poll: String,
    /// Leave bad rows out, instead of importing nothing
    #[arg(long)]
    skip_bad: bool,
    /// Where to write the report on bad rows
    #[arg(long, value_name = "FILE", default_value = "roster-problems.csv")]
    problems: PathBuf,
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
}

/// Carries it out.
pub fn run(args: &Args, settings: &Settings) -> Result<Exit> {
    let (parsed, committed) = clerk::at_the_desk(Clerk::reach(settings)?, |clerk| {
        let poll = clerk.show(&args.poll)?;
        let pen = args.key.pen(settings, &poll)?;
        let parsed = read(&args.file, &signing::definition_of(&poll)?, settings)?;
        judge(args, settings, &parsed)?;
        let committed = commit(clerk, settings, &poll, &pen, &parsed.people)?;
        Ok((parsed, committed))
    })?;
    say(settings, &parsed, &committed)?;
    Ok(Exit::Well)
}

/// Reads the operator's file, with a progress bar over its bytes.
pub fn read(path: &Path, definition: &Definition, settings: &Settings) -> Result<Parsed> {
    let cannot = || Fault::Input(format!("cannot read the roster `{}`", path.display()));
    let file = File::open(path).with_context(cannot)?;
    let bar = settings.console.bar(
        file.metadata().with_context(cannot)?.len(),
        "reading the roster",
    );
    let parsed = roster_file::parse(bar.wrap_read(file), definition);
    bar.finish_and_clear();
    parsed
}

/// Whether to go on: with good rows only, unless bad ones are to be left out.
fn judge(args: &Args, settings: &Settings, parsed: &Parsed) -> Result<()> {
    let console = settings.console;
    if parsed.byte_order_mark {
        console.message("the roster begins with a byte-order mark, which was passed over");
    }
    if parsed.problems.is_empty() && parsed.people.is_empty() {
        return Err(input("the roster has no rows; nothing was imported"));
    }
    if parsed.problems.is_empty() {
        return Ok(());
    }
    write_report(&args.problems, &parsed.problems)?;
    for problem in parsed.problems.iter().take(PROBLEMS_SHOWN_MAX) {
        console.message(&format!("  {problem}"));
    }
    let bad = grouped(parsed.problems.len() as u64);
    let report = args.problems.display();
    console.message(&format!(
        "{bad} of {} rows are bad; all of them: {report}",
        grouped(parsed.rows)
    ));
    if !args.skip_bad {
        return Err(input(format!(
            "nothing imported: {bad} rows are bad; mend them, or import the rest with `--skip-bad`"
        )));
    }
    if parsed.people.is_empty() {
        return Err(input("nothing imported: every row is bad"));
    }
    Ok(())
}

fn write_report(path: &Path, problems: &[Problem]) -> Result<()> {
    durable_file::replace(path, Access::Private, |out| {
        let mut rows = csv::Writer::from_writer(out);
        rows.write_record(["row", "problem"])?;
        for problem in problems {
            rows.write_record([problem.row.to_string(), problem.why.to_string()])?;
        }
        Ok(rows.flush()?)
    })
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
    refuse_second(poll)?;
    refuse_small_strata(&definition, people)?;
    std::fs::create_dir_all(folder.path())?;
    let _one_at_a_time = hold(&folder)?;
    let bar = settings
        .console
        .bar(people.len() as u64, "making invitations");
    let reader = write_files(&folder, &poll.origin.parse()?, &definition, people, &bar);
    bar.finish_and_clear();
    let roster = reader?.finish();
    let event = signing::sign(poll, pen, roster.commitment(), Event::RosterCommitted)?;
    let recorded = clerk.record(&poll.slug, &event)?;
    Ok(Committed {
        recorded,
        count: roster.len(),
        root: roster.root().to_string(),
    })
}

fn refuse_second(poll: &PollStatus) -> Result<()> {
    if poll.roster == 0 {
        return Ok(());
    }
    Err(not_so(format!(
        "poll `{}` has a roster of {} invitations already, and a roster is committed to once; nothing was imported",
        poll.slug,
        grouped(poll.roster.into())
    )))
}

/// The desk would refuse these too, but only when the files are written.
fn refuse_small_strata(definition: &Definition, people: &[Person]) -> Result<()> {
    if people.len() > INVITATIONS_MAX as usize {
        return Err(input(format!(
            "a roster has at most {INVITATIONS_MAX} invitations"
        )));
    }
    let mut counts = vec![0_u32; definition.strata.len()];
    for person in people {
        if let Some(count) = counts.get_mut(usize::from(person.stratum)) {
            *count += 1;
        }
    }
    let min = definition.rules.strata_min;
    let strata = definition.strata.iter().zip(counts);
    match strata
        .into_iter()
        .find(|(_, count)| (1..min).contains(count))
    {
        None => Ok(()),
        Some((stratum, count)) => Err(input(format!(
            "stratum `{}` would have {count} invitations, and an open stratum has none or at least {min} (`strata_min`), so that few people are not laid open; nothing was imported",
            stratum.id
        ))),
    }
}

/// Keeps a second import of the same poll away until dropped.
fn hold(folder: &PollFolder) -> Result<File> {
    let lock = File::create(folder.import_lock())?;
    lock.try_lock()
        .map_err(|_| not_so("another import of this roster is under way"))?;
    Ok(lock)
}

/// Writes contact master, contacts and leaves, each durable before the next.
fn write_files(
    folder: &PollFolder,
    origin: &Origin,
    definition: &Definition,
    people: &[Person],
    bar: &ProgressBar,
) -> Result<RosterReader> {
    let master = key_file::random()?;
    key_file::write_contact(&folder.contact_key(), &master)?;
    let tokens = tokens(people.len())?;
    let rows = people.iter().zip(&tokens).map(|(person, token)| {
        (
            person.contact.as_str(),
            stratum_id(definition, person),
            language_tag(definition, person),
            token,
        )
    });
    contacts_file::write(&folder.contacts(), rows)?;
    let leaves = leaves(origin, &master, people, &tokens, bar);
    write_leaves(&folder.roster(), &leaves)?;
    read_back(definition, &leaves)
}

fn tokens(count: usize) -> Result<Vec<Token>> {
    let token = |_| {
        let mut entropy = Zeroizing::new([0; CODE_CHARS]);
        getrandom::fill(entropy.as_mut_slice()).context("the system gives no random numbers")?;
        Ok(Token::from_entropy(*entropy))
    };
    (0..count).map(token).collect()
}

/// The leaves in their order: that of the public keys.
fn leaves(
    origin: &Origin,
    master: &[u8; 32],
    people: &[Person],
    tokens: &[Token],
    bar: &ProgressBar,
) -> Vec<[u8; LEAF_BYTES]> {
    let mut leaves = Vec::with_capacity(people.len());
    for (people, tokens) in people.chunks(CHUNK_PEOPLE).zip(tokens.chunks(CHUNK_PEOPLE)) {
        let chunk: Vec<_> = people
            .par_iter()
            .zip(tokens)
            .map(|(person, token)| leaf(origin, master, person, token))
            .collect();
        leaves.extend(chunk);
        bar.inc(people.len() as u64);
    }
    // A leaf begins with its public key, and no two keys are equal.
    leaves.par_sort_unstable();
    leaves
}

fn leaf(origin: &Origin, master: &[u8; 32], person: &Person, token: &Token) -> [u8; LEAF_BYTES] {
    let key = token.invitation_key(origin).public_key();
    let leaf = Leaf {
        key,
        stratum: person.stratum,
        sealed_contact: seal_contact(master, &key, &person.contact),
    };
    leaf.to_bytes()
}

fn write_leaves(path: &Path, leaves: &[[u8; LEAF_BYTES]]) -> Result<()> {
    durable_file::replace(path, Access::Public, |out| {
        Ok(leaves.iter().try_for_each(|leaf| out.write_all(leaf))?)
    })
}

fn read_back(definition: &Definition, leaves: &[[u8; LEAF_BYTES]]) -> Result<RosterReader> {
    let mut reader = RosterReader::new(definition.strata.len());
    for leaf in leaves {
        reader.push(leaf)?;
    }
    Ok(reader)
}

fn stratum_id<'a>(definition: &'a Definition, person: &Person) -> &'a str {
    let stratum = definition.strata.get(usize::from(person.stratum));
    stratum.map_or("", |stratum| stratum.id.as_str())
}

fn language_tag<'a>(definition: &'a Definition, person: &Person) -> &'a str {
    let language = definition.languages.get(usize::from(person.language));
    language.map_or("", String::as_str)
}

fn say(settings: &Settings, parsed: &Parsed, committed: &Committed) -> Result<()> {
    let Recorded { index, link } = committed.recorded;
    let text = format!(
        "{} invitations committed to, entry {index}, roster root {}\n  {} rows, {} numbers rewritten as E.164, {} rows left out",
        grouped(committed.count.into()),
        committed.root,
        grouped(parsed.rows),
        grouped(parsed.rewritten),
        grouped(parsed.problems.len() as u64),
    );
    let json = json!({
        "invitations": committed.count,
        "root": committed.root,
        "rows": parsed.rows,
        "rewritten": parsed.rewritten,
        "left_out": parsed.problems.len(),
        "index": index,
        "link": link.to_string(),
    });
    settings.console.answer(&text, &json)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo_definition;
    use crate::test_desk::TestDesk;

    #[test]
    fn every_invitation_has_its_leaf_and_its_contact() {
        let definition = Definition::parse(&demo_definition::sample()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let data = crate::data_folder::DataFolder::new(folder.path().to_owned());
        let poll = data.poll("coalition").unwrap();
        std::fs::create_dir_all(poll.path()).unwrap();
        let people: Vec<Person> = (0..50)
            .map(|i| Person {
                contact: format!("+96477000000{i:02}"),
                stratum: i % 19,
                language: 0,
            })
            .collect();
        let origin: Origin = "ur.example/polls/coalition".parse().unwrap();
        let bar = ProgressBar::hidden();
        let roster = write_files(&poll, &origin, &definition, &people, &bar)
            .unwrap()
            .finish();
        assert_eq!(roster.len(), 50);
        for contact in contacts_file::read(&poll.contacts()).unwrap() {
            let contact = contact.unwrap();
            let invitation = contact
                .token
                .invitation_key(&origin)
                .find_in(&roster)
                .unwrap();
            let stratum = roster.stratum(invitation.index()).unwrap();
            assert_eq!(definition.strata[usize::from(stratum)].id, contact.stratum);
        }
        for secret in [poll.contacts(), poll.contact_key()] {
            assert!(!durable_file::is_open_to_others(&secret).unwrap());
        }
        assert_eq!(std::fs::metadata(poll.roster()).unwrap().len(), 50 * 98);
    }

    /// The machine went down after the files were written and before the commitment was: nobody has a message yet, so
    /// the import is run again from the start, and what is committed to is what is on disk.
    #[test]
    fn an_import_that_was_broken_off_can_be_run_again_and_a_finished_one_cannot() {
        let desk = TestDesk::open();
        let poll = desk.clerk().show(TestDesk::SLUG).unwrap();
        let folder = desk.settings.data().poll(TestDesk::SLUG).unwrap();
        std::fs::create_dir_all(folder.path()).unwrap();
        let definition = signing::definition_of(&poll).unwrap();
        let people = TestDesk::people(30);
        let origin = poll.origin.parse().unwrap();
        write_files(
            &folder,
            &origin,
            &definition,
            &people,
            &ProgressBar::hidden(),
        )
        .unwrap();

        let committed = commit(
            &mut desk.clerk(),
            &desk.settings,
            &poll,
            &desk.pen(),
            &people,
        )
        .unwrap();
        assert_eq!(committed.count, 30);
        let roster = crate::roster_leaves::read(&folder.roster(), definition.strata.len()).unwrap();
        assert_eq!(roster.root().to_string(), committed.root);
        let contacts = contacts_file::read(&folder.contacts()).unwrap();
        let known = contacts.map(|contact| contact.unwrap().token.invitation_key(&origin));
        assert!(
            known
                .map(|key| key.find_in(&roster))
                .all(|found| found.is_some())
        );

        let poll = desk.clerk().show(TestDesk::SLUG).unwrap();
        let before = std::fs::read(folder.contacts()).unwrap();
        assert!(
            commit(
                &mut desk.clerk(),
                &desk.settings,
                &poll,
                &desk.pen(),
                &people
            )
            .is_err()
        );
        assert_eq!(std::fs::read(folder.contacts()).unwrap(), before);
    }

    #[test]
    fn a_stratum_that_would_lay_few_people_open_is_refused() {
        let text = demo_definition::sample().replace("strata_min = 1\n", "strata_min = 3\n");
        let definition = Definition::parse(&text).unwrap();
        let people = |count: usize| {
            vec![
                Person {
                    contact: String::new(),
                    stratum: 4,
                    language: 0
                };
                count
            ]
        };
        assert!(refuse_small_strata(&definition, &people(3)).is_ok());
        let error = refuse_small_strata(&definition, &people(2)).unwrap_err();
        assert!(error.to_string().contains("`babil`"), "{error}");
    }
}
