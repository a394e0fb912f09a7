//! The relay publishes the log in order and each event's predecessor with it, through restarts and failures.

use std::sync::Arc;
use std::time::Duration;

use crate::double::{Fault, FaultyBus, WatchedLog};
use bus::{Bus, LocalBus, Message, Relay, Subscription};
use domain::Position;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

struct Running {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Running {
    fn start(log: &Arc<WatchedLog>, bus: &Arc<impl Bus + 'static>) -> Self {
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(Relay::new(log.clone(), bus.clone()).run(stopped));
        Self { stop, task }
    }

    async fn stop(self) {
        self.stop.send_replace(true);
        self.task.await.unwrap();
    }
}

/// Reads until the message at `last` has come.
async fn read_to(subscription: &mut Box<dyn Subscription>, last: Position) -> Vec<Message> {
    let mut read: Vec<Message> = Vec::new();
    while read.last().is_none_or(|message| message.event.position != last) {
        read.extend(
            timeout(Duration::from_mins(5), subscription.next())
                .await
                .unwrap()
                .unwrap(),
        );
    }
    read
}

async fn until(mut condition: impl AsyncFnMut() -> bool) {
    let reached = timeout(Duration::from_mins(5), async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    reached.await.unwrap();
}

fn assert_chained(messages: &[Message], after: u64, last: u64) {
    let numbers: Vec<_> = messages
        .iter()
        .map(|message| (message.prev.to_stored(), message.event.position.to_stored()))
        .collect();
    assert_eq!(
        numbers,
        (after..last).map(|number| (number, number + 1)).collect::<Vec<_>>()
    );
}

#[tokio::test(start_paused = true)]
async fn it_publishes_what_is_appended_each_with_its_predecessor() {
    let (log, bus) = (WatchedLog::new(), Arc::new(LocalBus::new()));
    let mut subscription = bus.subscribe(Position::START).await.unwrap();
    let relay = Running::start(&log, &bus);
    // The first round sees an empty log.
    until(async || log.reads() > 1).await;
    log.grow(3).await;
    log.grow(600).await;
    let read = read_to(&mut subscription, Position::from_stored(603)).await;
    assert_chained(&read, 0, 603);
    relay.stop().await;
}

#[tokio::test(start_paused = true)]
async fn on_an_empty_bus_it_starts_at_the_end_of_the_log() {
    let (log, bus) = (WatchedLog::new(), Arc::new(LocalBus::new()));
    log.grow(5).await;
    let mut subscription = bus.subscribe(Position::START).await.unwrap();
    let relay = Running::start(&log, &bus);
    until(async || log.reads() > 1).await;
    log.grow(2).await;
    let read = read_to(&mut subscription, Position::from_stored(7)).await;
    assert_chained(&read, 5, 7);
    relay.stop().await;
}

#[tokio::test(start_paused = true)]
async fn after_a_restart_it_goes_on_where_the_bus_ends() {
    let (log, bus) = (WatchedLog::new(), Arc::new(LocalBus::new()));
    bus.publish(log.grow(3).await).await.unwrap();
    log.grow(4).await;
    let mut subscription = bus.subscribe(Position::from_stored(3)).await.unwrap();
    for last in [7, 9, 11] {
        let relay = Running::start(&log, &bus);
        until(async || bus.last().await.unwrap() == Position::from_stored(last)).await;
        relay.stop().await;
        log.grow(2).await;
    }
    let read = read_to(&mut subscription, Position::from_stored(11)).await;
    assert_chained(&read, 3, 11);
}

#[tokio::test(start_paused = true)]
async fn a_publication_that_fails_is_made_again() {
    let log = WatchedLog::new();
    let bus = Arc::new(FaultyBus::new(
        100,
        [Fault::Refuse, Fault::Refuse, Fault::None, Fault::Refuse],
    ));
    let relay = Running::start(&log, &bus);
    until(async || log.reads() > 1).await;
    let mut subscription = bus.subscribe(Position::START).await.unwrap();
    log.grow(3).await;
    let mut read = read_to(&mut subscription, Position::from_stored(3)).await;
    log.grow(2).await;
    read.extend(read_to(&mut subscription, Position::from_stored(5)).await);
    assert_chained(&read, 0, 5);
    assert_eq!(bus.faults_left(), 0);
    relay.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_publication_whose_answer_was_lost_is_not_made_again() {
    let log = WatchedLog::new();
    let bus = Arc::new(FaultyBus::new(100, [Fault::Forget]));
    let relay = Running::start(&log, &bus);
    until(async || log.reads() > 1).await;
    let mut subscription = bus.subscribe(Position::START).await.unwrap();
    log.grow(3).await;
    let mut read = read_to(&mut subscription, Position::from_stored(3)).await;
    log.grow(1).await;
    read.extend(read_to(&mut subscription, Position::from_stored(4)).await);
    assert_chained(&read, 0, 4);
    relay.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_log_that_is_away_for_a_while_is_waited_for() {
    let (log, bus) = (WatchedLog::new(), Arc::new(LocalBus::new()));
    bus.publish(log.grow(1).await).await.unwrap();
    log.fail(10);
    log.grow(2).await;
    let relay = Running::start(&log, &bus);
    until(async || bus.last().await.unwrap() == Position::from_stored(3)).await;
    relay.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_bus_that_is_ahead_of_a_restored_log_does_not_stop_it() {
    let (log, bus) = (WatchedLog::new(), Arc::new(LocalBus::new()));
    bus.publish(bus::contract::messages(50..51)).await.unwrap();
    log.grow(3).await;
    let relay = Running::start(&log, &bus);
    until(async || log.reads() > 1).await;
    let mut subscription = bus.subscribe(Position::from_stored(3)).await.unwrap();
    log.grow(2).await;
    let read = read_to(&mut subscription, Position::from_stored(5)).await;
    assert_chained(&read, 3, 5);
    relay.stop().await;
}

#[tokio::test(start_paused = true)]
async fn it_stops_when_it_is_told_to_even_while_it_waits() {
    let (log, bus) = (WatchedLog::new(), Arc::new(LocalBus::new()));
    let relay = Running::start(&log, &bus);
    until(async || log.reads() > 1).await;
    timeout(Duration::from_secs(5), relay.stop()).await.unwrap();
    let relay = Running::start(&log, &bus);
    drop(relay.stop);
    timeout(Duration::from_secs(5), relay.task).await.unwrap().unwrap();
}
