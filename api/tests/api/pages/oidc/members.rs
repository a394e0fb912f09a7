//! What people may do by what the provider says that they belong to.

use chrono::TimeDelta;

use super::ADMIN;
use super::staff::{Staff, ada};
use crate::pages::visitor::hidden;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_belongs_to_nothing_here_is_told_what_to_ask_for() {
    for groups in [
        &[][..],
        &["another-product"],
        &["soconnective:service"],
        &["soconnective:account_owner:nowhere"],
    ] {
        let staff = Staff::with_ada(groups).await;
        let mut ada = staff.browser();
        let page = ada.sign_in().await.expect(403);
        for part in ["Ada Lovelace", "<code>groups</code>", "soconnective:account_admin:"] {
            assert!(page.contains(part), "{groups:?}: {}", page.text());
        }
        assert_eq!(ada.seen_as().await, None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_memberships_are_several_entries_to_switch_among() {
    let staff = Staff::with_ada(&[ADMIN, "soconnective:auditor", "soconnective:account_viewer:nowhere"]).await;
    let mut ada = staff.browser();
    let first = ada.sign_in().await.expect(303);
    assert_eq!(first.header("location"), "/marketplace");
    let page = ada.page("/marketplace").await;
    assert!(!page.contains("nowhere"), "{page}");
    let other = hidden(&page, "to").to_owned();
    let switched = ada.submit("/switch", &[("to", &other)]).await.expect(303);
    assert_eq!(switched.header("location"), "/audit");
    assert_eq!(ada.seen_as().await.unwrap(), "auditor of all accounts");
    ada.open("/settings/integrations").await.expect(403);
    let made_up = other.replace("auditor", "platform_admin");
    ada.submit("/switch", &[("to", &made_up)]).await.expect(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_in_use_is_gone_on_with_and_its_end_is_said() {
    let staff = Staff::with_ada(&[ADMIN, "soconnective:auditor"]).await;
    let mut browser = staff.browser();
    browser.sign_in().await.expect(303);
    let page = browser.page("/marketplace").await;
    let other = hidden(&page, "to").to_owned();
    browser.submit("/switch", &[("to", &other)]).await.expect(303);
    staff.world.app.clock.advance(TimeDelta::minutes(55));
    browser.sign_in().await.expect(303);
    assert_eq!(browser.seen_as().await.unwrap(), "auditor of all accounts");
    staff.provider.set_person(ada(&[ADMIN]));
    let back = browser.sign_in().await.expect(303);
    assert_eq!(back.header("location"), "/marketplace");
    let page = browser.page("/marketplace").await;
    assert!(page.contains("The membership that you used is gone"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_membership_ends_with_its_account() {
    let staff = Staff::with_ada(&[ADMIN, "soconnective:account_owner:rival"]).await;
    let mut browser = staff.browser();
    browser.sign_in().await.expect(303);
    assert_eq!(browser.seen_as().await.unwrap(), "account admin of acme");
    let app = &staff.world.app;
    let close = serde_json::json!({});
    app.post(&app.admin, "/v1/accounts/acme/close", &close)
        .await
        .expect(204);
    app.settle().await;
    assert_eq!(browser.seen_as().await, None);
    browser.sign_in().await.expect(303);
    assert_eq!(browser.seen_as().await.unwrap(), "account owner of rival");
    app.post(&app.admin, "/v1/accounts/rival/close", &close)
        .await
        .expect(204);
    app.settle().await;
    browser.sign_in().await.expect(403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_person_in_the_same_browser_takes_nothing_over() {
    let staff = Staff::with_ada(&[ADMIN]).await;
    let mut browser = staff.browser();
    browser.sign_in().await.expect(303);
    let mut bob = ada(&["soconnective:account_viewer:rival"]);
    bob["sub"] = "b0b".into();
    bob["email"] = "bob@example.com".into();
    staff.provider.set_person(bob);
    browser.sign_in().await.expect(303);
    assert_eq!(browser.seen_as().await.unwrap(), "account viewer of rival");
    let page = browser.page("/marketplace").await;
    assert!(!page.contains("Switch to"), "{page}");
}
