//! What every adapter of [`Bus`] promises, as one suite that runs over all of them.
//!
//! An adapter's tests call [`run`] with a function that makes an empty bus. A promise that is broken panics and says which
//! one it was. The suite publishes few messages: a bus may forget old ones, but not that soon.
#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "this is test code that other crates' tests call: a panic is how it reports"
)]

use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use domain::Position;
use eventlog::StoredEvent;
use eventlog::contract::{event, stream};
use tokio::time::timeout;

use crate::{Bus, Message, Subscription};

/// Longer than a delivery takes on a slow machine.
const PATIENCE: Duration = Duration::from_secs(30);

type Outcome = Pin<Box<dyn Future<Output = ()> + Send>>;
type Promise = (&'static str, fn(Arc<dyn Bus>) -> Outcome);

const PROMISES: &[Promise] = &[
    ("an empty bus has no newest message", |bus| Box::pin(empty(bus))),
    ("messages come in order, as they were published", |bus| {
        Box::pin(in_order(bus))
    }),
    ("a subscription starts after its position", |bus| {
        Box::pin(starts_after(bus))
    }),
    ("a subscription on an empty bus waits", |bus| Box::pin(waits(bus))),
    ("every reader gets every message", |bus| Box::pin(many_readers(bus))),
    ("a reader that stops waiting loses nothing", |bus| {
        Box::pin(cancelled(bus))
    }),
    ("what is published again does no harm", |bus| {
        Box::pin(published_again(bus))
    }),
];

/// Checks every promise, each on a bus of its own, which `make` makes and which must be empty.
pub async fn run(make: impl AsyncFn() -> Arc<dyn Bus>) {
    for (promise, check) in PROMISES {
        let broken = tokio::spawn(check(make().await)).await.is_err();
        assert!(!broken, "broken promise: {promise}");
    }
}

/// Messages with these positions. The first of them names the number before it as its predecessor, as all do.
#[must_use]
pub fn messages(positions: Range<u64>) -> Vec<Message> {
    let message = |number| {
        let new = event(&format!("message-{number}"));
        let event = StoredEvent {
            id: new.id,
            stream: stream("messages"),
            revision: number,
            position: Position::from_stored(number),
            kind: new.kind.into(),
            schema: new.schema,
            recorded_at: new.recorded_at,
            metadata: new.metadata,
            data: new.data,
        };
        Message {
            prev: Position::from_stored(number - 1),
            event: Arc::new(event),
        }
    };
    positions.map(message).collect()
}

fn numbers(messages: &[Message]) -> Vec<u64> {
    messages
        .iter()
        .map(|message| message.event.position.to_stored())
        .collect()
}

/// Reads until the message at `last` has come.
async fn read_to(subscription: &mut Box<dyn Subscription>, last: u64) -> Vec<Message> {
    let mut read = Vec::new();
    while read
        .last()
        .is_none_or(|message: &Message| message.event.position.to_stored() != last)
    {
        let more = timeout(PATIENCE, subscription.next()).await.unwrap().unwrap();
        assert!(!more.is_empty(), "a subscription gives at least one message");
        read.extend(more);
    }
    read
}

async fn empty(bus: Arc<dyn Bus>) {
    assert_eq!(bus.last().await.unwrap(), Position::START);
    bus.publish(Vec::new()).await.unwrap();
    assert_eq!(bus.last().await.unwrap(), Position::START);
}

async fn in_order(bus: Arc<dyn Bus>) {
    let mut subscription = bus.subscribe(Position::START).await.unwrap();
    bus.publish(messages(1..2)).await.unwrap();
    bus.publish(messages(2..30)).await.unwrap();
    let read = read_to(&mut subscription, 29).await;
    assert_eq!(numbers(&read), (1..30).collect::<Vec<_>>());
    for (read, sent) in read.iter().zip(messages(1..30)) {
        assert_eq!(read.prev, sent.prev);
        assert_eq!(read.event, sent.event);
    }
    assert_eq!(bus.last().await.unwrap(), Position::from_stored(29));
}

async fn starts_after(bus: Arc<dyn Bus>) {
    bus.publish(messages(1..10)).await.unwrap();
    for (after, first) in [(0, 1), (1, 2), (8, 9)] {
        let mut subscription = bus.subscribe(Position::from_stored(after)).await.unwrap();
        let read = read_to(&mut subscription, 9).await;
        assert_eq!(numbers(&read), (first..10).collect::<Vec<_>>(), "after {after}");
    }
    for after in [9, 20] {
        let mut subscription = bus.subscribe(Position::from_stored(after)).await.unwrap();
        bus.publish(messages(after + 1..after + 2)).await.unwrap();
        let read = read_to(&mut subscription, after + 1).await;
        assert_eq!(numbers(&read), [after + 1], "after {after}");
    }
}

async fn waits(bus: Arc<dyn Bus>) {
    let mut subscription = bus.subscribe(Position::from_stored(4)).await.unwrap();
    let reader = tokio::spawn(async move { numbers(&read_to(&mut subscription, 6).await) });
    tokio::task::yield_now().await;
    bus.publish(messages(5..7)).await.unwrap();
    assert_eq!(reader.await.unwrap(), [5, 6]);
}

async fn many_readers(bus: Arc<dyn Bus>) {
    let mut readers = Vec::new();
    for _ in 0..5 {
        let mut subscription = bus.subscribe(Position::START).await.unwrap();
        readers.push(tokio::spawn(
            async move { numbers(&read_to(&mut subscription, 40).await) },
        ));
    }
    for first in [1, 11, 21, 31] {
        bus.publish(messages(first..first + 10)).await.unwrap();
    }
    for reader in readers {
        assert_eq!(reader.await.unwrap(), (1..41).collect::<Vec<_>>());
    }
}

async fn cancelled(bus: Arc<dyn Bus>) {
    let mut subscription = bus.subscribe(Position::START).await.unwrap();
    let mut read = Vec::new();
    for number in 1..20 {
        bus.publish(messages(number..number + 1)).await.unwrap();
        // Too short for most buses, and long enough for some: either way nothing may be lost.
        if let Ok(more) = timeout(Duration::ZERO, subscription.next()).await {
            read.extend(more.unwrap());
        }
    }
    bus.publish(messages(20..21)).await.unwrap();
    read.extend(read_to(&mut subscription, 20).await);
    assert_eq!(numbers(&read), (1..21).collect::<Vec<_>>());
}

/// The bus may deliver a repeat or not, but what is new comes, and the newest stays the newest.
async fn published_again(bus: Arc<dyn Bus>) {
    let mut subscription = bus.subscribe(Position::START).await.unwrap();
    bus.publish(messages(1..6)).await.unwrap();
    bus.publish(messages(3..5)).await.unwrap();
    assert_eq!(bus.last().await.unwrap(), Position::from_stored(5));
    bus.publish(messages(4..8)).await.unwrap();
    let mut read = numbers(&read_to(&mut subscription, 7).await);
    assert_eq!(read[..5], [1, 2, 3, 4, 5]);
    read.sort_unstable();
    read.dedup();
    assert_eq!(read, [1, 2, 3, 4, 5, 6, 7]);
}
