//! A promise file, as respondents hand it in.
//!
//! A signature would stop nearly every change at the door, so each input is also judged with its note signed anew, as
//! whoever holds the promise key could.

use sijill_ledger::note;
use sijill_poll::promise;
use sijill_scenarios::bench::Bench;
use sijill_scenarios::fixture;
use std::sync::LazyLock;

static BENCH: LazyLock<Bench> = LazyLock::new(fixture::running);

/// What opens is of this poll and for the answer beside it, and the file that says the same opens as the same.
pub(crate) fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    judge(text);
    if let Some(signed) = signed_anew(text) {
        judge(&signed);
    }
}

fn judge(text: &str) {
    let poll = &BENCH.poll;
    let key = BENCH.keys.promise.public_key();
    let Ok(opened) = promise::open(text, poll.origin(), poll.id(), key) else {
        return;
    };
    let (promise, responded) = (opened.promise(), opened.responded());
    assert_eq!(
        (&promise.origin, promise.poll_id),
        (poll.origin(), poll.id())
    );
    assert_eq!(responded.hash().ok(), Some(promise.answer));
    let written = promise::file(responded, promise, &BENCH.keys.promise).expect("it can be signed");
    // It may become an entry, so there is no place in it for anything else.
    assert_eq!(text, written);
    assert_eq!(promise::claimed_origin(text).as_ref(), Ok(poll.origin()));
    let stranger = BENCH.keys.log.public_key();
    assert!(promise::open(text, poll.origin(), poll.id(), stranger).is_err());
}

/// The file with the text of its note signed by the ledger's promise key.
fn signed_anew(file: &str) -> Option<String> {
    let (answer, note) = file.split_once("\n\n")?;
    let (text, _) = note.split_once("\n\n")?;
    let name = promise::key_name(BENCH.poll.origin());
    let note = note::sign(&format!("{text}\n"), &name, &BENCH.keys.promise).ok()?;
    Some(format!("{answer}\n\n{note}"))
}
