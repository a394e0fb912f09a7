use anyhow::Result;

use super::load::{Carried, Work, put_on};
use super::process::Process;
use crate::table::{Table, median};

/// What was measured of one server in all rounds.
#[derive(Default)]
struct Side {
    rates: Vec<f64>,
    p50: Vec<f64>,
    p99: Vec<f64>,
    /// The processor time of a request in the server alone, in microseconds.
    cpu: Vec<f64>,
}

/// A server under load beside its floor, in rounds by turns.
#[derive(Default)]
pub(super) struct Comparison {
    product: Side,
    floor: Side,
}

impl Comparison {
    /// One round: the product, then its floor.
    pub(super) async fn round(&mut self, product: (&Process, Vec<Work>), floor: (&Process, Vec<Work>)) -> Result<()> {
        self.product.add(product).await?;
        self.floor.add(floor).await
    }

    /// Adds what was measured to a table. The target is for the rate of requests.
    pub(super) fn rows(mut self, table: &mut Table, name: &str, target: &str) {
        let rate = |value: f64| format!("{value:.0}/s");
        let time = |value: f64| format!("{value:.0} us");
        let (product, floor) = (&mut self.product, &mut self.floor);
        table_row(table, name, (&mut product.rates, &mut floor.rates), rate, target);
        table_row(table, "  p50", (&mut product.p50, &mut floor.p50), time, "");
        table_row(table, "  p99", (&mut product.p99, &mut floor.p99), time, "");
        table_row(
            table,
            "  processor time of the server",
            (&mut product.cpu, &mut floor.cpu),
            time,
            "",
        );
    }
}

fn table_row(
    table: &mut Table,
    name: &str,
    (measured, floor): (&mut [f64], &mut [f64]),
    shown: impl Fn(f64) -> String,
    target: &str,
) {
    // Each round by itself, so that what disturbs the machine for a while disturbs both sides.
    let mut ratios: Vec<f64> = measured
        .iter()
        .zip(&*floor)
        .map(|(measured, floor)| measured / floor)
        .collect();
    let ratio = median(&mut ratios);
    table.row(name, &shown(median(measured)), &shown(median(floor)), ratio, target);
}

impl Side {
    async fn add(&mut self, (server, clients): (&Process, Vec<Work>)) -> Result<()> {
        let before = server.cpu()?;
        let carried: Carried = put_on(server.address, clients).await?;
        self.cpu.push((server.cpu()? - before) / carried.requests * 1e6);
        self.rates.push(carried.per_second);
        self.p50.push(carried.p50);
        self.p99.push(carried.p99);
        Ok(())
    }
}
