use serde_json::{Value, json};

use crate::mock_provider::GOOD;
use crate::world::{CREDENTIAL, INTEGRATIONS, World};

fn with_key(key: &str) -> [(&str, &str); 1] {
    [("idempotency-key", key)]
}

#[tokio::test]
async fn the_same_key_and_request_give_the_first_answer_again_and_do_nothing_twice() {
    let world = World::new().await;
    let app = &world.app;
    let body = json!({"provider": "mock", "credential": {"api_key": GOOD}});
    let first = app
        .call(&world.owner, "POST", INTEGRATIONS, Some(&body), &with_key("once"))
        .await
        .expect(201);
    let calls = app.provider.calls();
    let again = app
        .call(&world.owner, "POST", INTEGRATIONS, Some(&body), &with_key("once"))
        .await
        .expect(201);
    assert_eq!(first.bytes, again.bytes);
    assert_eq!(first.position(), again.position());
    assert_eq!(app.provider.calls(), calls, "the provider was called again");
    let seen = app
        .get_after(&world.owner, crate::world::MOCK, &again)
        .await
        .expect(200);
    assert_eq!(seen.body["connections"][0]["version"], 1);
}

#[tokio::test]
async fn the_same_key_with_another_request_is_refused() {
    let world = World::new().await;
    let app = &world.app;
    let admin = app.admin.clone();
    let first = json!({"id": "one", "name": "One"});
    app.call(&admin, "POST", "/v1/accounts", Some(&first), &with_key("k"))
        .await
        .expect(201);
    let other = json!({"id": "one", "name": "Another"});
    let answer = app
        .call(&admin, "POST", "/v1/accounts", Some(&other), &with_key("k"))
        .await;
    answer.problem(422, "idempotency-key-reused");
}

#[tokio::test]
async fn it_holds_after_a_restart() {
    let world = World::connected().await;
    let body = json!({"fields": {"api_key": crate::mock_provider::OTHER}});
    let headers = with_key("rotate-1");
    let first = world
        .app
        .call(&world.owner, "PUT", CREDENTIAL, Some(&body), &headers)
        .await
        .expect(200);
    let World { app, owner, .. } = world;
    let app = app.restarted().await;
    let again = app
        .call(&owner, "PUT", CREDENTIAL, Some(&body), &headers)
        .await
        .expect(200);
    assert_eq!(first.bytes, again.bytes);
    let other = json!({"fields": {"api_key": GOOD}});
    app.call(&owner, "PUT", CREDENTIAL, Some(&other), &headers)
        .await
        .problem(422, "idempotency-key-reused");
}

#[tokio::test]
async fn a_key_belongs_to_its_caller_and_its_route() {
    let world = World::new().await;
    let app = &world.app;
    let headers = with_key("shared");
    let body = json!({"provider": "mock"});
    app.call(&world.owner, "POST", INTEGRATIONS, Some(&body), &headers)
        .await
        .expect(201);
    let rival = app.token(domain::token::Role::AccountAdmin, Some("rival")).await;
    app.call(&rival, "POST", "/v1/accounts/rival/integrations", Some(&body), &headers)
        .await
        .expect(201);
    let body = json!({"fields": {"api_key": GOOD}});
    app.call(&world.owner, "PUT", CREDENTIAL, Some(&body), &headers)
        .await
        .expect(200);
}

#[tokio::test]
async fn a_token_is_shown_once_even_so() {
    let world = World::new().await;
    let app = &world.app;
    let body = json!({"name": "once", "role": "auditor"});
    let first = app
        .call(&app.admin, "POST", "/v1/tokens", Some(&body), &with_key("t"))
        .await
        .expect(201);
    let again = app
        .call(&app.admin, "POST", "/v1/tokens", Some(&body), &with_key("t"))
        .await;
    let again = again.problem(409, "token-shown");
    assert!(again.contains(first.body["id"].as_str().unwrap()));
}

#[tokio::test]
async fn what_is_no_key_is_refused() {
    let world = World::new().await;
    let long = "k".repeat(256);
    for wrong in ["", "with space", "ümlaut", long.as_str()] {
        let body: Value = json!({"provider": "mock"});
        let answer = world
            .app
            .call(&world.owner, "POST", INTEGRATIONS, Some(&body), &with_key(wrong))
            .await;
        let refused = answer.problem(400, "invalid-parameter");
        assert_eq!(refused.pointer(), "/header/idempotency-key");
    }
    let longest = "k".repeat(255);
    let body = json!({"provider": "mock"});
    world
        .app
        .call(&world.owner, "POST", INTEGRATIONS, Some(&body), &with_key(&longest))
        .await
        .expect(201);
}
