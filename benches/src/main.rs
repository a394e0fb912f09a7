//! Measurements, each as a ratio against a floor that is measured in the same run: `cargo run --release -p benches -- help`.

mod append;
mod append_postgres;
mod fixture;
mod follow;
mod http;
mod processor_time;
mod raw_log;
mod read;
mod rebuild;
mod rebuild_postgres;
mod relay;
mod table;
mod visible;
mod visible_nats;

use clap::{Parser, Subcommand};

/// Measures the product against the least that the same work can cost on this machine.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    measurement: Measurement,
}

#[derive(Subcommand)]
enum Measurement {
    /// Durable appends by 1, 16 and 64 writers, against raw SQLite with the same group commit.
    Append(append::Options),
    /// Durable appends to PostgreSQL by 1, 16 and 64 writers, against as many connections with a row a transaction.
    AppendPostgres(append_postgres::Options),
    /// From an append to a follower, by the relay and the bus inside the process, against a raw transaction.
    Follow(follow::Options),
    /// A service that asks for a key within a lease, over HTTP, against a bare handler with the same bytes.
    HttpAiConfig(http::Options),
    /// The first page of the marketplace over HTTP, against a bare handler with the same bytes.
    HttpCatalog(http::Options),
    /// Connecting a provider over HTTP, against a bare handler that commits to SQLite.
    HttpCommand(http::Options),
    /// Pages of a marketplace with 1,000 providers, against a bare handler with the same bytes.
    HttpMarketplace(http::Options),
    /// One of the servers of these measurements.
    #[command(hide = true)]
    HttpServer(http::ServerOptions),
    /// Reading the whole log in pages, against a raw loop over the same rows.
    Read(read::Options),
    /// Building all read models from the log, against a raw loop that reads, parses and upserts.
    Rebuild(rebuild::Options),
    /// Building all read models in PostgreSQL, against a raw loop that reads, parses and upserts.
    RebuildPostgres(rebuild_postgres::Options),
    /// From the log into NATS JetStream, against the same client that publishes as many bytes.
    Relay(relay::Options),
    /// From the end of an append to the moment when queries see it, against a raw transaction.
    Visible(visible::Options),
    /// From an append to a follower over NATS, against a raw transaction.
    VisibleNats(visible_nats::Options),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Arguments::parse().measurement {
        Measurement::Append(options) => append::run(&options).await,
        Measurement::AppendPostgres(options) => append_postgres::run(&options).await,
        Measurement::Follow(options) => follow::run(&options).await,
        Measurement::HttpAiConfig(options) => http::ai_config(&options).await,
        Measurement::HttpCatalog(options) => http::catalog(&options).await,
        Measurement::HttpCommand(options) => http::command(&options).await,
        Measurement::HttpMarketplace(options) => http::marketplace(&options).await,
        Measurement::HttpServer(options) => http::server(&options).await,
        Measurement::Read(options) => read::run(&options).await,
        Measurement::Rebuild(options) => rebuild::run(&options).await,
        Measurement::RebuildPostgres(options) => rebuild_postgres::run(&options).await,
        Measurement::Relay(options) => relay::run(&options).await,
        Measurement::Visible(options) => visible::run(&options).await,
        Measurement::VisibleNats(options) => visible_nats::run(&options).await,
    }
}
