//! What a command says: its answer on standard output, as text or as one JSON document; everything else on standard
//! error.

use crate::fault::is_closed_pipe;
use anyhow::Result;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::Value;
use std::io::{IsTerminal, Write};
use std::time::Duration;

/// Where and how a command speaks.
#[derive(Debug, Clone, Copy)]
pub struct Console {
    /// The answer is one JSON document.
    pub json: bool,
    /// Neither messages nor progress.
    pub quiet: bool,
}

impl Console {
    /// A message on standard error.
    pub fn message(&self, text: &str) {
        if !self.quiet {
            // Nobody is left to be told that standard error is closed.
            let _ = writeln!(std::io::stderr(), "{text}");
        }
    }

    /// The command's answer: `text` for people, or `json` for machines. Whether anybody reads it changes nothing: how
    /// the command ended is told by its exit code.
    pub fn answer(&self, text: &str, json: &Value) -> Result<()> {
        let said = if self.json {
            self.line(&serde_json::to_string_pretty(json)?)
        } else {
            self.line(text.trim_end())
        };
        match said {
            Err(error) if is_closed_pipe(&error) => Ok(()),
            said => said,
        }
    }

    /// One line of an answer that comes line by line.
    pub fn line(&self, text: &str) -> Result<()> {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{text}")?;
        Ok(out.flush()?)
    }

    /// A part of a story: on standard output for people; where the answer is a document, a message.
    pub fn narrate(&self, text: &str) -> Result<()> {
        if self.json {
            self.message(text);
            return Ok(());
        }
        self.line(text)
    }

    /// A progress bar over `length` steps, shown on a terminal only.
    pub fn bar(&self, length: u64, what: &str) -> ProgressBar {
        let bar = ProgressBar::with_draw_target(Some(length), self.target());
        bar.set_style(style(
            "  {msg:<22} {wide_bar} {human_pos} of {human_len}  {eta}",
        ));
        bar.set_message(what.to_owned());
        bar
    }

    /// Signs of life for something whose length is not known.
    pub fn spinner(&self, what: &str) -> ProgressBar {
        let bar = ProgressBar::with_draw_target(None, self.target());
        bar.set_style(style("  {spinner} {msg}  {elapsed}"));
        bar.set_message(what.to_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
        bar
    }

    fn target(&self) -> ProgressDrawTarget {
        if self.quiet || !std::io::stderr().is_terminal() {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        }
    }

    /// Whether findings may be coloured.
    pub fn coloured(&self) -> bool {
        !self.json
            && std::io::stdout().is_terminal()
            && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("█▉▊▋▌▍▎▏░")
}

/// A text that somebody else wrote, so that it cannot command a terminal: no control character, and none that turns the
/// direction of what follows.
pub fn plain(text: &str) -> String {
    let commands =
        |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let shown = |c: char| {
        if commands(c) {
            char::REPLACEMENT_CHARACTER
        } else {
            c
        }
    };
    text.chars().map(shown).collect()
}

/// A text of several lines that somebody else wrote, likewise.
pub fn lines(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(plain).collect();
    lines.join("\n")
}

/// A number of seconds as people say it.
pub fn duration(seconds: u64) -> String {
    let (hours, minutes) = (seconds / 3_600, seconds % 3_600 / 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds} s"),
        (0, _) => format!("{minutes} min {} s", seconds % 60),
        _ => format!("{} h {minutes} min", grouped(hours)),
    }
}

/// A number as people read it: `48,102`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `part` of `whole` in percent with one decimal, rounded half up; `–` of nothing.
pub fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    let tenths = (u128::from(part) * 2_000 + u128::from(whole)) / (2 * u128::from(whole));
    format!("{}.{} %", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_say_them() {
        assert_eq!(duration(59), "59 s");
        assert_eq!(duration(61), "1 min 1 s");
        assert_eq!(duration(42_800), "11 h 53 min");
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn what_others_wrote_cannot_command_the_terminal() {
        assert_eq!(
            plain("نعم a\u{1b}[2Jb\u{202e}c\n"),
            "نعم a\u{fffd}[2Jb\u{fffd}c\u{fffd}"
        );
    }

    #[test]
    fn percentages_round_half_up_and_nothing_has_none() {
        assert_eq!(percent(1, 8), "12.5 %");
        assert_eq!(percent(1, 3), "33.3 %");
        assert_eq!(percent(2, 3), "66.7 %");
        assert_eq!(percent(1, 2_000), "0.1 %");
        assert_eq!(percent(0, 0), "–");
    }
}
