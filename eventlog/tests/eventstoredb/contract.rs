use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use eventlog::contract::{self, Open};

use super::{double, open};

/// Runs both suites over one server. Each log has a namespace of its own, so that all others are foreign to it.
pub(crate) async fn run(url: &str, namespace: &str) {
    let number = AtomicUsize::new(0);
    let next = || {
        let number = number.fetch_add(1, Ordering::Relaxed);
        format!("{url}&namespace={namespace}{number}")
    };
    contract::run(async || open(&next()).await).await;
    contract::run_on_shared(async || {
        let url = next();
        Arc::new(move || {
            let url = url.clone();
            Box::pin(async move { open(&url).await }) as Pin<Box<dyn Future<Output = _> + Send>>
        }) as Open
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_log_in_eventstoredb_keeps_every_promise() {
    let double = double().await;
    run(&double.url(), "log").await;
}
