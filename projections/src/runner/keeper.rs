use std::io;
use std::sync::Arc;
use std::time::Duration;

use eventlog::{Causes, Outage};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep};

use super::outlook::{Newcomer, Outlook};
use crate::store::{Fence, Glance, Hints, Leases, Store};
use crate::{ProjectionError, ProjectionName};

/// How often the bookkeeping is looked at, hint or no hint.
const LOOK: Duration = Duration::from_millis(250);
/// Hints that come faster than this are taken together.
const BREATH: Duration = Duration::from_millis(5);
/// How long one look takes at most: longer than the server works on its statements.
const ROUND: Duration = Duration::from_secs(15);
/// How often leases are made to last longer: several times before they run out.
const RENEW: Duration = Duration::from_secs(1);

/// Looks after the leases of this process: takes those that nobody holds, up to its share, makes those that it has last
/// longer, and tells the projections what the other processes do.
pub(crate) struct Keeper {
    store: Arc<dyn Store>,
    /// The projections, each with its version.
    projections: Vec<(ProjectionName, u32)>,
    /// A seat for each part that there is.
    seats: Vec<Seat>,
    /// Who looks after parts that were not there at the start.
    newcomers: mpsc::UnboundedSender<Newcomer>,
    held: Vec<Fence>,
    renewed: Instant,
}

/// A part of a projection, and what those who look after it are told.
struct Seat {
    name: ProjectionName,
    part: u32,
    outlook: watch::Sender<Outlook>,
}

impl Keeper {
    /// Takes what nobody holds. None where one process has the database for itself. What is received are the parts behind
    /// the first, which is there in any case.
    pub(crate) async fn start(
        store: &Arc<dyn Store>,
        projections: impl Iterator<Item = (ProjectionName, u32)>,
    ) -> Result<Option<(Self, mpsc::UnboundedReceiver<Newcomer>)>, ProjectionError> {
        let Some(leases) = store.leases() else {
            return Ok(None);
        };
        let (newcomers, arriving) = mpsc::unbounded_channel();
        let projections: Vec<_> = projections.collect();
        leases.volunteer(&projections).await?;
        let seats = projections.iter().map(|(name, _)| Seat {
            name: *name,
            part: 0,
            outlook: watch::Sender::default(),
        });
        let mut keeper = Self {
            store: Arc::clone(store),
            seats: seats.collect(),
            projections,
            newcomers,
            held: Vec::new(),
            renewed: Instant::now(),
        };
        // Somebody who is not here yet hears of it as well.
        let waiting: Vec<_> = keeper.seats.iter().map(|seat| seat.outlook.subscribe()).collect();
        keeper.round().await?;
        drop(waiting);
        Ok(Some((keeper, arriving)))
    }

    /// What the bookkeeping says of the first part of a projection, from now on.
    pub(crate) fn outlook(&self, name: ProjectionName) -> Option<watch::Receiver<Outlook>> {
        self.seat(name, 0).map(|seat| seat.outlook.subscribe())
    }

