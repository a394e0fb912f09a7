//! Keeps the read models up with the log: one task reads and decodes, one task per projection, or part of one, applies.

mod audience;
mod begin;
mod build;
mod crew;
mod feed;
mod hold;
mod horizon;
mod keeper;
mod outlook;
mod pages;
mod proof;
mod run;
mod task;
mod verify;
mod worker;

pub(crate) use build::build;
pub(crate) use outlook::Outlook;
pub(crate) use run::Runner;
pub(crate) use task::MakeProjector;
pub use verify::Verification;
pub(crate) use verify::verify;
pub(crate) use worker::Worker;
