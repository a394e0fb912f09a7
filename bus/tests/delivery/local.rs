//! The bus inside the process keeps the contract, and shows a slow reader its gap.

use std::sync::Arc;

use bus::contract::{self, messages};
use bus::{Bus, LocalBus};
use domain::Position;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_bus_inside_the_process_keeps_every_promise() {
    contract::run(async || Arc::new(LocalBus::new()) as Arc<dyn Bus>).await;
}

#[tokio::test]
async fn a_reader_that_is_too_slow_finds_the_oldest_gone_and_the_gap_shown() {
    let bus = LocalBus::with_capacity(3);
    let mut subscription = bus.subscribe(Position::START).await.unwrap();
    bus.publish(messages(1..11)).await.unwrap();

    let read = subscription.next().await.unwrap();

    let numbers: Vec<_> = read.iter().map(|message| message.event.position.to_stored()).collect();
    assert_eq!(numbers, [8, 9, 10]);
    assert_eq!(
        read[0].prev,
        Position::from_stored(7),
        "it names one that the reader has not seen"
    );
}

#[tokio::test]
async fn large_messages_push_out_old_ones_before_they_fill_the_memory() {
    let bus = LocalBus::new();
    let mut subscription = bus.subscribe(Position::START).await.unwrap();
    let mut large = messages(1..101);
    for message in &mut large {
        let mut event = (*message.event).clone();
        event.data = format!(r#"{{"a":"{}"}}"#, "x".repeat(1_000_000));
        message.event = Arc::new(event);
    }
    bus.publish(large).await.unwrap();

    let read = subscription.next().await.unwrap();

    assert!(
        (20..50).contains(&read.len()),
        "{} messages of 1 MB are held",
        read.len()
    );
    assert_eq!(read.last().unwrap().event.position, Position::from_stored(100));
}

#[tokio::test]
async fn a_subscription_ends_with_its_bus() {
    let bus = LocalBus::new();
    let mut subscription = bus.subscribe(Position::START).await.unwrap();
    bus.publish(messages(1..2)).await.unwrap();
    drop(bus);
    assert_eq!(
        subscription.next().await.unwrap().len(),
        1,
        "what was published still comes"
    );
    assert!(subscription.next().await.is_err());
}
