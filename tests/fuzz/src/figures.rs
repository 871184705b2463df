//! The figures of a server, as its JSON and its page have them: a server may send an auditor anything.

use sijill_auditor::figures::{Figures, of_json, of_page};

/// What reads has no more rows than the document has room for; what does not is refused in a few words.
pub(crate) fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    for figures in [of_json(text), of_page(text)] {
        match figures {
            Ok(figures) => is_no_more_than(&figures, text.len()),
            Err(why) => assert!(why.len() <= text.len() + 200, "{why}"),
        }
    }
}

fn is_no_more_than(figures: &Figures, length: usize) {
    let options = figures.options.iter();
    let texts = options.flat_map(|row| {
        row.labels
            .iter()
            .map(|(_, text)| text.len())
            .chain([row.id.len(), 8])
    });
    let cells = figures
        .strata
        .iter()
        .map(|row| row.id.len() + row.counts.len());
    // A character reference is longer than what it stands for.
    assert!(texts.sum::<usize>() <= length);
    assert!(cells.sum::<usize>() <= length);
}
