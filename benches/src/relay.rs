use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use async_nats::jetstream::stream::Config;
use async_nats::jetstream::{self, context::ContextBuilder};
use bus::{Bus, NatsBus, Relay};
use domain::Position;
use eventlog::{EventLog, Expected, SqliteLog};
use servers::Nats;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::time::sleep;
use uuid::Uuid;

use crate::fixture;
use crate::table::{Table, median};

/// How the relay is measured.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How many events the relay finds in the log and publishes.
    #[arg(long, default_value_t = 100_000)]
    events: usize,
    /// How often, by turns with the floor; the medians count.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Where the log is made. The NATS server has its store in the system's temporary folder.
    #[arg(long, default_value = ".")]
    folder: PathBuf,
}

/// Runs the measurement: events per second from a SQLite log into JetStream, from the start of a relay that has fallen
/// behind until the bus holds the newest event. The floor publishes as many messages of the same size to a stream of the
/// same server, by the same client, all under way at once and without conditions.
pub(crate) async fn run(options: &Options) -> Result<()> {
    let folder = TempDir::new_in(&options.folder)?;
    let log: Arc<dyn EventLog> = Arc::new(SqliteLog::open(&folder.path().join("log.db")).await?);
    let nats = Nats::start();
    let (mut measured, mut floor) = (Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        let bus = Arc::new(NatsBus::connect(&nats.url(), log.log_id(), "benches").await?);
        // A relay on a bus that is not empty goes on behind the newest message, which is the end of the log now.
        let start = vec![fixture::one_event(&format!("start {}", measured.len()))?];
        log.append(&fixture::own_stream("start")?, Expected::Any, start).await?;
        publish_newest(&*log, &bus).await?;
        fill(&*log, measured.len(), options.events).await?;
        measured.push(relay(&log, bus, options.events).await?);
        floor.push(raw(&nats.url(), options.events).await?);
    }
    let (measured, floor) = (median(&mut measured), median(&mut floor));
    let mut table = Table::new();
    table.row(
        &format!("relay of {} events into JetStream", options.events),
        &format!("{measured:.0}/s"),
        &format!("{floor:.0}/s"),
        measured / floor,
        "at least 20000/s",
    );
    table.print();
    Ok(())
}

async fn publish_newest(log: &dyn EventLog, bus: &NatsBus) -> Result<()> {
    let turn = bus.turn().await;
    bus.clear().await?;
    let mut prev = Position::START;
    let mut newest = None;
    loop {
        let page = log.read_all(prev, 4096).await?;
        prev = page.next;
        newest = page.events.into_iter().next_back().or(newest);
        if page.next >= page.head {
            break;
        }
    }
    let event = Arc::new(newest.context("the log is empty")?);
    bus.publish(vec![bus::Message { prev, event }]).await?;
    turn.give_back().await;
    Ok(())
}

async fn fill(log: &dyn EventLog, round: usize, count: usize) -> Result<()> {
    for first in (0..count).step_by(500) {
        let numbers = first..count.min(first + 500);
        let events = numbers.map(|number| fixture::one_event(&format!("relayed {round} {number}")));
        let events = events.collect::<Result<Vec<_>>>()?;
        log.append(&fixture::own_stream("relayed")?, Expected::Any, events)
            .await?;
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "far fewer events than 2^52")]
async fn relay(log: &Arc<dyn EventLog>, bus: Arc<NatsBus>, events: usize) -> Result<f64> {
    let head = log.read_all(Position::START, 1).await?.head;
    let (stop, stopped) = watch::channel(false);
    let start = Instant::now();
    let relay = tokio::spawn(Relay::new(Arc::clone(log), bus.clone()).run(stopped));
    while bus.last().await? != head {
        sleep(Duration::from_millis(5)).await;
    }
    let rate = events as f64 / start.elapsed().as_secs_f64();
    stop.send_replace(true);
    relay.await?;
    Ok(rate)
}

/// Messages of the size that the relay's have.
#[expect(clippy::cast_precision_loss, reason = "far fewer events than 2^52")]
async fn raw(url: &str, events: usize) -> Result<f64> {
    let client = async_nats::connect(url).await?;
    let size = message_size(&jetstream::new(client.clone())).await?;
    let context = ContextBuilder::new().max_ack_inflight(512).build(client);
    let config = Config {
        name: "floor".to_owned(),
        max_bytes: 256 * 1024 * 1024,
        ..Config::default()
    };
    context.create_stream(config).await?;
    let body = bytes::Bytes::from(vec![b'x'; size]);
    let start = Instant::now();
    for page in (0..events).step_by(512) {
        let mut acks = Vec::with_capacity(512);
        for number in page..events.min(page + 512) {
            let mut headers = async_nats::HeaderMap::new();
            headers.insert("Nats-Msg-Id", Uuid::from_u128(number as u128).to_string());
            acks.push(context.publish_with_headers("floor", headers, body.clone()).await?);
        }
        for ack in acks {
            ensure!(!ack.await?.duplicate, "the floor is published once");
        }
    }
    let rate = events as f64 / start.elapsed().as_secs_f64();
    context.delete_stream("floor").await?;
    Ok(rate)
}

async fn message_size(context: &jetstream::Context) -> Result<usize> {
    let stream = context.get_stream("soconnective-events").await?;
    let newest = stream.get_raw_message(stream.cached_info().state.last_sequence).await?;
    Ok(newest.payload.len())
}
