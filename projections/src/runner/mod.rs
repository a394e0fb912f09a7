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
mod task;
mod verify;
mod worker;

pub(crate) use audience::Audience;
pub(crate) use build::build;
pub(crate) use crew::Crew;
pub(crate) use feed::Feed;
pub(crate) use keeper::Keeper;
pub(crate) use outlook::Outlook;
pub(crate) use task::{MakeProjector, Task};
pub use verify::Verification;
pub(crate) use verify::verify;
pub(crate) use worker::Worker;
