//! A follower gives every event once and in order, whatever the bus does.

use std::sync::Arc;
use std::time::Duration;

use crate::double::{Fault, FaultyBus, NoBus, WatchedLog};
use bus::{Bus, FollowError, Follower, LocalBus, Message, Relay};
use domain::{EventId, Position};
use eventlog::{LogError, StoredEvent};
use proptest::prelude::*;
use tokio::sync::watch;
use tokio::time::timeout;

fn ids(events: &[Arc<StoredEvent>]) -> Vec<EventId> {
    events.iter().map(|event| event.id).collect()
}

/// Follows until `count` events have come.
async fn follow(follower: &mut Follower, count: usize) -> Vec<EventId> {
    let mut seen = Vec::new();
    while seen.len() < count {
        let events = follower.next().await.unwrap();
        assert_eq!(events.last().unwrap().position, follower.checkpoint());
        seen.extend(ids(&events));
    }
    seen
}

/// Between two looks at the log, so that none is left half-way.
async fn nothing_comes(follower: &mut Follower) {
    assert!(timeout(Duration::from_millis(10_500), follower.next()).await.is_err());
}

/// A follower that has caught up with a log of five events and turned to the bus.
async fn caught_up() -> (Arc<WatchedLog>, Arc<LocalBus>, Follower) {
    let (log, bus) = (WatchedLog::new(), Arc::new(LocalBus::new()));
    log.grow(5).await;
    let mut follower = Follower::new(log.clone(), bus.clone(), Position::START);
    assert_eq!(follow(&mut follower, 5).await, log.ids().await);
    assert!(follower.caught_up());
    (log, bus, follower)
}

#[tokio::test(start_paused = true)]
async fn it_reads_the_log_first_and_then_only_the_bus() {
    let (log, bus, mut follower) = caught_up().await;
    nothing_comes(&mut follower).await;
    let reads = log.reads();
    for _ in 0..3 {
        let new = log.grow(2).await;
        bus.publish(new.clone()).await.unwrap();
        let expected: Vec<_> = new.iter().map(|message| message.event.id).collect();
        assert_eq!(follow(&mut follower, 2).await, expected);
    }
    assert_eq!(log.reads(), reads, "the bus brought all of it");
}

#[tokio::test(start_paused = true)]
async fn it_starts_after_its_checkpoint() {
    let log = WatchedLog::new();
    log.grow(5).await;
    let all = log.ids().await;
    let mut follower = Follower::new(log, Arc::new(LocalBus::new()), Position::from_stored(3));
    assert_eq!(follow(&mut follower, 2).await, all[3..]);
    nothing_comes(&mut follower).await;
}

#[tokio::test(start_paused = true)]
async fn messages_that_are_lost_come_from_the_log() {
    let (log, bus, mut follower) = caught_up().await;
    let new = log.grow(6).await;
    let without_some: Vec<Message> = [0, 1, 4, 5].map(|index| new[index].clone()).into();
    bus.publish(without_some).await.unwrap();
    assert_eq!(follow(&mut follower, 6).await, log.ids().await[5..]);
    assert!(follower.caught_up(), "and it has returned to the bus");
}

#[tokio::test(start_paused = true)]
async fn messages_that_come_again_are_skipped() {
    let (log, bus, mut follower) = caught_up().await;
    let new = log.grow(3).await;
    for _ in 0..3 {
        bus.publish(new.clone()).await.unwrap();
    }
    assert_eq!(follow(&mut follower, 3).await, log.ids().await[5..]);
    nothing_comes(&mut follower).await;
}

#[tokio::test(start_paused = true)]
async fn messages_in_the_wrong_order_are_put_right() {
    let (log, bus, mut follower) = caught_up().await;
    let mut new = log.grow(4).await;
    new.reverse();
    bus.publish(new).await.unwrap();
    assert_eq!(follow(&mut follower, 4).await, log.ids().await[5..]);
    nothing_comes(&mut follower).await;
}

#[tokio::test(start_paused = true)]
async fn a_silent_bus_delays_an_event_by_a_second_at_most() {
    let (log, _bus, mut follower) = caught_up().await;
    log.grow(2).await;
    let all = log.ids().await;
    let come = timeout(Duration::from_millis(1100), follow(&mut follower, 2)).await;
    assert_eq!(come.unwrap(), all[5..]);
}

