//! The monitor's one screen, as plain text.

use crate::console::{grouped, percent, plain};
use crate::moment::rfc3339;
use crate::sending_words;
use sijill_outreach::wave::Standing;
use sijill_server::overview::{Overview, PollOverview, SendingOverview};
use sijill_store::space;
use std::collections::BTreeMap;

/// A queue as full as this is worth a word.
const QUEUE_WORTH_A_WORD_PERCENT: u64 = 50;

/// What there is to see.
pub fn draw(seen: &Overview) -> String {
    let mut lines = head(seen);
    lines.push(String::new());
    lines.extend(service(seen));
    if seen.polls.is_empty() {
        lines.push("\nno polls yet; `sijill poll open FILE` opens one".to_owned());
    }
    for poll in &seen.polls {
        lines.push(String::new());
        lines.extend(of_poll(poll, seen.now));
    }
    if !seen.refused.is_empty() {
        lines.push(String::new());
        let refused = refusals(&seen.refused);
        lines.push(row("no poll's links", &format!("refused {refused}")));
    }
    lines.join("\n")
}

fn head(seen: &Overview) -> Vec<String> {
    let second = |ms: u64| rfc3339(ms / 1_000 * 1_000);
    let since = span(seen.now.saturating_sub(seen.started));
    let mut lines = vec![format!(
        "Sijill monitor  {}  up for {since}, counts are since then",
        second(seen.now)
    )];
    match &seen.why {
        None => lines.push("takes answers".to_owned()),
        Some(why) => lines.push(format!("TAKES NO ANSWERS: {}", plain(why))),
    }
    lines
}

fn service(seen: &Overview) -> Vec<String> {
    let mut lines = vec![
        row("writer queue", &queue(seen)),
        row(
            "confirmed",
            &format!(
                "{} answers, in {} on average; {} commits, {} on average",
                grouped(seen.acknowledged),
                mean(seen.acknowledged_us, seen.acknowledged),
                grouped(seen.commits),
                mean(seen.commits_us, seen.commits),
            ),
        ),
        row("disk", &disk(seen)),
        row(
            "connections",
            &format!(
                "{} of {}",
                grouped(seen.connections),
                grouped(seen.connections_max)
            ),
        ),
        row("requests", &requests(seen)),
        row(
            "scrubber",
            &format!(
                "{} read again, {} looks through a whole ledger",
                space::readable(seen.scrubbed_bytes),
                grouped(seen.scrub_looks)
            ),
        ),
    ];
    if seen.tiles_mended > 0 {
        lines.push(row(
            "MENDED",
            &format!(
                "{} tiles were damaged on disk and written anew; see that the disk works",
                grouped(seen.tiles_mended)
            ),
        ));
    }
    lines
}

fn queue(seen: &Overview) -> String {
    let full =
        seen.queue_jobs.saturating_mul(100) >= seen.queue_jobs_max * QUEUE_WORTH_A_WORD_PERCENT;
    let word = match full {
        true => "; beyond that answers are told to come again",
        false => "",
    };
    format!(
        "{} of {}{word}",
        grouped(seen.queue_jobs),
        grouped(seen.queue_jobs_max)
    )
}

fn disk(seen: &Overview) -> String {
    let needed = space::readable(seen.disk_needed_bytes);
    let Some(free) = seen.disk_free_bytes else {
        return format!("the system does not say how much is free; about {needed} still needed");
    };
    let short = match free < seen.disk_needed_bytes {
        true => "NOT ENOUGH: ",
        false => "",
    };
    format!(
        "{short}{} free, about {needed} needed if everybody answers",
        space::readable(free)
    )
}

/// Requests by class of status.
fn requests(seen: &Overview) -> String {
    let mut by_class: BTreeMap<&str, u64> = BTreeMap::new();
    for of in &seen.requests {
        *by_class.entry(&of.class).or_default() += of.count;
    }
    let classes = by_class.iter();
    let classes: Vec<String> = classes
        .map(|(class, count)| format!("{class} {}", grouped(*count)))
        .collect();
    match classes.is_empty() {
        true => "none".to_owned(),
        false => classes.join("   "),
    }
}

fn of_poll(poll: &PollOverview, now: u64) -> Vec<String> {
    let turn = match poll.state.as_str() {
        "not_yet_open" => format!(", from {}", rfc3339(poll.start)),
        "open" | "paused" => format!(", until {}", rfc3339(poll.end)),
        _ => String::new(),
    };
    let state = poll.state.replace('_', " ");
    let mut lines = vec![
        format!("{}  {state}{turn}", plain(&poll.slug)),
        row(
            "answered",
            &format!(
                "{} of {} planned ({}), {} in the roster",
                grouped(poll.answered),
                grouped(poll.planned),
                percent(poll.answered, poll.planned),
                grouped(poll.invited)
            ),
        ),
        row("arrivals", &arrivals(&poll.arrivals)),
        row(
            "pages opened",
            &format!(
                "{}; taken {}, repeated {}",
                grouped(poll.pages_opened),
                grouped(poll.taken),
                grouped(poll.repeated)
            ),
        ),
        row("published", &published(poll, now)),
    ];
    if !poll.refused.is_empty() {
        lines.push(row("refused", &refusals(&poll.refused)));
    }
    let sending = poll.sending.iter();
    lines.extend(sending.flat_map(|sending| of_sending(sending, now)));
    lines
}

