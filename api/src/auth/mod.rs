//! Who is calling, and what for: the token's form, its look-up, and one extractor per kind of access.

mod access;
mod caller;
/// The form of a token.
pub mod format;
mod path;
mod standing;

pub(crate) use access::{AccountReader, AccountWriter, Auditor, HistoryReader, PlatformAdmin, ServiceFor};
pub(crate) use caller::Caller;
pub(crate) use path::At;
pub(crate) use standing::Standing;
