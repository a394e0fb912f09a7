use std::sync::Arc;

use async_trait::async_trait;
use domain::Category;
use sqlx::sqlite::SqlitePool;

use super::subject::Subject;
use crate::ProjectionName;
use crate::cache::Changes;
use crate::decoded::Decoded;
use crate::projector::{Halt, Projector};
use crate::store::{HistoryRow, HistoryTable, Statement};

/// The projector of the history: one row per event, whatever it is.
pub(crate) struct History {
    table: HistoryTable,
    rows: Vec<HistoryRow>,
    writing: bool,
    changes: Arc<Changes>,
}

impl History {
    pub(crate) const VERSION: u32 = 1;

    pub(crate) fn new(changes: Arc<Changes>) -> Self {
        Self {
            table: HistoryTable::new(ProjectionName::History.as_str()),
            rows: Vec::new(),
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
            self.rows.push(HistoryRow {
                subject: Subject::of(&event.stored.stream, body),
                stored: Arc::clone(&event.stored),
            });
        }
        Ok(())
    }

    fn pending(&self) -> usize {
        self.rows.len()
    }

    fn statements(&mut self) -> Result<Vec<Statement>, sqlx::Error> {
        self.writing = !self.rows.is_empty();
        self.table.insert(std::mem::take(&mut self.rows))
    }

    fn committed(&mut self) -> bool {
        if self.writing {
            self.changes.bump();
        }
        std::mem::take(&mut self.writing)
    }

    fn reset(&mut self) {
        self.rows.clear();
        self.writing = false;
    }

    fn use_table(&mut self, table: &str, _empty: bool) {
        self.table = HistoryTable::new(table);
    }

    fn relax(&mut self) {
        self.rows.shrink_to_fit();
    }
}
