//! Signing in at an identity provider.

mod members;
mod refusals;
mod staff;
mod subjects;

use chrono::TimeDelta;
use domain::token::Role;

use self::staff::{Staff, ada};
use super::visitor::hidden;
use crate::log_lines;

const ADMIN: &str = "soconnective:account_admin:acme";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_signs_in_at_the_provider_and_what_is_done_stands_under_the_persons_name() {
    let staff = Staff::with_ada(&[ADMIN, "another-product"]).await;
    let mut ada = staff.browser();
    let asked = ada.open("/marketplace/mock").await.expect(303);
    let page = ada.page(asked.header("location")).await;
    assert!(page.contains(">Continue with Example SSO</a>"), "{page}");
    let (_, link) = page.split_once("href=\"/sign-in/oidc").unwrap();
    let link = format!("/sign-in/oidc{}", link.split('"').next().unwrap());
    let address = ada.begin(&link).await;
    let back = ada.open(&staff.provider.sign_in(&address)).await.expect(303);
    assert_eq!(back.header("location"), "/marketplace/mock");
    let page = ada.page("/marketplace/mock/connect").await;
    assert!(page.contains("Signed in as <strong>Ada Lovelace</strong>"), "{page}");
    let once = hidden(&page, "once").to_owned();
    let fields = [("once", once.as_str()), ("field.api_key", crate::mock_provider::GOOD)];
    ada.submit("/marketplace/mock/connect", &fields).await.expect(303);
    let history = ada.page("/settings/integrations/mock/history").await;
    assert!(history.contains("ada@example.com"), "{history}");
    let app = &staff.world.app;
    app.settle().await;
    let path = "/v1/audit/events?actor=ada@example.com";
    let events = app.get(&staff.world.auditor, path).await.expect(200);
    let items = events.body["items"].as_array().unwrap();
    assert!(
        items.iter().any(|event| event["type"] == "CredentialConnected"),
        "{}",
        events.text()
    );
    assert!(items.iter().all(|event| event["actor"]["kind"] == "user"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_nobody_verified_names_nobody() {
    let staff = Staff::with_ada(&["soconnective:platform_admin"]).await;
    let mut person = ada(&["soconnective:platform_admin"]);
    person["email_verified"] = false.into();
    staff.provider.set_person(person);
    let mut browser = staff.browser();
    browser.sign_in().await.expect(303);
    let page = browser.page("/admin/accounts").await;
    let once = hidden(&page, "once").to_owned();
    let fields = [("once", once.as_str()), ("id", "newco"), ("name", "New Co")];
    browser.submit("/admin/accounts", &fields).await.expect(303);
    let app = &staff.world.app;
    app.settle().await;
    let events = app
        .get(&staff.world.auditor, "/v1/audit/events?account=newco")
        .await
        .expect(200);
    assert_eq!(events.body["items"][0]["actor"]["id"], "oidc:7f3a", "{}", events.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_while_the_provider_is_asked_again_and_who_was_shut_out_is_out() {
    let staff = Staff::with_ada(&[ADMIN]).await;
    let clock = &staff.world.app.clock;
    let mut ada_here = staff.browser();
    ada_here.sign_in().await.expect(303);
    clock.advance(TimeDelta::minutes(49));
    ada_here.page("/settings/integrations").await;
    clock.advance(TimeDelta::minutes(2));
    let anew = ada_here.open("/settings/integrations?x=1").await.expect(401);
    let again = "/sign-in/oidc?next=%2Fsettings%2Fintegrations%3Fx%3D1";
    assert_eq!(anew.header("refresh"), format!("0; url={again}"));
    assert!(anew.contains(&format!("href=\"{again}\"")), "{}", anew.text());
    let address = ada_here.begin(again).await;
    let back = ada_here.open(&staff.provider.sign_in(&address)).await.expect(303);
    assert_eq!(back.header("location"), "/settings/integrations?x=1");
    ada_here.page("/settings/integrations").await;

    staff.provider.set_person(ada(&["another-product"]));
    clock.advance(TimeDelta::minutes(61));
    ada_here.open("/settings/integrations").await.expect(401);
    ada_here.sign_in().await.expect(403);
    let asked = ada_here.open("/settings/integrations").await.expect(303);
    assert!(asked.header("location").starts_with("/sign-in?next="));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_is_taken_for_the_whole_hour_and_not_after_it() {
    let staff = Staff::with_ada(&[ADMIN]).await;
    let clock = &staff.world.app.clock;
    let mut ada = staff.browser();
    ada.sign_in().await.expect(303);
    let page = ada.page("/marketplace/mock/connect").await;
    let once = hidden(&page, "once").to_owned();
    clock.advance(TimeDelta::minutes(59));
    ada.submit("/marketplace/mock/connect", &[("once", &once)])
        .await
        .expect(422);
    clock.advance(TimeDelta::minutes(1));
    let late = ada
        .submit("/marketplace/mock/connect", &[("once", &once)])
        .await
        .expect(303);
    assert_eq!(late.header("location"), "/sign-in?unsaved=1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_and_memberships_stand_beside_each_other() {
    let staff = Staff::with_ada(&[ADMIN]).await;
    let rival = staff.world.app.token(Role::AccountOwner, Some("rival")).await;
    let mut ada = staff.browser();
    ada.submit("/sign-in", &[("token", &rival)]).await.expect(303);
    ada.sign_in().await.expect(303);
    assert_eq!(ada.seen_as().await.unwrap(), "account admin of acme");
    let page = ada.page("/marketplace").await;
    let token = hidden(&page, "to").to_owned();
    ada.submit("/switch", &[("to", &token)]).await.expect(303);
    assert_eq!(ada.seen_as().await.unwrap(), "account owner of rival");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_provider_may_be_down_at_the_start_and_tokens_work_meanwhile() {
    let staff = Staff::with_ada(&[ADMIN]).await;
    staff.provider.set_down(true);
    let mut ada = staff.browser();
    let page = ada.open("/sign-in/oidc?next=/audit").await.expect(503);
    assert!(
        page.contains("Your identity provider does not answer"),
        "{}",
        page.text()
    );
    assert!(page.contains("href=\"/sign-in/oidc?next=%2Faudit\""), "{}", page.text());
    ada.submit("/sign-in", &[("token", &staff.world.owner)])
        .await
        .expect(303);
    assert_eq!(ada.seen_as().await.unwrap(), "account owner of acme");
    staff.provider.set_down(false);
    // It is left alone for a moment, so that people do not wait for it one after the other.
    ada.open("/sign-in/oidc").await.expect(503);
    staff.world.app.clock.advance(TimeDelta::seconds(6));
    ada.sign_in().await.expect(303);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_no_provider_is_configured_there_is_no_way_to_it() {
    let world = crate::world::World::new().await;
    let mut visitor = super::visitor::Visitor::new(&world.app);
    assert!(!visitor.page("/sign-in").await.contains("Continue with"));
    visitor.open("/sign-in/oidc").await.expect(404);
    visitor.open("/sign-in/oidc/back?state=x&code=y").await.expect(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn neither_codes_nor_tokens_nor_the_secret_are_logged_or_shown() {
    let staff = Staff::with_ada(&[ADMIN]).await;
    staff.provider.set_fault(crate::identity_provider::Fault::OtherNonce);
    let mut ada = staff.browser();
    let address = ada.begin("/sign-in/oidc").await;
    let back = staff
        .provider
        .sign_in(&address)
        .replace("code=code-0", "code=code-unheard-of-77");
    let refused = ada.open(&back).await.expect(502);
    let bad = ada.sign_in().await.expect(502);
    for secret in [
        "unheard-of-77",
        crate::identity_provider::SECRET,
        "secret-of-the-provider",
    ] {
        assert!(!refused.contains(secret) && !bad.contains(secret), "{secret}");
        assert!(!log_lines::all().contains(secret), "{secret}");
    }
    assert!(log_lines::all().contains("its nonce is not that of this attempt"));
}
