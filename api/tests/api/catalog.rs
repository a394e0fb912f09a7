use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::test_app::TestApp;
use crate::world::World;

async fn filled() -> TestApp {
    let app = TestApp::new().await;
    for (key, name, category) in [
        ("mailchimp", "Mailchimp", "Email"),
        ("sendgrid", "SendGrid", "Email"),
        ("stripe", "Stripe", "Payments"),
        ("gmail", "Gmail", "Email"),
    ] {
        let mut row = app.provider.row(key);
        row["name"] = json!(name);
        row["category"] = json!(category);
        row["description"] = json!("One of them.");
        app.post(&app.admin, "/v1/providers", &row).await.expect(201);
    }
    app
}

fn keys(body: &Value) -> Vec<&str> {
    body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["key"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn the_marketplace_is_searched_and_counted() {
    let app = filled().await;
    let all = app.get(&app.admin, "/v1/catalog").await.expect(200);
    assert_eq!(keys(&all.body), ["gmail", "mailchimp", "sendgrid", "stripe"]);
    assert_eq!(
        all.body["facets"]["category"],
        json!([
            {"value": "Email", "count": 3}, {"value": "Payments", "count": 1}
        ])
    );
    let mail = app.get(&app.admin, "/v1/catalog?q=mail").await.expect(200);
    assert_eq!(keys(&mail.body)[..2], ["mailchimp", "gmail"]);
    let shelf = app.get(&app.admin, "/v1/catalog?category=Payments").await.expect(200);
    assert_eq!(
        (keys(&shelf.body), shelf.body["total"].as_u64()),
        (vec!["stripe"], Some(1))
    );
}

#[tokio::test]
async fn pages_follow_one_another() {
    let app = filled().await;
    let first = app.get(&app.admin, "/v1/catalog?limit=3").await.expect(200);
    assert_eq!(keys(&first.body), ["gmail", "mailchimp", "sendgrid"]);
    let cursor = first.body["next_cursor"].as_str().unwrap();
    let second = app
        .get(&app.admin, &format!("/v1/catalog?limit=3&cursor={cursor}"))
        .await
        .expect(200);
    assert_eq!(keys(&second.body), ["stripe"]);
    assert!(second.body["next_cursor"].is_null());
    let wrong = app
        .get(&app.admin, "/v1/catalog?cursor=nothing")
        .await
        .problem(400, "invalid-parameter");
    assert_eq!(wrong.pointer(), "/query/cursor");
}

#[tokio::test]
async fn a_copy_that_is_still_right_is_not_sent_again() {
    let app = filled().await;
    for path in ["/v1/catalog", "/v1/catalog?q=stripe", "/v1/catalog/stripe"] {
        let first = app.get(&app.admin, path).await.expect(200);
        let have = [("if-none-match", first.header("etag"))];
        let again = app.call(&app.admin, "GET", path, None, &have).await.expect(304);
        assert!(again.bytes.is_empty());
        assert_eq!(again.header("etag"), first.header("etag"));
        let change = json!({"description": format!("Changed for {path}.")});
        app.call(&app.admin, "PATCH", "/v1/providers/stripe", Some(&change), &[])
            .await
            .expect(200);
        let changed = app.call(&app.admin, "GET", path, None, &have).await.expect(200);
        assert!(changed.contains(&format!("Changed for {path}.")));
    }
}

#[tokio::test]
async fn the_marketplace_can_be_seen_as_it_was() {
    let app = filled().await;
    let before = app.get(&app.admin, "/v1/catalog").await.expect(200);
    app.clock.advance(TimeDelta::hours(1));
    let retired = app
        .post(&app.admin, "/v1/providers/stripe/retire", &json!({}))
        .await
        .expect(200);
    let now = app.get_after(&app.admin, "/v1/catalog", &retired).await.expect(200);
    assert_eq!(keys(&now.body), ["gmail", "mailchimp", "sendgrid"]);
    let then = app
        .get(&app.admin, "/v1/catalog?as_of=2026-03-01T12:30:00Z")
        .await
        .expect(200);
    assert_eq!(then.body, before.body);
    app.get(&app.admin, "/v1/catalog/stripe?as_of=2026-03-01T12:30:00Z")
        .await
        .expect(200);
    app.get(&app.admin, "/v1/catalog/stripe")
        .await
        .problem(404, "not-found");
    let at = format!("/v1/catalog/stripe?as_of={}", retired.position());
    app.get(&app.admin, &at).await.problem(404, "not-found");
    let wrong = app
        .get(&app.admin, "/v1/catalog?as_of=yesterday")
        .await
        .problem(400, "invalid-parameter");
    assert_eq!(wrong.pointer(), "/query/as_of");
}

#[tokio::test]
async fn what_is_no_parameter_is_refused_by_name() {
    let app = filled().await;
    let wrong = [
        ("limit=0", "/query/limit"),
        ("limit=201", "/query/limit"),
        ("limit=ten", "/query/limit"),
        ("colour=red", "/query/colour"),
        ("q=a&q=b", "/query/q"),
    ];
    for (query, pointer) in wrong {
        let refused = app
            .get(&app.admin, &format!("/v1/catalog?{query}"))
            .await
            .problem(400, "invalid-parameter");
        assert_eq!(refused.pointer(), pointer, "{}", refused.text());
    }
}

#[tokio::test]
async fn a_search_has_a_bound() {
    let world = World::new().await;
    let long = "m".repeat(201);
    let cases = [
        (format!("q={long}"), "/query/q"),
        (format!("q=m{}", "+m".repeat(10)), "/query/q"),
        (format!("category={long}"), "/query/category"),
    ];
    for (query, pointer) in cases {
        let refused = world.app.get(&world.owner, &format!("/v1/catalog?{query}")).await;
        assert_eq!(refused.problem(400, "invalid-parameter").pointer(), pointer);
    }
    let most = format!("/v1/catalog?q=m{}&category={}", "+m".repeat(9), "c".repeat(60));
    world.app.get(&world.owner, &most).await.expect(200);
    for (query, most) in [("type", 100), ("actor", 260)] {
        let path = format!("/v1/audit/events?{query}={}", "m".repeat(most + 1));
        let refused = world.app.get(&world.auditor, &path).await;
        let refused = refused.problem(400, "invalid-parameter");
        assert_eq!(refused.pointer(), format!("/query/{query}"));
    }
}
