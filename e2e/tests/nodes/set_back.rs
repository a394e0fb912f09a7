use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use e2e::{Caller, Cluster};
use serde_json::json;
use servers::Postgres;

use crate::{every_model_is_a_fold_of_the_log, within};

/// No provider is called here.
const NOBODY: &str = "127.0.0.1:9";
/// How long nodes may need to notice, and to build all read models anew.
const RECOVERY: Duration = Duration::from_secs(30);

/// Opens an account, as soon as the log takes it.
fn open(admin: &Caller, id: &str) -> Result<()> {
    let body = json!({ "id": id, "name": id });
    within(RECOVERY, Instant::now(), "opening an account", || {
        match admin.call("POST", "/v1/accounts", Some(&body), &[("Idempotency-Key", id)]) {
            Ok(answer) if answer.status >= 500 => Ok(false),
            Ok(answer) if answer.status == 201 => Ok(true),
            Ok(answer) => bail!("{id} was refused: {} {}", answer.status, answer.text),
            Err(_no_answer) => Ok(false),
        }
    })
}

/// Waits until each of these nodes says this of an account.
fn everybody_says(nodes: [&Caller; 2], id: &str, status: u16) -> Result<()> {
    for node in nodes {
        within(
            RECOVERY,
            Instant::now(),
            &format!("{id} being answered with {status}"),
            || Ok(node.get(&format!("/v1/accounts/{id}"))?.status == status),
        )?;
    }
    Ok(())
}

/// The log's server dies, and a standby takes over that lacked the newest commits. New ones hide the gap.
#[test]
fn nodes_notice_that_a_standby_of_the_log_lacked_what_they_had_applied() -> Result<()> {
    let log = Postgres::start();
    let cluster = Cluster::with_log(log.database())?;
    let (a, b) = (cluster.node("a", NOBODY)?, cluster.node("b", NOBODY)?);
    let on_a = a.admin()?;
    let on_b = on_a.clone().moved_to(b.base());
    open(&on_a, "kept")?;
    log.keep_copy();
    for number in 0..3 {
        open(&on_a, &format!("lost-{number}"))?;
    }
    everybody_says([&on_a, &on_b], "lost-2", 200)?;

    log.set_back();
    for number in 0..6 {
        open(&on_b, &format!("new-{number}"))?;
    }

    everybody_says([&on_a, &on_b], "new-5", 200)?;
    for number in 0..3 {
        everybody_says([&on_a, &on_b], &format!("lost-{number}"), 404)?;
    }
    everybody_says([&on_a, &on_b], "kept", 200)?;
    // What was lost can be done again.
    open(&on_a, "lost-0")?;
    everybody_says([&on_a, &on_b], "lost-0", 200)?;
    every_model_is_a_fold_of_the_log(&a)?;
    every_model_is_a_fold_of_the_log(&b)
}