/// The messages of the last wave, where they leave from this directory.
fn of_sending(sending: &SendingOverview, now: u64) -> Vec<String> {
    let state = &sending.state;
    let mut lines = vec![
        row(
            "wave",
            &format!(
                "{} ({}), {} invitations; {}",
                state.wave,
                state.kind.word(),
                grouped(state.invitations.into()),
                sending_words::course(state, now)
            ),
        ),
        row("messages", &standings(sending)),
    ];
    let failures = sending_words::failures(state);
    if !failures.is_empty() {
        let failures: Vec<String> = failures
            .iter()
            .map(|(reason, count)| format!("{reason} {}", grouped((*count).into())))
            .collect();
        lines.push(row("failed", &failures.join(", ")));
    }
    if state.strays > 0 {
        let strays = grouped(state.strays);
        lines.push(row(
            "stray receipts",
            &format!("{strays}, for messages that nobody knows"),
        ));
    }
    lines
}

fn standings(sending: &SendingOverview) -> String {
    let counts = Standing::ALL.map(|standing| (standing, sending.state.count(standing)));
    let counts = counts.iter().filter(|(_, count)| *count > 0);
    let counts: Vec<String> = counts
        .map(|(standing, count)| format!("{} {}", standing.word(), grouped((*count).into())))
        .collect();
    match counts.is_empty() {
        true => "none".to_owned(),
        false => counts.join("   "),
    }
}

fn published(poll: &PollOverview, now: u64) -> String {
    let last = poll.published_at.map_or_else(
        || "nothing yet".to_owned(),
        |at| format!("{} ago", span(now.saturating_sub(at))),
    );
    format!(
        "{last}; {} of {} entries, {} wait",
        grouped(poll.published),
        grouped(poll.entries),
        grouped(poll.entries.saturating_sub(poll.published))
    )
}

/// A line of the last minutes, and the last whole one in figures.
fn arrivals(by_minute: &[u64]) -> String {
    let whole = by_minute.len().checked_sub(2);
    let last = whole.and_then(|place| by_minute.get(place));
    format!(
        "{}  {} in the last whole minute, {} in {} minutes",
        sparkline(by_minute),
        grouped(last.copied().unwrap_or(0)),
        grouped(by_minute.iter().sum()),
        by_minute.len()
    )
}

/// A column a figure, from none to the largest.
fn sparkline(figures: &[u64]) -> String {
    const COLUMNS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = figures.iter().copied().max().unwrap_or(0);
    let column = |figure: &u64| match figure {
        0 => '·',
        _ => {
            let place = (figure.saturating_mul(8)).div_ceil(most.max(1));
            let place = usize::try_from(place.saturating_sub(1)).unwrap_or(0);
            COLUMNS.get(place).copied().unwrap_or('█')
        }
    };
    figures.iter().map(column).collect()
}

fn refusals(by_reason: &BTreeMap<String, u64>) -> String {
    let all: u64 = by_reason.values().sum();
    let reasons = by_reason.iter();
    let reasons: Vec<String> = reasons
        .map(|(reason, count)| format!("{} {}", reason.replace('_', " "), grouped(*count)))
        .collect();
    format!("{}: {}", grouped(all), reasons.join(", "))
}

/// A time span in its two largest units.
fn span(ms: u64) -> String {
    let seconds = ms / 1_000;
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, _, _) => format!("{hours} h {} min", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
}

fn mean(sum_us: u64, count: u64) -> String {
    match (10 * sum_us).checked_div(1_000 * count) {
        Some(tenths) => format!("{}.{} ms", tenths / 10, tenths % 10),
        None => "–".to_owned(),
    }
}

