use std::time::{Duration, Instant};

use anyhow::Result;
use e2e::{Caller, Cluster, Gateway, Product};
use serde_json::json;

use crate::writers::Writers;
use crate::{every_model_is_a_fold_of_the_log, post, within};

/// No provider is called here.
const NOBODY: &str = "127.0.0.1:9";
/// How long read models may need to be right again after a fault.
const RECOVERY: Duration = Duration::from_secs(30);

/// Two nodes behind one address, and writers who have begun to write there.
fn written_to(cluster: &Cluster) -> Result<(Product, Product, Gateway, Caller, Writers)> {
    let (a, b, admin) = two(cluster)?;
    let gateway = Gateway::start()?;
    gateway.lead_to(&[a.base(), b.base()])?;
    let admin = admin.moved_to(&gateway.base());
    let writers = Writers::start(&admin);
    writers.wait_for(20)?;
    Ok((a, b, gateway, admin, writers))
}

/// Two nodes, and an admin on the first.
fn two(cluster: &Cluster) -> Result<(Product, Product, Caller)> {
    let (a, b) = (cluster.node("a", NOBODY)?, cluster.node("b", NOBODY)?);
    let admin = a.admin()?;
    Ok((a, b, admin))
}

/// Waits until an admin reads from a node what is written there now.
fn answers_as_of_now(admin: &Caller, mark: &str) -> Result<()> {
    let write = post(admin, "/v1/accounts", &json!({ "id": mark, "name": mark }))?.expect(201)?;
    within(RECOVERY, Instant::now(), "reading what was written", || {
        Ok(admin.get_after(&format!("/v1/accounts/{mark}"), &write)?.status == 200)
    })
}

#[test]
fn a_rolling_restart_loses_nothing_that_was_acknowledged() -> Result<()> {
    let cluster = Cluster::start()?;
    let (a, b, gateway, admin, writers) = written_to(&cluster)?;

    a.stop()?;
    writers.wait_for(20)?;
    let a = cluster.node("a", NOBODY)?;
    gateway.lead_to(&[a.base(), b.base()])?;
    writers.wait_for(20)?;
    // The second one ends without a goodbye.
    b.kill()?;
    writers.wait_for(20)?;
    let b = cluster.node("b", NOBODY)?;
    gateway.lead_to(&[a.base(), b.base()])?;
    writers.wait_for(20)?;

    answers_as_of_now(&admin, "after-all")?;
    writers.end(&admin)?;
    every_model_is_a_fold_of_the_log(&b)
}

#[test]
fn nats_and_postgres_may_go_away_while_nodes_write() -> Result<()> {
    let cluster = Cluster::start()?;
    let (a, b, _gateway, admin, writers) = written_to(&cluster)?;
    cluster.nats[0].kill();
    writers.wait_for(20)?;
    cluster.nats[0].wipe_and_restart();
    writers.wait_for(20)?;
    cluster.postgres.kill();
    cluster.postgres.restart();
    writers.wait_for(20)?;
    cluster.nats[0].pause();
    writers.wait_for(20)?;
    cluster.nats[0].resume();
    writers.wait_for(20)?;

    answers_as_of_now(&admin, "after-all")?;
    writers.end(&admin)?;
    every_model_is_a_fold_of_the_log(&a)?;
    every_model_is_a_fold_of_the_log(&b)
}

#[test]
fn each_of_three_nats_servers_may_die_while_nodes_write() -> Result<()> {
    let cluster = Cluster::with_three_of_nats()?;
    let (a, b, _gateway, admin, writers) = written_to(&cluster)?;
    // One after the other, so that whichever leads is among them; the last one stays away.
    for (round, server) in cluster.nats.iter().enumerate() {
        server.kill();
        writers.wait_for(20)?;
        answers_as_of_now(&admin, &format!("without-{round}"))?;
        if round < 2 {
            server.restart();
            writers.wait_for(20)?;
        }
    }

    answers_as_of_now(&admin, "after-all")?;
    writers.end(&admin)?;
    every_model_is_a_fold_of_the_log(&a)?;
    every_model_is_a_fold_of_the_log(&b)
}

#[test]
fn a_node_that_was_out_of_breath_changes_nothing_when_it_wakes() -> Result<()> {
    let cluster = Cluster::start()?;
    let (a, b, admin) = two(&cluster)?;
    // Each by turns, since either may hold the leases.
    for (paused, other, round) in [(&a, &b, 0), (&b, &a, 1)] {
        let on_other = admin.clone().moved_to(other.base());
        paused.pause()?;
        for mark in 0..5 {
            answers_as_of_now(&on_other, &format!("while-paused-{round}-{mark}"))?;
        }
        paused.resume()?;
        answers_as_of_now(&admin.clone().moved_to(paused.base()), &format!("after-{round}"))?;
        answers_as_of_now(&on_other, &format!("later-{round}"))?;
    }
    every_model_is_a_fold_of_the_log(&a)?;
    every_model_is_a_fold_of_the_log(&b)
}
