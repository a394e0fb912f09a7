//! Three servers that keep the stream together, of which one at a time may die.

use std::sync::Arc;

use async_nats::jetstream::{self, stream::Info};
use eventlog::MemoryLog;
use servers::Nats;

use crate::server::STREAM;
use crate::world::{Node, Reader, bus_carries, grow, until};

/// The URL of all of them, with this many copies of each message.
fn url(servers: &[Nats], replicas: usize) -> String {
    let addresses: Vec<_> = servers.iter().map(Nats::address).collect();
    format!("nats://{}?replicas={replicas}", addresses.join(","))
}

/// What a server that runs knows of a stream; none while the servers have not agreed on it.
async fn info(server: &Nats, stream: &str) -> Option<Info> {
    let client = async_nats::connect(server.url()).await.ok()?;
    let stream = jetstream::new(client).get_stream(stream).await.ok()?;
    Some(stream.cached_info().clone())
}

/// The number of the server that leads the stream, once all of those that keep it are up to date.
async fn leader(servers: &[Nats], asked: usize) -> usize {
    let mut found = None;
    until("all servers are up to date", async || {
        let cluster = info(&servers[asked], STREAM).await.and_then(|info| info.cluster);
        found = cluster.and_then(|cluster| {
            let is_whole = cluster.replicas.len() == 2 && cluster.replicas.iter().all(|replica| replica.current);
            cluster.leader.filter(|_| is_whole)
        });
        found.is_some()
    })
    .await;
    found.unwrap().trim_start_matches('n').parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_leader_is_killed_again_and_again_and_every_event_is_seen_once() {
    let (servers, log) = (Nats::cluster(3), Arc::new(MemoryLog::new()));
    let url = url(&servers, 3);
    let mut reader = Reader::start(&url, &log).await;
    let relays = [Node::start(&url, &log, "a"), Node::start(&url, &log, "b")];
    bus_carries(&url, &log).await;
    let kept = info(&servers[0], STREAM).await.unwrap().config;
    let lease = info(&servers[0], "KV_soconnective-relay").await.unwrap().config;
    assert_eq!((kept.num_replicas, lease.num_replicas), (3, 3), "as the URL asks for");

    let mut asked = 0;
    for round in 0..3 {
        let killed = leader(&servers, asked).await;
        println!("round {round}: n{killed} leads");
        let growing = tokio::spawn({
            let log = log.clone();
            async move { grow(&log, 4000).await }
        });
        servers[killed].kill();
        growing.await.unwrap();
        reader.has_seen_all(&log).await;
        // Two of three go on by themselves: it is the bus that carries events, and not the log.
        bus_carries(&url, &log).await;
        reader.hears_the_bus(&log).await;
        reader.has_seen_all(&log).await;
        servers[killed].restart();
        asked = (killed + 1) % 3;
    }
    Reader::start(&url, &log).await.has_seen_all(&log).await;
    for relay in relays {
        relay.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_of_one_server_gets_the_copies_that_are_asked_for_later() {
    let (servers, log) = (Nats::cluster(3), Arc::new(MemoryLog::new()));
    let relay = Node::start(&url(&servers, 1), &log, "before");
    bus_carries(&url(&servers, 1), &log).await;
    assert_eq!(info(&servers[0], STREAM).await.unwrap().config.num_replicas, 1);
    relay.stop().await;

    let relay = Node::start(&url(&servers, 3), &log, "after");
    until("the stream has three copies", async || {
        info(&servers[0], STREAM)
            .await
            .is_some_and(|info| info.config.num_replicas == 3)
    })
    .await;
    leader(&servers, 0).await;
    bus_carries(&url(&servers, 3), &log).await;
    relay.stop().await;
}
