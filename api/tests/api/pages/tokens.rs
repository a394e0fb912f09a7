use chrono::TimeDelta;
use domain::token::Role;
use serde_json::{Value, json};

use super::visitor::{Visitor, hidden};
use crate::test_app::TestApp;
use crate::world::{AI_CONFIG, World};

/// The token that a page shows.
fn shown(page: &str) -> &str {
    let (_, rest) = page.split_once("value=\"soc_").unwrap();
    let end = rest.find('"').unwrap();
    let start = page.len() - rest.len() - "soc_".len();
    &page[start..start + "soc_".len() + end]
}

/// Makes a token by the form, and gives its text.
async fn made(admin: &mut Visitor<'_>, fields: &[(&str, &str)]) -> String {
    let once = hidden(&admin.page("/admin/tokens/new").await, "once").to_owned();
    let fields = [&[("once", once.as_str())], fields].concat();
    let answer = admin.submit("/admin/tokens/new", &fields).await.expect(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    shown(&String::from_utf8(answer.bytes).unwrap()).to_owned()
}

async fn tokens(app: &TestApp) -> Vec<Value> {
    app.settle().await;
    let tokens = app.get(&app.admin, "/v1/tokens?limit=200").await.expect(200);
    tokens.body["items"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_shown_once_and_works() {
    let world = World::new().await;
    let app = &world.app;
    let mut admin = Visitor::with(app, &app.admin).await;
    let form = admin.page("/admin/tokens/new?role=account_admin&account=acme").await;
    assert!(
        form.contains("value=\"account_admin\" required checked") && form.contains("name=\"accounts\" value=\"acme\""),
        "{form}"
    );
    let once = hidden(&form, "once").to_owned();
    let fields = [
        ("once", once.as_str()),
        ("name", "Acme's backend"),
        ("role", "account_admin"),
        ("accounts", "acme"),
        ("expires", "30"),
    ];
    let answer = admin.submit("/admin/tokens/new", &fields).await.expect(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("location"), "");
    let page = String::from_utf8(answer.bytes).unwrap();
    let token = shown(&page).to_owned();
    assert_eq!(page.matches(&token).count(), 1);
    app.get(&token, "/v1/accounts/acme/integrations").await.expect(200);
    let mut holder = Visitor::with(app, &token).await;
    holder.open("/marketplace").await.expect(200);
    // The form again, as by reloading the page: no second token, and the text is not there any more.
    let before = tokens(app).await.len();
    let again = admin.submit("/admin/tokens/new", &fields).await.expect(409);
    assert!(
        again.contains("was shown already") && !again.contains(&token) && !again.contains("value=\"soc_"),
        "{}",
        again.text()
    );
    assert_eq!(tokens(app).await.len(), before);
    let list = admin.page("/admin/tokens").await;
    assert!(list.contains("Acme&#39;s backend") && !list.contains(&token), "{list}");
    app.clock.advance(TimeDelta::days(31));
    app.get(&token, "/v1/accounts/acme/integrations").await.expect(401);
    let mut later = Visitor::with(app, &app.admin).await;
    assert!(later.page("/admin/tokens").await.contains(">Expired<"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_role_gets_the_accounts_that_it_needs() {
    let world = World::connected().await;
    let app = &world.app;
    let mut admin = Visitor::with(app, &app.admin).await;
    let fields = [
        ("name", "Both"),
        ("role", "service"),
        ("accounts", "acme, rival"),
        ("expires", "never"),
    ];
    let service = made(&mut admin, &fields).await;
    app.get(&service, AI_CONFIG).await.expect(200);
    let fields = [
        ("name", "Every one"),
        ("role", "auditor"),
        ("all", "on"),
        ("expires", "never"),
    ];
    let auditor = made(&mut admin, &fields).await;
    app.get(&auditor, "/v1/audit/events").await.expect(200);
    let fields = [
        ("name", "Until then"),
        ("role", "platform_admin"),
        ("expires", "date"),
        ("day", "2026-12-31"),
    ];
    made(&mut admin, &fields).await;
    let tokens = tokens(app).await;
    let of = |name: &str| tokens.iter().find(|token| token["name"] == name).unwrap();
    assert_eq!(of("Both")["accounts"], json!(["acme", "rival"]));
    assert_eq!(of("Every one")["accounts"], Value::Null);
    assert_eq!(of("Until then")["expires_at"], "2027-01-01T00:00:00Z");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_makes_no_token_is_said_beside_its_field() {
    let world = World::new().await;
    let app = &world.app;
    let mut admin = Visitor::with(app, &app.admin).await;
    let before = tokens(app).await.len();
    let never = ("expires", "never");
    for (fields, told) in [
        (vec![("name", "T"), ("role", ""), never], "Choose what the token is for"),
        (
            vec![("name", "T"), ("role", "account_admin"), never],
            "good for one account",
        ),
        (
            vec![
                ("name", "T"),
                ("role", "account_admin"),
                ("accounts", "acme rival"),
                never,
            ],
            "good for one account",
        ),
        (
            vec![("name", "T"), ("role", "platform_admin"), ("accounts", "acme"), never],
            "belongs to no account",
        ),
        (
            vec![("name", "T"), ("role", "service"), never],
            "check that it is good for all",
        ),
        (
            vec![("name", "T"), ("role", "service"), ("accounts", "acme nobody"), never],
            "There is no account with this id",
        ),
        (
            vec![("name", ""), ("role", "service"), ("all", "on"), never],
            "1 to 200 characters",
        ),
        (
            vec![
                ("name", "T"),
                ("role", "platform_admin"),
                ("expires", "date"),
                ("day", "2020-01-01"),
            ],
            "would have expired already",
        ),
        (
            vec![
                ("name", "T"),
                ("role", "platform_admin"),
                ("expires", "date"),
                ("day", "soon"),
            ],
            "Choose the last day",
        ),
    ] {
        let answer = admin.submit("/admin/tokens/new", &fields).await.expect(422);
        assert!(answer.contains(told), "{told}: {}", answer.text());
        assert!(!answer.contains("value=\"soc_"));
    }
    assert_eq!(tokens(app).await.len(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_is_revoked_is_refused_at_once() {
    let world = World::new().await;
    let app = &world.app;
    let mut admin = Visitor::with(app, &app.admin).await;
    let fields = [
        ("name", "Leaked"),
        ("role", "account_viewer"),
        ("accounts", "acme"),
        ("expires", "never"),
    ];
    let token = made(&mut admin, &fields).await;
    let id = tokens(app).await;
    let id = id.iter().find(|token| token["name"] == "Leaked").unwrap()["id"].clone();
    let path = format!("/admin/tokens/{}/revoke", id.as_str().unwrap());
    let asked = admin.page(&path).await;
    assert!(asked.contains("Revoke “Leaked”?"), "{asked}");
    app.get(&token, "/v1/accounts/acme/integrations").await.expect(200);
    let once = hidden(&asked, "once").to_owned();
    let list = admin.submit_and_follow(&path, &[("once", &once)]).await;
    assert!(list.contains("is revoked") && list.contains(">Revoked<"), "{list}");
    app.get(&token, "/v1/accounts/acme/integrations").await.expect(401);
    let asked = admin.page(&path).await;
    assert!(asked.contains("not good any more") && !asked.contains("<form method=\"post\" action=\"/admin/tokens"));
    for missing in ["00000000-0000-0000-0000-000000000000", "nothing"] {
        let path = format!("/admin/tokens/{missing}/revoke");
        admin.open(&path).await.expect(404);
        admin.submit(&path, &[]).await.expect(404);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_revokes_the_token_in_use_is_told_before_and_signed_out_after() {
    let world = World::new().await;
    let app = &world.app;
    let mut admin = Visitor::with(app, &app.admin).await;
    let list = admin.page("/admin/tokens").await;
    let (_, own) = list.split_once(">You<").unwrap();
    let (_, path) = own.split_once("href=\"/admin/tokens/").unwrap();
    let path = format!("/admin/tokens/{}", path.split('"').next().unwrap());
    let asked = admin.page(&path).await;
    assert!(asked.contains("You have signed in with this token"), "{asked}");
    admin
        .submit(&path, &[("once", hidden(&asked, "once"))])
        .await
        .expect(303);
    let next = admin.open("/admin/tokens").await.expect(303);
    assert!(next.header("location").starts_with("/sign-in"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_are_listed_in_pages_and_by_account() {
    let world = World::new().await;
    let app = &world.app;
    for number in 0..60 {
        let account = if number % 2 == 0 { "acme" } else { "rival" };
        app.token(Role::AccountViewer, Some(account)).await;
    }
    let mut admin = Visitor::with(app, &app.admin).await;
    let (mut rows, mut path) = (0, "/admin/tokens".to_owned());
    loop {
        let page = admin.page(&path).await;
        rows += page.matches("/revoke\"").count();
        let Some((_, rest)) = page.split_once("href=\"/admin/tokens?after=") else {
            break;
        };
        path = format!("/admin/tokens?after={}", rest.split('"').next().unwrap());
    }
    // With those of the world itself: an admin, an owner, a service and an auditor.
    assert_eq!(rows, 64);
    let rivals = admin.page("/admin/tokens?account=rival").await;
    assert_eq!(rivals.matches("/revoke\"").count(), 30);
    assert!(!rivals.contains("/admin/accounts/acme"), "{rivals}");
    let nobodys = admin.page("/admin/tokens?account=nobody").await;
    assert!(nobodys.contains("There are no tokens here"));
}
