use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use domain::Category;
use lru::LruCache;
use serde::Serialize;
use sqlx::sqlite::SqlitePool;

use crate::cache::{Changes, DocumentCache};
use crate::decoded::Decoded;
use crate::model::{Keys, Model};
use crate::projector::{Halt, Projector};
use crate::store::{DocumentTable, Row, Statement};

/// How many documents are kept while catching up: most events then find theirs in memory.
const KEPT_BEHIND: usize = 65_536;
/// How many documents are kept once the log has been caught up with.
const KEPT: usize = 1024;
/// How many changed documents wait, at most, while catching up: one that changes again before it is written is written once.
const MAX_DIRTY: usize = 16_384;

/// The projector of a model of documents: loads those that a batch touches in one statement, folds in memory, and writes
/// each changed one once.
pub(crate) struct Documents<M: Model> {
    table: DocumentTable,
    /// Documents as the table has them, or newer.
    known: LruCache<Arc<str>, Slot<M::Document>>,
    /// The keys of those that are newer, in the order of their change.
    dirty: Vec<Arc<str>>,
    /// The keys of those that are being written.
    writing: Vec<Arc<str>>,
    /// Whether every document of the table is known, so that what is not known does not exist.
    complete: bool,
    kept: usize,
    cache: Arc<DocumentCache<M::Document>>,
    changes: Arc<Changes>,
}

struct Slot<D> {
    document: Option<D>,
    dirty: bool,
}

impl<M: Model> Documents<M> {
    pub(crate) fn new(cache: Arc<DocumentCache<M::Document>>, changes: Arc<Changes>) -> Self {
        Self {
            table: DocumentTable::new(M::NAME.as_str()),
            known: LruCache::unbounded(),
            dirty: Vec::new(),
            writing: Vec::new(),
            complete: false,
            kept: KEPT_BEHIND,
            cache,
            changes,
        }
    }

    /// Reads the documents of these keys that are not known yet.
    async fn load(&mut self, keys: &[Keys], readers: &SqlitePool) -> Result<(), Halt> {
        let mut missing: Vec<&Arc<str>> = keys
            .iter()
            .flat_map(Keys::iter)
            .filter(|key| !self.known.contains(&***key))
            .collect();
        missing.sort_unstable();
        missing.dedup();
        if missing.is_empty() {
            return Ok(());
        }
        let mut found = if self.complete {
            HashMap::new()
        } else {
            self.table.load(readers, &missing).await.map_err(Halt::Database)?
        };
        for key in missing {
            let stored = found.remove(&**key).map(|json| serde_json::from_str(&json));
            let document = stored.transpose().map_err(|_| Halt::Corrupt)?;
            self.known.put(Arc::clone(key), Slot { document, dirty: false });
        }
        Ok(())
    }

    fn apply(&mut self, event: &Decoded, keys: &Keys) -> Result<(), String> {
        let body = event.event.as_ref().map_err(ToString::to_string)?;
        for key in keys.iter() {
            let slot = self.known.get_mut(key).ok_or("a document was not loaded")?;
            let changed = M::apply(key, &mut slot.document, &event.stored, body).map_err(|unfit| unfit.to_string())?;
            if changed && !slot.dirty {
                slot.dirty = true;
                self.dirty.push(Arc::clone(key));
            }
        }
        Ok(())
    }
}

#[async_trait]
impl<M: Model> Projector for Documents<M> {
    fn concerns(&self, category: Category) -> bool {
        M::concerns(category)
    }

    async fn take(&mut self, events: &[&Decoded], readers: &SqlitePool) -> Result<(), Halt> {
        let keys: Vec<Keys> = events
            .iter()
            .map(|event| {
                event
                    .event
                    .as_ref()
                    .map_or(Keys::NONE, |body| M::keys(&event.stored, body))
            })
            .collect();
        self.load(&keys, readers).await?;
        for (index, (event, keys)) in events.iter().zip(&keys).enumerate() {
            self.apply(event, keys)
                .map_err(|reason| Halt::Poison { index, reason })?;
        }
        Ok(())
    }

    fn pending(&self) -> usize {
        self.dirty.len()
    }

    fn is_full(&self) -> bool {
        self.dirty.len() >= MAX_DIRTY
    }

    fn statements(&mut self) -> Result<Vec<Statement>, sqlx::Error> {
        self.writing = std::mem::take(&mut self.dirty);
        let mut json = Vec::new();
        let known = &mut self.known;
        self.table.upsert(self.writing.iter().filter_map(|key| {
            let slot = known.peek_mut(key)?;
            slot.dirty = false;
            let document = slot.document.as_ref()?;
            Some(to_json(document, &mut json).map(|json| Row {
                key: Arc::clone(key),
                lookup: M::lookup(document),
                document: json,
            }))
        }))
    }

    fn committed(&mut self) -> bool {
        let written = std::mem::take(&mut self.writing);
        for key in &written {
            let bulky = |slot: &Slot<M::Document>| slot.document.as_ref().is_some_and(M::is_bulky);
            if self.known.peek(key).is_some_and(bulky) {
                self.known.pop(key);
                self.complete = false;
            }
        }
        while self.known.len() > self.kept {
            self.known.pop_lru();
            self.complete = false;
        }
        if written.is_empty() {
            return false;
        }
        self.cache.invalidate(written.iter().map(|key| &**key));
        self.changes.bump();
        true
    }

    fn reset(&mut self) {
        self.known.clear();
        self.dirty.clear();
        self.writing.clear();
        self.complete = false;
    }

    fn use_table(&mut self, table: &str, empty: bool) {
        self.table = DocumentTable::new(table);
        self.complete = empty;
        self.cache.clear();
    }

    fn relax(&mut self) {
        self.kept = KEPT;
    }
}

/// JSON as a shared text. `buffer` is used again and again, so that it need not grow anew for every document.
fn to_json(document: &impl Serialize, buffer: &mut Vec<u8>) -> Result<Arc<str>, sqlx::Error> {
    buffer.clear();
    serde_json::to_writer(&mut *buffer, document).map_err(|e| sqlx::Error::Encode(Box::new(e)))?;
    str::from_utf8(buffer)
        .map(Arc::from)
        .map_err(|e| sqlx::Error::Encode(Box::new(e)))
}
