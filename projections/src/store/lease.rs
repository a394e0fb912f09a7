use async_trait::async_trait;
use uuid::Uuid;

use super::{Checkpoint, Stop};
use crate::ProjectionName;
use crate::part::Part;

/// The right to write a part of the models of one version of a projection, while the lease lasts. A transaction that is begun with it
/// fails once anybody else has, or may have, taken the lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fence {
    pub(crate) name: ProjectionName,
    pub(crate) version: u32,
    pub(crate) part: u32,
    /// Who holds it: one for each process that opened the database.
    pub(crate) owner: Uuid,
    /// Counts how often the lease was taken, by whomever.
    pub(crate) epoch: i64,
}

/// What a process that does not write a part of a projection knows of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Glance {
    pub(crate) name: ProjectionName,
    /// There is a first part even where there is no model yet.
    pub(crate) part: Part,
    /// The model that a program of this version reads, if there is one.
    pub(crate) model: Option<Checkpoint>,
    /// The event before which it stands still, if it does.
    pub(crate) stop: Option<Stop>,
    /// Whether nobody holds the lease.
    pub(crate) free: bool,
    /// How many processes would apply events of the projection.
    pub(crate) nodes: u32,
}

/// The leases of a database that several processes share. Only its own clock counts.
#[async_trait]
pub(crate) trait Leases: Send + Sync {
    /// Looks at all parts of the projections, each with its version.
    async fn look(&self, wanted: &[(ProjectionName, u32)]) -> Result<Vec<Glance>, sqlx::Error>;

    /// Takes a lease that nobody holds; none when somebody was faster.
    async fn take(&self, name: ProjectionName, version: u32, part: u32) -> Result<Option<Fence>, sqlx::Error>;

    /// Says that this process would apply the events of these projections, for as long as a lease lasts.
    async fn volunteer(&self, wanted: &[(ProjectionName, u32)]) -> Result<(), sqlx::Error>;

    /// Says that it will not.
    async fn withdraw(&self) -> Result<(), sqlx::Error>;

    /// Makes these last longer and says which of them are lost: they had run out.
    async fn renew(&self, held: &[Fence]) -> Result<Vec<Fence>, sqlx::Error>;

    /// Gives these back before their time. One that a transaction still goes on under runs out by itself.
    async fn release(&self, held: &[Fence]) -> Result<(), sqlx::Error>;

    /// Listens for hints that something has moved. They may be missed.
    async fn hints(&self) -> Result<Box<dyn Hints>, sqlx::Error>;
}

/// Hints that something in the database has moved.
#[async_trait]
pub(crate) trait Hints: Send {
    /// Waits for the next, and takes those that are there already along. Cancel-safe.
    ///
    /// # Errors
    /// The connection is gone; the next call makes a new one.
    async fn next(&mut self) -> Result<(), sqlx::Error>;
}
