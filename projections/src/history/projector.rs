use std::sync::Arc;

use async_trait::async_trait;
use domain::{AccountId, Category, Position};
use eventlog::StoredEvent;

use super::subject::Subject;
use crate::cache::Changes;
use crate::decoded::Decoded;
use crate::projector::{Halt, Projector};
use crate::store::{Happened, Rows, Store};

/// How many rows wait, at most, while catching up. None of them changes again, so that more would only take memory.
const MAX_ROWS: usize = 4096;
/// The same in bytes: some events carry an image.
const MAX_BYTES: usize = 16 << 20;

/// The projector of the history: one row per event, whatever it is.
pub(crate) struct History {
    rows: Vec<Happened>,
    /// About how many bytes they have.
    bytes: usize,
    writing: bool,
    changes: Arc<Changes>,
}

impl History {
    pub(crate) const VERSION: u32 = 1;

    pub(crate) fn new(changes: Arc<Changes>) -> Self {
        Self {
            rows: Vec::new(),
            bytes: 0,
            writing: false,
            changes,
        }
    }

    fn clear(&mut self) {
        self.rows.clear();
        self.bytes = 0;
    }
}

#[async_trait]
impl Projector for History {
    fn concerns(&self, _category: Category) -> bool {
        true
    }

    /// The one that its row is found by.
    fn account<'a>(&self, event: &'a StoredEvent) -> Option<&'a AccountId> {
        event.metadata.account.as_ref()
    }

    async fn take(&mut self, events: &[&Decoded], _store: &dyn Store) -> Result<(), Halt> {
        for (index, event) in events.iter().enumerate() {
            let body = event.event.as_ref().map_err(|error| Halt::Poison {
                index,
                reason: error.to_string(),
            })?;
            let subject = Subject::of(&event.stored.stream, body);
            let row = Happened::new(&event.stored, &subject);
            self.bytes += row.size();
            self.rows.push(row);
        }
        Ok(())
    }

    fn pending(&self) -> usize {
        self.rows.len()
    }

    fn is_full(&self) -> bool {
        self.rows.len() >= MAX_ROWS || self.bytes >= MAX_BYTES
    }

    fn rows(&mut self) -> Result<Rows, sqlx::Error> {
        self.writing = !self.rows.is_empty();
        self.bytes = 0;
        Ok(Rows::Events(std::mem::take(&mut self.rows)))
    }

    fn committed(&mut self) -> bool {
        if self.writing {
            self.changes.bump();
        }
        std::mem::take(&mut self.writing)
    }

    fn reset(&mut self) {
        self.clear();
        self.writing = false;
    }

    fn followed(&mut self, _position: Option<Position>) {
        self.changes.bump();
    }

    fn use_table(&mut self, _table: &str, _empty: bool) {
        self.clear();
    }

    fn relax(&mut self) {}
}
