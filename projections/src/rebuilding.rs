use std::sync::Arc;

use domain::Position;
use eventlog::EventLog;

use crate::part::Parts;
use crate::runner::{self, Verification, Worker};
use crate::store::{Checkpoint, Generation, Stage};
use crate::{ProjectionError, ProjectionName, Projections, State};

/// What tools do with whole models.
impl Projections {
    /// Builds new models of these projections from the log, beside the live ones, and puts each in its place in one step.
    /// Readers notice nothing. `progress` is told how far the reading is, and where the log ends.
    ///
    /// # Errors
    /// The first that could not be built; its live model stays.
    pub async fn rebuild(
        &self,
        names: &[ProjectionName],
        log: Arc<dyn EventLog>,
        progress: impl FnMut(Position, Position) + Send,
    ) -> Result<(), ProjectionError> {
        let mut wanted = Vec::with_capacity(names.len());
        for name in names {
            let live = Generation::live(&*self.store, *name).await?;
            wanted.push((*name, live.first().map_or(Parts::ONE, |live| live.part.parts())));
        }
        self.build(&wanted, log, progress).await
    }

    /// Builds a new model of a projection from the log, as [`Projections::rebuild`] does, which then has so many parts, by
    /// account: each is applied by whatever process holds its lease, at the same time as the others.
    ///
    /// # Errors
    /// [`ProjectionError::OneWriter`] where one process has the database for itself; [`ProjectionError::Undivided`] for a
    /// model that cannot be split; when it could not be built, and the live model stays.
    pub async fn split(
        &self,
        name: ProjectionName,
        parts: Parts,
        log: Arc<dyn EventLog>,
        progress: impl FnMut(Position, Position) + Send,
    ) -> Result<(), ProjectionError> {
        if self.store.leases().is_none() {
            return Err(ProjectionError::OneWriter);
        }
        if !name.is_by_account() {
            return Err(ProjectionError::Undivided(name));
        }
        self.build(&[(name, parts)], log, progress).await
    }

    async fn build(
        &self,
        wanted: &[(ProjectionName, Parts)],
        log: Arc<dyn EventLog>,
        progress: impl FnMut(Position, Position) + Send,
    ) -> Result<(), ProjectionError> {
        let mut workers = Vec::with_capacity(wanted.len());
        let mut started = Vec::with_capacity(wanted.len());
        for (name, parts) in wanted {
            let version = self.shared(*name).version;
            let checkpoint = Generation::start(&*self.store, *name, version, log.log_id(), *parts, None).await?;
            started.push(checkpoint.generation);
            let (store, projector) = (Arc::clone(&self.store), self.projector(*name, false));
            workers.push(Worker::open(store, Arc::clone(&log), projector, checkpoint, None).await?);
        }
        let outcome = runner::build(&log, workers, progress).await;
        for ((name, _), generation) in wanted.iter().zip(started) {
            let failed = |c: &Checkpoint| c.stage == Stage::Building && c.generation == generation;
            Generation::sweep(&*self.store, *name, failed, None).await?;
            self.projector(*name, true).followed(None);
            let shared = self.shared(*name);
            shared.replaced.send_modify(|count| *count += 1);
            let live = Generation::live(&*self.store, *name).await?;
            if shared.status().state == State::Idle {
                shared.show(&live);
            }
        }
        outcome
    }

    /// Compares the live model of a projection with a fresh fold of the log.
    ///
    /// # Errors
    /// [`ProjectionError`]; a difference is no error, see [`Verification::holds`].
    pub async fn verify(&self, name: ProjectionName, log: Arc<dyn EventLog>) -> Result<Verification, ProjectionError> {
        let version = self.shared(name).version;
        runner::verify(&*self.store, &log, (name, version), self.projector(name, false)).await
    }

    /// Drops the models of older versions, which stay beside the live ones for an older program.
    ///
    /// # Errors
    /// [`ProjectionError::Database`].
    pub async fn drop_retired(&self, name: ProjectionName) -> Result<(), ProjectionError> {
        Generation::sweep(&*self.store, name, |c| c.stage == Stage::Retired, None).await
    }
}