#[tokio::test(start_paused = true)]
async fn without_a_bus_it_lives_on_the_log() {
    let log = WatchedLog::new();
    let mut follower = Follower::new(log.clone(), Arc::new(NoBus), Position::START);
    for _ in 0..3 {
        let new = log.grow(2).await;
        let come = timeout(Duration::from_millis(1100), follow(&mut follower, 2))
            .await
            .unwrap();
        assert_eq!(come, [new[0].event.id, new[1].event.id]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_purged_bus_is_subscribed_to_again() {
    let log = WatchedLog::new();
    let bus = Arc::new(FaultyBus::new(100, []));
    let mut follower = Follower::new(log.clone(), bus.clone(), Position::START);
    bus.publish(log.grow(2).await).await.unwrap();
    follow(&mut follower, 2).await;
    nothing_comes(&mut follower).await;
    bus.purge();
    let unpublished = log.grow(2).await;
    assert_eq!(
        follow(&mut follower, 2).await,
        [unpublished[0].event.id, unpublished[1].event.id]
    );
    nothing_comes(&mut follower).await;
    let reads = log.reads();
    let new = log.grow(1).await;
    bus.publish(new.clone()).await.unwrap();
    assert_eq!(follow(&mut follower, 1).await, [new[0].event.id]);
    assert_eq!(log.reads(), reads, "it came by the bus");
}

/// The log was restored from a backup: the bus still holds what happened after that backup, at positions that other events
/// have now.
#[tokio::test(start_paused = true)]
async fn what_the_bus_held_before_the_reader_came_is_not_believed() {
    let log = WatchedLog::new();
    let bus = Arc::new(LocalBus::new());
    log.grow(3).await;
    bus.publish(bus::contract::messages(4..8)).await.unwrap();
    let mut follower = Follower::new(log.clone(), bus.clone(), Position::START);
    assert_eq!(follow(&mut follower, 3).await, log.ids().await);
    nothing_comes(&mut follower).await;
    log.grow(2).await;
    assert_eq!(follow(&mut follower, 2).await, log.ids().await[3..]);
    bus.clear().await.unwrap();
    nothing_comes(&mut follower).await;
    let reads = log.reads();
    bus.publish(log.grow(1).await).await.unwrap();
    assert_eq!(follow(&mut follower, 1).await, log.ids().await[5..]);
    assert_eq!(log.reads(), reads, "once it is emptied, it is read again");
}

#[tokio::test(start_paused = true)]
async fn a_lagging_reader_catches_up_from_the_log() {
    let log = WatchedLog::new();
    let bus = Arc::new(LocalBus::with_capacity(2));
    let mut follower = Follower::new(log.clone(), bus.clone(), Position::START);
    log.grow(1).await;
    follow(&mut follower, 1).await;
    nothing_comes(&mut follower).await;
    for _ in 0..10 {
        bus.publish(log.grow(3).await).await.unwrap();
    }
    assert_eq!(follow(&mut follower, 30).await, log.ids().await[1..]);
    nothing_comes(&mut follower).await;
}

#[tokio::test(start_paused = true)]
async fn a_log_that_is_away_is_told_and_can_be_tried_again() {
    let log = WatchedLog::new();
    let mut follower = Follower::new(log.clone(), Arc::new(LocalBus::new()), Position::START);
    log.grow(2).await;
    log.fail(2);
    for _ in 0..2 {
        let outcome = follower.next().await;
        assert!(
            matches!(outcome, Err(FollowError::Log(LogError::Unavailable(_)))),
            "{outcome:?}"
        );
    }
    assert_eq!(follow(&mut follower, 2).await, log.ids().await);
}

#[tokio::test(start_paused = true)]
async fn a_checkpoint_of_a_longer_log_is_refused() {
    let log = WatchedLog::new();
    log.grow(2).await;
    let mut follower = Follower::new(log, Arc::new(LocalBus::new()), Position::from_stored(7));
    match follower.next().await {
        Err(FollowError::BeyondHead { checkpoint, head }) => {
            assert_eq!((checkpoint.to_stored(), head.to_stored()), (7, 2));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn giving_up_waiting_loses_nothing() {
    let log = WatchedLog::new();
    let bus = Arc::new(LocalBus::new());
    let mut follower = Follower::new(log.clone(), bus.clone(), Position::START);
    let mut seen = Vec::new();
    for round in 0..40 {
        let new = log.grow(1).await;
        if round % 3 != 0 {
            bus.publish(new).await.unwrap();
        }
        // From not at all to past the look at the silent bus.
        let patience = Duration::from_millis(round * 37);
        if let Ok(events) = timeout(patience, follower.next()).await {
            seen.extend(ids(&events.unwrap()));
        }
    }
    let rest = log.ids().await.len() - seen.len();
    seen.extend(follow(&mut follower, rest).await);
    assert_eq!(seen, log.ids().await);
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        4 => Just(Fault::None),
        1 => Just(Fault::Lose),
        1 => Just(Fault::LoseSome),
        1 => Just(Fault::Repeat),
        1 => Just(Fault::Reverse),
        1 => Just(Fault::Refuse),
        1 => Just(Fault::Forget),
        1 => Just(Fault::Purge),
    ]
}

proptest! {
    #[test]
    fn through_any_faults_of_the_bus_the_relay_and_a_follower_deliver_the_log(
        faults in prop::collection::vec(fault(), 0..20),
        capacity in 1_usize..40,
        growth in prop::collection::vec(0_usize..6, 1..20),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let log = WatchedLog::new();
            let bus = Arc::new(FaultyBus::new(capacity, faults));
            let (stop, stopped) = watch::channel(false);
            let relay = tokio::spawn(Relay::new(log.clone(), bus.clone()).run(stopped));
            let mut follower = Follower::new(log.clone(), bus, Position::START);
            let mut seen = Vec::new();
            for count in growth {
                log.grow(count).await;
                seen.extend(follow(&mut follower, count).await);
            }
            assert_eq!(seen, log.ids().await);
            nothing_comes(&mut follower).await;
            stop.send_replace(true);
            relay.await.unwrap();
        });
    }
}
