use std::future::Future;
use std::sync::Arc;

use chrono::{DateTime, SubsecRound, Utc};
use domain::{Actor, CommandId, CorrelationId};
use egress::Egress;
use eventlog::EventLog;
use tracing::Instrument;
use vault::Vault;

use crate::ai_config::{Leases, Renderers};
use crate::cache::Caches;
use crate::follower::Follower;
use crate::locks::Locks;
use crate::sweeper::Watchlist;
use crate::{Clock, CommandError, Context, Ids};

/// The write side. Cheap to clone; all clones are one.
///
/// Its methods are grouped by noun, one file each: providers, accounts, integrations, tokens, the key ring, ai-config,
/// the seeds and the sweeper.
#[derive(Clone)]
pub struct Commands {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) log: Arc<dyn EventLog>,
    pub(crate) vault: Arc<Vault>,
    pub(crate) egress: Arc<Egress>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn Ids>,
    pub(crate) caches: Caches,
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
            inner: Arc::new(Inner {
                log,
                vault,
                egress,
                clock,
                ids,
                caches: Caches::new(),
                locks: Locks::new(),
                leases: Leases::new(),
                renderers: Renderers::new(),
                follower,
                watchlist: tokio::sync::Mutex::default(),
            }),
        }
    }

    /// The time now, as the log keeps it: to the microsecond.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.inner.clock.now().trunc_subsecs(6)
    }

    /// A context for something that this system does by itself.
    pub(crate) fn by_system(&self, part: &str) -> Context {
        let uuid = self.inner.ids.uuid();
        Context {
            actor: Actor::system(part),
            command: CommandId::new(uuid),
            correlation: CorrelationId::new(uuid),
            request: None,
        }
    }

    /// Runs `work` to its end, even when the caller goes away: a client that hangs up leaves nothing half-done.
    pub(crate) async fn to_the_end<T, F, W>(&self, work: W) -> Result<T, CommandError>
    where
        W: FnOnce(Self) -> F,
        F: Future<Output = Result<T, CommandError>> + Send + 'static,
        T: Send + 'static,
    {
        match tokio::spawn(work(self.clone()).in_current_span()).await {
            Ok(result) => result,
            Err(error) => Err(CommandError::internal("a command that broke off", error)),
        }
    }
}
