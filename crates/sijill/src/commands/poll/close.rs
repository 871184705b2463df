//! `sijill poll close`: no more answers, and the result is declared.
//!
//! The ledger takes nothing while this is signed, so that size, link and tally are those of its end.

use super::KeyArg;
use crate::clerk::{self, Clerk, Recorded};
use crate::console::{grouped, percent};
use crate::fault::{Exit, unfinished};
use crate::settings::Settings;
use crate::signing::{self, Pen};
use anyhow::Result;
use serde_json::json;
use sijill_poll::Event;
use sijill_poll::event::{Closed, OptionCount, QuestionTally};
use sijill_server::desk::PollStatus;
use std::fmt::Write;

/// Close a poll and declare its result
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: sijill poll close coalition --reason \"The end of the field work.\""
)]
pub struct Args {
    /// The poll
    slug: String,
    /// Why now, for everyone to read in the ledger; needless at the end in force
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
    #[command(flatten)]
    key: KeyArg,
}

/// Carries it out.
pub fn run(args: &Args, settings: &Settings) -> Result<Exit> {
    let (poll, recorded) = clerk::at_the_desk(Clerk::reach(settings)?, |clerk| {
        let pen = args.key.pen(settings, &clerk.show(&args.slug)?)?;
        close(clerk, &args.slug, &pen, &args.reason)
    })?;
    let anchor = anchor(&recorded);
    let options = poll.tally.iter();
    let json = json!({
        "slug": poll.slug,
        "index": recorded.index,
        "link": recorded.link.to_string(),
        "anchor": anchor,
        "answered": poll.answered,
        "tally": options.map(|(option, count)| json!({"option": option, "count": count})).collect::<Vec<_>>(),
    });
    settings.console.answer(&text(&poll, &recorded)?, &json)?;
    Ok(Exit::Well)
}

/// Freezes the ledger, signs its end and its tally, and has that recorded; returns what was declared.
pub fn close(
    clerk: &mut Clerk,
    slug: &str,
    pen: &Pen,
    reason: &str,
) -> Result<(PollStatus, Recorded)> {
    let poll = clerk.freeze(slug)?;
    let definition = signing::definition_of(&poll)?;
    let content = Closed {
        size: poll.entries,
        link: poll
            .link
            .parse()
            .map_err(|_| unfinished("the service named no link for the ledger's end"))?,
        tally: Some(vec![QuestionTally {
            question: definition.question.id.clone(),
            options: poll.tally.iter().map(counted).collect(),
        }]),
        reason: reason.to_owned(),
    };
    let event = signing::sign(&poll, pen, content, Event::Closed)?;
    let recorded = clerk.record(slug, &event)?;
    Ok((poll, recorded))
}

fn counted((option, count): &(String, u64)) -> OptionCount {
    OptionCount {
        option: option.clone(),
        count: *count,
    }
}

/// The ledger's end, as an audit takes it: `INDEX:LINK`.
pub fn anchor(recorded: &Recorded) -> String {
    format!("{}:{}", recorded.index, recorded.link)
}

fn text(poll: &PollStatus, recorded: &Recorded) -> Result<String> {
    let mut text = format!(
        "poll `{}` closed with {} answers of {} invited\n",
        poll.slug,
        grouped(poll.answered),
        grouped(poll.roster.into())
    );
    for (option, count) in &poll.tally {
        writeln!(
            text,
            "  {option:<16} {:>12}  {:>7}",
            grouped(*count),
            percent(*count, poll.answered)
        )?;
    }
    write!(text, "anchor {}", anchor(recorded))?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_desk::TestDesk;

    #[test]
    fn what_is_closed_takes_nothing_more_from_the_operator_but_an_annulment() {
        let desk = TestDesk::with_roster(20);
        let mut clerk = desk.clerk();
        let (declared, recorded) = close(&mut clerk, TestDesk::SLUG, &desk.pen(), "done").unwrap();
        assert_eq!(recorded.index, declared.entries);
        assert_eq!(declared.tally.len(), 3);
        let closed = clerk.show(TestDesk::SLUG).unwrap();
        assert_eq!(
            (closed.state.as_str(), closed.link.clone()),
            ("closed", recorded.link.to_string())
        );
        let again = close(&mut clerk, TestDesk::SLUG, &desk.pen(), "again").unwrap_err();
        assert_eq!(crate::fault::exit_of(&again), crate::fault::Exit::NotSo);
    }
}
