use domain::Position;
use eventlog::EventLog;
use uuid::Uuid;

use crate::store::Purpose;
use crate::{ProjectionError, ProjectionName, Projections};

/// What can be done with a projection that has stopped before an event.
impl Projections {
    /// Has a projection that stands still at the event at `position` try again, in whatever process it runs: after the
    /// reason is gone. A restart tries again as well.
    ///
    /// # Errors
    /// [`ProjectionError::NotStopped`], [`ProjectionError::Database`].
    pub async fn retry(&self, name: ProjectionName, position: Position) -> Result<(), ProjectionError> {
        self.resume(name, position, None).await
    }

    /// Has a projection that stands still at the event at `position` pass it by, now and whenever its model is built from
    /// this log: the event is no part of the model from then on. That is a decision which somebody has to answer for; the
    /// caller has it written down in the log *before*, see ADR 15.
    ///
    /// # Errors
    /// [`ProjectionError::NotStopped`], [`ProjectionError::Database`].
    pub async fn skip(
        &self,
        name: ProjectionName,
        position: Position,
        log: &dyn EventLog,
    ) -> Result<(), ProjectionError> {
        self.resume(name, position, Some(log.log_id())).await
    }

    async fn resume(
        &self,
        name: ProjectionName,
        position: Position,
        skip: Option<Uuid>,
    ) -> Result<(), ProjectionError> {
        let version = self.shared(name).version;
        let mut tx = self.store.begin(name, Purpose::Rows, None).await?;
        if !tx.clear_stop(name, version, position).await? {
            return Err(ProjectionError::NotStopped { name, position });
        }
        if let Some(log_id) = skip {
            tx.skip(name, log_id, position).await?;
        }
        tx.commit().await?;
        self.shared(name).resume();
        Ok(())
    }

    /// The events of this log that a projection passes by, because of [`Projections::skip`].
    ///
    /// # Errors
    /// [`ProjectionError::Database`].
    pub async fn skipped(&self, name: ProjectionName, log: &dyn EventLog) -> Result<Vec<Position>, ProjectionError> {
        Ok(self.store.skips(name, log.log_id()).await?)
    }
}
