use std::sync::Arc;

use domain::{Position, Sha256Digest};
use eventlog::EventLog;
use serde::Serialize;

use super::Worker;
use crate::part::Parts;
use crate::projector::Projector;
use crate::store::{Generation, SqliteStore, Stage, Store};
use crate::{ProjectionError, ProjectionName};

/// What came of comparing a live model with the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// The projection.
    pub name: ProjectionName,
    /// Up to where both have applied the log: all of it that comes before, and more where a part is further.
    pub position: Position,
    /// The digest of the live model.
    pub live: Sha256Digest,
    /// The digest of the model that was folded anew.
    pub fresh: Sha256Digest,
}

impl Verification {
    /// Whether the live model is what the log says.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.live == self.fresh
    }
}

/// Folds the log anew, in a file of its own, up to where the live model is, and compares. Both pass the same events by.
pub(crate) async fn verify(
    store: &dyn Store,
    log: &Arc<dyn EventLog>,
    (name, version): (ProjectionName, u32),
    projector: Box<dyn Projector>,
) -> Result<Verification, ProjectionError> {
    let live = store.digest(name, Stage::Live).await?;
    let (mut live, digest) = live.ok_or(ProjectionError::NotBuilt(name))?;
    live.retain(|part| part.version == version);
    let positions: Vec<Position> = live.iter().map(|part| part.position).collect();
    let slowest = positions.iter().min().copied().ok_or(ProjectionError::NotBuilt(name))?;
    let scratch = match store.folder() {
        Some(folder) => tempfile::tempdir_in(folder),
        None => tempfile::tempdir(),
    };
    let scratch = scratch.map_err(sqlx::Error::Io)?;
    let fresh: Arc<dyn Store> = Arc::new(SqliteStore::open(&scratch.path().join("read.db")).await?);
    let outcome = fold(&fresh, log, (name, version), projector, positions).await;
    fresh.close().await;
    Ok(Verification {
        name,
        position: slowest,
        live: digest,
        fresh: outcome?,
    })
}

/// The digest of a model that was folded anew, each of its parts up to where the live one is.
async fn fold(
    fresh: &Arc<dyn Store>,
    log: &Arc<dyn EventLog>,
    (name, version): (ProjectionName, u32),
    projector: Box<dyn Projector>,
    positions: Vec<Position>,
) -> Result<Sha256Digest, ProjectionError> {
    let checkpoint = Generation::start(&**fresh, name, version, log.log_id(), Parts::ONE, None).await?;
    let mut worker = Worker::open(Arc::clone(fresh), Arc::clone(log), projector, checkpoint, None).await?;
    let furthest = positions.iter().max().copied().unwrap_or_default();
    worker.limit(positions);
    worker.catch_up(furthest).await?;
    worker.write().await?;
    let digest = fresh.digest(name, Stage::Building).await?;
    digest.map(|(_, digest)| digest).ok_or(ProjectionError::NotBuilt(name))
}
