use serde::{Deserialize, Serialize};

use super::{AuthType, CredentialLabel, Help, Logo, ProviderRow};
use crate::event::events;
use crate::recipe::Recipe;

events! {
    /// What can happen to a row of the catalog.
    ProviderEvent in Provider {
        ProviderAdded, ProviderDescribed, ProviderRecipeChanged, ProviderLogoChanged, ProviderPublished,
        ProviderRetired, ProviderReinstated,
    }
}

/// A platform admin added a row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProviderAdded {
    /// The row; apart, since every event would otherwise take the room of one.
    pub row: Box<ProviderRow>,
    /// Its logo, if one came with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo: Option<Logo>,
    /// Whether it is live in the marketplace at once, or a draft.
    pub published: bool,
}

/// What people read about it changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderDescribed {
    /// The new name.
    pub name: String,
    /// The new category.
    pub category: String,
    /// The new description.
    pub description: String,
    /// The new help.
    pub help: Help,
}

/// What is asked, how the provider is called or how a key is tested changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProviderRecipeChanged {
    /// The new auth type.
    pub auth: AuthType,
    /// The new shorthand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<CredentialLabel>,
    /// The new recipe.
    pub recipe: Box<Recipe>,
}

/// The logo was set, replaced or removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderLogoChanged {
    /// The new logo; none when it was removed.
    pub logo: Option<Logo>,
}

/// A draft went live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderPublished {}

/// The row left the marketplace. What accounts connected goes on working.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderRetired {}

/// A retired row came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderReinstated {}
