//! Connecting a provider from the marketplace: who may, the form that its row makes, and what becomes of a key.

mod form;
mod saving;

use domain::token::Role;
use serde_json::{Value, json};

use super::visitor::{Visitor, hidden};
use crate::answer::Answer;
use crate::mock_provider::GOOD;
use crate::world::{MOCK, World};

const CONNECT: &str = "/marketplace/mock/connect";

/// A row with every kind of field.
fn demanding(world: &World) -> Value {
    let mut row = world.app.provider.row("demanding");
    row["help"] = json!({"url": "https://help.example/keys", "instructions": "Go to **Profile**."});
    row["recipe"]["fields"] = json!([
        {"name": "region", "label": "Region", "type": "enum", "default": "us",
         "options": [{"value": "us", "label": "America"}, {"value": "eu", "label": "Europe"}]},
        {"name": "plan_token", "label": "Plan token", "secret": true,
         "visible_when": {"field": "region", "equals": "eu"}},
        {"name": "account", "label": "Account", "prefix": "act_", "pattern": "^[0-9]+$", "pattern_help": "Digits only."},
        {"name": "shop", "label": "Shop", "hint": "Its first name", "suffix": ".shop.example", "pattern": "^[a-z]+$",
         "help_url": "https://help.example/shop"},
        {"name": "note", "label": "Note", "optional": true},
        {"name": "api_key", "label": "API key", "secret": true, "pattern": "^key-[a-z]+-[0-9]+$",
         "pattern_help": "A key starts with key-."}
    ]);
    row["recipe"]["request"]["headers"] = json!({"x-plan": "{plan_token}"});
    row["recipe"]["request"]["query"] =
        json!({"region": "{region}", "account": "{account}", "shop": "{shop}", "note": "{note}"});
    row
}

async fn with_demanding() -> World {
    let world = World::new().await;
    let row = demanding(&world);
    world
        .app
        .post(&world.app.admin, "/v1/providers", &row)
        .await
        .expect(201);
    world
}

/// The part of a page that belongs to a field.
fn field<'a>(page: &'a str, name: &str) -> &'a str {
    let (_, rest) = page.split_once(&format!("data-field=\"{name}\"")).unwrap();
    let rest = rest.split("<div class=\"field\"").next().unwrap();
    rest.split("data-buttons").next().unwrap()
}

/// Opens the form, fills it in and sends it.
async fn fill_in(visitor: &mut Visitor<'_>, path: &str, fields: &[(&str, &str)]) -> Answer {
    let page = visitor.page(path).await;
    let mut all = vec![("once", hidden(&page, "once"))];
    all.extend(fields);
    visitor.submit(path, &all).await
}

async fn connection(world: &World) -> Value {
    let found = world.app.get(&world.owner, MOCK).await.expect(200);
    found.body["connections"][0].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_connect_is_told_who_may() {
    let world = World::new().await;
    let app = &world.app;
    let viewer = app.token(Role::AccountViewer, Some("acme")).await;
    for token in [&viewer, &app.admin, &world.auditor] {
        let mut visitor = Visitor::with(app, token).await;
        let refused = visitor.open(CONNECT).await.expect(403);
        assert!(refused.contains("account owner or account admin"));
        visitor.submit(CONNECT, &[("field.api_key", GOOD)]).await.expect(403);
        let page = visitor.page("/marketplace/mock").await;
        assert!(!page.contains("/connect\""), "{page}");
    }
    let mut visitor = Visitor::with(app, &viewer).await;
    let page = visitor.page("/marketplace/mock").await;
    assert!(
        page.contains("An account owner or account admin of your account can connect it."),
        "{page}"
    );
    let list = app.get(&world.owner, crate::world::INTEGRATIONS).await.expect(200);
    assert_eq!(list.body["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_is_not_in_the_marketplace_is_not_there() {
    let world = World::new().await;
    let app = &world.app;
    let mut draft = app.provider.row("draft");
    draft["publish"] = false.into();
    app.post(&app.admin, "/v1/providers", &draft).await.expect(201);
    app.post(&app.admin, "/v1/providers", &app.provider.row("gone"))
        .await
        .expect(201);
    app.post(&app.admin, "/v1/providers/gone/retire", &json!({}))
        .await
        .expect(200);
    let mut owner = Visitor::with(app, &world.owner).await;
    let nothing = owner.open("/marketplace/nothing").await.expect(404).bytes;
    for key in ["draft", "gone", "No%20Key"] {
        let path = format!("/marketplace/{key}");
        assert_eq!(owner.open(&path).await.expect(404).bytes, nothing);
        let path = format!("/marketplace/{key}/connect");
        assert_eq!(owner.open(&path).await.expect(404).bytes, nothing);
        // Who sends a form for one that was retired is told so: it may have been open before.
        let status = if key == "gone" { 409 } else { 404 };
        owner.submit(&path, &[("field.api_key", GOOD)]).await.expect(status);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_accounts_connection_is_not_anothers() {
    let world = World::connected().await;
    let rival = world.app.token(Role::AccountOwner, Some("rival")).await;
    let mut rival = Visitor::with(&world.app, &rival).await;
    let page = rival.page("/marketplace/mock").await;
    assert!(
        !page.contains("badge good") && page.contains("/marketplace/mock/connect"),
        "{page}"
    );
    let form = rival.page(CONNECT).await;
    assert!(
        form.contains("name=\"later\"") && !form.contains("It is connected."),
        "{form}"
    );
}
