//! A log that holds what is not ours: its pages may be empty and still lead on.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bus::{Bus, Follower, LocalBus, Relay};
use domain::{Position, StreamId};
use eventlog::contract::{event, stream};
use eventlog::{Appended, EventLog, Expected, LogError, MemoryLog, NewEvent, Page, StoredEvent};
use tokio::sync::watch;
use tokio::time::timeout;
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_mins(1);

/// Every event but each seventh belongs to others, and a page looks at two events at most.
struct SharedLog(MemoryLog);

fn is_ours(event: &StoredEvent) -> bool {
    event.position.to_stored().is_multiple_of(7)
}

#[async_trait]
impl EventLog for SharedLog {
    async fn append(&self, stream: &StreamId, expected: Expected, events: Vec<NewEvent>) -> Result<Appended, LogError> {
        self.0.append(stream, expected, events).await
    }

    async fn read_stream(&self, stream: &StreamId, from: u64, max: usize) -> Result<Vec<StoredEvent>, LogError> {
        self.0.read_stream(stream, from, max).await
    }

    async fn read_all(&self, after: Position, max: usize) -> Result<Page, LogError> {
        let all = self.0.read_all(Position::START, usize::MAX).await?.events;
        let head = all
            .iter()
            .rfind(|event| is_ours(event))
            .map_or(Position::START, |event| event.position);
        let mut page = self.0.read_all(after, max.min(2)).await?;
        page.events.retain(is_ours);
        page.next = match page.events.last() {
            Some(last) => last.position,
            None if page.next < head => page.next,
            None => after,
        };
        Ok(Page { head, ..page })
    }

    fn wakeups(&self) -> watch::Receiver<Position> {
        self.0.wakeups()
    }

    fn log_id(&self) -> Uuid {
        self.0.log_id()
    }

    async fn close(&self) {}
}

async fn shared_log(events: usize) -> Arc<SharedLog> {
    let log = SharedLog(MemoryLog::new());
    let events = (0..events).map(|number| event(&format!("e-{number}"))).collect();
    log.append(&stream("a"), Expected::NoStream, events).await.unwrap();
    Arc::new(log)
}

#[tokio::test]
async fn the_relay_passes_over_what_is_not_ours() {
    let log = shared_log(7).await;
    let bus = Arc::new(LocalBus::with_capacity(100));
    let (stop, stopped) = watch::channel(false);
    let relay = tokio::spawn(Relay::new(log.clone(), bus.clone()).run(stopped));
    let mut subscription = bus.subscribe(Position::START).await.unwrap();
    // The relay starts at the end of what there is, so that it is given more once it has.
    let mut published = Vec::new();
    let mut number = 7;
    while published.len() < 3 {
        let more = (number..number + 21)
            .map(|number| event(&format!("e-{number}")))
            .collect();
        log.append(&stream("a"), Expected::Any, more).await.unwrap();
        number += 21;
        if let Ok(messages) = timeout(Duration::from_secs(3), subscription.next()).await {
            published.extend(messages.unwrap());
        }
        assert!(number < 1000, "the relay stands still");
    }
    for pair in published.windows(2) {
        assert_eq!(
            pair[0].event.position, pair[1].prev,
            "each names the one of ours before it"
        );
    }
    assert!(published.iter().all(|message| is_ours(&message.event)));
    stop.send_replace(true);
    timeout(PATIENCE, relay).await.unwrap().unwrap();
}

#[tokio::test]
async fn the_follower_passes_over_what_is_not_ours() {
    let log = shared_log(70).await;
    let bus = Arc::new(LocalBus::with_capacity(100));
    let mut follower = Follower::new(log, bus, Position::START);
    let mut seen = Vec::new();
    while seen.len() < 10 {
        let events = timeout(PATIENCE, follower.next()).await.unwrap().unwrap();
        seen.extend(events.iter().map(|event| event.position.to_stored()));
    }
    assert_eq!(seen, (1..=10).map(|number| number * 7).collect::<Vec<_>>());
}
