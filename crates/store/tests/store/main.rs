//! Stories of the store: a log written, stopped in every way, damaged, copied, exported and restored.

mod appending;
mod bench;
mod copying;
mod crash;
mod damage;
mod data_dir;
mod exporting;
mod importing;
mod sizes;
mod starting;
