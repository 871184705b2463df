//! E-mail and IP addresses: the rules E, F and S of `docs/SPEC.md`, section 6.

use std::ops::Range;

/// The first e-mail address (E1 to E3).
pub(super) fn email(text: &str) -> Option<Range<usize>> {
    text.match_indices('@').find_map(|(at, _)| {
        let start = at - run_before(text, at, is_local)?;
        let end = at + 1 + domain_bytes(text.get(at + 1..)?)?;
        Some(start..end)
    })
}

/// Bytes of the characters directly before `at` that all are `accepted`, if there is one.
fn run_before(text: &str, at: usize, accepted: fn(char) -> bool) -> Option<usize> {
    let before = text.get(..at)?;
    let kept = before.trim_end_matches(accepted).len();
    (kept < before.len()).then_some(before.len() - kept)
}

/// Bytes of the domain that `after` begins with, if it is one.
fn domain_bytes(after: &str) -> Option<usize> {
    let run = after
        .find(|c| !is_domain(c))
        .map_or(after, |end| after.get(..end).unwrap_or(after))
        .trim_end_matches(['.', '-']);
    // Of the dots that are not the first character, the leftmost has the most after it.
    let (dot, _) = run
        .char_indices()
        .find(|(index, c)| *c == '.' && *index > 0)?;
    (run.get(dot + 1..)?.chars().count() >= 2).then_some(run.len())
}

fn is_local(c: char) -> bool {
    c.is_ascii_alphanumeric() || ".!#$%&'*+/=?^_`{|}~-".contains(c) || c >= '\u{A1}'
}

fn is_domain(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '.' || c >= '\u{A1}'
}

/// The first IPv4 address (F1, F2).
pub(super) fn ipv4(text: &str) -> Option<Range<usize>> {
    runs(text, |c| c.is_ascii_digit() || c == '.')
        .find_map(|run| ipv4_within(run.start, text.get(run)?))
}

/// The first IPv4 address in a run of digits and dots that begins at `start`.
fn ipv4_within(mut start: usize, run: &str) -> Option<Range<usize>> {
    for piece in run.split("..") {
        let groups = piece.trim_matches('.');
        let is_address = groups.split('.').count() == 4
            && groups.split('.').all(|group| {
                group.len() <= 3 && group.parse::<u16>().is_ok_and(|value| value <= 255)
            });
        if is_address {
            let start = start + piece.find(groups)?;
            return Some(start..start + groups.len());
        }
        start += piece.len() + "..".len();
    }
    None
}

/// The first IPv6 address (S1 to S3).
pub(super) fn ipv6(text: &str) -> Option<Range<usize>> {
    runs(text, |c| c.is_ascii_hexdigit() || c == ':').find_map(|run| {
        let neighbour = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let before = text.get(..run.start)?.chars().next_back();
        let after = text.get(run.end..)?.chars().next();
        if before.is_some_and(neighbour) || after.is_some_and(neighbour) {
            return None;
        }
        let whole = text.get(run.clone())?;
        let address = match whole.strip_suffix(':') {
            Some(shorter) if !shorter.ends_with(':') => shorter,
            _ => whole,
        };
        is_ipv6(address).then_some(run.start..run.start + address.len())
    })
}

fn is_ipv6(text: &str) -> bool {
    let is_group = |group: &str| {
        (1..=4).contains(&group.len()) && group.bytes().all(|b| b.is_ascii_hexdigit())
    };
    // How many groups, if there is nothing else.
    let groups = |side: &str| match side {
        "" => Some(0),
        _ => side
            .split(':')
            .all(is_group)
            .then(|| side.split(':').count()),
    };
    match text.split_once("::") {
        None => groups(text) == Some(8),
        Some((left, right)) => match (groups(left), groups(right)) {
            (Some(left), Some(right)) => (1..=7).contains(&(left + right)),
            _ => false,
        },
    }
}

/// The runs, as long as possible, of characters that are `accepted`.
fn runs(text: &str, accepted: fn(char) -> bool) -> impl Iterator<Item = Range<usize>> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let rest = text.get(from..)?;
        let start = from + rest.find(accepted)?;
        let end = text
            .get(start..)?
            .find(|c| !accepted(c))
            .map_or(text.len(), |length| start + length);
        from = end;
        Some(start..end)
    })
}
