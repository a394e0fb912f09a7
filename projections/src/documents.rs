use std::collections::VecDeque;
use std::sync::Arc;

use async_trait::async_trait;
use domain::{Category, Position};
use lru::LruCache;
use serde::Serialize;

use crate::cache::{Changes, DocumentCache};
use crate::decoded::Decoded;
use crate::evicted::Evicted;
use crate::model::{Keys, Model};
use crate::projector::{Halt, Projector};
use crate::store::{DocumentRow, Rows, Store};

/// How many documents are kept while catching up: most events then find theirs in memory.
const KEPT_BEHIND: usize = 65_536;
/// How many documents are kept once the log has been caught up with.
const KEPT: usize = 1024;
/// How many changed documents wait, at most, while catching up: one that changes again before it is written is written once.
const MAX_DIRTY: usize = 32_768;
/// How many keys are noted for readers, at most: with more of them, readers forget everything when the model changes.
const MAX_NOTICED: usize = 65_536;

/// The projector of a model of documents: loads those that a batch touches in one statement, folds in memory, and writes
/// each changed one once.
pub(crate) struct Documents<M: Model> {
    table: String,
    /// Documents as the table has them, or newer.
    known: LruCache<Arc<str>, Slot<M::Document>>,
    /// The keys of those that are newer, in the order of their change.
    dirty: Vec<Arc<str>>,
    /// The keys of those that are being written.
    writing: Vec<Arc<str>>,
    /// The keys of those among them that are not kept in memory after it.
    bulky: Vec<Arc<str>>,
    /// What the table may hold that is not known.
    evicted: Evicted,
    kept: usize,
    /// Keys that events touched which another process writes, by position. Without them nothing is known of what changed.
    noticed: VecDeque<(Position, Arc<str>)>,
    noticed_to: Option<Position>,
    cache: Arc<DocumentCache<M::Document>>,
    changes: Arc<Changes>,
}

struct Slot<D> {
    document: Option<D>,
    dirty: bool,
}

impl<D> Default for Slot<D> {
    fn default() -> Self {
        Self {
            document: None,
            dirty: false,
        }
    }
}

impl<M: Model> Documents<M> {
    pub(crate) fn new(cache: Arc<DocumentCache<M::Document>>, changes: Arc<Changes>) -> Self {
        Self {
            table: M::NAME.to_string(),
            known: LruCache::unbounded(),
            dirty: Vec::new(),
            writing: Vec::new(),
            bulky: Vec::new(),
            evicted: Evicted::unknown(),
            kept: KEPT_BEHIND,
            noticed: VecDeque::new(),
            noticed_to: None,
            cache,
            changes,
        }
    }

    /// Reads the documents of these keys that are not known yet.
    async fn load(&mut self, keys: &[Keys], store: &dyn Store) -> Result<(), Halt> {
        let mut missing = Vec::new();
        for key in keys.iter().flat_map(Keys::iter) {
            if self.known.contains(&**key) {
                continue;
            }
            if self.evicted.may_hold(key) {
                missing.push(key);
            } else {
                self.known.put(Arc::clone(key), Slot::default());
            }
        }
        missing.sort_unstable();
        missing.dedup();
        if missing.is_empty() {
            return Ok(());
        }
        let mut found = store.load(&self.table, &missing).await.map_err(Halt::Database)?;
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

    async fn take(&mut self, events: &[&Decoded], store: &dyn Store) -> Result<(), Halt> {
        let keys: Vec<Keys> = events
            .iter()
            .map(|event| {
                event
                    .event
                    .as_ref()
                    .map_or(Keys::NONE, |body| M::keys(&event.stored, body))
            })
            .collect();
        self.load(&keys, store).await?;
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

    fn rows(&mut self) -> Result<Rows, sqlx::Error> {
        self.writing = std::mem::take(&mut self.dirty);
        let mut json = Vec::new();
        let known = &mut self.known;
        let bulky = &mut self.bulky;
        let rows = self.writing.iter().filter_map(|key| {
            let slot = known.peek_mut(key)?;
            slot.dirty = false;
            let document = slot.document.as_ref()?;
            if M::is_bulky(document) {
                bulky.push(Arc::clone(key));
            }
            Some(to_json(document, &mut json).map(|json| DocumentRow {
                key: Arc::clone(key),
                lookup: M::lookup(document),
                document: json,
            }))
        });
        rows.collect::<Result<_, _>>().map(Rows::Documents)
    }

    fn committed(&mut self) -> bool {
        let written = std::mem::take(&mut self.writing);
        for key in self.bulky.drain(..) {
            self.known.pop(&*key);
            self.evicted.add(&key);
        }
        while self.known.len() > self.kept
            && let Some((key, _)) = self.known.pop_lru()
        {
            self.evicted.add(&key);
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
        self.bulky.clear();
        self.evicted = Evicted::unknown();
    }

    fn notice(&mut self, events: &[Decoded]) {
        for event in events {
            self.noticed_to = Some(event.position());
            if let (true, Ok(body)) = (M::concerns(event.category()), &event.event) {
                let keys = M::keys(&event.stored, body);
                self.noticed
                    .extend(keys.iter().map(|key| (event.position(), Arc::clone(key))));
            }
        }
        if self.noticed.len() > MAX_NOTICED {
            self.noticed.clear();
            self.noticed_to = None;
        }
    }

    fn followed(&mut self, position: Option<Position>) {
        match position {
            Some(position) if self.noticed_to.is_some_and(|to| to >= position) => {
                let passed = self.noticed.partition_point(|(at, _)| *at <= position);
                self.cache
                    .invalidate(self.noticed.iter().take(passed).map(|(_, key)| &**key));
                self.noticed.drain(..passed);
            }
            _ => self.cache.clear(),
        }
        self.changes.bump();
    }

    fn use_table(&mut self, table: &str, empty: bool) {
        table.clone_into(&mut self.table);
        if empty {
            self.evicted = Evicted::nothing();
        }
        self.followed(None);
    }

    fn relax(&mut self) {
        self.kept = KEPT;
        self.evicted.relax();
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
