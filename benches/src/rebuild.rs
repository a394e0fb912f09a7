use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use eventlog::{EventLog, Expected, SqliteLog};
use futures::{StreamExt, TryStreamExt};
use projections::{ProjectionName, Projections};
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Arguments, AssertSqlSafe, ConnectOptions, Connection, Row};
use tempfile::TempDir;

use crate::fixture::{self, Append};
use crate::processor_time::processor_time;
use crate::table::{Table, median};

/// Rows that the floor writes in one statement, and in one transaction.
const ROWS: usize = 64;
const TRANSACTION: usize = 16_384;
/// Accounts that write at the same time while the log is filled.
const WRITERS: usize = 512;

/// How the rebuild is measured.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How many events the log holds.
    #[arg(long, default_value_t = 100_000)]
    events: usize,
    /// Where the files are made.
    #[arg(long, default_value = ".")]
    folder: PathBuf,
    /// The file of a log to measure with, which stays. It is filled when it holds nothing; otherwise what it holds counts,
    /// whatever `--events` says. Filling takes longer than all the rest.
    #[arg(long)]
    log: Option<PathBuf>,
    /// Leaves the floor out: for a profiler.
    #[arg(long)]
    alone: bool,
    /// How often the rebuild and its floor are measured, by turns. The median of the ratios counts.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
}

/// Runs the measurement. The floor reads the same file, parses the data of each event, and keeps the newest of each stream in
/// one table; what is measured builds all six read models, the history with a row for each event among them.
pub(crate) async fn run(options: &Options) -> Result<()> {
    let folder = TempDir::new_in(&options.folder)?;
    let path = options.log.clone().unwrap_or_else(|| folder.path().join("log.db"));
    let log = Arc::new(SqliteLog::open(&path).await?);
    let mut head = log.wakeups().borrow().to_stored();
    if head == 0 {
        fill(&log, options.events).await?;
        head = options.events as u64;
    }
    let events = f64::from(u32::try_from(head)?);
    let (mut rates, mut floors, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let (mut costs, mut floor_costs, mut cost_ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        let measured = rebuild(folder.path(), log.clone()).await?;
        let floor = if options.alone {
            measured
        } else {
            raw(folder.path(), &path).await?
        };
        rates.push(events / measured.seconds);
        floors.push(events / floor.seconds);
        ratios.push(floor.seconds / measured.seconds);
        costs.push(measured.processor / events * 1e6);
        floor_costs.push(floor.processor / events * 1e6);
        cost_ratios.push(measured.processor / floor.processor);
    }
    let mut table = Table::new();
    table.row(
        &format!("rebuild of all projections from {head} events"),
        &format!("{:.0}/s", median(&mut rates)),
        &format!("{:.0}/s", median(&mut floors)),
        median(&mut ratios),
        ">= 0.4 and 150000/s",
    );
    table.row(
        "  processor time of an event",
        &format!("{:.1} us", median(&mut costs)),
        &format!("{:.1} us", median(&mut floor_costs)),
        median(&mut cost_ratios),
        "",
    );
    table.print();
    log.close().await;
    Ok(())
}

/// Appends the first `count` events of the history: those of an account one after the other, many accounts at once.
pub(crate) async fn fill(log: &SqliteLog, count: usize) -> Result<()> {
    let mut left = count;
    let mut accounts: Vec<Vec<Append>> = Vec::new();
    let mut last = None;
    for append in fixture::history() {
        let (stream, mut events) = append?;
        events.truncate(left);
        if events.is_empty() {
            break;
        }
        left -= events.len();
        let account = events[0].metadata.account.clone();
        if account != last {
            accounts.push(Vec::new());
            last = account;
        }
        if let Some(account) = accounts.last_mut() {
            account.push((stream, events));
        }
    }
    futures::stream::iter(accounts)
        .map(|appends| async {
            for (stream, events) in appends {
                log.append(&stream, Expected::Any, events).await?;
            }
            Ok(())
        })
        .buffer_unordered(WRITERS)
        .try_collect()
        .await
}

/// What a piece of work took, in seconds.
#[derive(Clone, Copy)]
struct Taken {
    seconds: f64,
    /// Of all processors together, by user code and by the kernel for it.
    processor: f64,
}

/// Measures a piece of work from its making on.
struct Stopwatch {
    start: Instant,
    processor: f64,
}

impl Stopwatch {
    fn start() -> Result<Self> {
        Ok(Self {
            start: Instant::now(),
            processor: processor_time("self")?,
        })
    }

    fn stop(&self) -> Result<Taken> {
        Ok(Taken {
            seconds: self.start.elapsed().as_secs_f64(),
            processor: processor_time("self")? - self.processor,
        })
    }
}

async fn rebuild(folder: &Path, log: Arc<dyn EventLog>) -> Result<Taken> {
    let folder = TempDir::new_in(folder)?;
    let projections = Projections::open(&folder.path().join("read.db")).await?;
    let watch = Stopwatch::start()?;
    projections.rebuild(&ProjectionName::ALL, log, |_, _| {}).await?;
    watch.stop()
}

async fn raw(folder: &Path, log: &Path) -> Result<Taken> {
    let folder = TempDir::new_in(folder)?;
    let mut log = SqliteConnectOptions::new()
        .filename(log)
        .read_only(true)
        .connect()
        .await?;
    let mut model = SqliteConnectOptions::new()
        .filename(folder.path().join("raw.db"))
        .create_if_missing(true)
        .page_size(8192)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .connect()
        .await?;
    let table = "CREATE TABLE model (key TEXT NOT NULL PRIMARY KEY, document TEXT NOT NULL) STRICT, WITHOUT ROWID";
    sqlx::query(table).execute(&mut model).await?;
    let watch = Stopwatch::start()?;
    let mut rows = sqlx::query("SELECT stream, data FROM events ORDER BY position").fetch(&mut log);
    let mut batch = Vec::with_capacity(TRANSACTION);
    while let Some(row) = rows.try_next().await? {
        let (stream, data): (String, &str) = (row.try_get(0)?, row.try_get(1)?);
        let data: serde_json::Value = serde_json::from_str(data)?;
        batch.push((stream, data.to_string()));
        if batch.len() == TRANSACTION {
            write(&mut model, &mut batch).await?;
        }
    }
    write(&mut model, &mut batch).await?;
    watch.stop()
}

async fn write(model: &mut SqliteConnection, batch: &mut Vec<(String, String)>) -> Result<()> {
    let mut tx = model.begin().await?;
    for rows in batch.chunks(ROWS) {
        let mut arguments = SqliteArguments::default();
        for (stream, data) in rows {
            arguments.add(stream.as_str()).map_err(sqlx::Error::Encode)?;
            arguments.add(data.as_str()).map_err(sqlx::Error::Encode)?;
        }
        let values = vec!["(?, ?)"; rows.len()].join(", ");
        let sql = format!(
            "INSERT INTO model (key, document) VALUES {values}
             ON CONFLICT (key) DO UPDATE SET document = excluded.document"
        );
        sqlx::query_with(AssertSqlSafe(sql), arguments)
            .execute(&mut *tx)
            .await?;
    }
    tx.commit().await?;
    batch.clear();
    Ok(())
}
