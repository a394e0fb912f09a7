//! What happened, told to people: one sentence for every event of the log.

mod key;
mod names;
mod place;
mod sentence;
mod timeline;

pub(crate) use names::Names;
pub(crate) use place::position;
pub(crate) use sentence::Sentence;
pub(crate) use timeline::Happening;
