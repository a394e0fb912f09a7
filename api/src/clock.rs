use std::cell::RefCell;

use chrono::{DateTime, Utc};
use commands::{Clock, Ids};
use uuid::{Builder, Uuid};

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the composition root's clock")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

/// New ids in the order of their making, to the millisecond (UUID version 7, RFC 9562, section 5.7).
///
/// Every request gets one or two, so that random bytes are fetched for a hundred of them at once: a system call for each
/// would be a good part of a cheap request. They must be unique, and need not be unpredictable: no id of this system
/// grants anything.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemIds;

/// Random bytes that one id takes.
const BYTES: usize = 10;

/// Random bytes for the next ids of a thread.
struct Stock {
    bytes: [u8; BYTES * 100],
    used: usize,
}

thread_local! {
    static STOCK: RefCell<Stock> = const { RefCell::new(Stock { bytes: [0; BYTES * 100], used: BYTES * 100 }) };
}

impl Stock {
    /// The next bytes; none when the operating system gives none.
    fn take(&mut self) -> Option<[u8; BYTES]> {
        if self.used == self.bytes.len() {
            getrandom::fill(&mut self.bytes).ok()?;
            self.used = 0;
        }
        let taken = self.bytes[self.used..].first_chunk().copied();
        self.used += BYTES;
        taken
    }
}

impl Ids for SystemIds {
    #[expect(clippy::disallowed_methods, reason = "this is the composition root's source of ids")]
    fn uuid(&self) -> Uuid {
        let random = STOCK.with_borrow_mut(Stock::take);
        let millis = u64::try_from(Utc::now().timestamp_millis());
        match (random, millis) {
            (Some(random), Ok(millis)) => Builder::from_unix_timestamp_millis(millis, &random).into_uuid(),
            // A clock before 1970, or no random bytes: the library has its own ways.
            _ => Uuid::now_v7(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_are_of_version_7_and_all_different_in_all_threads() {
        let makers: Vec<_> = (0..4)
            .map(|_| std::thread::spawn(|| (0..1000).map(|_| SystemIds.uuid()).collect::<Vec<_>>()))
            .collect();
        let ids: Vec<_> = makers.into_iter().flat_map(|maker| maker.join().unwrap()).collect();
        assert!(ids.iter().all(|id| id.get_version_num() == 7));
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 4000);
    }
}
