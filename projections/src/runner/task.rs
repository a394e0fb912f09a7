use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::sleep;

use super::Worker;
use crate::decoded::Batch;
use crate::shared::Shared;
use crate::store::Stage;
use crate::{ProjectionError, State};

/// Batches that are written in one transaction when they have piled up.
const COALESCED: usize = 16;
/// How long to wait after the database or the log failed.
const PAUSE: Duration = Duration::from_secs(1);

/// Runs one projection until its batches end: applies them, shows how far it is, stops at an event that it cannot apply, and
/// goes on after a rebuild.
pub(crate) async fn run(worker: Worker, shared: Arc<Shared>, batches: mpsc::Receiver<Batch>) {
    let replaced = shared.replaced.subscribe();
    let mut task = Task {
        worker,
        shared,
        batches,
        replaced,
    };
    while let Some(batch) = task.next().await {
        if let Err(reason) = task.take(batch).await {
            task.stop(&reason).await;
        }
    }
    if let Err(error) = task.worker.write().await {
        tracing::warn!(projection = %task.shared.name, %error, "the last checkpoint could not be stored; a few events are read again at the next start");
    }
}

struct Task {
    worker: Worker,
    shared: Arc<Shared>,
    batches: mpsc::Receiver<Batch>,
    replaced: watch::Receiver<u64>,
}

impl Task {
    /// The next batch; none when there will be no more. Meanwhile, a rebuild is followed.
    async fn next(&mut self) -> Option<Batch> {
        loop {
            tokio::select! {
                batch = self.batches.recv() => return batch,
                Ok(()) = self.replaced.changed() => {
                    if let Err(error) = self.worker.reload().await {
                        tracing::warn!(projection = %self.shared.name, %error, "a rebuilt model could not be opened");
                    }
                }
            }
        }
    }

    /// Applies a batch and those that wait behind it.
    async fn take(&mut self, mut batch: Batch) -> Result<(), ProjectionError> {
        for left in (0..COALESCED).rev() {
            let next = if left > 0 { self.batches.try_recv().ok() } else { None };
            batch.caught_up &= next.is_none();
            self.apply(&batch).await?;
            match next {
                Some(next) => batch = next,
                None => break,
            }
        }
        Ok(())
    }

    /// Applies one batch, again and again while the database or the log cannot be used.
    async fn apply(&mut self, batch: &Batch) -> Result<(), ProjectionError> {
        loop {
            match self.step(batch).await {
                Err(error @ (ProjectionError::Poison { .. } | ProjectionError::Corrupt(_))) => return Err(error),
                Err(_) if self.batches.is_closed() => return Ok(()),
                Err(error) => {
                    tracing::warn!(projection = %self.shared.name, %error, "events could not be applied; they are tried again");
                    sleep(PAUSE).await;
                    if let Err(error) = self.worker.reload().await {
                        tracing::warn!(projection = %self.shared.name, %error, "the checkpoint could not be read");
                    }
                }
                Ok(()) => return Ok(()),
            }
        }
    }

    async fn step(&mut self, batch: &Batch) -> Result<(), ProjectionError> {
        self.worker.take(batch).await?;
        if batch.caught_up && self.worker.checkpoint().stage == Stage::Building {
            self.worker.take_over().await?;
        }
        self.show(None);
        Ok(())
    }

    /// Shows how far the projection is, to those who wait as well.
    fn show(&self, stopped: Option<State>) {
        let checkpoint = self.worker.checkpoint();
        let live = checkpoint.stage == Stage::Live;
        self.shared.progress.send_modify(|progress| {
            progress.generation = checkpoint.generation;
            progress.live = live;
            progress.state = stopped.unwrap_or(if live { State::Running } else { State::Rebuilding });
            if let Some((position, recorded_at)) = self.worker.visible() {
                progress.position = position;
                progress.recorded_at = recorded_at;
            }
        });
    }

    /// Stands still at an event until a rebuild has passed it, or the end.
    async fn stop(&mut self, reason: &ProjectionError) {
        if let Err(error) = self.worker.take_over_if_alone().await {
            tracing::warn!(projection = %self.shared.name, %error, "what came before the event cannot be read");
        }
        tracing::error!(projection = %self.shared.name, error = %reason, "the projection has stopped; the others go on");
        let state = match reason {
            ProjectionError::Poison { position, reason, .. } => State::Stopped {
                at: *position,
                reason: reason.clone(),
            },
            other => State::Stopped {
                at: self.worker.checkpoint().position,
                reason: other.to_string(),
            },
        };
        self.show(Some(state));
        loop {
            tokio::select! {
                batch = self.batches.recv() => if batch.is_none() { return },
                Ok(()) = self.replaced.changed() => match self.worker.reload().await {
                    Ok(()) => return self.show(None),
                    Err(error) => tracing::warn!(projection = %self.shared.name, %error, "a rebuilt model could not be opened"),
                }
            }
        }
    }
}
