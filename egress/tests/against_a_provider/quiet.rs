//! What a call leaves behind: no key in a log or an outcome, whatever the provider does with it.

use std::io;
use std::sync::{Arc, Mutex};

use domain::integration::TestOutcome;
use egress::EgressConfig;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::util::SubscriberInitExt;

use crate::provider::{Answer, Provider};
use crate::setup::{HOST, KEY, Names, egress, reaching, row, test};

/// Everything that was logged, by every crate, at every level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// The key stands in the path, the query, a header and the body.
const EVERYWHERE: &str = r#"
key: probe
name: Probe
category: Tests
auth: api_key
credential: { label: API key }
recipe:
  request:
    base_url: https://api.probe-provider.com
    auth: { query: { name: access_token, value: "{api_key}" } }
    headers: { x-api-key: "{api_key}" }
  test:
    method: POST
    path: /keys/{api_key}
    body: { json: { key: "{api_key}" } }
    accept: [{ status: 200 }]
    identity: { pointer: /id }
"#;

fn assert_silent(outcome: &TestOutcome, log: &Log) {
    let said = serde_json::to_string(outcome).unwrap();
    assert!(!said.contains(KEY), "{said}");
    assert!(!said.contains("127.0.0.1"), "{said}");
    assert!(!log.text().contains(KEY), "{}", log.text());
}

#[tokio::test]
async fn no_log_and_no_outcome_repeats_the_key() {
    let log = Log::default();
    let writer = log.clone();
    // For the whole process: the other tests' calls, which use the same key, are listened to as well.
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .finish()
        .init();
    let provider = Provider::start(HOST).await;
    let row = row(EVERYWHERE);

    let reached = egress(reaching(&[&provider]));
    for answer in [
        Answer::new(200, format!(r#"{{"id": "{KEY}"}}"#)),
        Answer::new(500, format!("no such key: {KEY}")),
        Answer::new(418, format!("no such key: {KEY}")),
        Answer::redirect(&format!("https://evil.example.com/{KEY}")),
    ] {
        provider.answers(answer);
        assert_silent(&test(&reached, &row).await, &log);
    }
    let [first, ..] = <[_; 4]>::try_from(provider.take_received()).unwrap();
    assert_eq!(first.target, format!("/keys/{KEY}?access_token={KEY}"));
    assert!(first.body.contains(KEY) && first.headers["x-api-key"] == KEY);

    let untrusting = egress(EgressConfig {
        extra_roots: Vec::new(),
        ..reaching(&[&provider])
    });
    let lost = egress(EgressConfig {
        lookup: Names::of(&[]),
        ..EgressConfig::default()
    });
    for egress in [untrusting, lost] {
        assert_silent(&test(&egress, &row).await, &log);
    }
    assert!(log.text().contains("credential tested"), "the log was listened to");
}
