//! Nobody publishes behind another's back.

use std::time::Duration;

use bus::contract::messages;
use bus::{Bus, BusError, NatsBus};
use domain::Position;
use servers::Nats;
use uuid::Uuid;

use crate::server;

const LOG: Uuid = Uuid::from_u128(1);

fn reason(error: &BusError) -> String {
    error.0.to_string()
}

async fn stored(url: &str) -> u64 {
    server::stream(url).await.cached_info().state.messages
}

#[tokio::test]
async fn who_was_overtaken_publishes_nothing_and_then_goes_on_behind_the_other() {
    let nats = Nats::start();
    let url = nats.url();
    let (late, other) = (
        NatsBus::connect(&url, LOG, "late").await.unwrap(),
        NatsBus::connect(&url, LOG, "other").await.unwrap(),
    );
    late.publish(messages(1..3)).await.unwrap();
    other.publish(messages(3..20)).await.unwrap();

    // Other events than those that are there, so that no id is known; and more of them, so that one in their middle finds
    // as many messages as it would stand behind.
    let mut behind = messages(100..300);
    let refused = late.publish(behind.clone()).await.unwrap_err();

    assert_eq!(reason(&refused), "somebody else has published meanwhile");
    assert_eq!(stored(&url).await, 19, "not one of them was taken");
    assert_eq!(late.last().await.unwrap(), Position::from_stored(19));
    behind.truncate(2);
    late.publish(behind).await.unwrap();
    assert_eq!(stored(&url).await, 21);
}

#[tokio::test]
async fn two_that_publish_the_same_at_once_store_it_once_and_in_order() {
    let nats = Nats::start();
    let url = nats.url();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..3 {
        let url = url.clone();
        tasks.spawn(async move {
            let bus = NatsBus::connect(&url, LOG, "").await.unwrap();
            let mut refusals = 0;
            loop {
                let next = bus.last().await.unwrap().to_stored() + 1;
                if next > 2000 {
                    return refusals;
                }
                let page = messages(next..(next + 97).min(2001));
                refusals += u32::from(bus.publish(page).await.is_err());
            }
        });
    }
    let refusals: u32 = tasks.join_all().await.into_iter().sum();
    assert!(refusals > 0, "they met");
    assert_eq!(stored(&url).await, 2000);
    let bus = NatsBus::connect(&url, LOG, "").await.unwrap();
    let mut subscription = bus.subscribe(Position::START).await.unwrap();
    let mut next = 1;
    while next <= 2000 {
        let read = tokio::time::timeout(Duration::from_secs(30), subscription.next()).await;
        for message in read.unwrap().unwrap() {
            assert_eq!(message.event.position.to_stored(), next);
            next += 1;
        }
    }
}

/// The one case that sequence numbers do not tell apart: a stream that was made anew has just as many messages as the
/// old one had.
#[tokio::test]
async fn a_stream_that_came_out_of_order_is_made_again_and_goes_on() {
    let nats = Nats::start();
    let url = nats.url();
    let late = NatsBus::connect(&url, LOG, "late").await.unwrap();
    late.publish(messages(1..3)).await.unwrap();
    server::delete(&url).await;
    let leader = NatsBus::connect(&url, LOG, "leader").await.unwrap();
    leader.publish(messages(10..12)).await.unwrap();
    late.publish(messages(3..5)).await.unwrap();
    assert_eq!(leader.last().await.unwrap(), Position::from_stored(4), "out of order");

    let refused = leader.publish(messages(12..14)).await.unwrap_err();
    assert_eq!(reason(&refused), "somebody else has published meanwhile");
    let emptied = leader.publish(messages(5..14)).await.unwrap_err();

    assert!(reason(&emptied).contains("has been made again"), "{}", reason(&emptied));
    assert_eq!(leader.last().await.unwrap(), Position::START);
    leader.publish(messages(10..14)).await.unwrap();
    assert_eq!(leader.last().await.unwrap(), Position::from_stored(13));
}

#[tokio::test]
async fn messages_that_are_too_large_are_left_to_the_log() {
    let nats = Nats::start_with("max_payload: 8192", &[]);
    let url = nats.url();
    let bus = NatsBus::connect(&url, LOG, "").await.unwrap();
    let mut three = messages(1..4);
    let mut large = (*three[1].event).clone();
    large.data = format!(r#"{{"logo":"{}"}}"#, "x".repeat(8000));
    three[1].event = std::sync::Arc::new(large);

    bus.publish(three).await.unwrap();

    let mut subscription = bus.subscribe(Position::START).await.unwrap();
    let mut read = Vec::new();
    while read.len() < 2 {
        let more = tokio::time::timeout(Duration::from_secs(30), subscription.next()).await;
        read.extend(more.unwrap().unwrap());
    }
    let places: Vec<_> = read
        .iter()
        .map(|message| (message.prev.to_stored(), message.event.position.to_stored()))
        .collect();
    assert_eq!(places, [(0, 1), (2, 3)], "the gap shows");
}
