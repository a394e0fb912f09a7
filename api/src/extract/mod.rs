//! What is read from a request. Every refusal names the place and never repeats what stands there.

mod body;
mod condition;
mod head;
mod idempotency;
mod pointer;
mod position;
mod query;
mod reading;

pub(crate) use body::{Act, Upload, Write};
pub(crate) use condition::{IfMatch, IfNoneMatch, etag_of_revision};
pub(crate) use head::refuse_large_head;
pub(crate) use idempotency::CommandKey;
pub(crate) use pointer::shown;
pub(crate) use position::{AT_POSITION, MIN_POSITION, MinPosition};
pub(crate) use query::Query;
pub(crate) use reading::{PageQuery, at_most, cursor, page_size, place};
pub(crate) use reading::{moment, number, time};
