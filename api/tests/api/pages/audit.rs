use chrono::TimeDelta;
use domain::token::Role;
use serde_json::{Value, json};

use super::visitor::Visitor;
use crate::mock_provider::{GOOD, OTHER};
use crate::test_app::TestApp;
use crate::world::{AI_CONFIG, CREDENTIAL, MOCK, World};

/// A credential that was connected, released, rotated and taken back, each a day after the other.
async fn lived() -> (World, String) {
    let world = World::connected().await;
    let app = &world.app;
    app.settle().await;
    let shown = app.get(&world.owner, MOCK).await.expect(200);
    let credential = shown.body["connections"][0]["credential"].as_str().unwrap().to_owned();
    app.clock.advance(TimeDelta::days(1));
    app.get(&world.service, AI_CONFIG).await.expect(200);
    app.clock.advance(TimeDelta::days(1));
    app.put(&world.owner, CREDENTIAL, &json!({"fields": {"api_key": OTHER}}))
        .await
        .expect(200);
    app.clock.advance(TimeDelta::days(1));
    app.delete(&world.owner, CREDENTIAL).await.expect(204);
    app.settle().await;
    (world, credential)
}

/// What the API says of the same events.
async fn events(app: &TestApp, token: &str, query: &str) -> Vec<Value> {
    let path = format!("/v1/audit/events?limit=200&{query}");
    let events = app.get(token, &path).await.expect(200);
    assert_eq!(events.body["more"], false);
    events.body["items"].as_array().unwrap().clone()
}

