//! Keeps the read models up with the log: one task reads and decodes, one task per projection applies.

mod begin;
mod build;
mod feed;
mod hold;
mod horizon;
mod keeper;
mod pages;
mod task;
mod verify;
mod worker;

pub(crate) use build::build;
pub(crate) use feed::{Feed, WAITING};
pub(crate) use keeper::{Keeper, Outlook};
pub(crate) use task::{Task, Tenure};
pub use verify::Verification;
pub(crate) use verify::verify;
pub(crate) use worker::Worker;
