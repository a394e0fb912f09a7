//! Who has signed in, kept on the server: the browser holds nothing but a random number.

mod cookie;
mod store;
mod viewer;

pub(crate) use cookie::{cleared, kept, sent};
pub(crate) use store::{Notice, SessionKey, Sessions, Tone};
pub(crate) use viewer::{AccountAdmin, AccountMember, LogReader, PlatformAdmin, Viewer};
