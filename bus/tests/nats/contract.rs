use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bus::contract::messages;
use bus::{Bus, NatsBus, contract};
use domain::Position;
use servers::Nats;
use tokio::time::timeout;
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bus_over_nats_keeps_every_promise() {
    let nats = Nats::start();
    let logs = AtomicU64::new(0);
    contract::run(async || {
        let number = logs.fetch_add(1, Ordering::SeqCst);
        let log = Uuid::from_u64_pair(number, 0);
        let bus = NatsBus::connect(&nats.url(), log, &number.to_string()).await.unwrap();
        // Whoever has the turn replaces the stream of another log, so that each of them is empty.
        bus.turn().await.give_back().await;
        Arc::new(bus) as Arc<dyn Bus>
    })
    .await;
}

/// Positions of some logs are far apart, and a reader's place may lie between those of two messages.
#[tokio::test]
async fn a_reader_finds_its_place_in_a_long_stream_with_uneven_positions() {
    let nats = Nats::start();
    let bus = NatsBus::connect(&nats.url(), Uuid::from_u128(1), "").await.unwrap();
    let mut sparse = messages(1..600);
    for message in &mut sparse {
        let mut event = (*message.event).clone();
        event.position = Position::from_stored(event.position.to_stored().pow(2));
        message.prev = Position::from_stored(message.prev.to_stored().pow(2));
        message.event = Arc::new(event);
    }
    bus.publish(sparse.clone()).await.unwrap();
    let url = nats.url();
    // Some at the start are forgotten.
    crate::server::stream(&url).await.purge().sequence(40).await.unwrap();
    for after in [
        0,
        100,
        38 * 38,
        39 * 39,
        40 * 40,
        40 * 40 + 1,
        300 * 300 - 1,
        300 * 300,
        598 * 598,
        599 * 599 - 1,
    ] {
        let mut subscription = bus.subscribe(Position::from_stored(after)).await.unwrap();
        let read = timeout(std::time::Duration::from_secs(30), subscription.next()).await;
        let first = read.unwrap().unwrap()[0].event.position.to_stored();
        let expected = (40..600_u64)
            .map(|number| number * number)
            .find(|position| *position > after);
        assert_eq!(Some(first), expected, "after {after}");
    }
}
