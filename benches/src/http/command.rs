use anyhow::Result;
use tempfile::TempDir;

use super::Options;
use super::compare::Comparison;
use super::load::Work;
use super::process::Process;
use super::world::{PROVIDERS, World, install};
use crate::table::Table;

/// How many commands a round has at least: with one client it takes several accounts.
const COMMANDS: usize = 250;

/// Runs the measurement: an account installs a provider with its key, whose row has no test. The key is sealed, the events
/// are in the log and in the read models when the answer comes.
///
/// There are two floors, both bare axum handlers that read the same bodies and write with the group commit of the raw log:
/// one commits a single row to a single file, which is the least that an answer can mean which survives a power cut. The
/// other makes as many durable commits, one after the other, as the product has reasons for: the wrapped key, the envelope
/// and the events stand in three files, and each must be safe before the next is written.
pub(crate) async fn run(options: &Options) -> Result<()> {
    let folder = TempDir::new_in(&options.folder)?;
    let mut world = World::start(&folder.path().join("data"), PROVIDERS).await?;
    let mut table = Table::new();
    for (commits, told) in [(3, "three commits"), (1, "one commit")] {
        let files = TempDir::new_in(folder.path())?;
        let floor = Process::commits(files.path(), commits)?;
        for &clients in &options.clients {
            let mut comparison = Comparison::default();
            for round in 0..options.rounds {
                let work = work(&mut world, clients, &format!("{commits}-{clients}-{round}")).await?;
                comparison.round((&world.product, work.clone()), (&floor, work)).await?;
            }
            let name = format!("connect, clients: {clients}; floor: {told}");
            comparison.rows(&mut table, &name, "");
        }
    }
    table.print();
    Ok(())
}

/// Installs every row once in accounts of its own for each client.
async fn work(world: &mut World, clients: usize, round: &str) -> Result<Vec<Work>> {
    let mut all = Vec::new();
    for client in 0..clients {
        let mut requests = Vec::new();
        for number in 0..COMMANDS.div_ceil(clients * world.rows.len()) {
            let account = format!("account-{round}-{client}-{number}");
            let token = world.account(&account).await?;
            requests.extend(world.rows.iter().map(|row| install(&account, &token, row)));
        }
        all.push(Work::Once(requests.into()));
    }
    Ok(all)
}
