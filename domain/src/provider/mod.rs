//! A row of the catalog: what a platform admin adds, revises, publishes and retires.

mod event;
mod row;

pub use event::{
    ProviderAdded, ProviderDescribed, ProviderEvent, ProviderLogoChanged, ProviderPublished, ProviderRecipeChanged,
    ProviderReinstated, ProviderRetired,
};
pub use row::{AuthType, CredentialLabel, Help, Logo, ProviderRow};
