use serde_json::json;

use crate::mock_provider::GOOD;
use crate::world::{AI_CONFIG, CREDENTIAL, INTEGRATIONS, World};

#[tokio::test]
async fn accounts_form_a_tree() {
    let world = World::new().await;
    let app = &world.app;
    for (id, parent) in [("agency", None), ("client", Some("agency")), ("shop", Some("client"))] {
        let body = json!({"id": id, "name": id, "parent": parent});
        app.post(&app.admin, "/v1/accounts", &body).await.expect(201);
    }
    let shop = app.get(&app.admin, "/v1/accounts/shop").await.expect(200);
    assert_eq!(shop.body["ancestors"], json!(["client", "agency"]));
    let below = app.get(&app.admin, "/v1/accounts?parent=agency").await.expect(200);
    assert_eq!(below.body["items"][0]["id"], "client");
    assert_eq!(below.body["items"].as_array().map(Vec::len), Some(1));
    let orphan = json!({"id": "orphan", "name": "Orphan", "parent": "missing"});
    let refused = app
        .post(&app.admin, "/v1/accounts", &orphan)
        .await
        .problem(422, "invalid-request");
    assert_eq!(refused.pointer(), "/parent");
}

#[tokio::test]
async fn an_id_is_used_once() {
    let world = World::new().await;
    let again = world
        .app
        .post(&world.app.admin, "/v1/accounts", &json!({"id": "acme", "name": "Acme"}))
        .await;
    again.problem(409, "account-exists");
}

#[tokio::test]
async fn closing_an_account_erases_its_keys_and_ends_its_writes() {
    let world = World::connected().await;
    let app = &world.app;
    app.post(&app.admin, "/v1/accounts/acme/close", &json!({}))
        .await
        .expect(204);
    app.settle().await;
    let closed = app.get(&app.admin, "/v1/accounts/acme").await.expect(200);
    assert_eq!(closed.body["status"], "closed");
    app.put(&world.owner, CREDENTIAL, &json!({"fields": {"api_key": GOOD}}))
        .await
        .problem(409, "account-closed");
    app.post(&world.owner, INTEGRATIONS, &json!({"provider": "mock"}))
        .await
        .problem(409, "account-closed");
    app.get(&world.service, AI_CONFIG).await.problem(409, "account-closed");
    app.post(&app.admin, "/v1/accounts/acme/close", &json!({}))
        .await
        .expect(204);
    app.post(&app.admin, "/v1/accounts/missing/close", &json!({}))
        .await
        .problem(404, "not-found");
}

#[tokio::test]
async fn accounts_come_in_pages() {
    let world = World::new().await;
    let app = &world.app;
    let first = app.get(&app.admin, "/v1/accounts?limit=1").await.expect(200);
    assert_eq!(first.body["items"][0]["id"], "acme");
    let cursor = first.body["next_cursor"].as_str().unwrap();
    let second = app
        .get(&app.admin, &format!("/v1/accounts?limit=1&cursor={cursor}"))
        .await
        .expect(200);
    assert_eq!(
        (&second.body["items"][0]["id"], &second.body["next_cursor"]),
        (&json!("rival"), &json!(null))
    );
    let wrong = app
        .get(&app.admin, "/v1/accounts?cursor=%20")
        .await
        .problem(400, "invalid-parameter");
    assert_eq!(wrong.pointer(), "/query/cursor");
}

#[tokio::test]
async fn an_id_that_is_taken_and_a_name_that_nobody_sees_are_named() {
    let world = World::new().await;
    let app = &world.app;
    let taken = app
        .post(&app.admin, "/v1/accounts", &json!({"id": "acme", "name": "Again"}))
        .await;
    assert_eq!(taken.problem(409, "account-exists").pointer(), "/id");
    let taken = app.post(&app.admin, "/v1/providers", &app.provider.row("mock")).await;
    assert_eq!(taken.problem(409, "provider-key-taken").pointer(), "/key");
    for name in ["\u{200b}", "Acme\u{202e}dtL"] {
        let refused = app
            .post(&app.admin, "/v1/accounts", &json!({"id": "new", "name": name}))
            .await;
        assert_eq!(refused.problem(422, "invalid-request").pointer(), "/name");
        let mut row = app.provider.row("new");
        row["name"] = json!(name);
        let refused = app
            .post(&app.admin, "/v1/providers", &row)
            .await
            .problem(422, "provider-invalid");
        assert_eq!(refused.pointer(), "/name", "{}", refused.text());
    }
    let hebrew = json!({"id": "hebrew", "name": "שלום"});
    app.post(&app.admin, "/v1/accounts", &hebrew).await.expect(201);
}
