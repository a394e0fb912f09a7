use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

use bus::Bus;
use domain::Position;
use eventlog::{Causes, EventLog, Outage};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::audience::Audience;
use super::crew::Crew;
use super::feed::{Feed, SetBack};
use super::keeper::Keeper;
use super::task::{MakeProjector, Task};
use crate::shared::Shared;
use crate::store::{Landmark, Store};
use crate::{ProjectionError, ProjectionName};

/// How long to wait after a start that failed.
const PAUSE: Duration = Duration::from_secs(1);

/// All that keeps the read models of a process up with the log, from start to end. When the log was set back, it is started
/// anew: every model is compared with the log then.
pub(crate) struct Runner {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) log: Arc<dyn EventLog>,
    pub(crate) bus: Arc<dyn Bus>,
    /// What the tasks of each projection share, in the order of [`ProjectionName::ALL`].
    pub(crate) projections: [(Arc<Shared>, MakeProjector); ProjectionName::ALL.len()],
    /// Counts how often the log was set back.
    pub(crate) set_backs: watch::Sender<u64>,
}

/// What runs since a start.
pub(crate) struct Running {
    stop: watch::Sender<bool>,
    tasks: JoinSet<Result<(), SetBack>>,
}

/// Where the batches start, and the event there, if it is known.
struct Start {
    from: Position,
    landmark: Option<Landmark>,
}

impl Runner {
    /// Starts one task that reads the log and then the bus, and one for each projection, or part of one.
    pub(crate) async fn start(&self) -> Result<Running, ProjectionError> {
        let head = self.log.read_all(Position::START, 1).await?.head;
        let versions = ProjectionName::ALL.into_iter().zip(&self.projections);
        let versions = versions.map(|(name, (shared, _))| (name, shared.version));
        let (keeper, newcomers) = Keeper::start(&self.store, versions).await?.unzip();
        let audience = Arc::new(Audience::new());
        let members: Vec<Task> = (self.projections.iter())
            .map(|projection| self.task(projection, &audience, keeper.as_ref()))
            .collect();
        let mut tasks = JoinSet::new();
        let (stop, stopped) = watch::channel(false);
        // Leases run out while models are opened, unless somebody renews them meanwhile.
        if let Some(keeper) = keeper {
            tasks.spawn(unhurt(keeper.run(stopped.clone())));
        }
        let mut ready = Vec::with_capacity(members.len());
        let mut start = Start {
            from: head,
            landmark: None,
        };
        for task in members {
            let worker = task.opened(head).await?;
            let at = match &worker {
                Some(worker) => Some(worker.checkpoint().clone()),
                None => task.followed().await?,
            };
            if let Some(at) = at {
                start.precede(at.position, at.landmark);
            }
            ready.push((task, worker));
        }
        let Start { from, landmark } = start;
        audience.begin(from);
        for (mut task, worker) in ready {
            task.latest = from;
            tasks.spawn(unhurt(task.run(worker)));
        }
        if let Some(newcomers) = newcomers {
            let crew = Crew {
                store: Arc::clone(&self.store),
                log: Arc::clone(&self.log),
                projections: self.projections.clone(),
                audience: Arc::downgrade(&audience),
                newcomers,
            };
            tasks.spawn(unhurt(crew.run()));
        }
        let feed = Feed::new(Arc::clone(&self.log), Arc::clone(&self.bus), audience, landmark);
        tasks.spawn(feed.run(from, stopped));
        Ok(Running { stop, tasks })
    }

    /// Runs until `shutdown` is true or its sender is gone.
    pub(crate) async fn run(self, mut running: Running, mut shutdown: watch::Receiver<bool>) {
        while running.end(&mut shutdown).await == Err(SetBack) {
            self.set_backs.send_modify(|count| *count += 1);
            running = tokio::select! {
                biased;
                _ = shutdown.wait_for(|stop| *stop) => return,
                again = self.start_again() => again,
            };
        }
    }

    /// Starts, again and again while the database or the log cannot be used.
    async fn start_again(&self) -> Running {
        let mut outage = Outage::new();
        loop {
            match self.start().await {
                Ok(running) => return running,
                Err(error) if outage.is_news() => {
                    tracing::warn!(cause = %Causes(&error), "the read models cannot be compared with the log; it is tried again");
                }
                Err(_) => {}
            }
            sleep(PAUSE).await;
        }
    }

    fn task(
        &self,
        (shared, projector): &(Arc<Shared>, MakeProjector),
        audience: &Audience,
        keeper: Option<&Keeper>,
    ) -> Task {
        let (batches, latest) = audience.join();
        Task {
            store: Arc::clone(&self.store),
            log: Arc::clone(&self.log),
            shared: Arc::clone(shared),
            part: 0,
            projector: Arc::clone(projector),
            batches,
            outlook: keeper.and_then(|keeper| keeper.outlook(shared.name)),
            latest,
        }
    }
}

impl Running {
    /// Waits until all have ended: by themselves when the log was set back, or because of `shutdown`.
    async fn end(&mut self, shutdown: &mut watch::Receiver<bool>) -> Result<(), SetBack> {
        let mut outcome = Ok(());
        let mut broken = None;
        loop {
            let stopping = *self.stop.borrow();
            tokio::select! {
                ended = self.tasks.join_next() => match ended {
                    Some(Ok(Ok(()))) => {}
                    Some(Ok(Err(SetBack))) => {
                        outcome = Err(SetBack);
                        self.stop.send_replace(true);
                    }
                    Some(Err(error)) => broken = Some(error),
                    None => break,
                },
                _ = shutdown.wait_for(|stop| *stop), if !stopping => {
                    self.stop.send_replace(true);
                }
            }
        }
        match broken.map(tokio::task::JoinError::try_into_panic) {
            // Whoever joins this task hears of it. The others went on to their end.
            Some(Ok(panic)) if outcome.is_ok() => resume_unwind(panic),
            _ => outcome,
        }
    }
}

impl Start {
    /// Has the batches start no later than here.
    fn precede(&mut self, position: Position, landmark: Option<Landmark>) {
        if position < self.from || (position == self.from && self.landmark.is_none()) {
            *self = Self {
                from: position,
                landmark,
            };
        }
    }
}

/// The end of a task that does not look whether the log was set back.
async fn unhurt(task: impl Future<Output = ()>) -> Result<(), SetBack> {
    task.await;
    Ok(())
}
