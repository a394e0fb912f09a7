use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use serde_json::json;
use tower::ServiceExt;

use crate::log_lines;
use crate::world::World;

#[tokio::test]
async fn it_is_alive_and_ready() {
    let world = World::new().await;
    assert_eq!(
        world.app.get("", "/healthz").await.expect(200).body,
        json!({"status": "ok"})
    );
    let ready = world.app.get("", "/readyz").await.expect(200);
    assert_eq!(
        (&ready.body["status"], &ready.body["log"], &ready.body["vault"]),
        (&json!("ready"), &json!(true), &json!(true))
    );
    assert_eq!(ready.body["projections"].as_array().map(Vec::len), Some(6));
}

#[tokio::test]
async fn requests_are_counted_by_the_template_of_their_route() {
    let world = World::connected().await;
    world.app.get(&world.owner, "/v1/catalog/mock").await.expect(200);
    let metrics = world.app.get("", "/metrics").await.expect(200);
    let text = String::from_utf8(metrics.bytes).unwrap();
    let line = r#"soconnective_requests_total{method="GET",route="/v1/catalog/{provider}",status="200"} 1"#;
    assert!(text.contains(line), "{text}");
    assert!(text.contains("soconnective_projection_lag_seconds{projection=\"history\"} 0"));
    assert!(text.contains("soconnective_request_duration_seconds_bucket{method=\"POST\""));
    assert!(!text.contains("acme"), "an account is named in the metrics");
}

#[tokio::test]
async fn methods_that_callers_make_up_have_one_name() {
    let world = World::new().await;
    for number in 0..20 {
        let method = format!("METHOD{number}");
        let request = Request::builder().method(method.as_str()).uri("/v1/catalog");
        let router = api::router(world.app.state.clone(), axum::Router::new());
        let answer = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), 405);
    }
    let metrics = world.app.get("", "/metrics").await.expect(200);
    assert!(!metrics.contains("METHOD"));
    let line = r#"soconnective_requests_total{method="OTHER",route="/v1/catalog",status="405"} 20"#;
    assert!(metrics.contains(line), "{}", metrics.text());
    assert!(!log_lines::all().contains("METHOD"));
}

#[tokio::test]
async fn a_request_that_its_caller_gives_up_is_counted_and_logged() {
    let world = World::new().await;
    let id = "6f0f1c1e-6d5a-4a53-9d0f-0000000000aa";
    // It waits for a position that the log does not have yet.
    let request = Request::builder()
        .uri("/v1/catalog")
        .header("authorization", format!("Bearer {}", world.owner))
        .header("soconnective-min-position", "1000000")
        .header("soconnective-correlation-id", id)
        .body(Body::empty())
        .unwrap();
    let mut asked = Box::pin(api::router(world.app.state.clone(), axum::Router::new()).oneshot(request));
    let waits = tokio::time::timeout(Duration::from_millis(50), &mut asked).await;
    assert!(waits.is_err());
    drop(asked);
    let metrics = world.app.get("", "/metrics").await.expect(200);
    let line = r#"soconnective_requests_total{method="GET",route="/v1/catalog",status="499"} 1"#;
    assert!(metrics.contains(line), "{}", metrics.text());
    let lines = log_lines::all();
    let line = lines.lines().find(|line| line.contains(id)).unwrap_or_default();
    assert!(line.contains("499"), "{line}");
}

#[tokio::test]
async fn every_answer_has_a_correlation_id_and_the_callers_own_is_kept() {
    let world = World::new().await;
    let made = world.app.get(&world.owner, "/v1/catalog").await.expect(200);
    assert_eq!(made.header("soconnective-correlation-id").len(), 36);
    let own = "6f0f1c1e-6d5a-4a53-9d0f-6f2b7f3a9c10";
    let body = json!({"provider": "mock"});
    let headers = [("soconnective-correlation-id", own)];
    let path = "/v1/accounts/acme/integrations";
    let kept = world
        .app
        .call(&world.owner, "POST", path, Some(&body), &headers)
        .await
        .expect(201);
    assert_eq!(kept.header("soconnective-correlation-id"), own);
    let history = world
        .app
        .get_after(&world.owner, &format!("{path}/mock/history"), &kept)
        .await
        .expect(200);
    assert_eq!(history.body["items"][0]["correlation_id"], own);
    assert!(log_lines::all().contains(own), "the log does not name the request");
}

#[tokio::test]
async fn the_log_names_routes_and_never_paths_or_queries() {
    let world = World::new().await;
    world
        .app
        .get(&world.owner, "/v1/catalog?q=unmistakable-query")
        .await
        .expect(200);
    world
        .app
        .get(&world.owner, "/v1/accounts/acme/integrations/unmistakable-path")
        .await
        .expect(404);
    let lines = log_lines::all();
    assert!(lines.contains("/v1/accounts/{account}/integrations/{provider}"));
    assert!(!lines.contains("unmistakable-query") && !lines.contains("unmistakable-path"));
}

#[tokio::test]
async fn an_unknown_path_and_a_wrong_method_are_problems() {
    let world = World::new().await;
    world
        .app
        .get(&world.owner, "/v1/nothing")
        .await
        .problem(404, "no-such-route");
    world
        .app
        .get(&world.owner, "/nothing")
        .await
        .problem(404, "no-such-route");
    let wrong = world.app.call(&world.owner, "DELETE", "/v1/catalog", None, &[]).await;
    let wrong = wrong.problem(405, "method-not-allowed");
    assert!(wrong.header("allow").contains("GET"));
}
