//! The first thing that a newcomer sees: the real binary over a folder that is not there yet.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use e2e::Product;

/// How long a first start may take: the data folder, its key ring and databases, the seeded catalog and the first token.
const LIMIT: Duration = Duration::from_secs(2);

/// A start that other work on the machine holds up says nothing: of so many one must keep within the limit.
const STARTS: usize = 3;

/// No provider is called here.
const NOBODY: &str = "127.0.0.1:9";

#[test]
fn a_first_start_is_ready_within_two_seconds() -> Result<()> {
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let folder = tempfile::tempdir()?;
        let started = Instant::now();
        let product = Product::start(&folder.path().join("data"), NOBODY)?;
        let catalog = product.admin()?.get("/v1/catalog")?.expect(200)?;
        times.push(started.elapsed());
        ensure!(catalog.text.contains("\"anthropic\""), "{}", catalog.text);
        if times.last().is_some_and(|time| *time < LIMIT) {
            return Ok(());
        }
    }
    anyhow::bail!("no start was ready within {LIMIT:?}: {times:?}")
}

#[test]
fn a_first_start_says_where_the_admin_token_lies_and_what_to_do_next() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let product = Product::start(&data, NOBODY)?;
    let token = data.join("admin-token");
    let (path, printed) = (token.display().to_string(), product.printed().concat());
    ensure!(
        printed.contains(&format!("admin token  {path} (written now")),
        "{printed}"
    );
    ensure!(
        token.metadata()?.permissions().mode() & 0o777 == 0o600,
        "others may read it"
    );
    // The path needs no quotes: temporary folders have plain names.
    let next = format!(
        "curl -H \"Authorization: Bearer $(cat {path})\" {}/v1/catalog",
        product.base()
    );
    ensure!(
        product.printed().last().is_some_and(|line| line.trim() == next),
        "{printed}"
    );
    // What that call does.
    product.admin()?.get("/v1/catalog")?.expect(200)?;
    Ok(())
}
