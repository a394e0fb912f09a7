//! A person whom nothing but the provider's own word for them names, and it is as long as it may be.

use super::staff::Staff;
use crate::pages::visitor::{Visitor, hidden};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_person_with_the_longest_name_did_is_found_by_that_name() {
    let staff = Staff::new().await;
    let subject = "s".repeat(255);
    staff
        .provider
        .set_person(serde_json::json!({"sub": subject, "groups": ["soconnective:platform_admin"]}));
    let mut person = staff.browser();
    person.sign_in().await.expect(303);
    let once = hidden(&person.page("/admin/accounts").await, "once").to_owned();
    let fields = [("once", once.as_str()), ("id", "newco"), ("name", "New Co")];
    person.submit("/admin/accounts", &fields).await.expect(303);
    let app = &staff.world.app;
    app.settle().await;
    let query = format!("actor=oidc:{subject}");
    let mut auditor = Visitor::with(app, &staff.world.auditor).await;
    let found = auditor.page(&format!("/audit?{query}")).await;
    assert!(found.contains("account=newco"), "{found}");
    let lines = auditor.page(&format!("/audit/export.csv?{query}")).await;
    assert_eq!(lines.lines().count(), 2, "{lines}");
    let events = app
        .get(&staff.world.auditor, &format!("/v1/audit/events?{query}"))
        .await
        .expect(200);
    assert_eq!(events.body["items"][0]["type"], "AccountOpened", "{}", events.text());
    // One letter more is nobody, and not this person.
    let beyond = auditor.open(&format!("/audit?{query}s")).await.expect(422);
    assert!(beyond.contains("Nobody has so long an id"), "{}", beyond.text());
}
