use std::path::Path;
use std::sync::Arc;

use domain::{Position, Sha256Digest};
use eventlog::EventLog;
use serde::Serialize;
use sqlx::Connection;

use super::Worker;
use crate::projector::Projector;
use crate::store::{Checkpoint, Digester, Generation, ReadStore};
use crate::{ProjectionError, ProjectionName};

/// What came of comparing a live model with the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// The projection.
    pub name: ProjectionName,
    /// Up to where both have applied the log.
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

/// Folds the log anew, in a file of its own beside the read database, up to where the live model is, and compares.
pub(crate) async fn verify(
    store: &ReadStore,
    folder: &Path,
    log: &Arc<dyn EventLog>,
    (name, version): (ProjectionName, u32),
    projector: Box<dyn Projector>,
) -> Result<Verification, ProjectionError> {
    let (live, digest) = digest_of_live(store, name, version).await?;
    let scratch = tempfile::tempdir_in(folder).map_err(sqlx::Error::Io)?;
    let fresh = ReadStore::open(&scratch.path().join("read.db")).await?;
    let checkpoint = Generation::start(&fresh, name, version, log.log_id()).await?;
    let mut worker = Worker::new(fresh.clone(), Arc::clone(log), projector, checkpoint);
    worker.catch_up(live.position).await?;
    worker.write().await?;
    let table = Generation::table(worker.checkpoint());
    drop(worker);
    let fresh_digest = Digester::of(&mut *fresh.writer().await, name, &table).await?;
    fresh.close().await?;
    Ok(Verification {
        name,
        position: live.position,
        live: digest,
        fresh: fresh_digest,
    })
}

/// The live model's checkpoint and digest, of one moment.
async fn digest_of_live(
    store: &ReadStore,
    name: ProjectionName,
    version: u32,
) -> Result<(Checkpoint, Sha256Digest), ProjectionError> {
    let mut reader = store.readers().acquire().await?;
    let mut moment = reader.begin().await?;
    let live = Checkpoint::live(&mut *moment, name).await?;
    let live = live
        .filter(|live| live.version == version)
        .ok_or(ProjectionError::NotBuilt(name))?;
    let digest = Digester::of(&mut moment, name, &Generation::table(&live)).await?;
    moment.rollback().await?;
    Ok((live, digest))
}
