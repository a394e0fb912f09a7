use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use commands::{Clock, Ids};
use uuid::Uuid;

/// A clock that stands still until a test moves it.
pub(crate) struct StillClock(Mutex<DateTime<Utc>>);

impl StillClock {
    /// The first of March 2026, noon.
    pub(crate) fn new() -> Self {
        Self(Mutex::new("2026-03-01T12:00:00Z".parse().unwrap()))
    }

    pub(crate) fn advance(&self, by: TimeDelta) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for StillClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

/// Ids in the order of their making, the same in every run.
#[derive(Default)]
pub(crate) struct CountedIds(AtomicU64);

impl Ids for CountedIds {
    fn uuid(&self) -> Uuid {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        Uuid::from_u128(0x0193_0f0e_0000_7000_8000_0000_0000_0000 + u128::from(number))
    }
}
