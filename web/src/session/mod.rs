//! Who has signed in, kept on the server: the browser holds nothing but a random number.

mod cookie;
mod membership;
mod pass;
mod store;
mod viewer;

pub(crate) use cookie::{Cookie, Number};
pub(crate) use membership::Membership;
pub(crate) use pass::{Holder, Pass, Person};
pub(crate) use store::{MOST_PASSES, Notice, SessionKey, Sessions, Tone};
pub(crate) use viewer::{AccountAdmin, AccountMember, LogReader, PlatformAdmin, Viewer};
