//! The read database. All SQL of the read side stands here: what the others know of it is [`Store`], with an adapter for each
//! kind of database.

mod checkpoint;
mod digest;
mod generation;
mod landmark;
mod lease;
mod port;
mod postgres;
mod rows;
mod scope;
mod select;
mod sqlite;
mod stop;

pub(crate) use checkpoint::{Checkpoint, Stage};
pub(crate) use digest::Digester;
pub(crate) use generation::Generation;
pub(crate) use landmark::Landmark;
pub(crate) use lease::{Fence, Glance, Hints, Leases};
pub(crate) use port::{Purpose, Store, Transaction};
pub(crate) use postgres::PostgresStore;
pub(crate) use rows::{DocumentRow, Envelope, EventRow, Happened, Rows};
pub(crate) use scope::Scope;
pub(crate) use select::{DocumentSelect, EventSelect, Way};
pub(crate) use sqlite::SqliteStore;
pub(crate) use stop::Stop;

use domain::Position;
use uuid::Uuid;

/// Databases' integers are signed.
fn position_to(position: Position) -> Result<i64, sqlx::Error> {
    i64::try_from(position.to_stored()).map_err(|e| sqlx::Error::Encode(Box::new(e)))
}

fn position_from(stored: i64) -> Result<Position, sqlx::Error> {
    u64::try_from(stored)
        .map(Position::from_stored)
        .map_err(|e| sqlx::Error::Decode(Box::new(e)))
}

/// A UUID, stored as its 16 bytes.
fn uuid_from(bytes: &[u8]) -> Result<Uuid, sqlx::Error> {
    Uuid::from_slice(bytes).map_err(|e| sqlx::Error::Decode(Box::new(e)))
}
