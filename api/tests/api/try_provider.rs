//! A row is tried with a key of no account: nothing is kept, whatever comes of it.

use serde_json::json;

use crate::log_lines;
use crate::mock_provider::{BAD, GOOD};
use crate::test_app::TestApp;
use crate::world::World;

const TRY: &str = "/v1/providers/mock/try";

/// How far the log is.
async fn head(app: &TestApp) -> domain::Position {
    app.state.log.read_all(domain::Position::START, 1).await.unwrap().head
}

#[tokio::test]
async fn a_draft_is_tried_before_anybody_sees_it() {
    let app = TestApp::new().await;
    let mut draft = app.provider.row("draft");
    draft["publish"] = json!(false);
    app.post(&app.admin, "/v1/providers", &draft).await.expect(201);
    let before = head(&app).await;
    let path = "/v1/providers/draft/try";
    let good = app
        .post(&app.admin, path, &json!({"fields": {"api_key": GOOD}}))
        .await
        .expect(200);
    assert_eq!(
        good.body,
        json!({"verdict": "accepted", "code": null, "identity": "mocky"})
    );
    let bad = app
        .post(&app.admin, path, &json!({"fields": {"api_key": BAD}}))
        .await
        .expect(200);
    assert_eq!(bad.body["verdict"], "rejected");
    assert_eq!(app.provider.calls(), 2);
    assert_eq!(head(&app).await, before, "something was appended");
    for answer in [&good, &bad] {
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}

#[tokio::test]
async fn a_live_row_and_a_retired_one_are_tried_too() {
    let world = World::new().await;
    let app = &world.app;
    let body = json!({"fields": {"api_key": GOOD}});
    let live = app.post(&app.admin, TRY, &body).await.expect(200);
    assert_eq!(live.body["verdict"], "accepted");
    app.post(&app.admin, "/v1/providers/mock/retire", &json!({}))
        .await
        .expect(200);
    let retired = app.post(&app.admin, TRY, &body).await.expect(200);
    assert_eq!(retired.body["verdict"], "accepted");
}

#[tokio::test]
async fn what_the_row_does_not_take_is_refused_at_its_field_and_never_repeated() {
    const CANARY: &str = "sk-canary-of-a-try-4f1d";
    let world = World::new().await;
    let app = &world.app;
    let wrong = app.post(&app.admin, TRY, &json!({"fields": {"api_key": CANARY}})).await;
    let wrong = wrong.problem(422, "credential-invalid");
    assert_eq!(wrong.pointer(), "/fields/api_key");
    let unknown = app
        .post(&app.admin, TRY, &json!({"fields": {"api_key": GOOD, CANARY: "x"}}))
        .await;
    let unknown = unknown.problem(422, "credential-invalid");
    assert_eq!(unknown.pointer(), "/fields");
    let missing = app
        .post(&app.admin, TRY, &json!({"fields": {}}))
        .await
        .problem(422, "credential-invalid");
    assert_eq!(missing.pointer(), "/fields/api_key");
    app.post(&app.admin, TRY, &json!({}))
        .await
        .problem(422, "invalid-request");
    app.post(
        &app.admin,
        "/v1/providers/nothing/try",
        &json!({"fields": {"api_key": GOOD}}),
    )
    .await
    .problem(404, "not-found");
    assert_eq!(app.provider.calls(), 0);
    for answer in [&wrong, &unknown] {
        assert!(!answer.text().contains("canary"), "{}", answer.text());
    }
    assert!(
        !log_lines::all().contains(CANARY),
        "a pasted key stands in the log lines"
    );
}

#[tokio::test]
async fn the_key_is_kept_nowhere() {
    const CANARY: &str = "key-canary-4711471147114711";
    let world = World::new().await;
    let app = &world.app;
    let tried = app
        .post(&app.admin, TRY, &json!({"fields": {"api_key": CANARY}}))
        .await
        .expect(200);
    assert_eq!(tried.body["verdict"], "rejected");
    assert_eq!(app.provider.calls(), 1, "the control: it was sent to the provider");
    for entry in std::fs::read_dir(app.folder()).unwrap() {
        let path = entry.unwrap().path();
        let content = std::fs::read(&path).unwrap();
        let found = content.windows(CANARY.len()).any(|part| part == CANARY.as_bytes());
        assert!(!found, "{}", path.display());
    }
}

#[tokio::test]
async fn a_row_without_a_test_says_so() {
    let app = TestApp::new().await;
    let mut row = app.provider.row("plain");
    row["recipe"].as_object_mut().unwrap().remove("test");
    app.post(&app.admin, "/v1/providers", &row).await.expect(201);
    let body = json!({"fields": {"api_key": GOOD}});
    let tried = app.post(&app.admin, "/v1/providers/plain/try", &body).await.expect(200);
    assert_eq!(tried.body["verdict"], "untestable");
    assert_eq!(app.provider.calls(), 0);
}

#[tokio::test]
async fn tries_are_limited_by_person_and_use_up_no_account_s_share() {
    let world = World::connected().await;
    let app = &world.app;
    let body = json!({"fields": {"api_key": GOOD}});
    let mut limited = false;
    for _ in 0..60 {
        let tried = app.post(&app.admin, TRY, &body).await.expect(200);
        limited |= tried.body["verdict"] == "rate_limited" && tried.body["code"] == "too_many_tests";
        if limited {
            break;
        }
    }
    assert!(limited, "sixty tries in a row were all made");
    assert_eq!(world.save(GOOD).await.expect(200).body["test"]["verdict"], "accepted");
    let other = app.token(domain::token::Role::PlatformAdmin, None).await;
    let tried = app.post(&other, TRY, &body).await.expect(200);
    assert_eq!(tried.body["verdict"], "accepted");
}
