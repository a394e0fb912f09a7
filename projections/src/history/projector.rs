use std::sync::Arc;

use async_trait::async_trait;
use domain::Category;
use sqlx::sqlite::SqlitePool;

use super::subject::Subject;
use crate::ProjectionName;
use crate::cache::Changes;
use crate::decoded::Decoded;
use crate::projector::{Halt, Projector};
use crate::store::{HistoryTable, Rows, Statement};

/// How many rows wait, at most, while catching up. None of them changes again, so that more would only take memory.
const MAX_ROWS: usize = 4096;

/// The projector of the history: one row per event, whatever it is.
pub(crate) struct History {
    rows: Rows,
    writing: bool,
    changes: Arc<Changes>,
}

impl History {
    pub(crate) const VERSION: u32 = 1;

    pub(crate) fn new(changes: Arc<Changes>) -> Self {
        let table = HistoryTable::new(ProjectionName::History.as_str());
        Self {
            rows: table.rows(),
            writing: false,
            changes,
        }
    }
}

#[async_trait]
impl Projector for History {
    fn concerns(&self, _category: Category) -> bool {
        true
    }

    async fn take(&mut self, events: &[&Decoded], _readers: &SqlitePool) -> Result<(), Halt> {
        for (index, event) in events.iter().enumerate() {
            let body = event.event.as_ref().map_err(|error| Halt::Poison {
                index,
                reason: error.to_string(),
            })?;
            let subject = Subject::of(&event.stored.stream, body);
            HistoryTable::add(&mut self.rows, &event.stored, &subject).map_err(Halt::Database)?;
        }
        Ok(())
    }

    fn pending(&self) -> usize {
        self.rows.len()
    }

    fn is_full(&self) -> bool {
        self.rows.len() >= MAX_ROWS
    }

    fn statements(&mut self) -> Result<Vec<Statement>, sqlx::Error> {
        self.writing = self.rows.len() > 0;
        Ok(self.rows.take())
    }

    fn committed(&mut self) -> bool {
        if self.writing {
            self.changes.bump();
        }
        std::mem::take(&mut self.writing)
    }

    fn reset(&mut self) {
        self.rows.take();
        self.writing = false;
    }

    fn use_table(&mut self, table: &str, _empty: bool) {
        self.rows = HistoryTable::new(table).rows();
    }

    fn relax(&mut self) {}
}
