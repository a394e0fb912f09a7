use chrono::{DateTime, Utc};
use domain::ProviderKey;
use domain::provider::{AuthType, CredentialLabel, Help, Revision};
use domain::recipe::Recipe;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::logo::LogoRef;
use crate::schema;

/// A change to a row: what is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"description": "Email marketing, audiences and automations."}))]
pub(super) struct ProviderChange {
    /// Never changes. It may stand here as it is, so that a row can be read, edited and sent back.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(super) key: Option<ProviderKey>,
    /// The name that people read.
    #[serde(default, deserialize_with = "given")]
    name: Option<String>,
    /// The shelf of the marketplace.
    #[serde(default, deserialize_with = "given")]
    category: Option<String>,
    /// One or two sentences.
    #[serde(default, deserialize_with = "given")]
    description: Option<String>,
    /// How the provider authenticates its callers.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<schema::AuthType>)]
    auth: Option<AuthType>,
    /// Shorthand for one secret field; `null` takes it away.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<schema::CredentialLabel>)]
    #[expect(clippy::option_option, reason = "left out, taken away and changed are three things")]
    credential: Option<Option<CredentialLabel>>,
    /// Where a person finds the key.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<schema::Help>)]
    help: Option<Help>,
    /// What to ask, how to call, how to test: the whole recipe.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<schema::Recipe>)]
    recipe: Option<Recipe>,
}

/// A member that is there is a value, and `null` is one only where the value may be null.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl From<ProviderChange> for Revision {
    fn from(change: ProviderChange) -> Self {
        Self {
            name: change.name,
            category: change.category,
            description: change.description,
            help: change.help,
            auth: change.auth,
            credential: change.credential,
            recipe: change.recipe,
        }
    }
}

/// A row of the catalog, as a platform admin sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Provider {
    /// The identity by which the system resolves the credential.
    #[schema(value_type = String)]
    pub(super) key: ProviderKey,
    /// The name that people read.
    pub(super) name: String,
    /// The shelf of the marketplace.
    pub(super) category: String,
    /// One or two sentences.
    pub(super) description: String,
    /// How the provider authenticates its callers.
    #[schema(value_type = schema::AuthType)]
    pub(super) auth: AuthType,
    /// Shorthand for one secret field named `api_key`.
    #[schema(value_type = Option<schema::CredentialLabel>)]
    pub(super) credential: Option<CredentialLabel>,
    /// Where a person finds the key.
    #[schema(value_type = schema::Help)]
    pub(super) help: Help,
    /// What to ask, how to call, how to test.
    #[schema(value_type = schema::Recipe)]
    pub(super) recipe: Recipe,
    /// Its logo.
    pub(super) logo: Option<LogoRef>,
    /// Where it stands.
    pub(super) status: ProviderStatus,
    /// Whether the row says how a key is tested.
    pub(super) tested: bool,
    /// The revision, which is also its `ETag`.
    pub(super) revision: u64,
    /// When it was added; on lists and single reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) added_at: Option<DateTime<Utc>>,
    /// When it last changed; on lists and single reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) changed_at: Option<DateTime<Utc>>,
}

/// Where a row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ProviderStatus {
    /// Added, and not in the marketplace yet.
    Draft,
    /// In the marketplace.
    Published,
    /// No longer in the marketplace; what accounts connected goes on working.
    Retired,
}
