use chrono::{DateTime, Utc};
use domain::{Actor, CommandId, CorrelationId, RequestDigest};
use uuid::Uuid;

/// Where the time comes from. Only the composition root reads the system clock.
pub trait Clock: Send + Sync {
    /// The time now, to the microsecond at least.
    fn now(&self) -> DateTime<Utc>;
}

/// Where new ids come from. Only the composition root makes random ones.
pub trait Ids: Send + Sync {
    /// A UUID that was never given before; ordered by time (version 7) in production.
    fn uuid(&self) -> Uuid;
}

/// Who asks for what, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// Who asks.
    pub actor: Actor,
    /// The command's id: [`CommandId::of`] an idempotency key, or a new one.
    pub command: CommandId,
    /// The outside request that it belongs to.
    pub correlation: CorrelationId,
    /// What was asked for, as a keyed digest, when an idempotency key came with it: the same id with another request is
    /// refused.
    pub request: Option<RequestDigest>,
}

impl Context {
    /// The same request, for a step of its own.
    #[must_use]
    pub(crate) fn step(&self, name: &str) -> Self {
        Self {
            command: self.command.step(name),
            ..self.clone()
        }
    }
}
