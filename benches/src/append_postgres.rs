use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use eventlog::{EventLog, PostgresLog};
use servers::Postgres;
use sqlx::Connection;
use sqlx::postgres::PgConnection;
use tokio::task::JoinSet;

use crate::append::{Round, appends, collect, events};
use crate::fixture;
use crate::raw_log::RawRow;
use crate::table::{Table, median};

/// How the appends to PostgreSQL are measured. The server is started in the folder for temporary files (`TMPDIR`), which
/// must be on the disk that is to be measured.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How often each measurement and its floor are taken, by turns. The median of the ratios counts.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// For how many milliseconds each is taken.
    #[arg(long, default_value_t = 2000)]
    millis: u64,
}

/// The columns and unique indexes of the log, without triggers and checks; positions come from a sequence.
const SCHEMA: &str = r#"
    CREATE TABLE raw_events (position bigserial PRIMARY KEY, stream text COLLATE "C" NOT NULL, revision bigint NOT NULL,
                             id bytea NOT NULL, envelope text NOT NULL, data text NOT NULL);
    CREATE UNIQUE INDEX raw_events_by_id ON raw_events (id);
    CREATE UNIQUE INDEX raw_events_by_stream ON raw_events (stream, revision);"#;

/// Runs the measurement.
///
/// The floor is what pgbench would do: each writer has a connection of its own, and sends a prepared statement that
/// inserts one row and is a transaction by itself. It looks nothing up and decides nothing, and PostgreSQL may commit
/// many of them with one sync.
pub(crate) async fn run(options: &Options) -> Result<()> {
    let server = tokio::task::spawn_blocking(Postgres::start).await?;
    let (url, raw) = (server.database(), server.database());
    sqlx::raw_sql(SCHEMA)
        .execute(&mut PgConnection::connect(&raw).await?)
        .await?;
    let log: Arc<dyn EventLog> = Arc::new(PostgresLog::connect(&url).await?);
    let span = Duration::from_millis(options.millis);
    let mut table = Table::new();
    for writers in [1, 16, 64] {
        let (mut rates, mut floors, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        let (mut times, mut time_floors, mut time_ratios) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..options.rounds {
            let measured = appends(&log, writers, round, span).await?;
            let floor = raw_inserts(&raw, writers, round, span).await?;
            rates.push(measured.per_second);
            floors.push(floor.per_second);
            ratios.push(measured.per_second / floor.per_second);
            times.push(measured.p50);
            time_floors.push(floor.p50);
            time_ratios.push(measured.p50 / floor.p50);
        }
        let target = if writers == 64 { "at least 1.00" } else { "" };
        let rate = |values: &mut [f64]| format!("{:.0}/s", median(values));
        let name = format!("appends to PostgreSQL, writers: {writers}");
        table.row(
            &name,
            &rate(&mut rates),
            &rate(&mut floors),
            median(&mut ratios),
            target,
        );
        let time = |values: &mut [f64]| format!("{:.0} us", median(values));
        table.row(
            "  p50",
            &time(&mut times),
            &time(&mut time_floors),
            median(&mut time_ratios),
            "",
        );
    }
    table.print();
    log.close().await;
    Ok(())
}

async fn raw_inserts(url: &str, writers: usize, round: usize, span: Duration) -> Result<Round> {
    let mut connections = Vec::new();
    for _ in 0..writers {
        connections.push(PgConnection::connect(url).await?);
    }
    let mut tasks = JoinSet::new();
    let start = Instant::now();
    for (writer, mut connection) in connections.into_iter().enumerate() {
        tasks.spawn(async move {
            let mut times = Vec::new();
            let stream = fixture::own_stream(&format!("{writers}-{writer}-{round}"))?.to_string();
            for (revision, event) in (1..).zip(events(writers * 1000 + writer, round)) {
                let row = RawRow::new(&stream, revision, &event?)?;
                let from = Instant::now();
                if start.elapsed() > span {
                    break;
                }
                insert(&mut connection, row).await?;
                times.push(from.elapsed());
            }
            anyhow::Ok(times)
        });
    }
    collect(tasks, start).await
}

async fn insert(connection: &mut PgConnection, row: RawRow) -> Result<()> {
    sqlx::query("INSERT INTO raw_events (stream, revision, id, envelope, data) VALUES ($1, $2, $3, $4, $5)")
        .bind(row.stream)
        .bind(row.revision)
        .bind(row.id)
        .bind(row.envelope)
        .bind(row.data)
        .execute(connection)
        .await?;
    Ok(())
}
