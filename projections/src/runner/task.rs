use std::sync::Arc;

use domain::Position;
use eventlog::{Causes, EventLog, LogError};
use tokio::sync::{mpsc, watch};

use super::begin::begin;
use super::hold::Hold;
use super::horizon::Horizon;
use super::{Outlook, Worker};
use crate::decoded::{Batch, Decoded};
use crate::part::Share;
use crate::projector::Projector;
use crate::shared::Shared;
use crate::store::{Checkpoint, Fence, Store};
use crate::{ProjectionError, State};

/// Runs a projection, or a part of one, until its batches end: applies them while this process is the one that
/// does, and follows the one that does otherwise.
pub(crate) struct Task {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) log: Arc<dyn EventLog>,
    pub(crate) shared: Arc<Shared>,
    /// Which part; the first is there in any case.
    pub(crate) part: u32,
    /// Makes the projector whose readers are those of this process.
    pub(crate) projector: MakeProjector,
    pub(crate) batches: mpsc::Receiver<Batch>,
    /// What the bookkeeping says, where several processes share the database.
    pub(crate) outlook: Option<watch::Receiver<Outlook>>,
    /// Up to where the batches have come; at first, where they start.
    pub(crate) latest: Position,
}

/// Events that are read at once, and how often, to see how far a model reaches that another process writes.
const PAGE: usize = 4096;
const MOST_PAGES: usize = 8;

/// Makes projectors.
pub(crate) type MakeProjector = Arc<dyn Fn() -> Box<dyn Projector> + Send + Sync>;

/// Who applies the events of a projection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tenure {
    /// This process, under a lease where there are leases.
    Here(Option<Fence>),
    /// Another one, or nobody yet.
    Elsewhere,
}

/// Why applying, or following, is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// There will be no more batches, or there is no such part any more.
    Ended,
    /// Another process applies now, or this one does.
    Moved,
}

impl Task {
    /// Who applies events now.
    pub(crate) fn tenure(&self) -> Tenure {
        match &self.outlook {
            None => Tenure::Here(None),
            Some(outlook) => match outlook.borrow().fence {
                Some(fence) => Tenure::Here(Some(fence)),
                None => Tenure::Elsewhere,
            },
        }
    }

    /// Where the model is that another process writes, if there is one, and it holds what the log does.
    pub(crate) async fn followed(&self) -> Result<Option<Checkpoint>, LogError> {
        let model = self.outlook.as_ref().and_then(|outlook| outlook.borrow().model.clone());
        Ok(match model {
            Some(model) if model.is_of(&*self.log).await? => Some(model),
            _ => None,
        })
    }

