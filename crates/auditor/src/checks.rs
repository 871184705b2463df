//! The checks, by number, as CHECKS.md has them. Those that this version does not have are not listed: V13, V19, V22,
//! V26 to V31.

pub(crate) mod chain;
pub(crate) mod checkpoints;
pub(crate) mod encoding;
pub(crate) mod held;
pub(crate) mod held_answer;
pub(crate) mod numbering;
pub(crate) mod objections;
pub(crate) mod opening;
pub(crate) mod pages;
pub(crate) mod personal;
pub(crate) mod promises;
pub(crate) mod receipts;
pub(crate) mod roster;
pub(crate) mod rules;
pub(crate) mod signatures;
pub(crate) mod strata;
pub(crate) mod tally;
pub(crate) mod tiles;
pub(crate) mod times;
pub(crate) mod turnout;

/// Number and title of every check that this version has. V1 is in `source`, where the bytes are.
pub const CHECKS: [(u8, &str); 23] = [
    (1, "source is whole"),
    (2, "encoding of entries"),
    (3, "numbering of entries"),
    (4, "hash chain and anchors"),
    (5, "times"),
    (6, "opening and definition"),
    (7, "operator's signature on the opening"),
    (8, "operator events"),
    (9, "pages and messages shown"),
    (10, "roster"),
    (11, "signatures of answers"),
    (12, "answers of one invitation"),
    (14, "invited, planned and answered"),
    (15, "life of the poll"),
    (16, "rules at every entry"),
    (17, "tally"),
    (18, "strata unsealed"),
    (20, "tree under each checkpoint"),
    (21, "checkpoints and their signatures"),
    (23, "consistency with what was held"),
    (24, "tiles and bundles"),
    (25, "promises and receipts"),
    (32, "nothing personal"),
];

/// The checks that cannot be made where entry 0 opens no poll.
pub(crate) const NEED_A_POLL: [u8; 19] = [
    5, 6, 7, 8, 9, 10, 11, 12, 14, 15, 16, 17, 18, 20, 21, 23, 24, 25, 32,
];
