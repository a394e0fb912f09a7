use std::sync::Arc;
use std::time::Duration;

use eventlog::{Causes, Outage};
use tokio::sync::watch;
use tokio::time::sleep;

use super::begin::clear_stop;
use super::task::{End, Task, Tenure};
use super::{Outlook, Worker};
use crate::decoded::Batch;
use crate::store::{Checkpoint, Fence, Purpose, Stage, Stop};
use crate::{ProjectionError, State};

/// Batches that are written in one transaction when they have piled up.
const COALESCED: usize = 16;
/// How long to wait after the database or the log failed.
const PAUSE: Duration = Duration::from_secs(1);
/// How often a projection that stands still looks whether it should try again.
const LOOK: Duration = Duration::from_millis(250);

/// Applies events, for as long as this process is the one that does: shows how far it is, stops at an event that it cannot
/// apply, and goes on after a rebuild or when somebody says so.
pub(super) struct Hold<'a> {
    task: &'a mut Task,
    fence: Option<Fence>,
    replaced: watch::Receiver<u64>,
    outlook: Option<watch::Receiver<Outlook>>,
    /// That nothing can be applied, for want of the database or the log.
    outage: Outage,
}

/// What a step came to.
enum Step {
    Done,
    /// The projection stands still.
    Stopped(ProjectionError),
    Over(End),
}

impl<'a> Hold<'a> {
    pub(super) fn new(task: &'a mut Task, fence: Option<Fence>) -> Self {
        Self {
            replaced: task.shared.replaced.subscribe(),
            outlook: task.outlook.clone(),
            outage: Outage::new(),
            fence,
            task,
        }
    }

    pub(super) async fn run(mut self, worker: Option<Worker>) -> End {
        let (mut worker, mut step) = match worker {
            Some(worker) => (worker, Step::Done),
            None => match self.open().await {
                Ok(mut worker) => {
                    let step = self.catch_up(&mut worker).await;
                    (worker, step)
                }
                Err(end) => return end,
            },
        };
        let end = loop {
            step = match step {
                Step::Done => match self.next(&mut worker).await {
                    Ok(batch) => self.take(&mut worker, batch).await,
                    Err(end) => break end,
                },
                Step::Stopped(reason) => match self.stop(&mut worker, &reason).await {
                    Ok(()) => self.catch_up(&mut worker).await,
                    Err(end) => break end,
                },
                Step::Over(end) => break end,
            };
        };
        if end == End::Ended
            && let Err(error) = worker.write().await
        {
            tracing::warn!(projection = %self.task.shared.name, cause = %Causes(&error), "the last checkpoint could not be stored; a few events are read again at the next start");
        }
        end
    }

    /// A worker, as soon as the database lets us have one.
    async fn open(&mut self) -> Result<Worker, End> {
        loop {
            // What the batches have brought is in the log, so that a model that is as far is not ahead of it.
            let head = match self.task.log.read_all(self.task.latest, 1).await {
                Ok(page) => page.head.max(self.task.latest),
                Err(_) => self.task.latest,
            };
            match self.task.open(self.fence, head).await {
                Ok(worker) => return Ok(worker),
                Err(error) => {
                    self.complain(&error);
                    self.pause().await?;
                }
            }
        }
    }

    /// Takes what came to other processes' ears, or while the projection stood still.
    async fn catch_up(&mut self, worker: &mut Worker) -> Step {
        let rest = self.rest();
        self.take(worker, rest).await
    }

    /// The next batch. Meanwhile, a rebuild is followed.
    async fn next(&mut self, worker: &mut Worker) -> Result<Batch, End> {
        loop {
            tokio::select! {
                batch = self.task.next() => return batch.ok_or(End::Ended),
                Ok(()) = self.replaced.changed() => if self.reload(worker).await {
                    return Ok(self.rest());
                },
                Some(()) = moved(&mut self.outlook) => {
                    self.check()?;
                    if self.is_disowned(worker.checkpoint()).await {
                        return Err(End::Moved);
                    }
                    if self.is_replaced(worker.checkpoint()) && self.reload(worker).await {
                        return Ok(self.rest());
                    }
                }
            }
        }
    }

