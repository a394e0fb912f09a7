use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use e2e::{Caller, Cluster, Product};
use serde_json::{Value, json};

use crate::writers::Writers;
use crate::{every_model_is_a_fold_of_the_log, post, within};

/// No provider is called here.
const NOBODY: &str = "127.0.0.1:9";
/// How long nodes may need to share the parts, those of a node that is gone too.
const RECOVERY: Duration = Duration::from_secs(30);

/// Reads every event, from where it stopped reading on.
#[derive(Default)]
struct Auditor {
    seen: Vec<u64>,
}

impl Auditor {
    /// Reads to the end.
    fn read_on(&mut self, caller: &Caller) -> Result<()> {
        loop {
            let after = self.seen.last().copied().unwrap_or_default();
            let page = caller.get(&format!("/v1/audit/events?limit=200&after={after}"))?;
            let page = page.expect(200)?.body;
            let positions: Vec<u64> = page["items"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(position)
                .collect();
            if positions.is_empty() {
                return Ok(());
            }
            self.seen.extend(positions);
            ensure!(self.seen.is_sorted_by(|a, b| a < b), "an event came twice");
        }
    }
}

fn position(event: &Value) -> Option<u64> {
    let position = &event["position"];
    position.as_u64().or_else(|| position.as_str()?.parse().ok())
}

/// Whether a node applies events of the history.
fn applies(node: &Product) -> Result<bool> {
    let ready = node.caller("").get("/readyz")?;
    let mut models = ready.body["projections"].as_array().into_iter().flatten();
    Ok(models.any(|model| model["name"] == "history" && model["state"] == "running"))
}

/// Waits until all parts have seen what is written now.
fn all_parts_go_on(admin: &Caller, auditor: &Caller, mark: &str) -> Result<()> {
    let write = post(admin, "/v1/accounts", &json!({ "id": mark, "name": mark }))?.expect(201)?;
    within(RECOVERY, Instant::now(), "all parts going on", || {
        Ok(auditor.get_after("/v1/audit/events?limit=1", &write)?.status == 200)
    })
}

#[test]
fn two_nodes_share_the_parts_of_a_model_and_the_audit_leaves_nothing_out_whoever_goes() -> Result<()> {
    let cluster = Cluster::start()?;
    let (a, b) = (cluster.node("a", NOBODY)?, cluster.node("b", NOBODY)?);
    let admin = a.admin()?;
    let issued = post(&admin, "/v1/tokens", &json!({ "name": "reader", "role": "auditor" }))?.expect(201)?;
    let on_a = admin.with_token(issued.body["token"].as_str().unwrap_or_default());
    let on_b = on_a.clone().moved_to(b.base());
    let writers = Writers::start(&admin);
    writers.wait_for(20)?;
    let mut auditor = Auditor::default();

    for model in ["history", "ai_config", "integrations"] {
        a.run(&["projections", "split", model, "4"])?;
    }
    let status = b.run(&["projections", "status"])?;
    ensure!(status.contains("part 4 of 4"), "{status}");
    within(RECOVERY, Instant::now(), "sharing the parts", || {
        Ok(applies(&a)? && applies(&b)?)
    })?;
    for _ in 0..10 {
        writers.wait_for(10)?;
        auditor.read_on(&on_b)?;
    }

    // One is out of breath for longer than its leases last.
    b.pause()?;
    all_parts_go_on(&admin, &on_a, "while-paused")?;
    b.resume()?;
    all_parts_go_on(&admin, &on_b, "after-it-woke")?;
    auditor.read_on(&on_b)?;
    // Another number of parts, while both write.
    a.run(&["projections", "split", "history", "3"])?;
    writers.wait_for(20)?;
    auditor.read_on(&on_b)?;
    writers.end(&admin)?;
    // One is gone for good.
    a.kill()?;
    all_parts_go_on(&admin.clone().moved_to(b.base()), &on_b, "after-all")?;

    auditor.read_on(&on_b)?;
    let mut all = Auditor::default();
    all.read_on(&on_b)?;
    ensure!(
        auditor.seen == all.seen,
        "what was read bit by bit is not what there is"
    );
    every_model_is_a_fold_of_the_log(&b)
}
