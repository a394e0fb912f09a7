use anyhow::{Context, Result};
use tempfile::TempDir;

use super::Options;
use super::client::{Connection, request};
use super::compare::Comparison;
use super::load::Work;
use super::process::Process;
use super::world::{PROVIDERS, World, install};
use crate::table::Table;

/// Runs the measurement: a service asks for the key of an account again and again; once in 60 s the release goes to the log.
/// The floor is a bare axum handler that has the same bytes ready.
pub(crate) async fn run(options: &Options) -> Result<()> {
    let folder = TempDir::new_in(&options.folder)?;
    let mut world = World::start(&folder.path().join("data"), PROVIDERS).await?;
    let token = world.account("acme").await?;
    let row = world.rows.first().context("no row was added")?.clone();
    let mut connection = Connection::open(world.product.address).await?;
    connection.call(&install("acme", &token, &row)).await?;
    let service = world.token("service", None).await?;
    let wanted = request("GET", &format!("/v1/accounts/acme/ai-config/{row}"), &service, None);
    // The first release moves the position that the answer names; the second answer is like all that follow.
    connection.call(&wanted).await?;
    let answer = folder.path().join("answer");
    std::fs::write(&answer, connection.exchange(&wanted).await?.body)?;
    let floor = Process::bytes(&answer)?;
    let mut table = Table::new();
    for &clients in &options.clients {
        let work = vec![Work::Repeat(wanted.as_slice().into(), options.span()); clients];
        let mut comparison = Comparison::default();
        for _ in 0..options.rounds {
            comparison
                .round((&world.product, work.clone()), (&floor, work.clone()))
                .await?;
        }
        let name = format!("ai-config, clients: {clients}");
        comparison.rows(&mut table, &name, "at least 0.50");
    }
    table.print();
    Ok(())
}
