use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use domain::{Position, Sha256Digest};

use super::{Checkpoint, DocumentSelect, EventRow, EventSelect, Fence, Leases, Rows, Scope, Stage, Stop};
use crate::ProjectionName;

/// A database of read models: their bookkeeping, their tables, and nothing about what is in them.
#[async_trait]
pub(crate) trait Store: Send + Sync {
    /// All models of a projection, the oldest first, and the parts of each in order.
    async fn checkpoints(&self, name: ProjectionName) -> Result<Vec<Checkpoint>, sqlx::Error>;

    /// The events before which parts of this version of a projection stand still, by part.
    async fn stops(&self, name: ProjectionName, version: u32) -> Result<Vec<Stop>, sqlx::Error>;

    /// Starts a transaction on the models of a projection. With a fence, it fails unless that lease is still held, and
    /// nobody else takes it before the transaction's end.
    async fn begin(
        &self,
        name: ProjectionName,
        purpose: Purpose,
        fence: Option<&Fence>,
    ) -> Result<Box<dyn Transaction>, sqlx::Error>;

    /// The documents of these keys, as far as they exist, for a projector.
    async fn load(&self, table: &str, keys: &[&Arc<str>]) -> Result<HashMap<String, String>, sqlx::Error>;

    /// Documents, for a reader.
    async fn documents(
        &self,
        scope: Scope<'_>,
        table: &str,
        select: DocumentSelect<'_>,
    ) -> Result<Vec<String>, sqlx::Error>;

    /// How many documents there are whose key ends in `ending` and whose member `member` is not null. It looks at every
    /// document: for what is asked seldom.
    async fn count(&self, scope: Scope<'_>, table: &str, ending: &str, member: &str) -> Result<u64, sqlx::Error>;

    /// Events of the history, for a reader.
    async fn events(
        &self,
        scope: Scope<'_>,
        table: &str,
        select: &EventSelect<'_>,
    ) -> Result<Vec<EventRow>, sqlx::Error>;

    /// The checkpoints of the model that is at this stage, by part, and the digest of its rows, of one moment. None where
    /// there is no such model.
    async fn digest(
        &self,
        name: ProjectionName,
        stage: Stage,
    ) -> Result<Option<(Vec<Checkpoint>, Sha256Digest)>, sqlx::Error>;

    /// Where there is room for a file of one's own beside it; none when that is as good anywhere.
    fn folder(&self) -> Option<&Path>;

    /// The leases, where several processes share the database; none where there is one process.
    fn leases(&self) -> Option<&dyn Leases>;

    /// Closes all connections.
    async fn close(&self);
}

/// What a transaction is for, and so with which others it goes together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Writing rows of one model, and moving its checkpoint.
    Rows,
    /// Making, renaming and dropping tables: nothing else writes to the projection's models meanwhile.
    Tables,
}

/// Changes that are made together, or not at all: it is rolled back when it is dropped. Names of tables are the program's
/// own and never hold input.
#[async_trait]
pub(crate) trait Transaction: Send {
    /// All models of a projection, the oldest first, and the parts of each in order.
    async fn checkpoints(&mut self, name: ProjectionName) -> Result<Vec<Checkpoint>, sqlx::Error>;

    /// Writes a checkpoint as a new row.
    async fn insert(&mut self, checkpoint: &Checkpoint) -> Result<(), sqlx::Error>;

    /// Moves a checkpoint to the place of `reached`, if nobody else has moved it, and says whether it did. `changed` when rows
    /// were written.
    async fn advance(
        &mut self,
        checkpoint: &Checkpoint,
        reached: &Checkpoint,
        changed: bool,
    ) -> Result<bool, sqlx::Error>;

    /// Changes the stage of a model, if nobody else has moved it, and says whether it did.
    async fn enter(&mut self, checkpoint: &Checkpoint, stage: Stage) -> Result<bool, sqlx::Error>;

    /// Removes the bookkeeping of a model.
    async fn delete(&mut self, checkpoint: &Checkpoint) -> Result<(), sqlx::Error>;

    /// Writes rows.
    async fn write(&mut self, table: &str, rows: Rows) -> Result<(), sqlx::Error>;

    /// Makes an empty table for a model of this projection.
    async fn create(&mut self, name: ProjectionName, table: &str) -> Result<(), sqlx::Error>;

    /// Makes what was left out while many rows were written: indexes that are cheaper to build at once.
    async fn index(&mut self, name: ProjectionName, table: &str) -> Result<(), sqlx::Error>;

    /// Gives a table another name.
    async fn rename(&mut self, from: &str, to: &str) -> Result<(), sqlx::Error>;

    /// Drops a table, if it is there.
    async fn remove(&mut self, table: &str) -> Result<(), sqlx::Error>;

    /// Writes down that a projection stands still.
    async fn set_stop(&mut self, stop: &Stop) -> Result<(), sqlx::Error>;

    /// Removes what [`Transaction::set_stop`] wrote, if it is about the event at `position`, and says whether it was there.
    async fn clear_stop(&mut self, name: ProjectionName, version: u32, position: Position)
    -> Result<bool, sqlx::Error>;

    /// Makes it all so.
    async fn commit(self: Box<Self>) -> Result<(), sqlx::Error>;
}
