use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use eventlog::{EventLog, SqliteLog};
use futures::TryStreamExt;
use projections::{ProjectionName, Projections};
use servers::Postgres;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Row};
use tempfile::TempDir;

use crate::rebuild::fill;
use crate::table::{Table, median};

/// Rows that the floor writes in one statement, which is a transaction.
const ROWS: usize = 8192;

/// How the rebuild into PostgreSQL is measured. The server is started in the folder for temporary files (`TMPDIR`), which
/// must be on the disk that is to be measured.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How many events the log holds.
    #[arg(long, default_value_t = 100_000)]
    events: usize,
    /// Where the log is made.
    #[arg(long, default_value = ".")]
    folder: PathBuf,
    /// How often the rebuild and its floor are measured, by turns. The median of the ratios counts.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
}

/// Runs the measurement. The floor reads the same log, parses the data of each event, and keeps the newest of each stream in
/// one table; what is measured builds all six read models, under row-level security, the history with a row for each event
/// among them. Neither waits for the disk at a commit.
pub(crate) async fn run(options: &Options) -> Result<()> {
    let folder = TempDir::new_in(&options.folder)?;
    let path = folder.path().join("log.db");
    let log = Arc::new(SqliteLog::open(&path).await?);
    fill(&log, options.events).await?;
    let server = tokio::task::spawn_blocking(Postgres::start).await?;
    let (mut rates, mut floors, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let events = f64::from(u32::try_from(options.events)?);
    for _ in 0..options.rounds {
        let measured = events / rebuild(&server.database(), log.clone()).await?;
        let floor = events / raw(&server.database(), &path).await?;
        rates.push(measured);
        floors.push(floor);
        ratios.push(measured / floor);
    }
    let rate = |values: &mut [f64]| format!("{:.0}/s", median(values));
    let mut table = Table::new();
    table.row(
        &format!(
            "rebuild of all projections from {} events into PostgreSQL",
            options.events
        ),
        &rate(&mut rates),
        &rate(&mut floors),
        median(&mut ratios),
        ">= 50000/s",
    );
    table.print();
    log.close().await;
    Ok(())
}

/// Seconds.
async fn rebuild(url: &str, log: Arc<dyn EventLog>) -> Result<f64> {
    let projections = Projections::connect(url).await?;
    let start = Instant::now();
    projections.rebuild(&ProjectionName::ALL, log, |_, _| {}).await?;
    let seconds = start.elapsed().as_secs_f64();
    projections.close().await;
    Ok(seconds)
}

/// Seconds.
async fn raw(url: &str, log: &Path) -> Result<f64> {
    let mut log = SqliteConnectOptions::new()
        .filename(log)
        .read_only(true)
        .connect()
        .await?;
    let mut model = PgConnection::connect(url).await?;
    sqlx::raw_sql(
        r#"SET synchronous_commit = off;
           CREATE TABLE model (key text COLLATE "C" NOT NULL PRIMARY KEY, document text NOT NULL)"#,
    )
    .execute(&mut model)
    .await?;
    let start = Instant::now();
    let mut rows = sqlx::query("SELECT stream, data FROM events ORDER BY position").fetch(&mut log);
    let mut batch = std::collections::HashMap::with_capacity(ROWS);
    while let Some(row) = rows.try_next().await? {
        let (stream, data): (String, &str) = (row.try_get(0)?, row.try_get(1)?);
        let data: serde_json::Value = serde_json::from_str(data)?;
        batch.insert(stream, data.to_string());
        if batch.len() == ROWS {
            write(&mut model, &mut batch).await?;
        }
    }
    write(&mut model, &mut batch).await?;
    let seconds = start.elapsed().as_secs_f64();
    model.close().await?;
    Ok(seconds)
}

async fn write(model: &mut PgConnection, batch: &mut std::collections::HashMap<String, String>) -> Result<()> {
    let (keys, documents): (Vec<String>, Vec<String>) = batch.drain().unzip();
    sqlx::query(
        "INSERT INTO model (key, document) SELECT * FROM UNNEST($1::text[], $2::text[])
         ON CONFLICT (key) DO UPDATE SET document = excluded.document",
    )
    .bind(keys)
    .bind(documents)
    .execute(model)
    .await?;
    Ok(())
}
