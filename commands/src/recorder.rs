use std::future::Future;
use std::sync::Arc;

use chrono::{DateTime, SubsecRound, Utc};
use domain::{Actor, CommandId, CorrelationId};
use eventlog::EventLog;
use tracing::Instrument;

use crate::cache::Caches;
use crate::{Clock, CommandError, Context, Ids};

/// The part of the write side that needs the log alone, and neither keys nor a way out: it loads, decides and appends. Tokens
/// and the notes of operators are its own, so that a command at the terminal needs no key ring for them. Cheap to clone; all
/// clones are one.
#[derive(Clone)]
pub struct Recorder {
    pub(crate) log: Arc<dyn EventLog>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn Ids>,
    pub(crate) caches: Arc<Caches>,
}

impl Recorder {
    /// Over this log.
    #[must_use]
    pub fn new(log: Arc<dyn EventLog>, clock: Arc<dyn Clock>, ids: Arc<dyn Ids>) -> Self {
        Self {
            log,
            clock,
            ids,
            caches: Arc::new(Caches::new()),
        }
    }

    /// The time now, as the log keeps it: to the microsecond.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now().trunc_subsecs(6)
    }

    /// A context for something that this system does by itself.
    pub(crate) fn by_system(&self, part: &str) -> Context {
        let uuid = self.ids.uuid();
        Context {
            actor: Actor::system(part),
            command: CommandId::new(uuid),
            correlation: CorrelationId::new(uuid),
            request: None,
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

/// Runs `work` to its end, even when the caller goes away: a client that hangs up leaves nothing half-done.
pub(crate) async fn to_the_end<T, F>(work: F) -> Result<T, CommandError>
where
    F: Future<Output = Result<T, CommandError>> + Send + 'static,
    T: Send + 'static,
{
    match tokio::spawn(work.in_current_span()).await {
        Ok(result) => result,
        Err(error) => Err(CommandError::internal("a command that broke off", error)),
    }
}
