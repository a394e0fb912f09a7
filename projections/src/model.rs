use std::sync::Arc;

use domain::{Category, Event};
use eventlog::StoredEvent;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::ProjectionName;

/// A read model of JSON documents: which documents an event touches, and what it makes of each. Pure, so that the model
/// is a fold of the log and nothing else.
pub(crate) trait Model: Send + Sync + 'static {
    /// One document.
    type Document: Serialize + DeserializeOwned + Clone + Send + Sync + 'static;
    /// The projection that keeps them.
    const NAME: ProjectionName;
    /// The version of the documents' form and of the fold. A change of either takes the next number; the new version is
    /// then built from the log beside the old one.
    const VERSION: u32;

    /// Whether events of this category can matter. The others are not even looked at.
    fn concerns(category: Category) -> bool;

    /// The documents that the event touches.
    fn keys(stored: &StoredEvent, event: &Event) -> Keys;

    /// Applies the event to one of its documents and says whether that changed it.
    ///
    /// # Errors
    /// [`Unfit`] when the event cannot follow what the document holds. The document is then as it was, and only the first
    /// of two documents may say so.
    fn apply(
        key: &str,
        document: &mut Option<Self::Document>,
        stored: &StoredEvent,
        event: &Event,
    ) -> Result<bool, Unfit>;

    /// A second value by which the document is found.
    fn lookup(_document: &Self::Document) -> Option<String> {
        None
    }

    /// Whether the document is too large to be kept in memory.
    fn is_bulky(_document: &Self::Document) -> bool {
        false
    }
}

/// The keys of at most two documents. They are shared: a key goes from the event to the documents in memory and on to the
/// statement without being copied.
#[derive(Debug, Default)]
pub(crate) struct Keys([Option<Arc<str>>; 2]);

impl Keys {
    /// The event does not matter to this model.
    pub(crate) const NONE: Self = Self([None, None]);

    pub(crate) fn one(key: impl Into<Arc<str>>) -> Self {
        Self([Some(key.into()), None])
    }

    pub(crate) fn two(first: impl Into<Arc<str>>, second: impl Into<Arc<str>>) -> Self {
        Self([Some(first.into()), Some(second.into())])
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<str>> {
        self.0.iter().flatten()
    }
}

/// An event that cannot follow what the model holds: the log and the fold disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unfit(pub(crate) &'static str);