    /// Runs until `shutdown` is true or its sender is gone. Then it waits until every projection has stored what it has,
    /// and gives the leases back.
    pub(crate) async fn run(mut self, mut shutdown: watch::Receiver<bool>) {
        tokio::select! {
            () = self.keep() => {}
            _ = shutdown.wait_for(|stop| *stop) => {}
        }
        drop(self.newcomers);
        for seat in &self.seats {
            seat.outlook.closed().await;
        }
        if let Some(leases) = self.store.leases()
            && let Err(error) = give_back(leases, &self.held).await
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
            match self.round_in_time().await {
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

    /// A round, unless the server falls silent in the middle of it. What is half done then is done again: a lease that was
    /// taken and not noted runs out by itself.
    async fn round_in_time(&mut self) -> Result<(), ProjectionError> {
        tokio::time::timeout(ROUND, self.round()).await.unwrap_or_else(|_| {
            let silent = io::Error::new(io::ErrorKind::TimedOut, "the server of the read models does not answer");
            Err(sqlx::Error::Io(silent).into())
        })
    }

    async fn round(&mut self) -> Result<(), ProjectionError> {
        let store = Arc::clone(&self.store);
        let Some(leases) = store.leases() else { return Ok(()) };
        if self.renewed.elapsed() >= RENEW {
            self.renew(leases).await?;
        }
        let glances = leases.look(&self.projections).await?;
        let mut leaving = self.arrange(&glances);
        leaving.extend(self.share(&glances));
        for glance in glances {
            // Taking many takes time, too.
            if self.renewed.elapsed() >= RENEW {
                self.renew(leases).await?;
            }
            let (name, part) = (glance.name, glance.part.index());
            let fence = match self.fence(name, part) {
                None if self.wants(&glance) => self.take(leases, &glance).await?,
                held => held,
            };
            let outlook = Outlook {
                fence,
                model: glance.model,
                stop: glance.stop,
            };
            if let Some(seat) = self.seat(name, part) {
                seat.outlook.send_if_modified(|now| {
                    let news = *now != outlook;
                    *now = outlook;
                    news
                });
            }
        }
        // Those who had them know it by now.
        if !leaving.is_empty() {
            leases.release(&leaving).await?;
        }
        Ok(())
    }

    /// Makes a seat for each part that is new, and removes those of parts that there are no more of. Returns the leases of
    /// those.
    fn arrange(&mut self, glances: &[Glance]) -> Vec<Fence> {
        let is_there = |name, part| {
            glances
                .iter()
                .any(|glance| (glance.name, glance.part.index()) == (name, part))
        };
        self.seats.retain(|seat| {
            let there = is_there(seat.name, seat.part);
            if !there {
                seat.outlook.send_replace(Outlook::default());
            }
            there
        });
        for glance in glances {
            let (name, part) = (glance.name, glance.part.index());
            if self.seat(name, part).is_some() {
                continue;
            }
            let (sender, outlook) = watch::channel(Outlook::default());
            let newcomer = Newcomer { name, part, outlook };
            // When nobody is there any more, the seat stays empty.
            let _ = self.newcomers.send(newcomer);
            self.seats.push(Seat {
                name,
                part,
                outlook: sender,
            });
        }
        let gone = self.held.extract_if(.., |fence| !is_there(fence.name, fence.part));
        gone.collect()
    }

    /// Lets go of what is more than this process's share, and returns the leases: other processes would apply events, too.
    fn share(&mut self, glances: &[Glance]) -> Vec<Fence> {
        let mut leaving = Vec::new();
        // From the last part on, so that parts do not go to and fro.
        for glance in glances.iter().rev() {
            let mine = |fence: &Fence| (fence.name, fence.part) == (glance.name, glance.part.index());
            let is_more = self.count(glance.name) > fair(glance);
            if let (true, Some(place)) = (is_more, self.held.iter().position(mine)) {
                let fence = self.held.swap_remove(place);
                tracing::info!(projection = %fence.name, part = fence.part, "another process is to apply this part from now on");
                leaving.push(fence);
            }
        }
        leaving
    }

    /// Whether this process is to take a lease: nobody holds it, there is somebody to apply events, and its share is not
    /// full.
    fn wants(&self, glance: &Glance) -> bool {
        let (name, part) = (glance.name, glance.part.index());
        glance.free && self.is_awaited(name, part) && self.count(name) < fair(glance)
    }

    fn seat(&self, name: ProjectionName, part: u32) -> Option<&Seat> {
        self.seats.iter().find(|seat| (seat.name, seat.part) == (name, part))
    }

    fn fence(&self, name: ProjectionName, part: u32) -> Option<Fence> {
        let mut held = self.held.iter();
        held.find(|fence| (fence.name, fence.part) == (name, part)).copied()
    }

    /// How many parts of a projection this process applies.
    fn count(&self, name: ProjectionName) -> usize {
        self.held.iter().filter(|fence| fence.name == name).count()
    }

    /// Whether there is somebody to apply events, if the lease is taken.
    fn is_awaited(&self, name: ProjectionName, part: u32) -> bool {
        self.seat(name, part).is_some_and(|seat| !seat.outlook.is_closed())
    }

    async fn take(&mut self, leases: &dyn Leases, glance: &Glance) -> Result<Option<Fence>, ProjectionError> {
        let of_name = self.projections.iter().find(|(name, _)| *name == glance.name);
        let Some((_, version)) = of_name else {
            return Ok(None);
        };
        let taken = leases.take(glance.name, *version, glance.part.index()).await?;
        if let Some(fence) = taken {
            tracing::info!(projection = %fence.name, part = fence.part, epoch = fence.epoch, "this process keeps the projection up from now on");
            self.held.push(fence);
        }
        Ok(taken)
    }

    async fn renew(&mut self, leases: &dyn Leases) -> Result<(), ProjectionError> {
        let (held, idle): (Vec<_>, Vec<_>) = (self.held.iter().copied()).partition(|f| self.is_awaited(f.name, f.part));
        if !idle.is_empty() {
            // Whoever applied the events has ended: another process should.
            leases.release(&idle).await?;
        }
        self.held = held;
        let lost = leases.renew(&self.held).await?;
        for fence in &lost {
            tracing::warn!(projection = %fence.name, part = fence.part, epoch = fence.epoch, "the lease of the projection was lost");
        }
        self.held.retain(|fence| !lost.contains(fence));
        let willing = self.projections.iter().filter(|(name, _)| self.is_awaited(*name, 0));
        let willing: Vec<_> = willing.copied().collect();
        leases.volunteer(&willing).await?;
        self.renewed = Instant::now();
        Ok(())
    }
}

/// How many parts of a projection one process applies at most, when all that would apply them share.
fn fair(glance: &Glance) -> usize {
    glance.part.parts().get().div_ceil(glance.nodes.max(1)) as usize
}

async fn give_back(leases: &dyn Leases, held: &[Fence]) -> Result<(), sqlx::Error> {
    leases.withdraw().await?;
    leases.release(held).await
}

async fn next_hint(hints: &mut Option<Box<dyn Hints>>) -> Result<(), sqlx::Error> {
    match hints {
        Some(hints) => hints.next().await,
        None => std::future::pending().await,
    }
}
