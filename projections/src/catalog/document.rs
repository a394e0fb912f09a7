use chrono::{DateTime, Utc};
use domain::provider::{Logo, ProviderAdded, ProviderEvent, ProviderRow};
use domain::{Category, Event, ProviderKey, Sha256Digest, StreamId};
use eventlog::StoredEvent;
use serde::{Deserialize, Serialize};

use crate::ProjectionName;
use crate::model::{Keys, Model, Unfit};

/// The read model of the marketplace: a document per row, and one per image that was ever a logo, so that a page of the
/// past still has its pictures.
pub(crate) struct Catalog;

/// A document of the catalog.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CatalogDocument {
    Provider(Box<ProviderRecord>),
    /// The PNG in base64, as the event holds it.
    Logo(String),
}

/// A row of the catalog with where it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ProviderRecord {
    pub(crate) row: ProviderRow,
    pub(crate) logo: Option<Sha256Digest>,
    pub(crate) status: ProviderStatus,
    pub(crate) revision: u64,
    pub(crate) added_at: DateTime<Utc>,
    pub(crate) changed_at: DateTime<Utc>,
}

/// Where a row of the catalog stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProviderStatus {
    /// Added, and not in the marketplace yet.
    Draft,
    /// In the marketplace.
    Published,
    /// No longer in the marketplace.
    Retired,
}

pub(crate) const PROVIDERS: &str = "provider:";

pub(crate) fn provider_key(key: &ProviderKey) -> String {
    format!("{PROVIDERS}{key}")
}

pub(crate) fn logo_key(logo: Sha256Digest) -> String {
    format!("logo:{logo}")
}

impl Model for Catalog {
    type Document = CatalogDocument;
    const NAME: ProjectionName = ProjectionName::Catalog;
    const VERSION: u32 = 1;

    fn concerns(category: Category) -> bool {
        category == Category::Provider
    }

    fn keys(stored: &StoredEvent, event: &Event) -> Keys {
        let StreamId::Provider(key) = &stored.stream else {
            return Keys::NONE;
        };
        match logo_of(event) {
            Some(logo) => Keys::two(provider_key(key), logo_key(logo.sha256)),
            None => Keys::one(provider_key(key)),
        }
    }

    fn apply(
        key: &str,
        document: &mut Option<CatalogDocument>,
        stored: &StoredEvent,
        event: &Event,
    ) -> Result<bool, Unfit> {
        let Event::Provider(provider_event) = event else {
            return Err(Unfit("a provider's stream holds an event of another kind"));
        };
        if !key.starts_with(PROVIDERS) {
            *document = logo_of(event).map(|logo| CatalogDocument::Logo(logo.png.clone()));
            return Ok(true);
        }
        match (document, provider_event) {
            (document, ProviderEvent::ProviderAdded(added)) => {
                *document = Some(CatalogDocument::Provider(Box::new(ProviderRecord::new(added, stored))));
            }
            (Some(CatalogDocument::Provider(record)), event) => record.change(event, stored),
            _ => return Err(Unfit("something happened to a provider that was never added")),
        }
        Ok(true)
    }

    fn is_bulky(document: &CatalogDocument) -> bool {
        matches!(document, CatalogDocument::Logo(_))
    }
}

fn logo_of(event: &Event) -> Option<&Logo> {
    match event {
        Event::Provider(ProviderEvent::ProviderAdded(event)) => event.logo.as_ref(),
        Event::Provider(ProviderEvent::ProviderLogoChanged(event)) => event.logo.as_ref(),
        _ => None,
    }
}

impl ProviderRecord {
    pub(crate) fn new(added: &ProviderAdded, stored: &StoredEvent) -> Self {
        Self {
            row: (*added.row).clone(),
            logo: added.logo.as_ref().map(|logo| logo.sha256),
            status: if added.published {
                ProviderStatus::Published
            } else {
                ProviderStatus::Draft
            },
            revision: stored.revision,
            added_at: stored.recorded_at,
            changed_at: stored.recorded_at,
        }
    }

    pub(crate) fn change(&mut self, event: &ProviderEvent, stored: &StoredEvent) {
        self.revision = stored.revision;
        self.changed_at = stored.recorded_at;
        match event {
            ProviderEvent::ProviderAdded(_) => {}
            ProviderEvent::ProviderDescribed(event) => {
                self.row.name.clone_from(&event.name);
                self.row.category.clone_from(&event.category);
                self.row.description.clone_from(&event.description);
                self.row.help.clone_from(&event.help);
            }
            ProviderEvent::ProviderRecipeChanged(event) => {
                self.row.auth = event.auth;
                self.row.credential.clone_from(&event.credential);
                self.row.recipe = (*event.recipe).clone();
            }
            ProviderEvent::ProviderLogoChanged(event) => self.logo = event.logo.as_ref().map(|logo| logo.sha256),
            ProviderEvent::ProviderPublished(_) | ProviderEvent::ProviderReinstated(_) => {
                self.status = ProviderStatus::Published;
            }
            ProviderEvent::ProviderRetired(_) => self.status = ProviderStatus::Retired,
        }
    }
}
