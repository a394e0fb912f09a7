use std::hash::{BuildHasher, RandomState};
use std::io::Write;

use super::contract;

/// Names the real server, as `--log` takes it. It may be shared: every run uses namespaces of its own. The server must take
/// appends of 8 MiB, and the user must be allowed to read `$all`.
const SERVER: &str = "ESDB_URL";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_real_server_keeps_every_promise_too_when_there_is_one() {
    let Ok(url) = std::env::var(SERVER) else {
        // Past the harness, which shows nothing of a test that passes.
        let line = "EventStoreDB: ESDB_URL is not set, so that only the double was tested, and no real server\n";
        std::io::stderr().write_all(line.as_bytes()).unwrap();
        return;
    };
    let url = if url.contains('?') {
        url
    } else {
        format!("{url}?tls=false")
    };
    let run = format!("test{:08x}x", RandomState::new().hash_one(0) & 0xffff_ffff);
    contract::run(&url, &run).await;
    std::io::stderr()
        .write_all(b"EventStoreDB: the real server that ESDB_URL names keeps every promise\n")
        .unwrap();
}
