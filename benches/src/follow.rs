use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use bus::{Bus, Follower, LocalBus, Relay};
use domain::Position;
use eventlog::{EventLog, Expected, SqliteLog};
use tempfile::TempDir;
use tokio::sync::watch;

use crate::fixture;
use crate::raw_log::{RawRow, RawTransactions};
use crate::table::{Table, percentile};

/// How the delivery is measured.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Where the files are made: it must be on the disk that is to be measured.
    #[arg(long, default_value = ".")]
    folder: PathBuf,
    /// How many events are appended, one after the other, each when the one before has been delivered.
    #[arg(long, default_value_t = 2000)]
    events: usize,
}

/// Runs the measurement: from the start of an append until a follower gives the event out. The floor is a transaction with
/// one row, by turns with it: what an event costs before anybody can be told of it.
pub(crate) async fn run(options: &Options) -> Result<()> {
    let folder = TempDir::new_in(&options.folder)?;
    let log: Arc<dyn EventLog> = Arc::new(SqliteLog::open(&folder.path().join("log.db")).await?);
    let bus: Arc<dyn Bus> = Arc::new(LocalBus::new());
    let mut raw = RawTransactions::open(&folder.path().join("raw.db")).await?;
    let (stop, stopped) = watch::channel(false);
    let relay = tokio::spawn(Relay::new(Arc::clone(&log), Arc::clone(&bus)).run(stopped));
    let mut follower = Follower::new(Arc::clone(&log), bus, Position::START);
    let stream = fixture::own_stream("followed")?;
    let (mut delivered, mut extra, mut floor) = (Vec::new(), Vec::new(), Vec::new());
    for (revision, number) in (1..).zip(0..options.events) {
        let event = fixture::one_event(&format!("followed {number}"))?;
        let row = RawRow::new(&stream.to_string(), revision, &event)?;
        let start = Instant::now();
        let append = async {
            log.append(&stream, Expected::Any, vec![event]).await?;
            anyhow::Ok(start.elapsed())
        };
        let follow = async {
            follower.next().await?;
            anyhow::Ok(start.elapsed())
        };
        let (stored, seen) = tokio::try_join!(append, follow)?;
        delivered.push(micros(seen));
        extra.push(micros(seen) - micros(stored));
        let start = Instant::now();
        raw.insert(row).await?;
        floor.push(micros(start.elapsed()));
    }
    stop.send_replace(true);
    relay.await?;
    let mut table = Table::new();
    for (name, part) in [("append to follower, p50", 0.5), ("append to follower, p99", 0.99)] {
        let (measured, floor) = (percentile(&mut delivered, part), percentile(&mut floor, part));
        table.row(
            name,
            &format!("{measured:.0} us"),
            &format!("{floor:.0} us"),
            measured / floor,
            "",
        );
    }
    for (name, part) in [
        ("  of it after the answer, p50", 0.5),
        ("  of it after the answer, p99", 0.99),
    ] {
        table.figure(name, &format!("{:.0} us", percentile(&mut extra, part)));
    }
    table.print();
    Ok(())
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
