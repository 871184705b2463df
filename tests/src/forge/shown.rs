//! People who were shown or sent something else than the ledger commits to (V9).

use super::{Forgery, Holds};
use crate::bench::{Bench, Setup, page_of, question_block, rotated_block};
use crate::fixture::{self, Case, LINK};
use sijill_ledger::Hash;

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
        name: "a page shows the options in an order that is no rotation",
        holds: Holds::Platform,
        fails: &[9],
        make: || {
            let yes = "<label>yes</label>\n";
            shown_rotated(|block| {
                block
                    .replace(yes, "")
                    .replace("<label>other", &format!("{yes}<label>other"))
            })
        },
    },
    Forgery {
        name: "a page rotates the option without an opinion among the others",
        holds: Holds::Platform,
        fails: &[9],
        make: || {
            let last = "<label>dont-know</label>\n";
            shown_rotated(|block| {
                block
                    .replace(last, "")
                    .replace("<label>yes", &format!("{last}<label>yes"))
            })
        },
    },
    Forgery {
        name: "a page rotates the options of a poll that shows them as defined",
        holds: Holds::Platform,
        fails: &[9],
        make: || {
            let setup = Setup::default();
            let bench = Bench::open_bent(&setup, |opening| {
                for committed in &mut opening.questions {
                    let block = rotated_block(&setup.terms, &committed.language, 0);
                    committed.hash = Hash::of(block.as_bytes());
                }
            });
            let page = page_of(&rotated_block(&setup.terms, "en", 1));
            Case {
                pages: vec![("saved.html".into(), page)],
                ..Case::of(&bench)
            }
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

/// An honest poll whose options are rotated, and a page that shows them otherwise.
fn shown_rotated(bend: impl FnOnce(&str) -> String) -> Case {
    let setup = fixture::rotated_setup();
    let block = rotated_block(&setup.terms, "en", 0);
    let bent = bend(&block);
    assert_ne!(bent, block, "a forger bends something");
    Case {
        pages: vec![("saved.html".into(), page_of(&bent))],
        ..Case::of(&fixture::closed(&setup, 10))
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
