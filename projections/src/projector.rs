use async_trait::async_trait;
use domain::{AccountId, Category, Position, StreamId};
use eventlog::StoredEvent;

use crate::decoded::Decoded;
use crate::store::{Rows, Store};

/// One projection's way from events to rows. The runner owns the checkpoint and the transaction.
#[async_trait]
pub(crate) trait Projector: Send + Sync {
    /// Whether events of this category can matter.
    fn concerns(&self, category: Category) -> bool;

    /// The account whose part of the model the event goes into: all that changes a row has the same one.
    fn account<'a>(&self, event: &'a StoredEvent) -> Option<&'a AccountId> {
        match &event.stream {
            StreamId::Account(account) | StreamId::Integration(account, _) | StreamId::Access(account) => Some(account),
            StreamId::Provider(_) | StreamId::Token(_) | StreamId::Keyring | StreamId::Operations => None,
        }
    }

    /// Takes events into memory, in order, up to the first that cannot be taken.
    async fn take(&mut self, events: &[&Decoded], store: &dyn Store) -> Result<(), Halt>;

    /// How many rows wait to be written.
    fn pending(&self) -> usize;

    /// Whether so many rows wait that they should be written, even if more are on their way.
    fn is_full(&self) -> bool;

    /// The rows that are to be written. They count as written from here on.
    fn rows(&mut self) -> Result<Rows, sqlx::Error>;

    /// After the commit of those rows: readers may see them. Says whether there was any change.
    fn committed(&mut self) -> bool;

    /// Forgets all that was taken and not committed, and what was read for it.
    fn reset(&mut self);

    /// Notes events that another process writes the rows of: they tell what readers must not keep.
    fn notice(&mut self, _events: &[Decoded]) {}

    /// Another process has changed rows, all up to `position`: readers forget what it may have changed. Without a
    /// position, that is everything.
    fn followed(&mut self, position: Option<Position>);

    /// Works on this table from here on; `empty` when it has no rows yet.
    fn use_table(&mut self, table: &str, empty: bool);

    /// Catching up is over: keeps little in memory.
    fn relax(&mut self);
}

/// Why a projector took no more events.
#[derive(Debug)]
pub(crate) enum Halt {
    /// The event at this index can neither be applied nor passed by.
    Poison { index: usize, reason: String },
    /// The documents could not be read. Nothing of this batch counts.
    Database(sqlx::Error),
    /// A document that was read is not of its form.
    Corrupt,
}
