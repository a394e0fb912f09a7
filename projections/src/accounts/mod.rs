//! The tree of accounts.

mod document;
mod query;

pub use document::{AccountStatus, AccountView, AiSettingsView};
pub use query::{AccountDetail, AccountPage, AccountsQuery};
