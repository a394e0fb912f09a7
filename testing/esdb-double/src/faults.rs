use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

/// A kind of call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Call {
    /// An append, alone or in a batch.
    Append,
    /// A read of a stream or of all of them, and the start of a subscription.
    Read,
}

/// What goes wrong with one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The connection is cut before anything is done.
    CutBefore,
    /// It is done, and the connection is cut before the answer.
    CutAfter,
    /// It is done this much later.
    Delay(Duration),
    /// The server is not the leader any more; the leader is there.
    NotLeader(SocketAddr),
    /// The server cannot do it now, and says so.
    Unavailable,
}

/// What goes wrong next. Each fault hits one call, in the order in which they were set.
pub struct Faults {
    inner: Mutex<Inner>,
    /// Counts the times at which all subscriptions were ended.
    ends: watch::Sender<usize>,
}

#[derive(Default)]
struct Inner {
    next: HashMap<Call, VecDeque<Fault>>,
    calls: HashMap<Call, usize>,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            inner: Mutex::default(),
            ends: watch::Sender::new(0),
        }
    }
}

impl Faults {
    /// Lets the next call of this kind that has no fault yet meet `fault`.
    pub fn next(&self, call: Call, fault: Fault) {
        self.lock().next.entry(call).or_default().push_back(fault);
    }

    /// Ends every subscription that is open now, cleanly, as if it had nothing more to say.
    pub fn end_subscriptions(&self) {
        self.ends.send_modify(|ends| *ends += 1);
    }

    /// How many calls of this kind have come.
    #[must_use]
    pub fn calls(&self, call: Call) -> usize {
        self.lock().calls.get(&call).copied().unwrap_or(0)
    }

    /// Counts a call, and says what goes wrong with it.
    pub(crate) fn take(&self, call: Call) -> Option<Fault> {
        let mut inner = self.lock();
        *inner.calls.entry(call).or_default() += 1;
        inner.next.get_mut(&call)?.pop_front()
    }

    pub(crate) fn ends(&self) -> watch::Receiver<usize> {
        self.ends.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
