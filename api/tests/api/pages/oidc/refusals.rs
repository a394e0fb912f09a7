//! What is not accepted on the way back.

use chrono::TimeDelta;

use super::ADMIN;
use super::staff::Staff;
use crate::identity_provider::Fault;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_does_not_hold_lets_nobody_in_and_says_why() {
    let staff = Staff::with_ada(&[ADMIN]).await;
    for (fault, why) in [
        (Fault::OtherNonce, "its nonce is not that of this attempt"),
        (Fault::OtherAudience, "it is for another audience"),
        (Fault::OtherIssuer, "it is from another issuer"),
        (Fault::Expired, "it has expired"),
        (Fault::AlgorithmNone, "its algorithm is not accepted"),
        (Fault::KeyOfSomebodyElse, "its signature is wrong"),
        (Fault::KeyThatIsNotPublished, "a key that the issuer does not publish"),
    ] {
        staff.provider.set_fault(fault);
        let mut ada = staff.browser();
        let page = ada.sign_in().await.expect(502);
        assert!(page.contains(why), "{fault:?}: {}", page.text());
        assert_eq!(ada.seen_as().await, None, "{fault:?}");
    }
    staff.provider.set_fault(Fault::None);
    staff.browser().sign_in().await.expect(303);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_keys_of_the_provider_are_fetched_and_not_for_every_made_up_one() {
    let staff = Staff::with_ada(&[ADMIN]).await;
    staff.browser().sign_in().await.expect(303);
    assert_eq!(staff.provider.reads_of_keys(), 1);
    staff.provider.rotate();
    staff.browser().sign_in().await.expect(303);
    assert_eq!(staff.provider.reads_of_keys(), 2);
    staff.provider.set_fault(Fault::KeyThatIsNotPublished);
    for _ in 0..5 {
        staff.browser().sign_in().await.expect(502);
    }
    assert_eq!(staff.provider.reads_of_keys(), 2);
    staff.world.app.clock.advance(TimeDelta::minutes(1));
    staff.browser().sign_in().await.expect(502);
    assert_eq!(staff.provider.reads_of_keys(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_counts_once_in_the_browser_that_was_sent_and_for_ten_minutes() {
    let staff = Staff::with_ada(&[ADMIN]).await;
    let mut ada = staff.browser();
    let address = ada.begin("/sign-in/oidc").await;
    let back = staff.provider.sign_in(&address);
    // Mallory has her own attempt under way, and gets hold of Ada's answer, or has Ada open hers.
    let mut mallory = staff.browser();
    let hers = mallory.begin("/sign-in/oidc").await;
    let stray = mallory.open(&back).await.expect(400);
    assert!(stray.contains("This sign-in was not begun here"), "{}", stray.text());
    ada.open(&staff.provider.sign_in(&hers)).await.expect(400);
    staff.browser().open(&back).await.expect(400);
    assert_eq!(ada.seen_as().await, None);
    ada.open(&back).await.expect(303);
    ada.open(&back).await.expect(400);
    for nonsense in [
        "/sign-in/oidc/back",
        "/sign-in/oidc/back?error=access_denied",
        "/sign-in/oidc/back?state=x&code=y",
    ] {
        ada.open(nonsense).await.expect(400);
    }
    let late = ada.begin("/sign-in/oidc").await;
    let late = staff.provider.sign_in(&late);
    staff.world.app.clock.advance(TimeDelta::minutes(10));
    let page = ada.open(&late).await.expect(400);
    assert!(page.contains("That took too long"), "{}", page.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_tabs_can_be_on_their_way_at_a_time() {
    let staff = Staff::with_ada(&[ADMIN]).await;
    let mut ada = staff.browser();
    let one = ada.begin("/sign-in/oidc?next=/marketplace").await;
    let other = ada.begin("/sign-in/oidc?next=/settings/ai").await;
    let back = ada.open(&staff.provider.sign_in(&one)).await.expect(303);
    assert_eq!(back.header("location"), "/marketplace");
    let back = ada.open(&staff.provider.sign_in(&other)).await.expect(303);
    assert_eq!(back.header("location"), "/settings/ai");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_says_no_and_a_provider_that_breaks_down_are_told_apart() {
    let staff = Staff::with_ada(&[ADMIN]).await;
    let mut ada = staff.browser();
    let address = ada.begin("/sign-in/oidc?next=/settings/ai").await;
    let denied = ada
        .open(&staff.provider.refuse(&address, "access_denied"))
        .await
        .expect(403);
    assert!(denied.contains("did not let you in"), "{}", denied.text());
    assert!(
        denied.contains("href=\"/sign-in/oidc?next=%2Fsettings%2Fai\""),
        "{}",
        denied.text()
    );
    for (error, status, said) in [
        ("temporarily_unavailable", 503, "does not answer"),
        ("invalid_scope", 502, "(invalid_scope)"),
        ("<b>Call 555-0100</b>", 502, "(an unknown error)"),
    ] {
        let address = ada.begin("/sign-in/oidc").await;
        let page = ada.open(&staff.provider.refuse(&address, error)).await.expect(status);
        assert!(page.contains(said) && !page.contains("555"), "{error}: {}", page.text());
    }
    let address = ada.begin("/sign-in/oidc").await;
    let back = staff.provider.sign_in(&address);
    staff.provider.set_down(true);
    let away = ada.open(&back).await.expect(503);
    assert!(away.contains("does not answer"), "{}", away.text());
    assert_eq!(ada.seen_as().await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_names_another_issuer_is_not_redeemed() {
    let staff = Staff::with_ada(&[ADMIN]).await;
    let mut ada = staff.browser();
    let address = ada.begin("/sign-in/oidc").await;
    let back = staff.provider.sign_in(&address);
    let (before, rest) = back.split_once("iss=").unwrap();
    let (_, after) = rest.split_once('&').unwrap();
    let page = ada
        .open(&format!("{before}iss=https%3A%2F%2Fid.evil.example&{after}"))
        .await
        .expect(502);
    assert!(page.contains("it is from another issuer"), "{}", page.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_led_to_another_site_and_cookies_are_out_of_reach() {
    let staff = Staff::with_ada(&[ADMIN]).await;
    let mut ada = staff.browser();
    let begun = ada
        .open("/sign-in/oidc?next=https%3A%2F%2Fevil.example")
        .await
        .expect(303);
    let cookie = begun.header("set-cookie");
    assert!(cookie.starts_with("soconnective-attempt=") && cookie.contains("; Max-Age=600; HttpOnly; SameSite=Lax"));
    let policy = begun.header("content-security-policy");
    assert!(policy.contains("form-action 'self';"), "{policy}");
    let back = ada
        .open(&staff.provider.sign_in(begun.header("location")))
        .await
        .expect(303);
    assert_eq!(back.header("location"), "/marketplace");
    let before = ada.cookies["soconnective"].clone();
    ada.sign_in().await.expect(303);
    assert_ne!(ada.cookies["soconnective"], before);
}
