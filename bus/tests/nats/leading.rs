//! One relay publishes at a time, and another takes over when it does not.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bus::{Bus, NatsBus};
use eventlog::{EventLog, MemoryLog};
use servers::Nats;
use tokio::time::timeout;

use crate::server::leader;
use crate::world::{LEASE, Node, Reader, bus_carries, connect, grow, until};

async fn leads(url: &str, holder: &str) {
    until(&format!("{holder} leads"), async || {
        leader(url).await.is_some_and(|(name, _)| name == holder)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_is_paused_past_its_lease_wakes_up_and_does_no_harm() {
    let (nats, log) = (Nats::start(), Arc::new(MemoryLog::new()));
    let url = nats.url();
    let mut reader = Reader::start(&url, &log).await;
    let nodes = [Node::start(&url, &log, "a"), Node::start(&url, &log, "b")];
    for round in 0..3 {
        bus_carries(&url, &log).await;
        let (first, term) = leader(&url).await.unwrap();
        let (leading, other) = if first == "a" {
            (&nodes[0], "b")
        } else {
            (&nodes[1], "a")
        };
        // It is in the middle of something when it is frozen.
        let growing = tokio::spawn({
            let log = log.clone();
            async move { grow(&log, 5000).await }
        });
        let frozen = leading.freeze().await;
        growing.await.unwrap();
        leads(&url, other).await;
        assert!(leader(&url).await.unwrap().1 > term, "round {round}");
        bus_carries(&url, &log).await;
        grow(&log, 2000).await;
        drop(frozen);
        grow(&log, 2000).await;
        reader.has_seen_all(&log).await;
    }
    Reader::start(&url, &log).await.has_seen_all(&log).await;
    for node in nodes {
        node.stop().await;
    }
}

#[tokio::test]
async fn the_turn_is_had_by_one_and_given_back_at_once() {
    let (nats, log) = (Nats::start(), MemoryLog::new());
    let first = NatsBus::connect(&nats.url(), log.log_id(), "first").await.unwrap();
    let second = NatsBus::connect(&nats.url(), log.log_id(), "second").await.unwrap();
    let mut turn = first.turn().await;
    let mut waiting = tokio::spawn(async move { second.turn().await });
    // Longer than the lease lasts when nobody renews it.
    assert!(timeout(Duration::from_secs(7), &mut waiting).await.is_err());
    assert!(
        timeout(Duration::ZERO, turn.over()).await.is_err(),
        "it is still the first one's"
    );

    let start = Instant::now();
    turn.give_back().await;

    let _turn = timeout(Duration::from_secs(30), waiting).await.unwrap().unwrap();
    assert!(
        start.elapsed() < Duration::from_secs(4),
        "nobody waited for the lease to run out"
    );
    assert_eq!(leader(&nats.url()).await, Some(("second".to_owned(), 2)));
}

#[tokio::test]
async fn a_turn_that_cannot_be_renewed_is_over_before_another_can_have_it() {
    let (nats, log) = (Nats::start(), MemoryLog::new());
    let bus = connect(&nats.url(), &log, "first").await;
    let mut turn = bus.turn().await;
    let start = Instant::now();
    nats.pause();
    timeout(Duration::from_secs(30), turn.over()).await.unwrap();
    assert!(start.elapsed() < LEASE, "after {:?}", start.elapsed());
    nats.resume();
    timeout(Duration::from_secs(30), bus.turn()).await.unwrap();
}

#[tokio::test]
async fn a_turn_is_over_when_another_has_taken_the_lease() {
    let (nats, log) = (Nats::start(), MemoryLog::new());
    let bus = connect(&nats.url(), &log, "first").await;
    let mut turn = bus.turn().await;
    let store = crate::server::jetstream(&nats.url()).await;
    let store = store.get_key_value("soconnective-relay").await.unwrap();
    store
        .put("lease", r#"{"holder":"thief","term":9}"#.into())
        .await
        .unwrap();
    timeout(Duration::from_secs(30), turn.over()).await.unwrap();
    let _turn = timeout(Duration::from_secs(30), bus.turn()).await.unwrap();
    assert_eq!(leader(&nats.url()).await, Some(("first".to_owned(), 10)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_lease_survives_a_server_that_is_started_again() {
    let (nats, log) = (Nats::start(), MemoryLog::new());
    let bus = NatsBus::connect(&nats.url(), log.log_id(), "first").await.unwrap();
    let mut turn = bus.turn().await;
    nats.kill();
    nats.restart();
    assert!(timeout(Duration::from_secs(6), turn.over()).await.is_err());
    assert_eq!(leader(&nats.url()).await, Some(("first".to_owned(), 1)));
}
