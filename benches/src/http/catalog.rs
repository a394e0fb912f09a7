use anyhow::Result;
use tempfile::TempDir;

use super::Options;
use super::client::{Connection, request};
use super::compare::Comparison;
use super::load::Work;
use super::process::Process;
use super::world::{PROVIDERS, World};
use crate::table::Table;

/// Runs the measurement: the first page of the marketplace with 50 rows. The floor is a bare axum handler that has the same
/// bytes ready.
pub(crate) async fn run(options: &Options) -> Result<()> {
    let folder = TempDir::new_in(&options.folder)?;
    let world = World::start(&folder.path().join("data"), PROVIDERS).await?;
    let wanted = request("GET", "/v1/catalog", &world.admin, None);
    let mut connection = Connection::open(world.product.address).await?;
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
        let name = format!("catalog of 50, clients: {clients}");
        comparison.rows(&mut table, &name, "at least 0.70");
    }
    table.print();
    Ok(())
}
