//! Sending, against a gateway that does as the test says: what leaves, what is repeated, what is counted.

mod counting;
mod crashes;
mod fixture;
mod refusals;
mod waiting;
