//! The gateway in `deploy` refuses what a node would refuse, and says the same.

use api::Code;
use serde_json::{Value, json};

use crate::test_app::TestApp;

const GATEWAY: &str = include_str!("../../../deploy/nginx.conf");

/// The problems that the gateway answers with.
fn problems() -> Vec<Value> {
    let quoted = GATEWAY.split('\'').filter(|text| text.starts_with('{'));
    quoted.map(|text| serde_json::from_str(text).unwrap()).collect()
}

#[test]
fn its_problems_are_those_of_the_api() {
    let codes: Vec<_> = problems()
        .iter()
        .map(|problem| {
            let mut specs = Code::ALL.iter().map(|code| code.spec());
            let spec = specs.find(|spec| problem["code"] == spec.code).unwrap();
            assert_eq!(
                (&problem["status"], &problem["title"]),
                (&json!(spec.status), &json!(spec.title))
            );
            assert_eq!(problem["type"], format!("/docs#problem-{}", spec.code));
            assert!(problem["detail"].is_string());
            spec.code
        })
        .collect();
    assert_eq!(
        codes,
        ["body-too-large", "unavailable", "uri-too-long", "headers-too-large"]
    );
}

#[tokio::test]
async fn it_lets_in_what_a_node_reads_and_no_more() {
    let app = TestApp::new().await;
    assert!(GATEWAY.contains("client_max_body_size 1m;") && GATEWAY.contains("client_body_buffer_size 1m;"));
    assert!(GATEWAY.contains("large_client_header_buffers 4 8k;"));
    let body = json!({"id": "a".repeat(1024 * 1024)});
    let large = app.post(&app.admin, "/v1/accounts", &body).await;
    let path = format!("/v1/catalog?q={}", "a".repeat(8 * 1024));
    let long = app.get(&app.admin, &path).await;
    for answer in [large, long] {
        assert!(problems().contains(&answer.body), "{}", answer.text());
    }
}