/// The positions of the events on a page, in its order.
fn positions(page: &str) -> Vec<String> {
    let after = page.split("as it is stored, at position ").skip(1);
    after.map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_feed_tells_everything_the_newest_first_and_no_secret() {
    let (world, credential) = lived().await;
    let app = &world.app;
    let mut auditor = Visitor::with(app, &world.auditor).await;
    let page = auditor.page("/audit").await;
    let mut expected: Vec<_> = events(app, &world.auditor, "").await;
    expected.reverse();
    let expected: Vec<_> = expected
        .iter()
        .map(|event| event["position"].as_str().unwrap())
        .collect();
    assert_eq!(positions(&page), expected);
    assert!(page.contains(&format!("/audit/credentials/{credential}")), "{page}");
    // Who did it is named as people named the token.
    assert!(page.contains("“account_owner of a test”"), "{page}");
    assert!(!page.contains(GOOD) && !page.contains(OTHER));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_feed_is_narrowed_down() {
    let (world, _) = lived().await;
    let app = &world.app;
    let mut auditor = Visitor::with(app, &world.auditor).await;
    let owner = app.get(&app.admin, "/v1/tokens").await.expect(200);
    let owner = owner.body["items"].as_array().unwrap().iter();
    let owner = owner.clone().find(|token| token["role"] == "account_owner").unwrap()["id"].clone();
    for query in [
        "account=rival".to_owned(),
        "provider=mock".to_owned(),
        "type=CredentialTested".to_owned(),
        "account=acme&provider=mock&type=CredentialErased".to_owned(),
        format!("actor={}", owner.as_str().unwrap()),
        "actor=nobody".to_owned(),
    ] {
        let page = auditor.page(&format!("/audit?{query}")).await;
        let mut expected: Vec<_> = events(app, &world.auditor, &query).await;
        expected.reverse();
        let expected: Vec<_> = expected
            .iter()
            .map(|event| event["position"].as_str().unwrap())
            .collect();
        assert_eq!(positions(&page), expected, "{query}");
        assert!(page.contains("nobody") == expected.is_empty(), "{query}");
    }
    let all = events(app, &world.auditor, "").await;
    for (query, from, to) in [
        ("from=2026-03-02T12:00", "2026-03-02T12:00", "9"),
        ("to=2026-03-02T12:00", "0", "2026-03-02T12:00"),
        ("from=2026-03-02&to=2026-03-04", "2026-03-02", "2026-03-04"),
    ] {
        let page = auditor.page(&format!("/audit?{query}")).await;
        let mut expected: Vec<_> = all
            .iter()
            .filter(|event| (from..to).contains(&event["recorded_at"].as_str().unwrap()))
            .map(|event| event["position"].as_str().unwrap())
            .collect();
        assert!(!expected.is_empty() && expected.len() < all.len(), "{query}");
        expected.reverse();
        assert_eq!(positions(&page), expected, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_looked_for_is_said_beside_its_field() {
    let world = World::new().await;
    let mut auditor = Visitor::with(&world.app, &world.auditor).await;
    for (query, told) in [
        ("account=a%20b", "That is no account id."),
        ("provider=%2F", "That is no key of a provider."),
        ("from=yesterday", "That is no time"),
        ("to=1.3.2026", "That is no time"),
    ] {
        let answer = auditor.open(&format!("/audit?{query}")).await.expect(422);
        assert!(
            answer.contains(told) && answer.contains("aria-invalid=\"true\""),
            "{}",
            answer.text()
        );
        auditor.open(&format!("/audit/export.csv?{query}")).await.expect(400);
    }
    for nowhere in ["/audit?before=x", "/audit?before=18446744073709551615"] {
        auditor.open(nowhere).await.expect(404);
    }
    let markup = auditor
        .page("/audit?actor=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E")
        .await;
    assert!(!markup.contains("<script>alert"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_feed_and_a_replay_are_read_in_pages_that_leave_nothing_out() {
    let (world, credential) = lived().await;
    let app = &world.app;
    for number in 0..60 {
        app.clock.advance(TimeDelta::minutes(2));
        let purpose = format!("{AI_CONFIG}?purpose=n{number}");
        app.get(&world.service, &purpose).await;
        let body = json!({"id": format!("n{number}"), "name": "N"});
        app.post(&app.admin, "/v1/accounts", &body).await.expect(201);
    }
    app.settle().await;
    let mut auditor = Visitor::with(app, &world.auditor).await;
    let (mut read, mut path) = (Vec::new(), "/audit".to_owned());
    loop {
        let page = auditor.page(&path).await;
        read.extend(positions(&page));
        let Some((_, rest)) = page.split_once("href=\"/audit?before=") else {
            break;
        };
        path = format!("/audit?before={}", rest.split('"').next().unwrap());
    }
    let mut all = events(app, &world.auditor, "").await;
    all.reverse();
    let all: Vec<_> = all.iter().map(|event| event["position"].as_str().unwrap()).collect();
    assert_eq!(read, all);
    let replay = auditor.page(&format!("/audit/credentials/{credential}")).await;
    let life = app
        .get(&world.auditor, &format!("/v1/audit/credentials/{credential}?limit=200"))
        .await
        .expect(200);
    let steps: Vec<_> = life.body["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["event"]["position"].as_str().unwrap())
        .collect();
    assert_eq!(positions(&replay), steps);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_tells_how_a_credential_stood_after_each_step() {
    let (world, credential) = lived().await;
    let mut auditor = Visitor::with(&world.app, &world.auditor).await;
    let page = auditor.page(&format!("/audit/credentials/{credential}")).await;
    let steps: Vec<_> = page.split("<p class=\"standing\">").skip(1).collect();
    assert!(steps[0].contains("Not verified yet") && steps[0].contains("version 1 in use"));
    assert!(steps[1].contains("Connected"), "{}", steps[1]);
    let last = steps.last().unwrap();
    assert!(
        last.contains("Not connected") && last.contains("versions 1, 2 erased"),
        "{last}"
    );
    assert!(!page.contains(GOOD) && !page.contains(OTHER));
    let page = auditor
        .page(&format!("/audit/credentials/{credential}?after=9000000"))
        .await;
    assert!(page.contains("Nothing more has happened"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_auditor_of_one_account_sees_that_account_alone() {
    let (world, credential) = lived().await;
    let app = &world.app;
    let foreign = app.token(Role::Auditor, Some("rival")).await;
    let mut foreign = Visitor::with(app, &foreign).await;
    let page = foreign.page("/audit").await;
    assert!(
        page.contains("Rival Ltd") && !page.contains("acme") && !page.contains("mock"),
        "{page}"
    );
    assert!(!page.contains("name=\"account\""), "{page}");
    for export in ["/audit/export.csv", "/audit/export.jsonl"] {
        let whole = foreign.open(export).await.expect(200);
        assert!(whole.contains("rival") && !whole.contains("acme"), "{}", whole.text());
    }
    // Another account, one that is none, and what cannot be one: the same.
    let missing = foreign.open("/audit?account=nobody").await.expect(404);
    for path in [
        "/audit?account=acme",
        "/audit?account=%2F",
        "/audit/export.csv?account=acme",
        "/audit/export.jsonl?account=acme",
        "/audit/credentials/01930f0e-0000-7000-8000-00000000ffff",
        "/audit/credentials/nothing",
        &format!("/audit/credentials/{credential}"),
    ] {
        let answer = foreign.open(path).await.expect(404);
        assert_eq!(answer.bytes, missing.bytes, "{path}");
    }
    foreign.open("/audit?account=rival").await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_audit_is_for_auditors_alone() {
    let (world, credential) = lived().await;
    let app = &world.app;
    let replay = format!("/audit/credentials/{credential}");
    for token in [&app.admin, &world.owner] {
        let mut visitor = Visitor::with(app, token).await;
        for path in ["/audit", "/audit/export.csv", "/audit/export.jsonl", &replay] {
            visitor.open(path).await.expect(403);
        }
    }
    let mut nobody = Visitor::new(app);
    for path in ["/audit", "/audit/export.csv", "/audit/export.jsonl", &replay] {
        let asked = nobody.open(path).await.expect(303);
        assert!(asked.header("location").starts_with("/sign-in"));
    }
}
