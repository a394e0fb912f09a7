use std::sync::Arc;
use std::time::Duration;

use eventlog::{Causes, Outage};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::store::{Checkpoint, Fence, Glance, Hints, Leases, Stop, Store};
use crate::{ProjectionError, ProjectionName};

/// How often the bookkeeping is looked at, hint or no hint.
const LOOK: Duration = Duration::from_millis(250);
/// Hints that come faster than this are taken together.
const BREATH: Duration = Duration::from_millis(5);
/// How often leases are made to last longer: several times before they run out.
const RENEW: Duration = Duration::from_secs(1);

/// What the bookkeeping said of one projection at the last look.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Outlook {
    /// The lease, if this process holds it.
    pub(crate) fence: Option<Fence>,
    /// The model that queries read.
    pub(crate) model: Option<Checkpoint>,
    /// The event before which the projection stands still.
    pub(crate) stop: Option<Stop>,
}

/// Looks after the leases of this process: takes those that nobody holds, makes those that it has last longer, and tells the
/// projections what the other processes do.
pub(crate) struct Keeper {
    store: Arc<dyn Store>,
    outlooks: Vec<(ProjectionName, u32, watch::Sender<Outlook>)>,
    held: Vec<Fence>,
    renewed: Instant,
}

impl Keeper {
    /// Takes what nobody holds. None where one process has the database for itself.
    pub(crate) async fn start(
        store: &Arc<dyn Store>,
        projections: impl Iterator<Item = (ProjectionName, u32)>,
    ) -> Result<Option<Self>, ProjectionError> {
        if store.leases().is_none() {
            return Ok(None);
        }
        let outlooks = projections.map(|(name, version)| (name, version, watch::Sender::default()));
        let mut keeper = Self {
            store: Arc::clone(store),
            outlooks: outlooks.collect(),
            held: Vec::new(),
            renewed: Instant::now(),
        };
        // Somebody who is not here yet hears of it as well.
        let waiting: Vec<_> = keeper
            .outlooks
            .iter()
            .map(|(_, _, sender)| sender.subscribe())
            .collect();
        keeper.round().await?;
        drop(waiting);
        Ok(Some(keeper))
    }

    /// What the bookkeeping says of a projection, from now on.
    pub(crate) fn outlook(&self, name: ProjectionName) -> Option<watch::Receiver<Outlook>> {
        let of_name = self.outlooks.iter().find(|(other, ..)| *other == name);
        of_name.map(|(_, _, outlook)| outlook.subscribe())
    }

    /// Runs until `shutdown` is true or its sender is gone. Then it waits until every projection has stored what it has,
    /// and gives the leases back.
    pub(crate) async fn run(mut self, mut shutdown: watch::Receiver<bool>) {
        tokio::select! {
            () = self.keep() => {}
            _ = shutdown.wait_for(|stop| *stop) => {}
        }
        for (_, _, outlook) in &self.outlooks {
            outlook.closed().await;
        }
        if let Some(leases) = self.store.leases()
            && let Err(error) = leases.release(&self.held).await
        {
            tracing::warn!(cause = %Causes(&error), "the leases could not be given back; other processes wait until they run out");
        }
    }

    async fn keep(&mut self) {
        let mut hints: Option<Box<dyn Hints>> = None;
        let mut outage = Outage::new();
        let store = Arc::clone(&self.store);
        loop {
            if let (None, Some(leases)) = (&hints, store.leases()) {
                hints = leases.hints().await.ok();
            }
            tokio::select! {
                () = sleep(LOOK) => {}
                heard = next_hint(&mut hints) => {
                    if heard.is_err() {
                        hints = None;
                    }
                    sleep(BREATH).await;
                }
            }
            match self.round().await {
                Ok(()) => {
                    if let Some(lasted) = outage.over() {
                        tracing::info!(?lasted, "the bookkeeping of the read models can be read again");
                    }
                }
                Err(error) if outage.is_news() => {
                    tracing::warn!(cause = %Causes(&error), "the bookkeeping of the read models cannot be read; it is tried again");
                }
                Err(_) => {}
            }
        }
    }

    async fn round(&mut self) -> Result<(), ProjectionError> {
        let store = Arc::clone(&self.store);
        let Some(leases) = store.leases() else { return Ok(()) };
        if self.renewed.elapsed() >= RENEW {
            self.renew(leases).await?;
        }
        let wanted: Vec<_> = self
            .outlooks
            .iter()
            .map(|(name, version, _)| (*name, *version))
            .collect();
        for glance in leases.look(&wanted).await? {
            let held = self.held.iter().find(|fence| fence.name == glance.name).copied();
            let fence = match held {
                None if glance.free && self.is_awaited(glance.name) => self.take(leases, &glance).await?,
                held => held,
            };
            let outlook = Outlook {
                fence,
                model: glance.model,
                stop: glance.stop,
            };
            let of_name = self.outlooks.iter().find(|(name, ..)| *name == glance.name);
            if let Some((_, _, sender)) = of_name {
                sender.send_if_modified(|now| {
                    let news = *now != outlook;
                    *now = outlook;
                    news
                });
            }
        }
        Ok(())
    }

    /// Whether there is somebody to apply events, if the lease is taken.
    fn is_awaited(&self, name: ProjectionName) -> bool {
        self.outlooks
            .iter()
            .any(|(other, _, outlook)| *other == name && !outlook.is_closed())
    }

    async fn take(&mut self, leases: &dyn Leases, glance: &Glance) -> Result<Option<Fence>, ProjectionError> {
        let version = self.outlooks.iter().find(|(name, ..)| *name == glance.name);
        let Some((_, version, _)) = version else {
            return Ok(None);
        };
        let taken = leases.take(glance.name, *version).await?;
        if let Some(fence) = taken {
            tracing::info!(projection = %fence.name, epoch = fence.epoch, "this process keeps the projection up from now on");
            self.held.push(fence);
        }
        Ok(taken)
    }

    async fn renew(&mut self, leases: &dyn Leases) -> Result<(), ProjectionError> {
        let (held, idle): (Vec<_>, Vec<_>) = self.held.iter().copied().partition(|f| self.is_awaited(f.name));
        if !idle.is_empty() {
            // Whoever applied the events has ended: another process should.
            leases.release(&idle).await?;
        }
        self.held = held;
        let lost = leases.renew(&self.held).await?;
        for fence in &lost {
            tracing::warn!(projection = %fence.name, epoch = fence.epoch, "the lease of the projection was lost");
        }
        self.held.retain(|fence| !lost.contains(fence));
        self.renewed = Instant::now();
        Ok(())
    }
}

async fn next_hint(hints: &mut Option<Box<dyn Hints>>) -> Result<(), sqlx::Error> {
    match hints {
        Some(hints) => hints.next().await,
        None => std::future::pending().await,
    }
}
