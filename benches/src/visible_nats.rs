use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use bus::{Bus, Follower, NatsBus, Relay};
use domain::Position;
use eventlog::{EventLog, Expected, SqliteLog};
use servers::Nats;
use tempfile::TempDir;
use tokio::sync::watch;

use crate::fixture;
use crate::raw_log::{RawRow, RawTransactions};
use crate::table::{Table, percentile};

/// How the delivery is measured.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How many events are appended, one after the other, each when the one before has been seen.
    #[arg(long, default_value_t = 2000)]
    events: usize,
    /// Where the files are made. The NATS server has its store in the system's temporary folder.
    #[arg(long, default_value = ".")]
    folder: PathBuf,
}

/// Runs the measurement: from the start of an append until a follower with a NATS connection of its own gives the event
/// out. The floor is a transaction with one row: what an event costs before anybody can be told of it.
pub(crate) async fn run(options: &Options) -> Result<()> {
    let folder = TempDir::new_in(&options.folder)?;
    let log: Arc<dyn EventLog> = Arc::new(SqliteLog::open(&folder.path().join("log.db")).await?);
    let nats = Nats::start();
    let relaying = Arc::new(NatsBus::connect(&nats.url(), log.log_id(), "relay").await?);
    let reading: Arc<dyn Bus> = Arc::new(NatsBus::connect(&nats.url(), log.log_id(), "reader").await?);
    let mut raw = RawTransactions::open(&folder.path().join("raw.db")).await?;
    let (stop, stopped) = watch::channel(false);
    let relay = tokio::spawn(Relay::new(Arc::clone(&log), relaying).run(stopped));
    let mut follower = Follower::new(Arc::clone(&log), reading, Position::START);
    let stream = fixture::own_stream("followed")?;
    let (mut seen, mut floor) = (Vec::new(), Vec::new());
    // The first ones wait for the relay's lease and for the subscription.
    let warm_up = options.events / 10;
    for (revision, number) in (1..).zip(0..warm_up + options.events) {
        let event = fixture::one_event(&format!("followed {number}"))?;
        let row = RawRow::new(&stream.to_string(), revision, &event)?;
        let start = Instant::now();
        let append = async { anyhow::Ok(log.append(&stream, Expected::Any, vec![event]).await?) };
        let follow = async { anyhow::Ok(follower.next().await?) };
        tokio::try_join!(append, follow)?;
        let elapsed = start.elapsed();
        let start = Instant::now();
        raw.insert(row).await?;
        if number >= warm_up {
            seen.push(millis(elapsed));
            floor.push(millis(start.elapsed()));
        }
    }
    stop.send_replace(true);
    relay.await?;
    let mut table = Table::new();
    for (name, part, target) in [("p50", 0.5, ""), ("p99", 0.99, "< 100 ms")] {
        let (seen, floor) = (percentile(&mut seen, part), percentile(&mut floor, part));
        table.row(
            &format!("append to a follower over NATS, {name}"),
            &format!("{seen:.2} ms"),
            &format!("{floor:.2} ms"),
            seen / floor,
            target,
        );
    }
    table.print();
    Ok(())
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
