use std::num::NonZeroUsize;
use std::sync::Arc;

use crate::QueryError;
use crate::cache::{Changes, DocumentCache};
use crate::documents::Documents;
use crate::model::Model;
use crate::projector::Projector;
use crate::runner::MakeProjector;
use crate::shared::Shared;
use crate::store::{DocumentSelect, Generation, Scope, Store};

/// How many documents of one model are kept for its readers.
const CACHED: NonZeroUsize = NonZeroUsize::new(8192).unwrap();

/// Reads the live documents of one model, from memory where they have not changed.
pub(crate) struct Reader<M: Model> {
    store: Arc<dyn Store>,
    table: String,
    pub(crate) cache: Arc<DocumentCache<M::Document>>,
    pub(crate) shared: Arc<Shared>,
}

impl<M: Model> Reader<M> {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            table: Generation::live_table(M::NAME, M::VERSION),
            cache: Arc::new(DocumentCache::new(CACHED)),
            shared: Arc::new(Shared::new(M::NAME, M::VERSION)),
        }
    }

    /// Makes projectors of the model whose readers this is for.
    pub(crate) fn projectors(&self) -> MakeProjector {
        let (cache, changes) = (Arc::clone(&self.cache), Arc::clone(&self.shared.changes));
        Arc::new(move || Box::new(Documents::<M>::new(Arc::clone(&cache), Arc::clone(&changes))))
    }

    /// A projector of another model beside it, which nobody reads yet.
    #[expect(clippy::unused_self, reason = "says of which model")]
    pub(crate) fn aside(&self) -> Box<dyn Projector> {
        let cache = Arc::new(DocumentCache::new(NonZeroUsize::MIN));
        Box::new(Documents::<M>::new(cache, Arc::default()))
    }

    /// How often the model has changed.
    pub(crate) fn changes(&self) -> &Changes {
        &self.shared.changes
    }

    /// One document. `scope` says whose it is.
    pub(crate) async fn get(&self, scope: Scope<'_>, key: &str) -> Result<Option<Arc<M::Document>>, QueryError> {
        self.shared.require()?;
        let epoch = match self.cache.get(key) {
            Ok(known) => return Ok(known),
            Err(epoch) => epoch,
        };
        let found = self.read(scope, DocumentSelect::Key(key)).await?;
        let document = found.into_iter().next().map(Arc::new);
        if !document.as_deref().is_some_and(M::is_bulky) {
            self.cache.put(epoch, key, document.clone());
        }
        Ok(document)
    }

    /// The documents whose key starts with `prefix`: at most `limit` after the key `after`.
    pub(crate) async fn range(
        &self,
        scope: Scope<'_>,
        prefix: &str,
        after: &str,
        limit: u32,
    ) -> Result<Vec<M::Document>, QueryError> {
        self.shared.require()?;
        self.read(scope, DocumentSelect::Range { prefix, after, limit }).await
    }

    /// The documents that are found by `lookup`: at most `limit` after the key `after`.
    pub(crate) async fn find(
        &self,
        scope: Scope<'_>,
        lookup: &str,
        after: &str,
        limit: u32,
    ) -> Result<Vec<M::Document>, QueryError> {
        self.shared.require()?;
        self.read(scope, DocumentSelect::Lookup { lookup, after, limit }).await
    }

    /// How many documents there are whose key ends in `ending` and whose member `member` is not null. It looks at every one.
    pub(crate) async fn count(&self, scope: Scope<'_>, ending: &str, member: &str) -> Result<u64, QueryError> {
        self.shared.require()?;
        let counted = self.store.count(scope, &self.table, ending, member).await;
        counted.map_err(QueryError::database)
    }

    async fn read(&self, scope: Scope<'_>, select: DocumentSelect<'_>) -> Result<Vec<M::Document>, QueryError> {
        let stored = self.store.documents(scope, &self.table, select).await;
        let stored = stored.map_err(QueryError::database)?;
        stored.iter().map(|json| parse::<M>(json)).collect()
    }
}

fn parse<M: Model>(json: &str) -> Result<M::Document, QueryError> {
    serde_json::from_str(json).map_err(|_| QueryError::Corrupt(M::NAME))
}
