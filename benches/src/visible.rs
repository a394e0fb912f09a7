use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use bus::{LocalBus, Relay};
use eventlog::{EventLog, Expected, SqliteLog};
use projections::{ProjectionName, Projections};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};
use tempfile::TempDir;
use tokio::sync::watch;

use crate::fixture;
use crate::table::Table;

/// How the latency is measured.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How many appends, one after the other.
    #[arg(long, default_value_t = 1000)]
    appends: usize,
    /// Where the files are made.
    #[arg(long, default_value = ".")]
    folder: PathBuf,
}

/// Runs the measurement: the time from the end of an append to the moment when the event is in every read model that it
/// concerns and can be queried. The floor is one transaction that reads a row and writes it back, in a file of its own.
pub(crate) async fn run(options: &Options) -> Result<()> {
    let folder = TempDir::new_in(&options.folder)?;
    let log: Arc<dyn EventLog> = Arc::new(SqliteLog::open(&folder.path().join("log.db")).await?);
    let projections = Projections::open(&folder.path().join("read.db")).await?;
    let bus = Arc::new(LocalBus::new());
    let (stop, stopped) = watch::channel(false);
    let mut tasks = projections
        .spawn(Arc::clone(&log), bus.clone(), stopped.clone())
        .await?;
    tasks.spawn(Relay::new(Arc::clone(&log), bus).run(stopped));
    projections.settle(&*log).await?;
    let mut raw = raw_model(&folder).await?;
    let (mut measured, mut floor) = (Vec::new(), Vec::new());
    for append in fixture::history().take(options.appends) {
        let (stream, events) = append?;
        let appended = log.append(&stream, Expected::Any, events).await?;
        let start = Instant::now();
        projections
            .wait_for(&ProjectionName::ALL, appended.position, Duration::from_secs(10))
            .await?;
        measured.push(start.elapsed());
        let start = Instant::now();
        raw_update(&mut raw).await?;
        floor.push(start.elapsed());
    }
    stop.send_replace(true);
    while tasks.join_next().await.is_some() {}
    let mut table = Table::new();
    for (name, share, target) in [("p50", 50, ""), ("p99", 99, "< 5 ms")] {
        let (measured, floor) = (percentile(&mut measured, share), percentile(&mut floor, share));
        let ratio = measured.as_secs_f64() / floor.as_secs_f64();
        table.row(
            &format!("append to visible, idle, {name}"),
            &ms(measured),
            &ms(floor),
            ratio,
            target,
        );
    }
    table.print();
    Ok(())
}

async fn raw_model(folder: &TempDir) -> Result<SqliteConnection> {
    let mut raw = SqliteConnectOptions::new()
        .filename(folder.path().join("raw.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .connect()
        .await?;
    sqlx::query("CREATE TABLE model (key TEXT NOT NULL PRIMARY KEY, count INTEGER NOT NULL)")
        .execute(&mut raw)
        .await?;
    sqlx::query("INSERT INTO model VALUES ('a', 0)")
        .execute(&mut raw)
        .await?;
    Ok(raw)
}

async fn raw_update(raw: &mut SqliteConnection) -> Result<()> {
    let mut tx = raw.begin().await?;
    let count: i64 = sqlx::query_scalar("SELECT count FROM model WHERE key = 'a'")
        .fetch_one(&mut *tx)
        .await?;
    sqlx::query("UPDATE model SET count = ?1 WHERE key = 'a'")
        .bind(count + 1)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(())
}

fn percentile(times: &mut [Duration], share: usize) -> Duration {
    times.sort_unstable();
    times.get(times.len() * share / 100).copied().unwrap_or_default()
}

fn ms(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}
