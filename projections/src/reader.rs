use std::num::NonZeroUsize;
use std::sync::Arc;

use sqlx::sqlite::SqlitePool;

use crate::QueryError;
use crate::cache::{Changes, DocumentCache};
use crate::documents::Documents;
use crate::model::Model;
use crate::projector::Projector;
use crate::shared::Shared;
use crate::store::{DocumentTable, Generation, ReadStore};

/// How many documents of one model are kept for its readers.
const CACHED: NonZeroUsize = NonZeroUsize::new(8192).unwrap();

/// Reads the live documents of one model, from memory where they have not changed.
pub(crate) struct Reader<M: Model> {
    readers: SqlitePool,
    table: DocumentTable,
    pub(crate) cache: Arc<DocumentCache<M::Document>>,
    pub(crate) shared: Arc<Shared>,
}

impl<M: Model> Reader<M> {
    pub(crate) fn new(store: &ReadStore) -> Self {
        Self {
            readers: store.readers().clone(),
            table: DocumentTable::new(&Generation::live_table(M::NAME, M::VERSION)),
            cache: Arc::new(DocumentCache::new(CACHED)),
            shared: Arc::new(Shared::new(M::NAME, M::VERSION)),
        }
    }

    /// A projector of this model: the one whose readers this is for, or one of another model beside it.
    pub(crate) fn projector(&self, live: bool) -> Box<dyn Projector> {
        if live {
            Box::new(Documents::<M>::new(
                Arc::clone(&self.cache),
                Arc::clone(&self.shared.changes),
            ))
        } else {
            Box::new(Documents::<M>::new(
                Arc::new(DocumentCache::new(NonZeroUsize::MIN)),
                Arc::default(),
            ))
        }
    }

    /// How often the model has changed.
    pub(crate) fn changes(&self) -> &Changes {
        &self.shared.changes
    }

    /// One document.
    pub(crate) async fn get(&self, key: &str) -> Result<Option<Arc<M::Document>>, QueryError> {
        self.shared.require()?;
        let epoch = match self.cache.get(key) {
            Ok(known) => return Ok(known),
            Err(epoch) => epoch,
        };
        let document = self.read(key).await?.map(Arc::new);
        if !document.as_deref().is_some_and(M::is_bulky) {
            self.cache.put(epoch, key, document.clone());
        }
        Ok(document)
    }

    async fn read(&self, key: &str) -> Result<Option<M::Document>, QueryError> {
        let stored = self.table.get(&self.readers, key).await.map_err(QueryError::Database)?;
        stored.map(|json| parse::<M>(&json)).transpose()
    }

    /// The documents whose key starts with `prefix`: at most `limit` after the key `after`.
    pub(crate) async fn range(&self, prefix: &str, after: &str, limit: u32) -> Result<Vec<M::Document>, QueryError> {
        self.shared.require()?;
        let stored = self
            .table
            .range(&self.readers, prefix, after, limit)
            .await
            .map_err(QueryError::Database)?;
        stored.iter().map(|json| parse::<M>(json)).collect()
    }

    /// The documents that are found by `lookup`: at most `limit` after the key `after`.
    pub(crate) async fn find(&self, lookup: &str, after: &str, limit: u32) -> Result<Vec<M::Document>, QueryError> {
        self.shared.require()?;
        let stored = self
            .table
            .find(&self.readers, lookup, after, limit)
            .await
            .map_err(QueryError::Database)?;
        stored.iter().map(|json| parse::<M>(json)).collect()
    }
}

fn parse<M: Model>(json: &str) -> Result<M::Document, QueryError> {
    serde_json::from_str(json).map_err(|_| QueryError::Corrupt(M::NAME))
}
