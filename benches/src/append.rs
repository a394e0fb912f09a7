use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use eventlog::{EventLog, Expected, NewEvent, SqliteLog};
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::fixture;
use crate::raw_log::{RawLog, RawRow, RawTransactions};
use crate::table::{Table, median};

/// How the appends are measured.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Where the files are made: it must be on the disk that is to be measured.
    #[arg(long, default_value = ".")]
    folder: PathBuf,
    /// How often each measurement and its floor are taken, by turns. The median of the ratios counts.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// For how many milliseconds each is taken.
    #[arg(long, default_value_t = 1000)]
    millis: u64,
}

/// What one round gave.
pub(crate) struct Round {
    pub(crate) per_second: f64,
    /// The time that half of the appends took at most, in microseconds.
    pub(crate) p50: f64,
}

/// Runs the measurement.
///
/// The floor goes through sqlx as well, since no other SQLite can be linked beside the one of sqlx. For several writers it
/// has the same queue, the same transaction for all that is queued, the same columns and unique indexes; it looks nothing
/// up and decides nothing. For one writer it is a transaction with one row, and nothing between.
pub(crate) async fn run(options: &Options) -> Result<()> {
    let folder = TempDir::new_in(&options.folder)?;
    let span = Duration::from_millis(options.millis);
    let log: Arc<dyn EventLog> = Arc::new(SqliteLog::open(&folder.path().join("log.db")).await?);
    let raw = Arc::new(RawLog::open(&folder.path().join("raw.db")).await?);
    let mut single = RawTransactions::open(&folder.path().join("single.db")).await?;
    let mut table = Table::new();
    for writers in [1, 16, 64] {
        let (mut rates, mut floors, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        let (mut times, mut time_floors, mut time_ratios) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..options.rounds {
            let measured = appends(&log, writers, round, span).await?;
            let floor = raw_appends(&raw, writers, round, span).await?;
            rates.push(measured.per_second);
            floors.push(floor.per_second);
            ratios.push(measured.per_second / floor.per_second);
            let floor = if writers == 1 {
                transactions(&mut single, round, span).await?
            } else {
                floor
            };
            times.push(measured.p50);
            time_floors.push(floor.p50);
            time_ratios.push(measured.p50 / floor.p50);
        }
        let target = if writers == 64 { "at least 0.70" } else { "" };
        let rate = |values: &mut [f64]| format!("{:.0}/s", median(values));
        let name = format!("durable appends, writers: {writers}");
        table.row(
            &name,
            &rate(&mut rates),
            &rate(&mut floors),
            median(&mut ratios),
            target,
        );
        let target = if writers == 1 { "at most 2.00" } else { "" };
        let time = |values: &mut [f64]| format!("{:.0} us", median(values));
        table.row(
            "  p50",
            &time(&mut times),
            &time(&mut time_floors),
            median(&mut time_ratios),
            target,
        );
    }
    table.print();
    log.close().await;
    Ok(())
}

/// The events that a writer appends, with ids of their own.
pub(crate) fn events(writer: usize, round: usize) -> impl Iterator<Item = Result<NewEvent>> {
    (0..).map(move |number| fixture::one_event(&format!("{writer} {round} {number}")))
}

/// Appends by this many writers, each to a stream of its own.
pub(crate) async fn appends(log: &Arc<dyn EventLog>, writers: usize, round: usize, span: Duration) -> Result<Round> {
    let mut tasks = JoinSet::new();
    let start = Instant::now();
    for writer in 0..writers {
        let log = Arc::clone(log);
        tasks.spawn(async move {
            let mut times = Vec::new();
            let stream = fixture::own_stream(&format!("{writers}-{writer}-{round}"))?;
            let mut expected = Expected::NoStream;
            for event in events(writers * 1000 + writer, round) {
                let event = event?;
                let from = Instant::now();
                if start.elapsed() > span {
                    break;
                }
                let appended = log.append(&stream, expected, vec![event]).await?;
                expected = Expected::Exact(appended.revision);
                times.push(from.elapsed());
            }
            anyhow::Ok(times)
        });
    }
    collect(tasks, start).await
}

async fn raw_appends(log: &Arc<RawLog>, writers: usize, round: usize, span: Duration) -> Result<Round> {
    let mut tasks = JoinSet::new();
    let start = Instant::now();
    for writer in 0..writers {
        let log = Arc::clone(log);
        tasks.spawn(async move {
            let mut times = Vec::new();
            let stream = fixture::own_stream(&format!("{writers}-{writer}-{round}"))?.to_string();
            for (revision, event) in (1..).zip(events(writers * 1000 + writer, round)) {
                let row = RawRow::new(&stream, revision, &event?)?;
                let from = Instant::now();
                if start.elapsed() > span {
                    break;
                }
                log.insert(row).await?;
                times.push(from.elapsed());
            }
            anyhow::Ok(times)
        });
    }
    collect(tasks, start).await
}

async fn transactions(raw: &mut RawTransactions, round: usize, span: Duration) -> Result<Round> {
    let mut times = Vec::new();
    let stream = fixture::own_stream(&format!("single-{round}"))?.to_string();
    let start = Instant::now();
    for (revision, event) in (1..).zip(events(0, round)) {
        let row = RawRow::new(&stream, revision, &event?)?;
        let from = Instant::now();
        if start.elapsed() > span {
            break;
        }
        raw.insert(row).await?;
        times.push(from.elapsed());
    }
    Ok(summary(&times, start))
}

/// Waits for writers, each of which gives the times that its appends took.
pub(crate) async fn collect(mut tasks: JoinSet<Result<Vec<Duration>>>, start: Instant) -> Result<Round> {
    let mut times = Vec::new();
    while let Some(task) = tasks.join_next().await {
        times.extend(task??);
    }
    Ok(summary(&times, start))
}

fn summary(times: &[Duration], start: Instant) -> Round {
    let elapsed = start.elapsed().as_secs_f64();
    let mut micros: Vec<f64> = times.iter().map(|time| time.as_secs_f64() * 1e6).collect();
    Round {
        #[expect(clippy::cast_precision_loss, reason = "no machine makes 2^52 appends in a second")]
        per_second: micros.len() as f64 / elapsed,
        p50: median(&mut micros),
    }
}
