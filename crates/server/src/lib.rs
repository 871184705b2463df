//! The service: the writer that owns the poll states and the log, publication, the web side, and the operator's desk.
//!
//! `poll` decides and evolves, `store` keeps, `pages` renders; this crate brings the clock, the network and the order
//! in which things happen. It reads no configuration and makes no keys: `sijill` hands them in.
//!
//! ```text
//! request → web ──┐  decide, write     make durable          ┌→ books, answers to who waits → pages
//! operator → desk ┴→ writer ─────────→ committer → publisher ┴→ signer: checkpoint, tiles → publication → live streams
//! ```

mod arrivals;
pub mod ask;
mod batch;
pub mod book;
mod checkpoint_list;
pub mod clock;
mod committer;
mod connections;
mod counts;
pub mod desk;
mod error;
pub mod form;
mod health;
pub mod keys;
pub mod limits;
#[cfg(feature = "bench")]
pub mod measure;
mod metrics;
mod objection;
pub mod overview;
mod passes;
pub mod paths;
mod patient;
mod portal;
mod proofs;
mod publisher;
pub mod reason;
pub mod rejection;
mod run;
mod scrubber;
pub mod service;
mod shelf;
mod signer;
mod site;
pub mod snapshot;
mod stops;
mod tree;
pub mod view;
mod web;
mod wire;
mod writer;

pub use book::Published;
pub use clock::{Clock, system_clock};
pub use desk::{Ask, Desk, Reply};
pub use error::ServerError;
pub use keys::MasterKey;
pub use metrics::serve_metrics;
pub use objection::Objection;
pub use portal::{AddressError, PortalAddress};
pub use run::run;
pub use scrubber::Pace;
pub use service::{Config, Service};
pub use shelf::{CheckedList, Checkpoints, NoList, check_list, no_list};
pub use site::{PersonalLinks, Site};
pub use web::preview;
