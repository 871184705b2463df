//! Stories: what people do with Sijill, told against the built binary as child processes, over real HTTP.
//!
//! [`place`] is where a story happens (folder, keys, polls, server), [`clock`] is its time, [`post`] is how messages leave
//! there, [`browser`], [`chromium`] and [`kept`] are what people hold, [`process`] is a child that never outlives its
//! story, [`assertions`] is what stories say of the outcome. Everything else is a story.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a story that cannot go on has failed and says where"
)]

#[macro_use]
mod process;

mod assertions;
mod browser;
mod chromium;
mod clock;
mod kept;
mod nginx;
mod place;
mod post;
mod static_host;

mod answering;
mod audited_again;
mod bad_input;
mod centre;
mod chile;
mod contacts;
mod damage;
mod demo;
mod desk;
mod flood;
mod folders;
mod full_disk;
mod histories;
mod hostile;
mod kannel;
mod killed;
mod live;
mod nobody;
mod objections;
mod operating;
mod parts;
mod people;
mod portal;
mod power;
mod proofs;
mod published;
mod put_back;
mod recovered;
mod reminding;
mod repaired;
mod restart;
mod restored;
mod rotated;
mod second_opinion;
mod sending;
mod spoilt_roster;
mod stopping;
mod strange_requests;
mod taken_away;
mod trouble;
mod tutorial;
mod verify_page;
mod verify_script;
mod watched;
mod watched_sending;
