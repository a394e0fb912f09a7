use chrono::{DateTime, Utc};
use commands::{Clock, Ids};
use uuid::Uuid;

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the composition root's clock")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

/// New ids in the order of their making (UUID version 7, RFC 9562, section 5.7).
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemIds;

impl Ids for SystemIds {
    #[expect(clippy::disallowed_methods, reason = "this is the composition root's source of ids")]
    fn uuid(&self) -> Uuid {
        Uuid::now_v7()
    }
}
