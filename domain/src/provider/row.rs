use serde::{Deserialize, Serialize};

use crate::recipe::Recipe;
use crate::{ProviderKey, Sha256Digest};

/// One row of the catalog, as a platform admin writes it. The logo travels beside it, since it is an image.
///
/// The nine fields of the owner's description are enough; the [`Recipe`] makes the row testable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderRow {
    /// The identity by which the system resolves the credential. It never changes.
    pub key: ProviderKey,
    /// The name that people read.
    pub name: String,
    /// The shelf of the marketplace, such as "Email".
    pub category: String,
    /// One or two sentences.
    #[serde(default)]
    pub description: String,
    /// How the provider wants to be spoken to.
    pub auth: AuthType,
    /// Shorthand for one secret field named `api_key`; not together with the recipe's own fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<CredentialLabel>,
    /// Where a person finds the key.
    #[serde(default)]
    pub help: Help,
    /// What to ask, how to call, how to test. Empty for a row that is published untested.
    #[serde(default)]
    pub recipe: Recipe,
}

/// How a provider authenticates its callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthType {
    /// A key in a header, the query or the body.
    ApiKey,
    /// HTTP basic authentication (RFC 7617).
    Basic,
    /// A bearer token (RFC 6750).
    Bearer,
    /// OAuth 2.0 (RFC 6749).
    Oauth2,
    /// No credential at all.
    None,
}

/// The label and the hint of a single pasted key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialLabel {
    /// What the provider calls the key.
    pub label: String,
    /// What it looks like.
    #[serde(default)]
    pub hint: String,
}

/// Where a person finds the key.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Help {
    /// A page of the provider, https.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The way there, in Markdown.
    #[serde(default)]
    pub instructions: String,
}

/// A logo, decoded and re-encoded by this system, so that it can be nothing but an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logo {
    /// The digest of the image, by which it is served.
    pub sha256: Sha256Digest,
    /// The image as PNG, in base64 (RFC 4648, section 4). It stands in the event, so that a catalog can be rebuilt from
    /// the log alone.
    pub png: String,
}
