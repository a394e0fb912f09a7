use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use e2e::Caller;
use serde_json::json;

use crate::{post, within};

/// How long a write may need while servers are away.
const PATIENCE: Duration = Duration::from_mins(1);

/// Callers who open accounts one after the other, and remember what was acknowledged.
///
/// As a careful client does, they send a write that had no answer again, with the same idempotency key.
pub(crate) struct Writers {
    stop: Arc<AtomicBool>,
    acknowledged: Arc<AtomicUsize>,
    threads: Vec<JoinHandle<Result<Vec<String>>>>,
}

impl Writers {
    /// Starts four of them, who write where `admin` does.
    pub(crate) fn start(admin: &Caller) -> Self {
        let writers = Self {
            stop: Arc::default(),
            acknowledged: Arc::default(),
            threads: Vec::new(),
        };
        let threads = (0..4).map(|writer| {
            // A connection of its own.
            let admin = admin.with_fresh_connections();
            let (stop, acknowledged) = (Arc::clone(&writers.stop), Arc::clone(&writers.acknowledged));
            std::thread::spawn(move || {
                let mut opened = Vec::new();
                while !stop.load(Ordering::SeqCst) {
                    let id = format!("w{writer}-{}", opened.len());
                    open(&admin, &id)?;
                    opened.push(id);
                    acknowledged.fetch_add(1, Ordering::SeqCst);
                }
                Ok(opened)
            })
        });
        Self {
            threads: threads.collect(),
            ..writers
        }
    }

    /// Waits until so many more writes were acknowledged.
    pub(crate) fn wait_for(&self, more: usize) -> Result<()> {
        let goal = self.acknowledged.load(Ordering::SeqCst) + more;
        within(PATIENCE, Instant::now(), "writing on", || {
            ensure!(
                !self.threads.iter().any(JoinHandle::is_finished),
                "a writer has given up"
            );
            Ok(self.acknowledged.load(Ordering::SeqCst) >= goal)
        })
    }

    /// Ends them, and checks that each write that was acknowledged is in the log, and each that is there is there once.
    pub(crate) fn end(self, admin: &Caller) -> Result<()> {
        self.stop.store(true, Ordering::SeqCst);
        let mut acknowledged = BTreeSet::new();
        for thread in self.threads {
            let Ok(opened) = thread.join() else {
                bail!("a writer panicked")
            };
            acknowledged.extend(opened?);
        }
        let issued = post(admin, "/v1/tokens", &json!({ "name": "auditor", "role": "auditor" }))?.expect(201)?;
        let auditor = admin.with_token(issued.body["token"].as_str().unwrap_or_default());
        within(PATIENCE, Instant::now(), "a new token on every node", || {
            Ok(auditor.get_after("/v1/audit/events?limit=1", &issued)?.status == 200)
        })?;
        let mut logged: BTreeMap<String, usize> = BTreeMap::new();
        let mut after = "0".to_owned();
        loop {
            let path = format!("/v1/audit/events?type=AccountOpened&limit=200&after={after}");
            let page = auditor.get_after(&path, &issued)?.expect(200)?.body;
            let events = page["items"].as_array().cloned().unwrap_or_default();
            for event in &events {
                *logged
                    .entry(event["account"].as_str().unwrap_or_default().to_owned())
                    .or_default() += 1;
            }
            if events.is_empty() {
                break;
            }
            after = page["next"].to_string().replace('"', "");
        }
        for id in &acknowledged {
            ensure!(
                logged.get(id) == Some(&1),
                "{id} was acknowledged, and is in the log {:?} times",
                logged.get(id)
            );
        }
        ensure!(
            logged.values().all(|times| *times == 1),
            "an account was opened twice: {logged:?}"
        );
        Ok(())
    }
}

/// Opens an account: again and again, until somebody says that it is open.
fn open(admin: &Caller, id: &str) -> Result<()> {
    let body = json!({ "id": id, "name": id });
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        match admin.call("POST", "/v1/accounts", Some(&body), &[("Idempotency-Key", id)]) {
            Ok(answer) if answer.status == 201 => return Ok(()),
            // Not now, or not known: both ask to come back with the same key.
            Ok(answer) if answer.status >= 500 => {}
            Ok(answer) => bail!("{id} was refused: {} {}", answer.status, answer.text),
            Err(_no_answer) => {}
        }
    }
    bail!("{id} could not be opened within {PATIENCE:?}")
}
