use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use tokio::task::JoinSet;

use super::client::Connection;

/// What one client sends, one request after the other.
#[derive(Clone)]
pub(super) enum Work {
    /// The same again and again, for a while.
    Repeat(Arc<[u8]>, Duration),
    /// Each of these once.
    Once(Arc<[Vec<u8>]>),
}

/// How a load was carried.
pub(super) struct Carried {
    /// How many requests were answered.
    pub(super) requests: f64,
    pub(super) per_second: f64,
    /// The time that half of the requests took at most, in microseconds.
    pub(super) p50: f64,
    /// The time that 99 of 100 requests took at most, in microseconds.
    pub(super) p99: f64,
}

/// Puts a load on a server, one connection for each client. All clients share one thread, so that they take no more of the
/// machine than they need.
pub(super) async fn put_on(address: SocketAddr, clients: Vec<Work>) -> Result<Carried> {
    let thread = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(all(address, clients))
    };
    tokio::task::spawn_blocking(thread).await?
}

async fn all(address: SocketAddr, clients: Vec<Work>) -> Result<Carried> {
    let mut connections = Vec::with_capacity(clients.len());
    for _ in 0..clients.len() {
        connections.push(Connection::open(address).await?);
    }
    let mut tasks = JoinSet::new();
    let start = Instant::now();
    for (work, connection) in clients.into_iter().zip(connections) {
        tasks.spawn(one(connection, work, start));
    }
    let mut times = Vec::new();
    while let Some(task) = tasks.join_next().await {
        times.extend(task??);
    }
    Ok(summary(times, start.elapsed()))
}

async fn one(mut connection: Connection, work: Work, start: Instant) -> Result<Vec<Duration>> {
    let mut times = Vec::new();
    match work {
        Work::Repeat(request, span) => {
            while start.elapsed() < span {
                times.push(timed(&mut connection, &request).await?);
            }
        }
        Work::Once(requests) => {
            for request in &*requests {
                times.push(timed(&mut connection, request).await?);
            }
        }
    }
    Ok(times)
}

async fn timed(connection: &mut Connection, request: &[u8]) -> Result<Duration> {
    let from = Instant::now();
    let answer = connection.exchange(request).await?;
    if !answer.is_success() {
        bail!(
            "answered with {}: {}",
            answer.status,
            String::from_utf8_lossy(answer.body)
        );
    }
    Ok(from.elapsed())
}

#[expect(clippy::cast_precision_loss, reason = "no machine answers 2^52 requests in a round")]
fn summary(mut times: Vec<Duration>, elapsed: Duration) -> Carried {
    times.sort_unstable();
    let at = |percent: usize| {
        let time = times.get(times.len() * percent / 100);
        time.map_or(f64::NAN, |time| time.as_secs_f64() * 1e6)
    };
    let requests = times.len() as f64;
    Carried {
        requests,
        per_second: requests / elapsed.as_secs_f64(),
        p50: at(50),
        p99: at(99),
    }
}
