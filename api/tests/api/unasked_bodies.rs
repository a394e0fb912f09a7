//! Writes that take no body: what is sent with them is refused, or somebody would believe that it was heard.

use axum::body::Body;
use axum::http::Request;

use crate::answer::Answer;
use crate::document::operations;
use crate::log_lines;
use crate::roles::path_of;
use crate::world::World;

const CANARY: &str = "sk-canary-4f3a9c1e5d2b";

/// The operations that take no body, as method and path, with a token that may call them.
async fn writes(world: &World) -> Vec<(String, String, String)> {
    let (app, unused) = (&world.app, serde_json::json!({"name": "unused", "role": "auditor"}));
    let token = app.post(&app.admin, "/v1/tokens", &unused).await.expect(201);
    let mut writes = Vec::new();
    for (template, method, operation) in operations() {
        if method == "GET" || !operation["requestBody"].is_null() {
            continue;
        }
        let path = path_of(template, world, token.body["id"].as_str().unwrap()).await;
        let caller = if path.contains("/integrations") {
            &world.owner
        } else {
            &app.admin
        };
        writes.push((method, path, caller.clone()));
    }
    // An account is closed last: nothing is left to be done in it.
    writes.sort_by_key(|(_, path, _)| path.ends_with("/close"));
    writes
}

async fn send(world: &World, write: &(String, String, String), kind: Option<&str>, body: &str) -> Answer {
    let (method, path, token) = write;
    let mut request = Request::builder()
        .method(method.as_str())
        .uri(path)
        .header("authorization", format!("Bearer {token}"));
    if let Some(kind) = kind {
        request = request.header("content-type", kind);
    }
    world.app.send(request.body(Body::from(body.to_owned())).unwrap()).await
}

#[tokio::test]
async fn a_body_that_nobody_asked_for_is_refused_by_its_place_and_not_repeated() {
    let world = World::connected().await;
    let writes = writes(&world).await;
    assert_eq!(writes.len(), 8, "{writes:?}");
    let before = world.app.state.log.read_all(domain::Position::START, 1).await.unwrap();
    for write in &writes {
        for (body, pointer, code) in [
            (format!("{{\"reason\": \"{CANARY}\"}}"), "/reason", "unknown-field"),
            (format!("{{\"{CANARY}\": 1}}"), "", "unknown-field"),
            (format!("[\"{CANARY}\"]"), "", "unexpected-body"),
            (format!("reason={CANARY}"), "", "unexpected-body"),
            ("null".to_owned(), "", "unexpected-body"),
        ] {
            for kind in [None, Some("application/json"), Some("text/plain")] {
                let refused = send(&world, write, kind, &body).await.problem(422, "invalid-request");
                assert_eq!(refused.pointer(), pointer, "{write:?}: {body}");
                assert_eq!(refused.body["errors"][0]["code"], code, "{write:?}: {body}");
                assert!(!refused.contains(CANARY), "{}", refused.text());
            }
        }
        send(&world, write, None, "{reason")
            .await
            .problem(400, "malformed-json");
    }
    let after = world.app.state.log.read_all(domain::Position::START, 1).await.unwrap();
    assert_eq!(after.head, before.head, "something was done all the same");
    assert!(!log_lines::all().contains(CANARY));
}

#[tokio::test]
async fn nothing_and_an_object_without_members_are_no_body() {
    let world = World::connected().await;
    for write in writes(&world).await {
        for (kind, body) in [
            (None, ""),
            (Some("application/json"), ""),
            (Some("application/json"), "{}"),
            (None, " { }\r\n"),
            (Some("text/plain"), "\r\n"),
        ] {
            let answer = send(&world, &write, kind, body).await;
            let decided = [200, 204, 404, 409].contains(&answer.status);
            assert!(decided, "{write:?}: {}", answer.text());
        }
    }
}
