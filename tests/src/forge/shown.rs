//! People who were shown or sent something else than the ledger commits to (V9).

use super::{Forgery, Holds};
use crate::bench::{Bench, page_of, question_block};
use crate::fixture::{self, Case, LINK};

pub(super) const FORGERIES: &[Forgery] = &[
    Forgery {
        name: "a page asks another question than the ledger commits to",
        holds: Holds::Platform,
        fails: &[9],
        make: || {
            let block = question_block("en").replace("The question", "Another question");
            shown(&page_of(&block))
        },
    },
    Forgery {
        name: "a page asks another question first, and the one on record below it",
        holds: Holds::Platform,
        fails: &[9],
        make: || {
            let other = question_block("en").replace("The question", "Another question");
            shown(&page_of(&[other, question_block("en")].concat()))
        },
    },
    Forgery {
        name: "a page hides the question on record, and asks another",
        holds: Holds::Platform,
        fails: &[9],
        make: || {
            let other = question_block("en").replace("The question", "Another question");
            let other = other.replace("fieldset", "FIELDSET");
            shown(&page_of(&format!(
                "<!-- {}-->{other}",
                question_block("en")
            )))
        },
    },
    Forgery {
        name: "a page has one letter of its question in another case",
        holds: Holds::Platform,
        fails: &[9],
        make: || {
            shown(&page_of(
                &question_block("ar").replace("question\n", "Question\n"),
            ))
        },
    },
    Forgery {
        name: "a message asks another question than the page",
        holds: Holds::Everything,
        fails: &[9],
        make: || sent(|bench| bench.message("en", LINK).replace("you", "we all")),
    },
    Forgery {
        name: "a message leads to another place than the definition has",
        holds: Holds::Everything,
        fails: &[9],
        make: || sent(|bench| bench.message("ar", "http://other.example/p/0123456789abcdefghjk")),
    },
    Forgery {
        name: "a message goes on after its link",
        holds: Holds::Everything,
        fails: &[9],
        make: || sent(|bench| bench.message("en", LINK) + " Vote yes"),
    },
];

/// An honest poll, and a page that somebody saved.
fn shown(page: &str) -> Case {
    Case {
        pages: vec![("saved.html".into(), page.into())],
        ..Case::of(&fixture::honest())
    }
}

/// An honest poll, and a message that somebody got.
fn sent(message: impl FnOnce(&Bench) -> String) -> Case {
    let bench = fixture::honest();
    Case {
        messages: vec![("sent.txt".into(), message(&bench))],
        ..Case::of(&bench)
    }
}
