use domain::token::Role;
use serde_json::{Value, json};

use super::visitor::{Visitor, hidden};
use crate::answer::Answer;
use crate::mock_provider::{BAD, GOOD, OTHER};
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

/// Sends the form from a dialog, and gives what the dialog shows.
async fn in_dialog(visitor: &mut Visitor<'_>, path: &str, key: &str) -> String {
    let fields = [("field.api_key", key), ("dialog", "1")];
    let answer = fill_in(visitor, path, &fields).await.expect(200);
    String::from_utf8(answer.bytes).unwrap()
}

async fn connection(world: &World) -> Value {
    let found = world.app.get(&world.owner, MOCK).await.expect(200);
    found.body["connections"][0].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_form_is_made_from_the_row() {
    let world = with_demanding().await;
    let mut owner = Visitor::with(&world.app, &world.owner).await;
    let page = owner.page("/marketplace/demanding/connect").await;
    let order: Vec<_> = page
        .split("data-field=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    assert_eq!(order, ["region", "plan_token", "account", "shop", "note", "api_key"]);
    let region = field(&page, "region");
    assert!(
        region.contains("<option value=\"us\" selected>America</option>"),
        "{region}"
    );
    assert!(region.contains("<option value=\"eu\">Europe</option>"), "{region}");
    assert!(
        !region.contains("<option value=\"\">"),
        "the default is there: {region}"
    );
    let plan = field(&page, "plan_token");
    assert!(plan.contains("Only when Region is Europe."), "{plan}");
    assert!(plan.contains("data-when=\"region\" data-is=\"eu\""), "{plan}");
    assert!(!plan.contains(" required"), "it may not apply: {plan}");
    let account = field(&page, "account");
    assert!(
        account.contains(">act_</span>") && account.contains("pattern=\""),
        "{account}"
    );
    assert!(account.contains("title=\"Digits only.\""), "{account}");
    let shop = field(&page, "shop");
    assert!(
        shop.contains(">.shop.example</span>") && shop.contains("Its first name"),
        "{shop}"
    );
    assert!(!shop.contains("pattern=\""), "a whole address may be pasted: {shop}");
    assert!(
        shop.contains("href=\"https://help.example/shop\" target=\"_blank\" rel=\"noopener noreferrer\""),
        "{shop}"
    );
    let note = field(&page, "note");
    assert!(
        note.contains(">optional</span>") && !note.contains(" required"),
        "{note}"
    );
    let key = field(&page, "api_key");
    assert!(
        key.contains("type=\"password\"") && key.contains("autocomplete=\"new-password\" spellcheck=\"false\""),
        "{key}"
    );
    assert!(key.contains(" required") && !key.contains("value=\""), "{key}");
    assert!(page.contains("<p>Go to <strong>Profile</strong>.</p>"), "{page}");
    assert!(page.contains("href=\"https://help.example/keys\""), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_good_key_is_connected_and_the_marketplace_shows_it() {
    let world = World::new().await;
    let mut owner = Visitor::with(&world.app, &world.owner).await;
    let answer = fill_in(&mut owner, CONNECT, &[("field.api_key", GOOD)])
        .await
        .expect(303);
    assert_eq!(answer.header("location"), "/settings/integrations/mock");
    let market = owner.page("/marketplace").await;
    assert!(market.contains("Connected as mocky."), "{market}");
    assert!(
        market.contains("<span class=\"badge good\">Connected</span>"),
        "{market}"
    );
    assert!(!market.contains(GOOD));
    assert_eq!(connection(&world).await["status"], "connected");
    let provider = owner.page("/marketplace/mock").await;
    assert!(
        provider.contains("badge good") && provider.contains("/settings/integrations/mock"),
        "{provider}"
    );
    let again = owner.page(CONNECT).await;
    assert!(
        again.contains("The key in use stays until a test accepts the new one"),
        "{again}"
    );
    assert!(!again.contains("name=\"later\""), "{again}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_key_is_saved_and_said_so_and_can_be_corrected() {
    let world = World::new().await;
    let mut owner = Visitor::with(&world.app, &world.owner).await;
    let said = in_dialog(&mut owner, CONNECT, BAD).await;
    assert!(
        said.contains("data-said=\"bad\"") && said.contains("Mock Mail refused this key"),
        "{said}"
    );
    assert!(said.contains("It is saved, but not used."), "{said}");
    assert!(!said.contains(BAD));
    assert_eq!(connection(&world).await["status"], "rejected");
    let page = owner.page(CONNECT).await;
    assert!(page.contains("The key that is saved was refused."), "{page}");
    let said = in_dialog(&mut owner, CONNECT, GOOD).await;
    assert!(
        said.contains("data-said=\"good\"") && said.contains("Connected as mocky"),
        "{said}"
    );
    // A key that works is not broken by one that does not.
    let said = in_dialog(&mut owner, CONNECT, BAD).await;
    assert!(said.contains("the key before it stays in use."), "{said}");
    assert_eq!(connection(&world).await["status"], "connected");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_whose_row_lost_its_test_is_not_called_unverified() {
    let world = World::connected().await;
    let app = &world.app;
    let mut recipe = app.provider.row("mock")["recipe"].take();
    recipe.as_object_mut().unwrap().remove("test");
    let change = json!({"recipe": recipe});
    app.call(&app.admin, "PATCH", "/v1/providers/mock", Some(&change), &[])
        .await
        .expect(200);
    let mut owner = Visitor::with(app, &world.owner).await;
    let page = owner.page(CONNECT).await;
    assert!(
        page.contains("It is connected. There is no test for its keys any more"),
        "{page}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_of_our_own_is_taken_for_no_key() {
    let world = World::new().await;
    let mut owner = Visitor::with(&world.app, &world.owner).await;
    let calls = world.app.provider.calls();
    let mistaken = format!(" {}\n", world.owner);
    let refused = fill_in(&mut owner, CONNECT, &[("field.api_key", &mistaken)])
        .await
        .expect(422);
    let page = String::from_utf8(refused.bytes).unwrap();
    let words = "This is a sign-in token of this product, not a key of Mock Mail.";
    assert!(field(&page, "api_key").contains(words), "{page}");
    assert!(!page.contains(&world.owner), "{page}");
    world.app.get(&world.owner, MOCK).await.expect(404);
    // Nor where it is saved later, nor where a row is tried.
    fill_in(&mut owner, CONNECT, &[("field.api_key", GOOD)])
        .await
        .expect(303);
    let key = "/settings/integrations/mock/connections/default/key";
    let refused = fill_in(&mut owner, key, &[("field.api_key", &mistaken)])
        .await
        .expect(422);
    assert!(String::from_utf8(refused.bytes).unwrap().contains(words));
    let mut admin = Visitor::with(&world.app, &world.app.admin).await;
    let refused = admin
        .submit("/admin/providers/mock/try", &[("field.api_key", &mistaken)])
        .await
        .expect(422);
    assert!(String::from_utf8(refused.bytes).unwrap().contains(words));
    assert_eq!(connection(&world).await["version"], 1);
    assert_eq!(world.app.provider.calls(), calls + 1, "the good key alone was tested");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_is_away_keeps_nobody_from_saving() {
    let world = World::new().await;
    world.app.provider.set_down(true);
    let mut owner = Visitor::with(&world.app, &world.owner).await;
    let said = in_dialog(&mut owner, CONNECT, GOOD).await;
    assert!(
        said.contains("data-said=\"caution\"") && said.contains("Mock Mail is out of order"),
        "{said}"
    );
    assert!(
        said.contains("The key is saved and in use as it is, not verified."),
        "{said}"
    );
    assert_eq!(connection(&world).await["status"], "unverified");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_can_be_added_later() {
    let world = World::new().await;
    let mut owner = Visitor::with(&world.app, &world.owner).await;
    fill_in(&mut owner, CONNECT, &[("later", "1"), ("field.api_key", "")])
        .await
        .expect(303);
    let market = owner.page("/marketplace").await;
    assert!(market.contains("Mock Mail is on your list, without a key."), "{market}");
    assert!(
        market.contains("<span class=\"badge quiet\">Not connected</span>"),
        "{market}"
    );
    assert_eq!(connection(&world).await["status"], "disconnected");
    assert_eq!(world.app.provider.calls(), 0);
    let page = owner.page(CONNECT).await;
    assert!(page.contains("It is on your list, without a key."), "{page}");
    fill_in(&mut owner, CONNECT, &[("field.api_key", GOOD)])
        .await
        .expect(303);
    assert_eq!(connection(&world).await["status"], "connected");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_that_is_refused_keeps_all_but_secrets() {
    let world = with_demanding().await;
    let mut owner = Visitor::with(&world.app, &world.owner).await;
    let fields = [
        ("field.region", "eu"),
        ("field.plan_token", "plan-secret-canary"),
        ("field.account", "abc"),
        ("field.shop", "https://acme.shop.example/admin?x=1"),
        ("field.api_key", "not-a-key-canary"),
    ];
    let answer = fill_in(&mut owner, "/marketplace/demanding/connect", &fields)
        .await
        .expect(422);
    assert!(!answer.contains("canary"), "a secret was sent back");
    let page = String::from_utf8(answer.bytes).unwrap();
    assert!(
        page.contains("Secrets were not kept on this page: paste them again."),
        "{page}"
    );
    let account = field(&page, "account");
    assert!(
        account.contains("aria-invalid=\"true\"") && account.contains("value=\"abc\""),
        "{account}"
    );
    assert!(
        account.contains("id=\"connect-account-wrong\">Digits only.</p>"),
        "{account}"
    );
    assert!(account.contains("connect-account-wrong\""), "{account}");
    let shop = field(&page, "shop");
    assert!(
        shop.contains("value=\"https://acme.shop.example/admin?x=1\"") && !shop.contains("aria-invalid"),
        "{shop}"
    );
    assert!(field(&page, "region").contains("<option value=\"eu\" selected>"));
    assert!(field(&page, "api_key").contains("A key starts with key-."));
    let list = world
        .app
        .get(&world.owner, crate::world::INTEGRATIONS)
        .await
        .expect(200);
    assert_eq!(list.body["items"], json!([]), "nothing was installed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_apply_may_be_empty_and_may_not_be_filled_in() {
    let world = with_demanding().await;
    let mut owner = Visitor::with(&world.app, &world.owner).await;
    let path = "/marketplace/demanding/connect";
    let mut fields = vec![
        ("field.region", "us"),
        ("field.plan_token", "x"),
        ("field.account", "act_12"),
        ("field.shop", "acme"),
        ("field.note", ""),
        ("field.api_key", GOOD),
    ];
    let answer = fill_in(&mut owner, path, &fields).await.expect(422);
    let page = String::from_utf8(answer.bytes).unwrap();
    assert!(
        field(&page, "plan_token").contains("does not apply to the other choices"),
        "{page}"
    );
    fields[1].1 = "";
    fill_in(&mut owner, path, &fields).await.expect(303);
    let market = owner.page("/marketplace/demanding").await;
    assert!(market.contains("Connected as mocky."), "{market}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_double_click_saves_one_key() {
    let world = World::new().await;
    let mut owner = Visitor::with(&world.app, &world.owner).await;
    for key in [GOOD, OTHER] {
        let page = owner.page(CONNECT).await;
        let fields = [("once", hidden(&page, "once")), ("field.api_key", key)];
        let first = owner.submit(CONNECT, &fields).await.expect(303);
        let second = owner.submit(CONNECT, &fields).await.expect(303);
        assert_eq!(first.header("location"), second.header("location"));
    }
    assert_eq!(connection(&world).await["version"], 2, "one of each key");
    // Another page is another command, though the key is the same.
    fill_in(&mut owner, CONNECT, &[("field.api_key", OTHER)])
        .await
        .expect(303);
    assert_eq!(connection(&world).await["version"], 3);
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
        owner.submit(&path, &[("field.api_key", GOOD)]).await.expect(404);
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn markup_in_a_row_is_shown_as_text() {
    let world = World::new().await;
    let app = &world.app;
    let markup = "\"><script>alert(1)</script><img src=x onerror=alert(2)>";
    let mut row = demanding(&world);
    row["key"] = "evil".into();
    for place in ["name", "category", "description"] {
        row[place] = markup.into();
    }
    row["help"]["instructions"] = format!("{markup}\n\n[x](javascript:alert(3))").into();
    let fields = row["recipe"]["fields"].as_array_mut().unwrap();
    for field in fields {
        field["label"] = markup.into();
        field["hint"] = markup.into();
    }
    row["recipe"]["fields"][0]["options"][1]["label"] = markup.into();
    row["recipe"]["fields"][2]["pattern_help"] = markup.into();
    row["recipe"]["fields"][3]["suffix"] = markup.into();
    app.post(&app.admin, "/v1/providers", &row).await.expect(201);
    let mut owner = Visitor::with(app, &world.owner).await;
    let mut pages = vec![
        owner.page("/marketplace/evil").await,
        owner.page("/marketplace/evil/connect").await,
    ];
    let refused = fill_in(&mut owner, "/marketplace/evil/connect", &[("field.account", markup)]).await;
    pages.push(String::from_utf8(refused.expect(422).bytes).unwrap());
    for page in pages {
        for broken_out in ["<script>alert", "<img src=x", "href=\"javascript:"] {
            assert!(!page.contains(broken_out), "{broken_out} in {page}");
        }
        assert!(page.contains("&#60;script&#62;alert(1)"), "{page}");
    }
}
