use std::num::NonZeroUsize;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use domain::{ProviderKey, Sha256Digest, StreamId};
use eventlog::EventLog;

use super::document::{Catalog, CatalogDocument, PROVIDERS, ProviderRecord, ProviderStatus, logo_key, provider_key};
use super::page::Snapshot;
use super::revisions::revisions;
use super::{CatalogEntry, CatalogFilter, CatalogPage, Editions, ProviderRevision, ProviderView};
use crate::cache::AnswerCache;
use crate::past::Past;
use crate::reader::Reader;
use crate::store::Scope;
use crate::{AsOf, ProjectionName, QueryError};

/// Rows that are read at once.
const PAGE: u32 = 1000;

/// Answers questions about the marketplace. The whole catalog is kept in memory until it changes, but for the images.
pub struct CatalogQuery {
    reader: Reader<Catalog>,
    snapshot: AnswerCache<(), Arc<Snapshot>>,
}

impl CatalogQuery {
    pub(crate) fn new(reader: Reader<Catalog>) -> Self {
        Self {
            reader,
            snapshot: AnswerCache::new(NonZeroUsize::MIN),
        }
    }

    pub(crate) const fn reader(&self) -> &Reader<Catalog> {
        &self.reader
    }

    /// The marketplace: published rows.
    ///
    /// # Errors
    /// [`QueryError::InvalidCursor`] and other [`QueryError`]s.
    pub async fn list(&self, filter: &CatalogFilter) -> Result<CatalogPage, QueryError> {
        self.snapshot().await?.page(filter)
    }

    /// The state that the catalog is in, as different people see it.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn editions(&self) -> Result<Editions, QueryError> {
        Ok(self.snapshot().await?.editions())
    }

    /// A published row with its connect form.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn get(&self, key: &ProviderKey) -> Result<Option<CatalogEntry>, QueryError> {
        Ok(self
            .record(key)
            .await?
            .filter(|record| is_published(record))
            .map(|record| CatalogEntry::new(&record)))
    }

    /// The marketplace as it was.
    ///
    /// # Errors
    /// [`QueryError::InvalidCursor`] and other [`QueryError`]s.
    pub async fn list_as_of(
        &self,
        log: &dyn EventLog,
        filter: &CatalogFilter,
        as_of: AsOf,
    ) -> Result<CatalogPage, QueryError> {
        let now = self.snapshot().await?;
        let past = Past::at(log, as_of).await?;
        let mut then = Vec::new();
        for record in now.records() {
            then.extend(record_as_of(&past, &record.row.key).await?);
        }
        Snapshot::new(then.into_iter()).page(filter)
    }

    /// A row as it was, if it was published then.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn get_as_of(
        &self,
        log: &dyn EventLog,
        key: &ProviderKey,
        as_of: AsOf,
    ) -> Result<Option<CatalogEntry>, QueryError> {
        let record = record_as_of(&Past::at(log, as_of).await?, key).await?;
        Ok(record.filter(is_published).map(|record| CatalogEntry::new(&record)))
    }

    /// All rows, drafts and retired ones included, by key: for platform admins.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn providers(&self) -> Result<Vec<ProviderView>, QueryError> {
        Ok(self
            .snapshot()
            .await?
            .records()
            .map(|record| ProviderView::new(record))
            .collect())
    }

    /// A row, wherever it stands: for platform admins.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn provider(&self, key: &ProviderKey) -> Result<Option<ProviderView>, QueryError> {
        Ok(self.record(key).await?.map(|record| ProviderView::new(&record)))
    }

    /// What was done to a row: its last `most` revisions, the oldest first, drafts and retired rows included. None when there
    /// never was such a row. For platform admins.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn revisions(
        &self,
        log: &dyn EventLog,
        key: &ProviderKey,
        most: usize,
    ) -> Result<Vec<ProviderRevision>, QueryError> {
        revisions(log, key, most).await
    }

    /// The image with this digest, as PNG, if it is or was the logo of a row.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn logo(&self, sha256: Sha256Digest) -> Result<Option<Bytes>, QueryError> {
        match self.reader.get(Scope::Public, &logo_key(sha256)).await?.as_deref() {
            Some(CatalogDocument::Logo(png)) => {
                let png = STANDARD
                    .decode(png)
                    .map_err(|_| QueryError::Corrupt(ProjectionName::Catalog))?;
                Ok(Some(png.into()))
            }
            _ => Ok(None),
        }
    }

    /// A row, wherever it stands.
    pub(crate) async fn record(&self, key: &ProviderKey) -> Result<Option<Arc<ProviderRecord>>, QueryError> {
        Ok(self.snapshot().await?.record(key).cloned())
    }

    async fn snapshot(&self) -> Result<Arc<Snapshot>, QueryError> {
        let changes = self.reader.changes();
        if let Some(snapshot) = self.snapshot.get(changes, &()) {
            return Ok(snapshot);
        }
        let count = changes.count();
        let mut records: Vec<ProviderRecord> = Vec::new();
        loop {
            let after = records
                .last()
                .map(|record| provider_key(&record.row.key))
                .unwrap_or_default();
            let page = self.reader.range(Scope::Public, PROVIDERS, &after, PAGE).await?;
            let full = page.len() == PAGE as usize;
            records.extend(page.into_iter().filter_map(into_record));
            if !full {
                break;
            }
        }
        let snapshot = Arc::new(Snapshot::new(records.into_iter()));
        self.snapshot.put(changes, count, (), Arc::clone(&snapshot));
        Ok(snapshot)
    }
}

/// A row as it was, wherever it stood.
pub(crate) async fn record_as_of(
    past: &Past<'_, Catalog>,
    key: &ProviderKey,
) -> Result<Option<ProviderRecord>, QueryError> {
    let stream = StreamId::Provider(key.clone());
    let document = past.document(&stream, &provider_key(key)).await?;
    Ok(document.and_then(into_record))
}

fn is_published(record: &ProviderRecord) -> bool {
    record.status == ProviderStatus::Published
}

fn into_record(document: CatalogDocument) -> Option<ProviderRecord> {
    match document {
        CatalogDocument::Provider(record) => Some(*record),
        CatalogDocument::Logo(_) => None,
    }
}