fn row(name: &str, what: &str) -> String {
    format!("  {name:<15} {what}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use sijill_outreach::delivery::WaveKind;
    use sijill_outreach::sending_state::{Course, Refusals, SendingState};

    fn seen() -> Overview {
        Overview {
            now: 1_795_450_199_123,
            started: 1_795_450_000_000,
            state: "ok".to_owned(),
            why: None,
            clock_behind_ms: 0,
            queue_jobs: 12,
            queue_jobs_max: 4_096,
            disk_free_bytes: Some(58 << 30),
            disk_needed_bytes: 1 << 30,
            connections: 7,
            connections_max: 4_096,
            acknowledged: 1_500,
            acknowledged_us: 18_000_000,
            commits: 40,
            commits_us: 200_000,
            committed_entries: 1_500,
            tiles_mended: 0,
            scrubbed_bytes: 3 << 20,
            scrub_looks: 2,
            requests: Vec::new(),
            refused: BTreeMap::new(),
            polls: vec![PollOverview {
                slug: "bridge".to_owned(),
                state: "open".to_owned(),
                start: 1_795_440_000_000,
                end: 1_795_500_000_000,
                invited: 9_000,
                planned: 6_000,
                answered: 1_500,
                entries: 1_502,
                published: 1_400,
                published_at: Some(1_795_450_100_000),
                publications: 3,
                pages_opened: 1_700,
                taken: 1_500,
                repeated: 4,
                refused: BTreeMap::from([
                    ("answered_otherwise".to_owned(), 2),
                    ("nothing_chosen".to_owned(), 31),
                ]),
                arrivals: vec![0, 1, 4, 8, 3],
                sending: None,
            }],
        }
    }

    #[test]
    fn one_screen_says_what_an_operator_looks_for() {
        let screen = draw(&seen());
        let expected = "\
Sijill monitor  2026-11-23T16:09:59Z  up for 3 min 19 s, counts are since then
takes answers

  writer queue    12 of 4,096
  confirmed       1,500 answers, in 12.0 ms on average; 40 commits, 5.0 ms on average
  disk            58 GiB free, about 1 GiB needed if everybody answers
  connections     7 of 4,096
  requests        none
  scrubber        3 MiB read again, 2 looks through a whole ledger

bridge  open, until 2026-11-24T06:00:00Z
  answered        1,500 of 6,000 planned (25.0 %), 9,000 in the roster
  arrivals        ·▁▄█▃  8 in the last whole minute, 16 in 5 minutes
  pages opened    1,700; taken 1,500, repeated 4
  published       1 min 39 s ago; 1,400 of 1,502 entries, 102 wait
  refused         33: answered otherwise 2, nothing chosen 31";
        assert_eq!(screen, expected);
    }

    fn sending() -> SendingOverview {
        let state = SendingState {
            wave: 2,
            kind: WaveKind::Reminder,
            invitations: 4_500,
            counts: BTreeMap::from([
                (Standing::Queued, 1_200),
                (Standing::Delivered, 3_200),
                (Standing::Failed, 90),
                (Standing::Refused, 10),
            ]),
            failed: vec![Refusals {
                status: Some(0x0B),
                count: 60,
            }],
            millisegments_a_second: 49_800,
            millisegments_a_second_max: 50_000,
            seconds_left: Some(48),
            waits: None,
            waits_until: None,
            ended: None,
            strays: 3,
            at: seen().now,
        };
        SendingOverview {
            course: Course::Sends,
            state,
        }
    }

    #[test]
    fn messages_that_leave_stand_beside_the_answers_that_they_bring() {
        let mut seen = seen();
        seen.polls[0].sending = Some(sending());
        let screen = draw(&seen);
        let expected = "
  wave            2 (reminder), 4,500 invitations; messages leave, 49.8 segments a second of 50.0 allowed; 48 s left
  messages        queued 1,200   delivered 3,200   failed 90   refused 10
  failed          number invalid (0x0B) 60, not delivered, by receipt 30
  stray receipts  3, for messages that nobody knows";
        assert!(screen.ends_with(expected), "{screen}");
        seen.now += 60_000;
        assert!(draw(&seen).contains("NOBODY SENDS; last seen at 2026-"));
    }

    #[test]
    fn what_is_wrong_is_said_in_capitals() {
        let trouble = Overview {
            state: "stopped".to_owned(),
            why: Some("disk full".to_owned()),
            disk_free_bytes: Some(1 << 20),
            tiles_mended: 2,
            ..seen()
        };
        let screen = draw(&trouble);
        for part in ["TAKES NO ANSWERS: disk full", "NOT ENOUGH: 1 MiB", "MENDED"] {
            assert!(screen.contains(part), "{screen}");
        }
    }

    #[test]
    fn nothing_is_drawn_as_nothing_and_the_most_as_a_whole_column() {
        assert_eq!(sparkline(&[0, 0]), "··");
        assert_eq!(sparkline(&[1, 1_000, 500, 0]), "▁█▄·");
        assert_eq!(sparkline(&[]), "");
    }

    #[test]
    fn spans_have_two_units() {
        let cases = [
            (999, "0 s"),
            (61_000, "1 min 1 s"),
            (3_661_000, "1 h 1 min"),
            (90_000_000, "1 d 1 h"),
        ];
        for (ms, text) in cases {
            assert_eq!(span(ms), text);
        }
    }
}
