use std::path::{Path, PathBuf};

use anyhow::Result;
use api::server::{self, DataFolder, LogFormat, Settings};
use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::floor;

/// What a server of its own process serves.
#[derive(clap::Args)]
pub(crate) struct ServerOptions {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// The product.
    Product {
        /// Its data.
        data: PathBuf,
    },
    /// A bare handler that always gives the same answer.
    Bytes {
        /// The file with the answer.
        file: PathBuf,
    },
    /// A bare handler that commits rows to SQLite.
    Commits {
        /// Where the files are made.
        folder: PathBuf,
        /// How many commits a request takes, one after the other.
        commits: usize,
    },
}

/// Serves until it is killed, after it has printed its address.
pub(crate) async fn run(options: &ServerOptions) -> Result<()> {
    match &options.what {
        What::Product { data } => product(data).await,
        What::Bytes { file } => bare(floor::bytes(std::fs::read(file)?)).await,
        What::Commits { folder, commits } => bare(floor::commits(folder, *commits).await?).await,
    }
}

/// As `soconnective serve` does it, with the log of every request.
async fn product(data: &Path) -> Result<()> {
    let _log = server::start_logging(LogFormat::Text)?;
    server::forbid_core_dumps();
    let folder = DataFolder::open(data)?;
    let _lock = folder.lock()?;
    let listener = listen().await?;
    let running = server::start(&folder, &Settings::default()).await?;
    announce(&listener)?;
    let (_stop, stopped) = watch::channel(false);
    running.serve(listener, stopped).await
}

async fn bare(router: Router) -> Result<()> {
    let listener = listen().await?;
    announce(&listener)?;
    Ok(axum::serve(listener, router).await?)
}

async fn listen() -> Result<TcpListener> {
    Ok(TcpListener::bind("127.0.0.1:0").await?)
}

#[expect(
    clippy::print_stdout,
    reason = "the process that started this one reads the address there"
)]
fn announce(listener: &TcpListener) -> Result<()> {
    println!("{}", listener.local_addr()?);
    Ok(())
}
