//! Measurements, each as a ratio against a floor that is measured in the same run: `cargo run --release -p benches -- help`.

mod append;
mod fixture;
mod raw_log;
mod read;
mod table;

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
    /// Reading the whole log in pages, against a raw loop over the same rows.
    Read(read::Options),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Arguments::parse().measurement {
        Measurement::Append(options) => append::run(&options).await,
        Measurement::Read(options) => read::run(&options).await,
    }
}
