//! `If-Match`: what a caller insists on is honoured or refused, and never ignored.

use domain::token::Role;
use serde_json::json;

use crate::document::operations;
use crate::mock_provider::OTHER;
use crate::roles::{body_of, path_of};
use crate::world::{CREDENTIAL, MOCK, World};

#[tokio::test]
async fn no_write_ignores_a_condition_that_does_not_hold() {
    for (template, method, operation) in operations().iter().filter(|(_, method, _)| method != "GET") {
        let operation = operation["operationId"].as_str().unwrap();
        let world = World::connected().await;
        let app = &world.app;
        let unused = json!({"name": "unused", "role": "auditor"});
        let unused = app.post(&app.admin, "/v1/tokens", &unused).await.expect(201);
        let path = path_of(template, &world, unused.body["id"].as_str().unwrap()).await;
        let token = if template.contains("{account}") && !template.ends_with("/close") {
            &world.owner
        } else {
            &app.admin
        };
        let condition = [("if-match", "\"999\"")];
        let before = app.state.log.read_all(domain::Position::START, 1).await.unwrap().head;
        let answer = app
            .call(token, method, &path, body_of(operation, app).as_ref(), &condition)
            .await;
        let after = app.state.log.read_all(domain::Position::START, 1).await.unwrap().head;
        assert!(
            matches!(answer.status, 400 | 412 | 422),
            "{operation}: {}",
            answer.text()
        );
        assert_eq!(before, after, "{operation} was carried out");
        if answer.status == 400 {
            assert_eq!(answer.pointer(), "/header/if-match", "{operation}");
        }
    }
}

#[tokio::test]
async fn a_key_is_saved_tested_and_taken_back_on_the_revision_that_was_read() {
    let world = World::connected().await;
    let app = &world.app;
    app.settle().await;
    let read = app.get(&world.owner, MOCK).await.expect(200);
    let (old, body) = (read.header("etag"), json!({"fields": {"api_key": OTHER}}));
    let test = CREDENTIAL.replace("/credential", "/test");
    let calls = [
        ("PUT", CREDENTIAL, Some(&body), 200),
        ("POST", test.as_str(), None, 200),
        ("DELETE", CREDENTIAL, None, 204),
        ("DELETE", MOCK, None, 204),
    ];
    let mut now = old.to_owned();
    for (index, (method, path, body, status)) in calls.into_iter().enumerate() {
        if index > 0 {
            let late = app.call(&world.owner, method, path, body, &[("if-match", old)]).await;
            late.problem(412, "precondition-failed");
        }
        let done = app
            .call(&world.owner, method, path, body, &[("if-match", now.as_str())])
            .await;
        done.expect(status);
        app.settle().await;
        let read = app.get(&world.owner, MOCK).await;
        read.header("etag").clone_into(&mut now);
    }
}

#[tokio::test]
async fn a_row_is_moved_on_the_revision_that_was_read() {
    let world = World::new().await;
    let app = &world.app;
    let admin = app.token(Role::PlatformAdmin, None).await;
    for (revision, (step, stale)) in [("retire", "\"9\""), ("reinstate", "\"1\"")].into_iter().enumerate() {
        let path = format!("/v1/providers/mock/{step}");
        app.call(&admin, "POST", &path, None, &[("if-match", stale)])
            .await
            .problem(412, "precondition-failed");
        let current = format!("\"{}\"", revision + 1);
        app.call(&admin, "POST", &path, None, &[("if-match", current.as_str())])
            .await
            .expect(200);
    }
}