    /// Whether whoever applies another part has disowned the model: that part holds what the log does not any more.
    async fn is_disowned(&self, checkpoint: &Checkpoint) -> bool {
        let is_there = |c: &Checkpoint| c.serves(checkpoint.version) && c.log_id == checkpoint.log_id;
        let outlook = self.outlook.as_ref().map(watch::Receiver::borrow);
        let seen = outlook.is_none_or(|outlook| outlook.model.as_ref().is_some_and(is_there));
        if seen || checkpoint.stage == Stage::Building {
            return false;
        }
        // What was looked at may be older than the model.
        let all = self.task.store.checkpoints(checkpoint.name).await;
        all.is_ok_and(|all| !all.iter().any(is_there))
    }

    /// Goes on with the model that took over, and says whether that went well.
    async fn reload(&self, worker: &mut Worker) -> bool {
        let reloaded = worker.reload().await;
        if let Err(error) = &reloaded {
            tracing::warn!(projection = %self.task.shared.name, cause = %Causes(error), "a rebuilt model could not be opened");
        }
        reloaded.is_ok()
    }

    /// What came by already, and may not be in a model that is gone on with: it is read from the log again.
    fn rest(&self) -> Batch {
        Batch {
            after: self.task.latest,
            events: Arc::default(),
            caught_up: true,
        }
    }

    /// Whether another process has put another model in this one's place.
    fn is_replaced(&self, checkpoint: &Checkpoint) -> bool {
        let Some(outlook) = &self.outlook else { return false };
        let outlook = outlook.borrow();
        let live = outlook.model.as_ref();
        live.is_some_and(|live| live.generation > checkpoint.generation)
    }

    /// Refuses to go on when the lease is lost.
    fn check(&self) -> Result<(), End> {
        if self.task.tenure() == Tenure::Here(self.fence) {
            Ok(())
        } else {
            Err(End::Moved)
        }
    }

    /// Waits a moment, unless all is over. What comes by meanwhile is let go, so that nobody else waits for this projection;
    /// it is read from the log again. Says whether the last of it was the newest event.
    async fn pause(&mut self) -> Result<Option<bool>, End> {
        let mut caught_up = None;
        let over = sleep(PAUSE);
        tokio::pin!(over);
        loop {
            tokio::select! {
                () = &mut over => break,
                Some(()) = moved(&mut self.outlook) => break,
                batch = self.task.next() => caught_up = Some(batch.ok_or(End::Ended)?.caught_up),
            }
        }
        self.check()?;
        Ok(caught_up)
    }

    /// Applies a batch and those that wait behind it.
    async fn take(&mut self, worker: &mut Worker, mut batch: Batch) -> Step {
        for left in (0..COALESCED).rev() {
            let next = if left > 0 { self.task.try_next() } else { None };
            batch.caught_up &= next.is_none();
            match self.apply(worker, batch).await {
                Step::Done => {}
                other => return other,
            }
            match next {
                Some(next) => batch = next,
                None => break,
            }
        }
        Step::Done
    }

    /// Applies one batch, again and again while the database or the log cannot be used.
    async fn apply(&mut self, worker: &mut Worker, mut batch: Batch) -> Step {
        loop {
            match self.step(worker, &batch).await {
                Ok(()) => {
                    self.recover();
                    return Step::Done;
                }
                Err(error @ (ProjectionError::Poison { .. } | ProjectionError::Corrupt(_))) => {
                    return Step::Stopped(error);
                }
                Err(error) => {
                    if let Err(end) = self.check() {
                        return Step::Over(end);
                    }
                    self.complain(&error);
                    if matches!(error, ProjectionError::SetBack(_)) {
                        return Step::Over(End::Moved);
                    }
                    match self.pause().await {
                        Ok(newest) => {
                            let caught_up = newest.unwrap_or(batch.caught_up);
                            batch = Batch {
                                caught_up,
                                ..self.rest()
                            };
                        }
                        Err(end) => return Step::Over(end),
                    }
                    match worker.reload().await {
                        Ok(()) => {}
                        // Its model is gone, or another's: it begins anew.
                        Err(ProjectionError::NotBuilt(_) | ProjectionError::Superseded(_)) => {
                            return Step::Over(End::Moved);
                        }
                        Err(error) => self.complain(&error),
                    }
                }
            }
        }
    }