    /// A worker, where this process is to apply events from the start on. None where another does, and where the lease was lost
    /// while the model was opened: the task opens it once it has one.
    pub(crate) async fn opened(&self, head: Position) -> Result<Option<Worker>, ProjectionError> {
        let Tenure::Here(fence) = self.tenure() else {
            return Ok(None);
        };
        match self.open(fence, head).await {
            Ok(worker) => Ok(Some(worker)),
            Err(error) if fence.is_some() => {
                tracing::warn!(projection = %self.shared.name, cause = %Causes(&error), "the read model could not be opened; it is tried again");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// A worker that goes on where the bookkeeping says.
    pub(crate) async fn open(&self, fence: Option<Fence>, head: Position) -> Result<Worker, ProjectionError> {
        let checkpoint = begin(&*self.store, &self.shared, &*self.log, head, self.part, fence.as_ref()).await?;
        let (store, log) = (Arc::clone(&self.store), Arc::clone(&self.log));
        Worker::open(store, log, (self.projector)(), checkpoint, fence).await
    }

    /// `worker` where this process applies from the beginning, so that the batches start where it stands.
    pub(crate) async fn run(mut self, mut worker: Option<Worker>) {
        loop {
            let opened = worker.take();
            let end = match self.tenure() {
                Tenure::Here(fence) => {
                    // The lease that it was opened under may have been lost, and taken again.
                    let opened = opened.filter(|worker| worker.fence() == fence);
                    Hold::new(&mut self, fence).run(opened).await
                }
                Tenure::Elsewhere => self.follow().await,
            };
            if end == End::Ended {
                return;
            }
        }
    }

    /// The next batch; none when there will be no more.
    pub(super) async fn next(&mut self) -> Option<Batch> {
        let batch = self.batches.recv().await?;
        self.note(&batch);
        Some(batch)
    }

    /// The next batch, if one waits.
    pub(super) fn try_next(&mut self) -> Option<Batch> {
        let batch = self.batches.try_recv().ok()?;
        self.note(&batch);
        Some(batch)
    }

    fn note(&mut self, batch: &Batch) {
        let last = batch.events.last().map_or(batch.after, Decoded::position);
        self.latest = self.latest.max(last);
    }

    /// Shows what another process does, until this one is to do it.
    async fn follow(&mut self) -> End {
        let Some(mut outlook) = self.outlook.clone() else {
            return End::Ended;
        };
        let mut projector = (self.projector)();
        projector.followed(None);
        let mut horizon = Horizon::new(self.latest);
        let mut share = Share::Whole;
        let mut known = None;
        let first = outlook.borrow().model.clone();
        // Whoever applies its events disowns it, and builds another one.
        let log_id = self.log.log_id();
        let wrong = match &first {
            Some(model) => matches!(model.is_of(&*self.log).await, Ok(false)).then_some(model.generation),
            None => None,
        };
        loop {
            let mut now = outlook.borrow_and_update().clone();
            let is_wrong = |model: &mut Checkpoint| model.log_id != log_id || Some(model.generation) == wrong;
            now.model.take_if(is_wrong);
            if outlook.has_changed().is_err() {
                return End::Ended;
            }
            if now.fence.is_some() {
                return End::Moved;
            }
            if let Some(model) = &now.model {
                let current = Share::of(model);
                if share != current {
                    // What was noted until now was noted for another share, or by whoever applied events here.
                    horizon = self.horizon(model, &current, &mut *projector).await;
                    share = current;
                }
                let shown = (model.generation, model.changes);
                if known != Some(shown) {
                    let same = known.is_some_and(|(generation, _)| generation == model.generation);
                    projector.followed(same.then_some(model.position));
                    known = Some(shown);
                }
            }
            self.show(now, &mut horizon);
            tokio::select! {
                batch = self.next() => match batch {
                    Some(batch) => {
                        projector.notice(&batch.events);
                        horizon.note(&batch, &*projector, &share);
                    }
                    None => return End::Ended,
                },
                changed = outlook.changed() => if changed.is_err() {
                    return End::Ended;
                },
            }
        }
    }

    /// Takes note of what has come by since a model was stored: it need not be stored again while nothing concerns it. One that
    /// is far behind will be.
    async fn horizon(&self, model: &Checkpoint, share: &Share, projector: &mut dyn Projector) -> Horizon {
        let mut after = model.position.min(self.latest);
        let mut horizon = Horizon::new(after);
        for _ in 0..MOST_PAGES {
            if after >= self.latest {
                return horizon;
            }
            let Ok(page) = self.log.read_all(after, PAGE).await else {
                break;
            };
            let (next, leads_on) = (page.next, page.leads_on(after));
            let events = page
                .events
                .into_iter()
                .take_while(|event| event.position <= self.latest);
            let events: Vec<Decoded> = events.map(|event| Decoded::new(Arc::new(event))).collect();
            projector.notice(&events);
            let batch = Batch {
                after,
                events: Arc::new(events),
                caught_up: false,
            };
            horizon.note(&batch, projector, share);
            if !leads_on && next < self.latest {
                break;
            }
            after = next;
        }
        if after < self.latest {
            return Horizon::new(self.latest);
        }
        horizon
    }

    fn show(&self, outlook: Outlook, horizon: &mut Horizon) {
        if outlook.model.is_none() && self.part > 0 {
            // Whether there is a model at all, the first part says.
            return;
        }
        let model = outlook.model.map(|model| {
            let (position, recorded_at) = horizon.visible((model.position, model.recorded_at));
            Checkpoint {
                position,
                recorded_at,
                ..model
            }
        });
        let state = match (outlook.stop, &model) {
            (Some(stop), _) => State::Stopped {
                at: stop.position,
                reason: stop.reason,
            },
            (None, Some(_)) => State::Following,
            (None, None) => State::Rebuilding,
        };
        self.shared.follow(model.as_ref(), state);
    }
}
