use axum::body::Body;
use axum::http::Request;
use domain::token::Role;

use super::visitor::Visitor;
use crate::mock_provider::GOOD;
use crate::test_app::TestApp;
use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_not_signed_in_is_asked_to_and_comes_back_to_the_page() {
    let app = TestApp::new().await;
    let mut visitor = Visitor::new(&app);
    let asked = visitor.open("/marketplace?q=mail&category=Email").await.expect(303);
    let form = asked.header("location").to_owned();
    assert_eq!(form, "/sign-in?next=%2Fmarketplace%3Fq%3Dmail%26category%3DEmail");
    let page = visitor.page(&form).await;
    let next = super::visitor::hidden(&page, "next")
        .replace("&#38;", "&")
        .replace("&amp;", "&");
    let token = app.admin.clone();
    let answer = visitor
        .submit("/sign-in", &[("token", &token), ("next", &next)])
        .await
        .expect(303);
    assert_eq!(answer.header("location"), "/marketplace?q=mail&category=Email");
    visitor.open("/marketplace").await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_is_no_good_lets_nobody_in_and_is_not_repeated() {
    let app = TestApp::new().await;
    let service = app.token(Role::Service, None).await;
    let unknown = api::token_format::from_bytes(&[7; 32]);
    let unknown = secrecy::ExposeSecret::expose_secret(&unknown);
    for token in ["", "soc_wrong", unknown, &service] {
        let mut visitor = Visitor::new(&app);
        let answer = visitor.submit("/sign-in", &[("token", token)]).await.expect(401);
        assert!(token.is_empty() || !answer.contains(token));
        assert_eq!(answer.header("set-cookie"), "");
        visitor.open("/marketplace").await.expect(303);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_cookie_is_out_of_reach_of_scripts_and_the_session_ends_on_the_server() {
    let app = TestApp::new().await;
    let mut visitor = Visitor::new(&app);
    let answer = visitor.submit("/sign-in", &[("token", &app.admin)]).await.expect(303);
    let cookie = answer.header("set-cookie");
    assert!(
        cookie.contains("; HttpOnly; SameSite=Lax") && cookie.contains("Path=/"),
        "{cookie}"
    );
    let kept = cookie.split(';').next().unwrap().to_owned();
    visitor.submit("/sign-out", &[]).await.expect(303);
    let again = Request::get("/marketplace").header("cookie", kept);
    Visitor::new(&app).send(again, Body::empty()).await.expect(303);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_that_another_site_sends_changes_nothing() {
    let app = TestApp::new().await;
    let mut visitor = Visitor::with(&app, &app.admin).await;
    for headers in [
        &[("sec-fetch-site", "cross-site")][..],
        &[("origin", "https://evil.example")],
        &[],
    ] {
        let mut request = Request::post("/sign-out").header("content-type", "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        visitor.send(request, Body::empty()).await.expect(403);
    }
    visitor.open("/marketplace").await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_token_ends_its_sessions() {
    let world = World::new().await;
    let app = &world.app;
    let mut visitor = Visitor::with(app, &world.owner).await;
    visitor.open("/marketplace").await.expect(200);
    let tokens = app.get(&app.admin, "/v1/tokens").await.expect(200);
    let items = tokens.body["items"].as_array().unwrap();
    let owner = items.iter().find(|token| token["role"] == "account_owner").unwrap();
    let path = format!("/v1/tokens/{}", owner["id"].as_str().unwrap());
    app.delete(&app.admin, &path).await.expect(204);
    visitor.open("/marketplace").await.expect(303);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_browser_keeps_several_tokens_and_switches_among_them_and_to_no_other() {
    let world = World::new().await;
    let mut visitor = Visitor::with(&world.app, &world.owner).await;
    visitor
        .submit("/sign-in", &[("token", &world.app.admin)])
        .await
        .expect(303);
    let page = visitor.page("/marketplace").await;
    assert!(
        page.contains("platform admin") && page.contains("Switch to <strong>acme</strong>"),
        "{page}"
    );
    let owner = super::visitor::hidden(&page, "to").to_owned();
    visitor.submit("/switch", &[("to", &owner)]).await.expect(303);
    let page = visitor.page("/marketplace").await;
    assert!(page.contains("Switch to <strong>all accounts</strong>"), "{page}");
    let mut stranger = Visitor::with(&world.app, &world.auditor).await;
    stranger.submit("/switch", &[("to", &owner)]).await.expect(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_says_what_a_browser_may_do_with_it() {
    let app = TestApp::new().await;
    let mut visitor = Visitor::with(&app, &app.admin).await;
    for path in ["/sign-in", "/marketplace", "/nothing/here"] {
        let request = Request::get(path).header("accept", "text/html");
        let page = visitor.send(request, Body::empty()).await;
        let policy = page.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self';"),
            "{path}: {policy}"
        );
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(page.header("cache-control"), "no-store", "{path}");
        let page = String::from_utf8(page.bytes).unwrap();
        assert!(!page.contains("<style") && !page.contains(" style=") && !page.contains(" onclick="));
        for script in page.split("<script").skip(1) {
            assert!(script.contains("src=\"/assets/"), "{script}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_that_was_shown_to_one_account_saves_nothing_in_another() {
    let world = World::new().await;
    let app = &world.app;
    let rival = app.token(Role::AccountOwner, Some("rival")).await;
    let mut visitor = Visitor::with(app, &world.owner).await;
    let form = visitor.page("/marketplace/mock/connect").await;
    let once = super::visitor::hidden(&form, "once").to_owned();
    // In another tab.
    visitor.submit("/sign-in", &[("token", &rival)]).await.expect(303);
    let fields = [("once", once.as_str()), ("field.api_key", GOOD)];
    let answer = visitor.submit("/marketplace/mock/connect", &fields).await.expect(409);
    assert!(answer.contains("You have switched meanwhile"), "{}", answer.text());
    for (token, account) in [(&world.owner, "acme"), (&rival, "rival")] {
        let path = format!("/v1/accounts/{account}/integrations");
        let list = app.get(token, &path).await.expect(200);
        assert_eq!(list.body["items"].as_array().unwrap().len(), 0, "{account}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_token_in_use_is_revoked_nobody_goes_on_with_another_one_unawares() {
    let world = World::new().await;
    let app = &world.app;
    let rival = app.token(Role::AccountOwner, Some("rival")).await;
    let mut visitor = Visitor::with(app, &rival).await;
    visitor.submit("/sign-in", &[("token", &world.owner)]).await.expect(303);
    let tokens = app.get(&app.admin, "/v1/tokens").await.expect(200);
    let items = tokens.body["items"].as_array().unwrap();
    let owner = items.iter().find(|token| token["accounts"][0] == "acme").unwrap();
    let path = format!("/v1/tokens/{}", owner["id"].as_str().unwrap());
    app.delete(&app.admin, &path).await.expect(204);
    visitor.open("/marketplace").await.expect(303);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_done_is_said_on_the_next_page_and_not_to_a_script_that_reads_in_between() {
    let world = World::connected().await;
    let mut visitor = Visitor::with(&world.app, &world.owner).await;
    let page = visitor.page("/settings/integrations/mock").await;
    let once = super::visitor::hidden(&page, "once").to_owned();
    let test = "/settings/integrations/mock/connections/default/test";
    visitor.submit(test, &[("once", &once)]).await.expect(303);
    let script = Request::get("/marketplace").header("sec-fetch-mode", "cors");
    let read = visitor.send(script, Body::empty()).await.expect(200);
    assert!(!read.contains("class=\"notice"), "{}", read.text());
    let page = visitor.page("/settings/integrations/mock").await;
    assert!(page.contains("class=\"notice"), "{page}");
}
