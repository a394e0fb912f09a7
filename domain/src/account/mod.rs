//! An account: a tenant, its place in the tree, and its AI settings.

mod event;

pub use event::{AccountClosed, AccountEvent, AccountOpened, AccountRenamed, AiSettingsChosen};
