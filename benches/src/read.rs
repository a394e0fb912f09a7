use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Result;
use domain::Position;
use eventlog::{EventLog, SqliteLog};
use futures::TryStreamExt;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Row};
use tempfile::TempDir;

use crate::fixture;
use crate::table::{Table, median};

/// How many events are read at once.
const PAGE: usize = 4096;

/// How the reading is measured.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How many events the log holds.
    #[arg(long, default_value_t = 200_000)]
    events: usize,
    /// Where the file is made.
    #[arg(long, default_value = ".")]
    folder: PathBuf,
    /// How often the reading and its floor are measured, by turns. The median of the ratios counts.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
}

/// Runs the measurement. The floor is a loop over the rows of the same file, that takes the two texts of each and does not
/// look into them; what is measured also parses them.
pub(crate) async fn run(options: &Options) -> Result<()> {
    let folder = TempDir::new_in(&options.folder)?;
    let path = folder.path().join("log.db");
    let log = SqliteLog::open(&path).await?;
    fixture::fill(&log, options.events).await?;
    let mut raw = open(&path).await?;
    let (mut rates, mut floors, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        let measured = read(&log).await?;
        let floor = read_raw(&mut raw).await?;
        rates.push(measured);
        floors.push(floor);
        ratios.push(measured / floor);
    }
    let rate = |values: &mut [f64]| format!("{:.0}/s", median(values));
    let mut table = Table::new();
    let name = format!("events read, of {}", options.events);
    table.row(&name, &rate(&mut rates), &rate(&mut floors), median(&mut ratios), "");
    table.print();
    log.close().await;
    Ok(())
}

async fn open(path: &Path) -> Result<SqliteConnection> {
    Ok(SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .connect()
        .await?)
}

/// Events a second.
async fn read(log: &SqliteLog) -> Result<f64> {
    let start = Instant::now();
    let mut count = 0_u32;
    let mut after = Position::START;
    loop {
        let page = log.read_all(after, PAGE).await?;
        if page.events.is_empty() {
            return Ok(f64::from(count) / start.elapsed().as_secs_f64());
        }
        count += u32::try_from(page.events.len())?;
        after = page.next;
    }
}

/// Rows a second.
async fn read_raw(connection: &mut SqliteConnection) -> Result<f64> {
    let start = Instant::now();
    let mut count = 0_u32;
    let mut rows = sqlx::query("SELECT envelope, data FROM events WHERE position > ?1 ORDER BY position")
        .bind(0)
        .fetch(connection);
    while let Some(row) = rows.try_next().await? {
        let texts: (String, String) = (row.try_get(0)?, row.try_get(1)?);
        std::hint::black_box(texts);
        count += 1;
    }
    Ok(f64::from(count) / start.elapsed().as_secs_f64())
}
