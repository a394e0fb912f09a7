//! A row of the catalog: what a platform admin adds, revises, publishes and retires.

mod command;
mod event;
mod rejection;
mod row;
mod state;

pub use command::{ProviderCommand, Revision};
pub use event::{
    ProviderAdded, ProviderDescribed, ProviderEvent, ProviderLogoChanged, ProviderPublished, ProviderRecipeChanged,
    ProviderReinstated, ProviderRetired,
};
pub use rejection::ProviderRejection;
pub use row::{AuthType, CredentialLabel, Help, Logo, ProviderRow};
pub use state::{Entry, Provider};
