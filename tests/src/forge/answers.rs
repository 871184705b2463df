//! Forgeries of answers and of the result (V11, V12, V14 to V17).

use super::{Forgery, Holds, edit, gone_on, swapped};
use crate::bench::{Bench, Setup};
use crate::definition::Terms;
use crate::fixture::{self, Case, respond};
use sijill_poll::Event;
use sijill_poll::event::{How, Value, Who};

pub(super) const FORGERIES: &[Forgery] = &[
    Forgery {
        name: "an answer is changed to another option",
        holds: Holds::Platform,
        fails: &[11],
        make: || {
            let bench = fixture::running();
            let export = edit(&bench.export(), |entries| {
                choose(&mut entries[17].event, "yes");
            });
            swapped(&bench, &export)
        },
    },
    Forgery {
        name: "an answer of a closed poll is changed, and the chain made whole behind it",
        holds: Holds::Platform,
        fails: &[4, 8, 11, 17],
        make: || {
            let bench = fixture::honest();
            let export = edit(&bench.export(), |entries| {
                choose(&mut entries[17].event, "yes");
            });
            Case {
                file: export.bytes(),
                ..Case::of(&bench)
            }
        },
    },
    Forgery {
        name: "an answer is given to another invitation",
        holds: Holds::Platform,
        fails: &[11],
        make: || {
            let bench = fixture::running();
            let export = edit(&bench.export(), |entries| {
                let last = entries.pop();
                entries.extend(last.map(|mut entry| {
                    if let Event::Responded(responded) = &mut entry.event {
                        responded.answer.who = Who::Invitation {
                            index: 11,
                            revision: 1,
                        };
                    }
                    entry
                }));
            });
            swapped(&bench, &export)
        },
    },
    Forgery {
        name: "an answer comes from an invitation that the roster does not have",
        holds: Holds::Platform,
        fails: &[11],
        make: || {
            gone_on(&Setup::default(), |bench| {
                let mut responded = bench.responded(11, "yes");
                responded.answer.who = Who::Invitation {
                    index: 4_000,
                    revision: 1,
                };
                bench.record(Event::Responded(responded));
            })
        },
    },
    Forgery {
        name: "an answer is moved here from another poll",
        holds: Holds::Platform,
        fails: &[11],
        make: || {
            // The same tokens and the same roster, another definition: the key signed, but not over this poll.
            let other = Setup {
                terms: Terms {
                    revisions: 2,
                    ..Terms::default()
                },
                ..Setup::default()
            };
            let foreign = fixture::answered(&other, 10).responded(11, "yes");
            gone_on(&Setup::default(), |bench| {
                bench.record(Event::Responded(foreign));
            })
        },
    },
    Forgery {
        name: "an answer signed as a first one counts again as a second",
        holds: Holds::Platform,
        fails: &[11],
        make: || {
            gone_on(&Setup::default(), |bench| {
                let mut again = bench.responded_as(1, 1, How::Link, "no");
                again.answer.who = Who::Invitation {
                    index: 1,
                    revision: 2,
                };
                bench.record(Event::Responded(again));
            })
        },
    },
    Forgery {
        name: "an answer is made up for somebody silent, with a signature of nothing",
        holds: Holds::Platform,
        fails: &[11],
        make: || {
            gone_on(&Setup::default(), |bench| {
                let mut made_up = bench.responded(11, "yes");
                made_up.signature = sijill_ledger::Signature::from_bytes([0; 64]);
                bench.record(Event::Responded(made_up));
            })
        },
    },
    Forgery {
        name: "an answer is inserted between two others and the chain made whole behind it",
        holds: Holds::Platform,
        fails: &[4, 11],
        make: || {
            let bench = fixture::running();
            let export = edit(&bench.export(), |entries| {
                let mut entry = entries[18].clone();
                if let Event::Responded(responded) = &mut entry.event {
                    responded.answer.who = Who::Invitation {
                        index: 11,
                        revision: 1,
                    };
                }
                entries.insert(18, entry);
            });
            Case {
                file: export.bytes(),
                ..Case::of(&bench)
            }
        },
    },
    Forgery {
        name: "an invitation's answer is recorded twice",
        holds: Holds::Platform,
        fails: &[12],
        make: || {
            gone_on(&Setup::default(), |bench| {
                let again = bench.responded_as(1, 1, How::Link, "no");
                bench.record(Event::Responded(again));
            })
        },
    },
    Forgery {
        name: "an invitation answers oftener than the definition allows",
        holds: Holds::Platform,
        fails: &[12],
        make: || {
            gone_on(&Setup::default(), |bench| {
                bench.record(respond(bench, 0, "yes"));
            })
        },
    },
    Forgery {
        name: "a revision is left out",
        holds: Holds::Platform,
        fails: &[12],
        make: || {
            gone_on(&Setup::default(), |bench| {
                let late = bench.responded_as(10, 2, How::Link, "yes");
                bench.record(Event::Responded(late));
            })
        },
    },
    Forgery {
        name: "more people answer than were invited so far",
        holds: Holds::Platform,
        fails: &[14],
        make: || {
            let mut bench = fixture::invited(&Setup::default());
            for person in 0..9 {
                bench.record(respond(&bench, person, "yes"));
            }
            Case::of(&bench)
        },
    },
    Forgery {
        name: "an answer comes after the end",
        holds: Holds::Platform,
        fails: &[15],
        make: || {
            gone_on(&Setup::default(), |bench| {
                bench.now = bench.poll.end();
                bench.record(respond(bench, 10, "yes"));
            })
        },
    },
    Forgery {
        name: "an answer comes before the start",
        holds: Holds::Platform,
        fails: &[15],
        make: || {
            let mut bench = Bench::open(&Setup::default());
            bench.admit(bench.roster_committed());
            bench.admit(bench.wave_started(12));
            bench.record(respond(&bench, 0, "yes"));
            Case::of(&bench)
        },
    },
    Forgery {
        name: "an answer is taken in a pause",
        holds: Holds::Platform,
        fails: &[15],
        make: || {
            gone_on(&Setup::default(), |bench| {
                bench.admit(bench.paused("Night"));
                bench.record(respond(bench, 10, "yes"));
            })
        },
    },
    Forgery {
        name: "an answer comes after the close",
        holds: Holds::Platform,
        fails: &[15],
        make: || {
            let mut bench = fixture::honest();
            bench.record(respond(&bench, 10, "yes"));
            Case::of(&bench)
        },
    },
    Forgery {
        name: "the poll is closed before its end, which its definition does not allow",
        holds: Holds::Everything,
        fails: &[15],
        make: || {
            let setup = Setup {
                terms: Terms {
                    close_any_time: false,
                    ..Terms::default()
                },
                ..Setup::default()
            };
            gone_on(&setup, |bench| {
                bench.record(bench.closed("The number is right"));
            })
        },
    },
    Forgery {
        name: "the end is moved beyond the latest end",
        holds: Holds::Everything,
        fails: &[15],
        make: || {
            gone_on(&Setup::default(), |bench| {
                let beyond = bench.terms.field_ms[2] + 60_000;
                bench.record(bench.extended(beyond, "One more day"));
            })
        },
    },
    Forgery {
        name: "the end is moved earlier",
        holds: Holds::Everything,
        fails: &[15],
        make: || {
            gone_on(&Setup::default(), |bench| {
                let earlier = bench.poll.end() - 60_000;
                bench.record(bench.extended(earlier, "Enough answers"));
            })
        },
    },
    Forgery {
        name: "an answer names an option that is not on the ballot",
        holds: Holds::Platform,
        fails: &[16],
        make: || {
            gone_on(&Setup::default(), |bench| {
                bench.record(respond(bench, 10, "perhaps"));
            })
        },
    },
    Forgery {
        name: "an answer claims that the respondent signed it",
        holds: Holds::Platform,
        fails: &[16],
        make: || {
            gone_on(&Setup::default(), |bench| {
                let signed = bench.responded_as(10, 1, How::Signed, "yes");
                bench.record(Event::Responded(signed));
            })
        },
    },
    Forgery {
        name: "an answer names another order of the options than its invitation was shown",
        holds: Holds::Platform,
        fails: &[16],
        make: || in_order(&fixture::rotated_setup(), |rotation| (rotation + 1) % 3),
    },
    Forgery {
        name: "an answer names an order of the options that there is not",
        holds: Holds::Platform,
        fails: &[16],
        make: || in_order(&fixture::rotated_setup(), |rotation| rotation + 3),
    },
    Forgery {
        name: "an answer names an order of options that are shown to everybody as defined",
        holds: Holds::Platform,
        fails: &[16],
        make: || in_order(&Setup::default(), |_| 1),
    },
    Forgery {
        name: "a reason is longer than one may be",
        holds: Holds::Everything,
        fails: &[16],
        make: || {
            gone_on(&Setup::default(), |bench| {
                bench.record(bench.paused(&"and so on ".repeat(300)));
            })
        },
    },
    Forgery {
        name: "one answer too many is declared",
        holds: Holds::Everything,
        fails: &[17],
        make: || declared(|counts| counts[0] += 1),
    },
    Forgery {
        name: "right numbers are declared in wrong rows",
        holds: Holds::Everything,
        fails: &[17],
        make: || declared(|counts| counts.rotate_left(1)),
    },
    Forgery {
        name: "no tally is declared",
        holds: Holds::Everything,
        fails: &[17],
        make: || {
            gone_on(&Setup::default(), |bench| {
                let mut content = bench.closing("Done");
                content.tally = None;
                let event = bench.signed(content, Event::Closed);
                bench.record(event);
            })
        },
    },
];

/// One more answer, signed by its invitation's key over another order than it was shown.
fn in_order(setup: &Setup, bend: fn(u16) -> u16) -> Case {
    gone_on(setup, |bench| {
        let mut responded = bench.responded(10, "yes");
        responded.answer.order = bend(responded.answer.order);
        bench.record(Event::Responded(bench.signed_anew(10, responded)));
    })
}

/// Makes an answer name another option; its signature stays.
fn choose(event: &mut Event, option: &str) {
    if let Event::Responded(responded) = event {
        responded.answer.chosen[0].value = Value::Clear(option.to_owned());
    }
}

/// A poll closed with counts that are not the fold's.
fn declared(bend: fn(&mut [u64])) -> Case {
    gone_on(&Setup::default(), |bench| {
        let mut content = bench.closing("Done");
        for question in content.tally.iter_mut().flatten() {
            let mut counts: Vec<u64> = question.options.iter().map(|row| row.count).collect();
            bend(&mut counts);
            for (row, count) in question.options.iter_mut().zip(counts) {
                row.count = count;
            }
        }
        let event = bench.signed(content, Event::Closed);
        bench.record(event);
    })
}