    async fn step(&self, worker: &mut Worker, batch: &Batch) -> Result<(), ProjectionError> {
        worker.take(batch).await?;
        if batch.caught_up && worker.checkpoint().stage == Stage::Building {
            worker.take_over().await?;
        }
        self.show(worker, None);
        Ok(())
    }

    /// Shows how far the projection is, to those who wait as well.
    fn show(&self, worker: &Worker, stopped: Option<State>) {
        self.task.shared.apply(worker.checkpoint(), worker.visible(), stopped);
    }

    /// Stands still at an event until a rebuild has passed it, somebody has it tried again or passed by, or the end.
    async fn stop(&mut self, worker: &mut Worker, reason: &ProjectionError) -> Result<(), End> {
        match worker.take_over_if_alone().await {
            Ok(true) => self.task.shared.taken_over(worker.checkpoint()),
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(projection = %self.task.shared.name, cause = %Causes(&error), "what came before the event cannot be read");
            }
        }
        tracing::error!(projection = %self.task.shared.name, cause = %Causes(reason), "the projection has stopped; the others go on");
        let (position, reason) = match reason {
            ProjectionError::Poison { position, reason, .. } => (*position, reason.clone()),
            other => (worker.checkpoint().position, other.to_string()),
        };
        let stop = Stop {
            name: self.task.shared.name,
            version: self.task.shared.version,
            part: self.task.part,
            position,
            reason,
        };
        if let Err(error) = self.write_down(&stop).await {
            tracing::warn!(projection = %stop.name, cause = %Causes(&error), "where the projection stands could not be written down");
        }
        // Somebody may have said so, and had it tried again, before it stood here for all to see.
        if worker.is_told_otherwise().await.unwrap_or(false) && self.resume(worker).await {
            return Ok(());
        }
        let state = State::Stopped {
            at: stop.position,
            reason: stop.reason.clone(),
        };
        self.show(worker, Some(state));
        loop {
            tokio::select! {
                batch = self.task.next() => if batch.is_none() {
                    return Err(End::Ended);
                },
                Ok(()) = self.replaced.changed() => {
                    if self.resume(worker).await {
                        return Ok(());
                    }
                }
                Some(()) = moved(&mut self.outlook) => {
                    self.check()?;
                    if self.is_disowned(worker.checkpoint()).await {
                        return Err(End::Moved);
                    }
                    if self.is_replaced(worker.checkpoint()) && self.resume(worker).await {
                        return Ok(());
                    }
                }
                () = sleep(LOOK) => {
                    let standing = self.task.store.stops(stop.name, stop.version).await;
                    let free = standing.is_ok_and(|stops| stops.iter().all(|other| other.part != stop.part));
                    if free && self.resume(worker).await {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Writes down, for every process, that the projection stands still.
    async fn write_down(&self, stop: &Stop) -> Result<(), ProjectionError> {
        let begun = self.task.store.begin(stop.name, Purpose::Rows, self.fence.as_ref());
        let mut tx = begun.await?;
        tx.set_stop(stop).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Starts again from what is stored.
    async fn resume(&mut self, worker: &mut Worker) -> bool {
        let cleared = clear_stop(
            &*self.task.store,
            &self.task.shared,
            self.task.part,
            self.fence.as_ref(),
        )
        .await;
        let reloaded = match cleared {
            Ok(()) => worker.reload().await,
            Err(error) => Err(error),
        };
        match &reloaded {
            Ok(()) => self.recover(),
            Err(error) => self.complain(error),
        }
        reloaded.is_ok()
    }

    /// Says that nothing can be applied now, however often it is tried.
    fn complain(&mut self, error: &ProjectionError) {
        if self.outage.is_news() {
            tracing::warn!(projection = %self.task.shared.name, cause = %Causes(error), "no events can be applied now; it is tried again");
        }
    }

    /// Says that they can be applied again.
    fn recover(&mut self) {
        if let Some(lasted) = self.outage.over() {
            tracing::info!(projection = %self.task.shared.name, ?lasted, "events are applied again");
        }
    }
}

/// Waits until there is something new in the bookkeeping; for ever where nobody looks.
async fn moved(outlook: &mut Option<watch::Receiver<Outlook>>) -> Option<()> {
    match outlook {
        Some(outlook) => outlook.changed().await.ok(),
        None => std::future::pending().await,
    }
}
