//! `sijill demo`: a whole poll in half a minute, from keys to audit, on this machine. The answers are made up;
//! everything else is what a real poll does.

mod arrivals;
mod centre;
mod crowd;
mod elsewhere;
mod inbox;
mod people;
mod proofs;
mod sending;
mod site;
mod stage;
mod watch;

use crate::clerk;
use crate::commands::{audit, poll};
use crate::console::grouped;
use crate::fault::{Exit, not_so};
use crate::interruption;
use crate::invocation;
use crate::settings::Settings;
use crate::signing;
use anyhow::Result;
use crowd::Crowd;
use sending::{Sent, Way};
use serde_json::{Value, json};
use sijill_auditor::{Anchor, Options, Report, render};
use site::Site;
use stage::{Opening, Stage};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use watch::Watch;

/// Run a whole simulated poll on this machine, from keys to audit
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The answers are made up; everything else is real. The invitations leave over SMPP, and arrive at a message centre that the demo brings with it. Ctrl-C at any moment leaves a ledger that audits. Without --data it works in ./sijill-demo, or the next name that is free.\n\nExample: sijill demo --respondents 500 --keep-running"
)]
pub struct Args {
    /// How many people answer; three times as many are invited
    #[arg(long, value_name = "N", default_value_t = 2_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    respondents: u64,
    /// Address to serve on [default: 127.0.0.1:8181, or the next port that is free]
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Go on serving after the close, until Ctrl-C
    #[arg(long)]
    keep_running: bool,
    /// Another message centre than the demo's own, by SMPP 3.4: a simulator, on this machine or a private network, since made-up numbers may be real people's; the account is that of `[gateway]` in the configuration file, or else `demo` with the password `demo`
    #[arg(long, value_name = "HOST:PORT")]
    smpp: Option<String>,
    /// How long the answers take to come in
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    seconds: u64,
    /// Seed of everything that is made up [default: a random one]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

/// A demo whose poll is closed.
struct Played {
    stage: Stage,
    opening: Opening,
    sent: Sent,
    anchor: Anchor,
    /// The file name of a receipt.
    receipt: String,
    answered: u64,
    tally: Vec<(String, u64)>,
}

/// Carries it out.
pub fn run(args: &Args, settings: &Settings) -> Result<Exit> {
    super::serve::log_to_standard_error("error");
    let interrupted = interruption::flag()?;
    let way = Way::of(args.smpp.as_deref())?;
    let stage = Stage::set(args.listen, args.seed, settings)?;
    let site = Site::start(&stage.data(), stage.listener.try_clone()?)?;
    let played = match play(args, stage, &way, &site, &interrupted) {
        Ok(played) => played,
        Err(error) => {
            // The ledger is whole whatever happened; the first error is the one to tell.
            let _ = site.stop();
            return Err(error);
        }
    };
    site.stop()?;
    let Some(played) = played.closed() else {
        return Ok(Exit::Unfinished);
    };
    finish(args, &played, &interrupted)
}

/// What came of letting the crowd answer.
enum Outcome {
    Closed(Box<Played>),
    Interrupted,
}

impl Outcome {
    fn closed(self) -> Option<Played> {
        match self {
            Self::Closed(played) => Some(*played),
            Self::Interrupted => None,
        }
    }
}

/// Opens the poll, sends the invitations, lets the crowd answer, and closes it.
fn play(
    args: &Args,
    stage: Stage,
    way: &Way,
    site: &Site,
    interrupted: &Arc<AtomicBool>,
) -> Result<Outcome> {
    let opening = stage.open(&mut site.clerk(), args.respondents)?;
    tell_opening(&stage, &opening)?;
    let sent = match sending::send(&stage, &opening, way, interrupted) {
        Ok(Some(sent)) => sent,
        Ok(None) => {
            tell_interruption(&stage);
            return Ok(Outcome::Interrupted);
        }
        Err(error) => {
            tell_interruption(&stage);
            return Err(error);
        }
    };
    tell_sent(&stage, &opening, &sent)?;
    let published = site.publications(&opening.slug)?;
    let span = Duration::from_secs(args.seconds);
    let respondents = opening.crowd(&sent.reached, stage.seed, args.respondents, span);
    let watch = Watch {
        console: stage.settings.console,
        site,
        expected: respondents.len() as u64,
        options: opening.option_names(),
        interrupted,
    };
    let crowd = Crowd::start(stage.site(), &stage.promises(), respondents)?;
    let watched = watch.until_done(&crowd, &published);
    let failed = crowd.progress().failed();
    crowd.stop();
    watched?;
    if interrupted.load(Ordering::Relaxed) {
        tell_interruption(&stage);
        return Ok(Outcome::Interrupted);
    }
    if let Some((count, why)) = failed {
        return Err(not_so(format!(
            "{count} simulated answers were not taken; the first because {why}"
        )));
    }
    close((stage, opening, sent), site).map(|played| Outcome::Closed(Box::new(played)))
}

/// Closes the poll as an operator does, over the desk of the running server, and keeps what proves it.
fn close((stage, opening, sent): (Stage, Opening, Sent), site: &Site) -> Result<Played> {
    let clerk = clerk::Clerk::reach(&stage.settings)?;
    let reason = "The simulated answers are in.";
    let (declared, recorded) = clerk::at_the_desk(clerk, |clerk| {
        let pen =
            signing::operator_pen(std::slice::from_ref(&stage.operator), &opening.definition)?;
        poll::close::close(clerk, &opening.slug, &pen, reason)
    })?;
    let receipt = proofs::keep(&stage, site, &opening.slug, recorded.index + 1)?;
    Ok(Played {
        receipt,
        stage,
        opening,
        sent,
        anchor: Anchor {
            index: recorded.index,
            link: recorded.link,
        },
        answered: declared.answered,
        tally: declared.tally,
    })
}

/// Audits what is on disk, reports, and goes on serving if asked to.
fn finish(args: &Args, played: &Played, interrupted: &AtomicBool) -> Result<Exit> {
    let console = played.stage.settings.console;
    let counts: Vec<u64> = played.tally.iter().map(|(_, count)| *count).collect();
    console.narrate(&format!(
        "\nClosed after {} answers: {}",
        grouped(played.answered),
        watch::shares(&played.opening.option_names(), &counts, played.answered)
    ))?;
    console.narrate("Auditing what is on disk, as a stranger would, with the operator's key and the ledger's end:")?;
    let report = audited(played)?;
    console.narrate(&render(&report))?;
    console.narrate(&where_everything_is(played))?;
    if console.json {
        console.answer("", &document(played, &report)?)?;
    }
    let exit = audit::exit_of(&report);
    if args.keep_running && exit == Exit::Well {
        keep_running(played, interrupted)?;
    }
    Ok(exit)
}

fn audited(played: &Played) -> Result<Report> {
    let stage = &played.stage;
    let options = Options {
        operator_keys: vec![stage.operator.verifier.clone()],
        anchors: vec![played.anchor],
        promises: audit::promises(&[stage.promises()])?,
        receipts: audit::receipts(&[stage.receipts()])?,
        policy: Some(audit::policy(&stage.policy())?),
        now_ms: signing::now(),
        ..Options::default()
    };
    audit::of_directory(&stage.data(), None, &options, stage.settings.console)
}

fn keep_running(played: &Played, interrupted: &AtomicBool) -> Result<()> {
    let stage = &played.stage;
    let site = Site::start(&stage.data(), stage.listener.try_clone()?)?;
    stage
        .settings
        .console
        .message(&format!("serving on {}; end with Ctrl-C", stage.site()));
    while !interrupted.load(Ordering::Relaxed) && site.stopped().is_none() {
        std::thread::sleep(Duration::from_millis(100));
    }
    site.stop()
}

fn tell_opening(stage: &Stage, opening: &Opening) -> Result<()> {
    let console = stage.settings.console;
    console.narrate(&format!(
        "Sijill demo: a simulated poll on this machine. The answers are made up; everything else is real.\n\n  poll      {}\n  origin    {}\n  invited   {} made-up people in {} governorates, roster root {}…, committed before the first invitation\n  data      {}",
        opening.definition.question.text.get("en"),
        opening.origin,
        grouped(opening.invited),
        opening.definition.strata.len(),
        opening.roster_root.get(..16).unwrap_or_default(),
        stage.data().path().display(),
    ))
}

/// What came of the invitations, and some of them as they arrived, to be answered.
fn tell_sent(stage: &Stage, opening: &Opening, sent: &Sent) -> Result<()> {
    let console = stage.settings.console;
    console.narrate(&format!(
        "  sent      {} invitations in {} segments over SMPP to {}: {}\n",
        grouped(sent.invitations),
        grouped(sent.segments),
        sent.to,
        sent.figures(),
    ))?;
    console.narrate(match sent.is_built_in {
        true => "Answer yourself: messages as they arrived (each link works once)",
        false => "Answer yourself: messages as they left (each link works once)",
    })?;
    for letter in &sent.letters {
        let text = letter.text.replace('\n', "\n  ");
        console.narrate(&format!("\n  {text}      {}", letter.language))?;
    }
    console.narrate(&format!(
        "\nLive results:  {}\n",
        stage.results(&opening.slug)
    ))?;
    console.message(&format!(
        "The first {} hours after the messages, compressed (seed {}):",
        arrivals::SHOWN_HOURS,
        stage.seed
    ));
    Ok(())
}

fn tell_interruption(stage: &Stage) {
    stage.settings.console.message(&format!(
        "\nStopped before the close. What was confirmed is on disk, and audits as far as it goes:\n  {} audit {} --operator-key {}",
        invocation::command(),
        invocation::path(stage.data().path()),
        stage.operator.verifier,
    ));
}

/// The audit command of this demo, ready to type.
fn audit_command(played: &Played) -> String {
    let stage = &played.stage;
    format!(
        "{} audit {} --operator-key {} --policy {} --anchor {} --promise {} --receipt {}",
        invocation::command(),
        invocation::path(stage.data().path()),
        stage.operator.verifier,
        invocation::path(&stage.policy()),
        played.anchor,
        invocation::path(&stage.promises()),
        invocation::path(&stage.receipts()),
    )
}

/// The command that checks a receipt of this demo by itself, ready to type.
fn verify_command(played: &Played) -> String {
    let stage = &played.stage;
    format!(
        "{} verify {} --policy {}",
        invocation::command(),
        invocation::path(&stage.receipts().join(&played.receipt)),
        invocation::path(&stage.policy()),
    )
}

fn where_everything_is(played: &Played) -> String {
    let stage = &played.stage;
    let (command, data) = (invocation::command(), invocation::path(stage.data().path()));
    let slug = &played.opening.slug;
    let policy = invocation::path(&stage.policy());
    let folder = format!("{slug}-published");
    let key = &stage.operator.verifier;
    format!(
        "Everything is in {data}: the definition (poll.toml), the operator's public key (operator.vkey), the log's (policy),\npromises that respondents were given (promises/) and the receipts that they turned into (receipts/), the log (log/),\nwhat is published (polls/{slug}/public/). Secret: keys/, roster.csv, and polls/{slug}/vault/\n(contacts, links and the journal of the sending, encrypted under keys/vault.key).\n\nCheck it from outside:\n  {}\n  {}\n  {command} publish {slug} {folder} --data {data}    # as files for any web server\n  {command} audit {folder} --operator-key {key} --policy {policy}\n\nTry next:\n  {command} ledger tail --data {data}\n  {command} export {slug} {slug}.export --data {data}\n  # change one byte of that export and audit it: docs/TUTORIAL.md\n  {command} demo --keep-running    # leaves the pages up after the close",
        audit_command(played),
        verify_command(played),
    )
}

fn document(played: &Played, report: &Report) -> Result<Value> {
    let (stage, opening) = (&played.stage, &played.opening);
    let (tally, sent) = (played.tally.iter(), &played.sent);
    let letters = sent.letters.iter();
    Ok(json!({
        "simulated": true,
        "data": stage.data().path(),
        "slug": opening.slug,
        "origin": opening.origin,
        "address": stage.results(&opening.slug),
        "links": letters.map(|letter| json!({"language": letter.language, "address": letter.link()})).collect::<Vec<_>>(),
        "invited": opening.invited,
        "sent": sent.document(),
        "answered": played.answered,
        "tally": tally.map(|(option, count)| json!({"option": option, "count": count})).collect::<Vec<_>>(),
        "operator_key": stage.operator.verifier.to_string(),
        "anchor": played.anchor.to_string(),
        "promises": stage.promises(),
        "receipts": stage.receipts(),
        "policy": stage.policy(),
        "seed": stage.seed,
        "audit_command": audit_command(played),
        "verify_command": verify_command(played),
        "report": serde_json::to_value(report)?,
    }))
}
