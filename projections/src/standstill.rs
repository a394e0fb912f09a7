use domain::Position;
use eventlog::{EventLog, StoredEvent};

use crate::store::{Checkpoint, Purpose};
use crate::{ProjectionError, ProjectionName, Projections};

/// Events that are read at once on the way to the one before which a projection stands.
const PAGE: usize = 512;

/// What can be done with a projection that has stopped before an event.
impl Projections {
    /// Has a projection that stands still before the event at `position` try again, in whatever process it runs: after the
    /// reason is gone, or after it stands in the log that the event is passed by, as
    /// [`domain::operation::ProjectionEventSkipped`]. Every start, and every build, heeds that note as well: the event is no
    /// part of the model from then on. A restart tries again too.
    ///
    /// # Errors
    /// [`ProjectionError::NotStopped`], [`ProjectionError::Database`].
    pub async fn retry(&self, name: ProjectionName, position: Position) -> Result<(), ProjectionError> {
        let version = self.shared(name).version;
        let mut tx = self.store.begin(name, Purpose::Rows, None).await?;
        if !tx.clear_stop(name, version, position).await? {
            return Err(ProjectionError::NotStopped { name, position });
        }
        tx.commit().await?;
        self.shared(name).resume(position);
        Ok(())
    }

    /// The event at `position`, if a projection stands still before it: what somebody can decide about who has it passed by.
    ///
    /// # Errors
    /// [`ProjectionError::NotStopped`], also when it stands still for another reason than an event;
    /// [`ProjectionError::Database`], [`ProjectionError::Log`].
    pub async fn stopped_before(
        &self,
        name: ProjectionName,
        position: Position,
        log: &dyn EventLog,
    ) -> Result<StoredEvent, ProjectionError> {
        let refusal = ProjectionError::NotStopped { name, position };
        let version = self.shared(name).version;
        let mut stops = self.store.stops(name, version).await?.into_iter();
        let Some(stop) = stops.find(|stop| stop.position == position) else {
            return Err(refusal);
        };
        // What comes before the event is applied, so that it is the next one, or not far.
        let all = self.store.checkpoints(name).await?;
        let mine = |c: &&Checkpoint| c.version == version && c.part.index() == stop.part && c.log_id == log.log_id();
        let mine = all.iter().filter(mine);
        let mut after = mine.map(|c| c.position).max().unwrap_or_default();
        loop {
            let page = log.read_all(after, PAGE).await?;
            let (next, leads_on) = (page.next, page.leads_on(after));
            if let Some(event) = page.events.into_iter().find(|event| event.position >= position) {
                return Some(event).filter(|event| event.position == position).ok_or(refusal);
            }
            if !leads_on {
                return Err(refusal);
            }
            after = next;
        }
    }
}
