//! One file a command: its arguments, and how it is carried out.

pub mod audit;
pub mod compare;
pub mod demo;
pub mod export;
pub mod import;
pub mod invitations;
pub mod invitations_export;
pub mod keys_new;
pub mod ledger_show;
pub mod ledger_tail;
pub mod monitor;
pub mod poll;
pub mod prove;
pub mod publish;
pub mod replay;
pub mod roster_erase;
pub mod roster_import;
pub mod roster_make;
pub mod serve;
pub mod verify;
