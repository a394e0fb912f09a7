use chrono::{DateTime, Utc};
use domain::provider::{AuthType, Help, ProviderRow};
use domain::recipe::{self, FieldSpec};
use domain::{ProviderKey, Sha256Digest};
use serde::Serialize;

use super::document::{ProviderRecord, ProviderStatus};

/// A row as the marketplace shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CatalogItem {
    /// The identity by which the system resolves the credential.
    pub key: ProviderKey,
    /// The name that people read.
    pub name: String,
    /// The shelf.
    pub category: String,
    /// One or two sentences.
    pub description: String,
    /// How the provider wants to be spoken to.
    pub auth: AuthType,
    /// Its logo.
    pub logo: Option<LogoRef>,
    /// Where a person finds the key.
    pub help: Help,
    /// What stands out about it.
    pub badges: Vec<Badge>,
}

/// A row with its connect form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CatalogEntry {
    /// The row.
    #[serde(flatten)]
    pub item: CatalogItem,
    /// What to ask the account for, in order.
    pub form: Vec<FieldSpec>,
    /// The revision of the row.
    pub revision: u64,
}

/// A row with where it stands, as a platform admin sees it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProviderView {
    /// The row as it is now.
    #[serde(flatten)]
    pub row: ProviderRow,
    /// Its logo.
    pub logo: Option<LogoRef>,
    /// Where it stands.
    pub status: ProviderStatus,
    /// The revision of the row, for `ETag` and `If-Match`.
    pub revision: u64,
    /// When it was added.
    pub added_at: DateTime<Utc>,
    /// When it last changed.
    pub changed_at: DateTime<Utc>,
}

/// What stands out about a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Badge {
    /// It has no test: a connection to it never says *connected* by itself.
    Untested,
    /// An AI service can use the credential.
    Ai,
}

/// Where a logo is served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogoRef {
    /// The digest of the image.
    pub sha256: Sha256Digest,
    /// Its path. What is there never changes.
    pub url: String,
}

impl LogoRef {
    /// The place of the logo with this digest.
    #[must_use]
    pub fn new(sha256: Sha256Digest) -> Self {
        Self {
            sha256,
            url: format!("/v1/logos/{sha256}"),
        }
    }
}

impl CatalogItem {
    pub(crate) fn new(record: &ProviderRecord) -> Self {
        let row = &record.row;
        let mut badges = Vec::new();
        if !recipe::has_test(row) {
            badges.push(Badge::Untested);
        }
        if row.recipe.ai.is_some() {
            badges.push(Badge::Ai);
        }
        Self {
            key: row.key.clone(),
            name: row.name.clone(),
            category: row.category.clone(),
            description: row.description.clone(),
            auth: row.auth,
            logo: record.logo.map(LogoRef::new),
            help: row.help.clone(),
            badges,
        }
    }
}

impl CatalogEntry {
    pub(crate) fn new(record: &ProviderRecord) -> Self {
        Self {
            item: CatalogItem::new(record),
            form: recipe::form(&record.row),
            revision: record.revision,
        }
    }
}

impl ProviderView {
    pub(crate) fn new(record: &ProviderRecord) -> Self {
        Self {
            row: record.row.clone(),
            logo: record.logo.map(LogoRef::new),
            status: record.status,
            revision: record.revision,
            added_at: record.added_at,
            changed_at: record.changed_at,
        }
    }
}
