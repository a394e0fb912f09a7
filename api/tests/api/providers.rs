use serde_json::json;

use crate::test_app::TestApp;
use crate::world::World;

#[tokio::test]
async fn an_added_row_is_live_when_the_answer_comes() {
    let app = TestApp::new().await;
    let added = app
        .post(&app.admin, "/v1/providers", &app.provider.row("mock"))
        .await
        .expect(201);
    assert_eq!(
        (added.body["status"].as_str(), added.header("etag")),
        (Some("published"), "\"1\"")
    );
    let catalog = app.get_after(&app.admin, "/v1/catalog", &added).await.expect(200);
    assert_eq!(catalog.body["items"][0]["key"], "mock");
}

#[tokio::test]
async fn the_nine_fields_of_a_row_are_enough() {
    let app = TestApp::new().await;
    let row = json!({
        "key": "plain", "name": "Plain", "category": "Other", "description": "A plain one.", "auth": "api_key",
        "credential": {"label": "API Key", "hint": "Under your profile"},
        "help": {"url": "https://example.com/help", "instructions": "Profile → API keys."}
    });
    let added = app.post(&app.admin, "/v1/providers", &row).await.expect(201);
    assert_eq!(added.body["tested"], false);
    let entry = app.get(&app.admin, "/v1/catalog/plain").await.expect(200);
    assert_eq!(entry.body["badges"], json!(["untested"]));
    assert_eq!(entry.body["form"][0]["name"], "api_key");
    assert_eq!(entry.body["form"][0]["label"], "API Key");
}

#[tokio::test]
async fn a_draft_is_nobodys_business_until_it_is_published() {
    let world = World::new().await;
    let app = &world.app;
    let mut row = app.provider.row("draft");
    row["publish"] = json!(false);
    let added = app.post(&app.admin, "/v1/providers", &row).await.expect(201);
    assert_eq!(added.body["status"], "draft");
    app.get(&world.owner, "/v1/catalog/draft")
        .await
        .problem(404, "not-found");
    let path = "/v1/accounts/acme/integrations";
    let draft = app
        .post(&world.owner, path, &json!({"provider": "draft"}))
        .await
        .problem(422, "invalid-request");
    let missing = app
        .post(&world.owner, path, &json!({"provider": "missing"}))
        .await
        .problem(422, "invalid-request");
    assert_eq!((draft.pointer(), &draft.bytes), ("/provider", &missing.bytes));
    app.post(&app.admin, "/v1/providers/draft/publish", &json!({}))
        .await
        .expect(200);
    app.get(&world.owner, "/v1/catalog/draft").await.expect(200);
}

#[tokio::test]
async fn a_revision_changes_what_it_names_and_nothing_else() {
    let world = World::new().await;
    let app = &world.app;
    let change = json!({"key": "mock", "description": "Changed.", "credential": null});
    let revised = app
        .call(&app.admin, "PATCH", "/v1/providers/mock", Some(&change), &[])
        .await
        .expect(200);
    assert_eq!(revised.body["description"], "Changed.");
    assert_eq!(revised.body["name"], "Mock Mail");
    assert_eq!(revised.header("etag"), "\"2\"");
    let read = app.get(&app.admin, "/v1/providers/mock").await.expect(200);
    assert_eq!(read.header("etag"), "\"2\"");
    assert_eq!(read.body["description"], "Changed.");
}

#[tokio::test]
async fn a_revision_of_what_changed_meanwhile_is_refused() {
    let world = World::new().await;
    let app = &world.app;
    let change = |text: &str| json!({"description": text});
    let with = |etag: &'static str| [("if-match", etag)];
    let path = "/v1/providers/mock";
    app.call(&app.admin, "PATCH", path, Some(&change("First.")), &with("\"1\""))
        .await
        .expect(200);
    let late = app
        .call(&app.admin, "PATCH", path, Some(&change("Second.")), &with("\"1\""))
        .await;
    late.problem(412, "precondition-failed");
    app.call(&app.admin, "PATCH", path, Some(&change("Third.")), &with("*"))
        .await
        .expect(200);
    // Weak tags, and tags that this system never gave, match nothing; one of a list is enough.
    for none in ["W/\"3\"", "\"x\"", "\"1\", W/\"3\""] {
        let answer = app
            .call(&app.admin, "PATCH", path, Some(&change("x")), &with(none))
            .await;
        answer.problem(412, "precondition-failed");
    }
    app.call(
        &app.admin,
        "PATCH",
        path,
        Some(&change("Fourth.")),
        &with("\"1\", \"3\""),
    )
    .await
    .expect(200);
    for wrong in ["1", "\"1", "\"1\" \"4\"", ""] {
        let answer = app
            .call(&app.admin, "PATCH", path, Some(&change("x")), &with(wrong))
            .await;
        assert_eq!(answer.problem(400, "invalid-parameter").pointer(), "/header/if-match");
    }
}

#[tokio::test]
async fn a_retired_row_leaves_the_marketplace_and_comes_back() {
    let world = World::connected().await;
    let app = &world.app;
    let retired = app
        .post(&app.admin, "/v1/providers/mock/retire", &json!({}))
        .await
        .expect(200);
    assert_eq!(retired.body["status"], "retired");
    app.get(&world.owner, "/v1/catalog/mock")
        .await
        .problem(404, "not-found");
    let kept = app
        .get(&world.owner, "/v1/accounts/acme/integrations/mock")
        .await
        .expect(200);
    assert_eq!(
        (&kept.body["retired"], &kept.body["connections"][0]["status"]),
        (&json!(true), &json!("connected"))
    );
    app.get(&world.service, "/v1/accounts/acme/ai-config/mock")
        .await
        .expect(200);
    let again = app.post(&app.admin, "/v1/providers/mock/publish", &json!({})).await;
    again.problem(409, "provider-retired");
    app.post(&app.admin, "/v1/providers/mock/reinstate", &json!({}))
        .await
        .expect(200);
    app.get(&world.owner, "/v1/catalog/mock").await.expect(200);
    app.post(&app.admin, "/v1/providers/mock/reinstate", &json!({}))
        .await
        .problem(409, "provider-published");
}

#[tokio::test]
async fn rows_come_in_pages_drafts_included() {
    let app = TestApp::new().await;
    for key in ["delta", "alpha", "charlie", "bravo"] {
        let mut row = app.provider.row(key);
        row["publish"] = json!(key != "charlie");
        app.post(&app.admin, "/v1/providers", &row).await.expect(201);
    }
    let keys = |body: &serde_json::Value| -> Vec<String> {
        let items = body["items"].as_array().unwrap().iter();
        items.map(|item| item["key"].as_str().unwrap().to_owned()).collect()
    };
    let first = app.get(&app.admin, "/v1/providers?limit=3").await.expect(200);
    assert_eq!(keys(&first.body), ["alpha", "bravo", "charlie"]);
    let cursor = first.body["next_cursor"].as_str().unwrap();
    let second = app
        .get(&app.admin, &format!("/v1/providers?cursor={cursor}"))
        .await
        .expect(200);
    assert_eq!(keys(&second.body), ["delta"]);
    assert!(second.body["next_cursor"].is_null());
}
