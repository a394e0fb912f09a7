use std::ops::Deref;
use std::sync::Arc;

use egress::Egress;
use eventlog::EventLog;
use vault::Vault;

use crate::ai_config::{Leases, Renderers};
use crate::follower::Follower;
use crate::locks::Locks;
use crate::recorder::to_the_end;
use crate::sweeper::Watchlist;
use crate::{Clock, CommandError, Ids, Recorder};

/// The write side. Cheap to clone; all clones are one.
///
/// Its methods are grouped by noun, one file each: providers, accounts, integrations, the key ring, ai-config, the seeds and
/// the sweeper. What needs the log alone is its [`Recorder`]'s.
#[derive(Clone)]
pub struct Commands {
    recorder: Recorder,
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) vault: Arc<Vault>,
    pub(crate) egress: Arc<Egress>,
    pub(crate) locks: Locks,
    pub(crate) leases: Leases,
    pub(crate) renderers: Renderers,
    pub(crate) follower: Follower,
    pub(crate) watchlist: tokio::sync::Mutex<Watchlist>,
}

impl Commands {
    /// The write side over this log, this vault and this way out.
    #[must_use]
    pub fn new(
        log: Arc<dyn EventLog>,
        vault: Arc<Vault>,
        egress: Arc<Egress>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
    ) -> Self {
        let follower = Follower::new(log.wakeups());
        Self {
            recorder: Recorder::new(log, clock, ids),
            inner: Arc::new(Inner {
                vault,
                egress,
                locks: Locks::new(),
                leases: Leases::new(),
                renderers: Renderers::new(),
                follower,
                watchlist: tokio::sync::Mutex::default(),
            }),
        }
    }

    /// See [`to_the_end`].
    pub(crate) async fn to_the_end<T, F, W>(&self, work: W) -> Result<T, CommandError>
    where
        W: FnOnce(Self) -> F,
        F: Future<Output = Result<T, CommandError>> + Send + 'static,
        T: Send + 'static,
    {
        to_the_end(work(self.clone())).await
    }
}

impl Deref for Commands {
    type Target = Recorder;

    fn deref(&self) -> &Recorder {
        &self.recorder
    }
}
