//! What becomes of a form when something else happens while it is open.

use axum::body::Body;
use axum::http::Request;
use serde_json::json;

use super::visitor::{Visitor, hidden};
use crate::mock_provider::GOOD;
use crate::world::World;

const CONNECT: &str = "/marketplace/mock/connect";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_signed_out_meanwhile_is_told_that_nothing_was_saved_and_led_back() {
    let world = World::new().await;
    let mut nobody = Visitor::new(&world.app);
    let request = Request::post(CONNECT)
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("referer", format!("http://127.0.0.1:8080{CONNECT}?x=1"));
    let body = Body::from(format!("field.api_key={GOOD}"));
    let sent = nobody.send(request, body).await.expect(303);
    let to = sent.header("location").to_owned();
    assert_eq!(to, "/sign-in?unsaved=1&next=%2Fmarketplace%2Fmock%2Fconnect%3Fx%3D1");
    let page = nobody.page(&to).await;
    assert!(page.contains("role=\"alert\">You were signed out before"), "{page}");
    assert!(page.contains("nothing was saved: no key"), "{page}");
    assert!(!page.contains("aria-invalid"), "no token was given yet: {page}");
    assert_eq!(hidden(&page, "next"), "/marketplace/mock/connect?x=1");
    // Who has only opened a page has lost nothing.
    let asked = nobody.open(CONNECT).await.expect(303);
    let page = nobody.page(asked.header("location")).await;
    assert!(!page.contains("signed out"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_leaves_while_its_form_is_open_is_said_to_have_left() {
    let world = World::new().await;
    let app = &world.app;
    let mut owner = Visitor::with(app, &world.owner).await;
    let form = owner.page(CONNECT).await;
    app.post(&app.admin, "/v1/providers/mock/retire", &json!({}))
        .await
        .expect(200);
    app.settle().await;
    let fields = [("once", hidden(&form, "once")), ("field.api_key", GOOD)];
    let refused = owner.submit(CONNECT, &fields).await.expect(409);
    assert!(
        refused.contains("has just left the marketplace, and nothing was saved"),
        "{}",
        refused.text()
    );
    // What never was there, and a page of it, is as missing as ever.
    owner.submit("/marketplace/nowhere/connect", &fields).await.expect(404);
    owner.open(CONNECT).await.expect(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_of_the_audit_that_cannot_be_read_is_not_said_to_have_found_nothing() {
    let world = World::connected().await;
    let mut auditor = Visitor::with(&world.app, &world.auditor).await;
    let unread = auditor.open("/audit?from=soon").await.expect(422);
    assert!(
        unread.contains("Nothing was looked for") && !unread.contains("has happened"),
        "{}",
        unread.text()
    );
    // Nor can it be exported.
    assert!(!unread.contains("/audit/export"), "{}", unread.text());
    let nothing = auditor.page("/audit?actor=nobody").await;
    assert!(nothing.contains("Nothing of that kind has happened"), "{nothing}");
    assert!(nothing.contains("/audit/export.csv?actor=nobody"), "{nothing}");
}
