//! The log in memory keeps the contract.

use std::sync::Arc;

use eventlog::{EventLog, MemoryLog, contract};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_log_in_memory_keeps_every_promise() {
    contract::run(async || Arc::new(MemoryLog::new()) as Arc<dyn EventLog>).await;
}
