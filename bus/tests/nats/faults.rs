//! What may happen to the server, with a relay and readers at work. Nobody intervenes.

use std::sync::Arc;

use bus::contract::messages;
use bus::{Bus, Relay};
use domain::Position;
use eventlog::{EventLog, MemoryLog};
use servers::Nats;
use tokio::sync::watch;

use crate::server;
use crate::world::{Node, Reader, bus_carries, connect, grow, head, until};

/// A server, a log with some events, a relay and a reader that has seen them.
async fn at_work() -> (Nats, Arc<MemoryLog>, Node, Reader) {
    let (nats, log) = (Nats::start(), Arc::new(MemoryLog::new()));
    grow(&log, 300).await;
    let relay = Node::start(&nats.url(), &log, "the relay");
    let mut reader = Reader::start(&nats.url(), &log).await;
    bus_carries(&nats.url(), &log).await;
    grow(&log, 2000).await;
    reader.has_seen_all(&log).await;
    reader.hears_the_bus(&log).await;
    (nats, log, relay, reader)
}

/// In the end every reader has seen every event once in order, one that starts now as well, and new events come to
/// it by the bus again.
async fn all_is_well(nats: &Nats, log: &Arc<MemoryLog>, reader: &mut Reader) {
    bus_carries(&nats.url(), log).await;
    reader.hears_the_bus(log).await;
    grow(log, 500).await;
    reader.has_seen_all(log).await;
    Reader::start(&nats.url(), log).await.has_seen_all(log).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_is_killed_and_started_again_in_the_middle_of_thousands_of_events() {
    let (nats, log, _relay, mut reader) = at_work().await;
    for _ in 0..3 {
        grow(&log, 4000).await;
        nats.kill();
        grow(&log, 1000).await;
        nats.restart();
        grow(&log, 1000).await;
    }
    all_is_well(&nats, &log, &mut reader).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_comes_back_with_an_empty_store() {
    let (nats, log, _relay, mut reader) = at_work().await;
    grow(&log, 3000).await;
    nats.wipe_and_restart();
    grow(&log, 3000).await;
    all_is_well(&nats, &log, &mut reader).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_stream_is_purged_and_then_deleted() {
    let (nats, log, _relay, mut reader) = at_work().await;
    for forget in [true, false, true, false] {
        grow(&log, 1500).await;
        if forget {
            server::purge(&nats.url()).await;
        } else {
            server::delete(&nats.url()).await;
        }
        grow(&log, 1500).await;
        all_is_well(&nats, &log, &mut reader).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_is_made_again_behind_the_back_of_everybody_is_heard_again() {
    let (nats, log, _relay, mut reader) = at_work().await;
    server::replace(&nats.url()).await;
    all_is_well(&nats, &log, &mut reader).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_that_the_server_has_lost_is_made_again() {
    let (nats, log, _relay, mut reader) = at_work().await;
    server::forget_consumers(&nats.url()).await;
    all_is_well(&nats, &log, &mut reader).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_does_not_answer_for_thousands_of_events() {
    let (nats, log, _relay, mut reader) = at_work().await;
    nats.pause();
    grow(&log, 3000).await;
    // Readers live on the log, and do not even notice late that the bus is silent.
    reader.has_seen_all(&log).await;
    grow(&log, 3000).await;
    reader.has_seen_all(&log).await;
    nats.resume();
    all_is_well(&nats, &log, &mut reader).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_server_at_the_start_everything_waits_for_one() {
    let (nats, log) = (Nats::start(), Arc::new(MemoryLog::new()));
    nats.kill();
    grow(&log, 100).await;
    let _relay = Node::start(&nats.url(), &log, "the relay");
    let mut reader = Reader::start(&nats.url(), &log).await;
    reader.has_seen_all(&log).await;
    nats.restart();
    all_is_well(&nats, &log, &mut reader).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_bus_still_holds_of_a_log_that_was_restored_is_never_believed() {
    let (nats, log) = (Nats::start(), Arc::new(MemoryLog::new()));
    grow(&log, 3).await;
    let bus = connect(&nats.url(), &log, "before the restoration").await;
    // After the backup that the log was restored from, these happened: other events than those to come.
    bus.publish(messages(4..20)).await.unwrap();
    let mut reader = Reader::start(&nats.url(), &log).await;
    grow(&log, 4).await;
    reader.has_seen_all(&log).await;

    let (stop, stopped) = watch::channel(false);
    let relay = tokio::spawn(Relay::new(log.clone(), bus.clone()).run(stopped));

    until("the bus is emptied and goes on with the log", async || {
        grow(&log, 1).await;
        bus.last()
            .await
            .is_ok_and(|last| last != Position::START && last < Position::from_stored(20))
    })
    .await;
    grow(&log, 30).await;
    let newest = head(&log).await;
    until("the bus carries the log", async || bus.last().await.unwrap() == newest).await;
    reader.has_seen_all(&log).await;
    stop.send_replace(true);
    relay.await.unwrap();
}

#[tokio::test]
async fn a_stream_of_another_log_is_not_read_and_is_replaced_when_nobody_publishes_it() {
    let nats = Nats::start();
    let (old, new) = (MemoryLog::new(), MemoryLog::new());
    assert_ne!(old.log_id(), new.log_id());
    let before = connect(&nats.url(), &old, "old").await;
    let turn = before.turn().await;
    before.publish(messages(1..10)).await.unwrap();
    let after = connect(&nats.url(), &new, "new").await;
    assert!(after.subscribe(Position::START).await.is_err());
    assert!(after.last().await.is_err());
    assert!(after.publish(messages(1..3)).await.is_err());

    turn.give_back().await;
    let _turn = after.turn().await;

    assert_eq!(after.last().await.unwrap(), Position::START);
    after.publish(messages(1..3)).await.unwrap();
    assert_eq!(after.last().await.unwrap(), Position::from_stored(2));
    assert!(before.last().await.is_err(), "and the other way round");
}
