//! An account: a tenant, its place in the tree, and its AI settings.

mod event;
mod rejection;
mod settings;
mod state;

pub use event::{AccountClosed, AccountEvent, AccountOpened, AccountRenamed, AiSettingsChosen};
pub use rejection::AccountRejection;
pub use settings::AiSettings;
pub use state::{Account, AccountCommand, Profile};
