use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use super::Options;
use super::client::{Connection, cookie};
use super::process::Process;
use super::world::World;
use crate::table::{Table, percentile};

/// How many rows the catalog has.
const PROVIDERS: usize = 1000;

/// Requests that are timed, of each kind.
const REQUESTS: usize = 500;

/// Runs the measurement: pages of a marketplace with 1,000 providers, as an account's browser asks for them, one after the
/// other. The floor is a bare axum handler that has the same bytes ready.
pub(crate) async fn run(options: &Options) -> Result<()> {
    let folder = TempDir::new_in(&options.folder)?;
    let mut world = World::start(&folder.path().join("data"), PROVIDERS).await?;
    let token = world.account("acme").await?;
    let mut connection = Connection::open(world.product.address).await?;
    let signed_in = sign_in(&mut connection, &token).await?;
    let mut table = Table::new();
    let pages = [
        ("first page", "/marketplace", "< 20 ms"),
        ("search", "/marketplace?q=provider+number+77", "< 50 ms"),
        ("one category", "/marketplace?category=Category+3", "< 20 ms"),
    ];
    for (name, path, target) in pages {
        let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\ncookie: {signed_in}\r\n\r\n").into_bytes();
        let answer = folder.path().join("answer");
        let page = connection.exchange(&request).await?;
        ensure!(page.is_success(), "{path} answered with {}", page.status);
        table.figure(&format!("{name}, size"), &format!("{} KB", page.body.len() / 1000));
        std::fs::write(&answer, page.body)?;
        let floor = Process::bytes(&answer)?;
        let mut bare = Connection::open(floor.address).await?;
        let (mut measured, mut least) = (Vec::new(), Vec::new());
        for _ in 0..REQUESTS {
            measured.push(millis(timed(&mut connection, &request).await?));
            least.push(millis(timed(&mut bare, &request).await?));
        }
        for (share, part) in [("p50", 0.5), ("p99", 0.99)] {
            let (measured, least) = (percentile(&mut measured, part), percentile(&mut least, part));
            let shown = |ms: f64| format!("{ms:.2} ms");
            let name = format!("{name}, {share}");
            table.row(&name, &shown(measured), &shown(least), measured / least, target);
        }
    }
    table.print();
    Ok(())
}

async fn sign_in(connection: &mut Connection, token: &str) -> Result<String> {
    let body = format!("token={token}");
    let request = format!(
        "POST /sign-in HTTP/1.1\r\nhost: localhost\r\norigin: http://localhost\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = connection.exchange(request.as_bytes()).await?;
    cookie(answer.head).context("the sign-in gave no cookie")
}

async fn timed(connection: &mut Connection, request: &[u8]) -> Result<Duration> {
    let start = Instant::now();
    connection.exchange(request).await?;
    Ok(start.elapsed())
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
