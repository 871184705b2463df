//! Taking in a roster as people write it: reads the CSV, names every bad row, and goes on only with good ones.

use crate::console::grouped;
use crate::durable_file::{self, Access};
use crate::fault::{Fault, input};
use crate::roster_file::{self, Parsed, Problem};
use crate::settings::Settings;
use anyhow::{Context, Result};
use sijill_poll::definition::Definition;
use std::fs::File;
use std::path::{Path, PathBuf};

/// Bad rows named on the terminal; the report has all.
const PROBLEMS_SHOWN_MAX: usize = 20;

/// The roster's file, and what to do about bad rows.
#[derive(Debug, Clone, clap::Args)]
pub struct Intake {
    /// The roster
    pub file: PathBuf,
    /// Leave bad rows out, instead of taking nothing
    #[arg(long)]
    pub skip_bad: bool,
    /// Where to write the report on bad rows
    #[arg(long, value_name = "FILE", default_value = "roster-problems.csv")]
    pub problems: PathBuf,
}

impl Intake {
    /// The people of the file: all of them, or the good rows where bad ones may be left out.
    pub fn people(&self, definition: &Definition, settings: &Settings) -> Result<Parsed> {
        let parsed = read(&self.file, definition, settings)?;
        judge(self, settings, &parsed)?;
        Ok(parsed)
    }
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
fn judge(intake: &Intake, settings: &Settings, parsed: &Parsed) -> Result<()> {
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
    write_report(&intake.problems, &parsed.problems)?;
    for problem in parsed.problems.iter().take(PROBLEMS_SHOWN_MAX) {
        console.message(&format!("  {problem}"));
    }
    let bad = grouped(parsed.problems.len() as u64);
    let report = intake.problems.display();
    console.message(&format!(
        "{bad} of {} rows are bad; all of them: {report}",
        grouped(parsed.rows)
    ));
    if !intake.skip_bad {
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
