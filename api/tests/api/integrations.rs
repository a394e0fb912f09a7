use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::mock_provider::{BAD, GOOD, OTHER};
use crate::world::{CREDENTIAL, INTEGRATIONS, MOCK, World};

async fn connection(world: &World) -> Value {
    world.app.settle().await;
    world.app.get(&world.owner, MOCK).await.expect(200).body["connections"][0].take()
}

#[tokio::test]
async fn add_it_later_leaves_a_disconnected_row() {
    let world = World::new().await;
    let installed = world
        .app
        .post(&world.owner, INTEGRATIONS, &json!({"provider": "mock"}))
        .await
        .expect(201);
    assert_eq!(installed.body, json!({"provider": "mock", "key": null}));
    let shown = connection(&world).await;
    assert_eq!(
        (&shown["name"], &shown["status"]),
        (&json!("default"), &json!("disconnected"))
    );
    let again = world
        .app
        .post(&world.owner, INTEGRATIONS, &json!({"provider": "mock"}))
        .await;
    again.problem(409, "already-installed");
}

#[tokio::test]
async fn a_token_of_this_product_is_taken_for_no_key() {
    let world = World::connected().await;
    let calls = world.app.provider.calls();
    let fields = json!({"api_key": format!("{}\n", world.service)});
    let saved = world
        .app
        .put(&world.owner, CREDENTIAL, &json!({"fields": fields}))
        .await;
    let refused = saved.problem(422, "credential-invalid");
    assert_eq!(refused.pointer(), "/fields");
    let body = json!({"provider": "mock", "credential": fields});
    let installed = world.app.post(&world.owner, INTEGRATIONS, &body).await;
    assert_eq!(installed.problem(422, "credential-invalid").pointer(), "/credential");
    let tried = json!({"fields": fields});
    let tried = world.app.post(&world.app.admin, "/v1/providers/mock/try", &tried).await;
    let refused = tried.problem(422, "credential-invalid");
    assert!(!refused.text().contains(&world.service));
    assert_eq!(connection(&world).await["version"], 1);
    assert_eq!(world.app.provider.calls(), calls);
}

#[tokio::test]
async fn a_pasted_key_is_saved_tested_and_shown_masked() {
    let world = World::connected().await;
    let shown = connection(&world).await;
    assert_eq!(
        (&shown["status"], &shown["identity"]),
        (&json!("connected"), &json!("mocky"))
    );
    assert_eq!(shown["last_test"]["verdict"], "accepted");
    let masked = shown["masked"]["api_key"].as_str().unwrap();
    assert!(masked.contains('…') && !masked.contains(GOOD), "{masked}");
    let list = world.app.get(&world.owner, INTEGRATIONS).await.expect(200);
    assert_eq!(list.body["items"][0]["connections"][0], shown);
    assert!(!list.contains(GOOD));
}

#[tokio::test]
async fn a_rejected_key_is_saved_and_never_replaces_a_working_one() {
    let world = World::new().await;
    world
        .app
        .post(&world.owner, INTEGRATIONS, &json!({"provider": "mock"}))
        .await
        .expect(201);
    let bad = world.save(BAD).await.expect(200);
    assert_eq!(
        (&bad.body["status"], &bad.body["place"]),
        (&json!("rejected"), &json!("current"))
    );
    let good = world.save(GOOD).await.expect(200);
    assert_eq!(
        (&good.body["status"], &good.body["version"]),
        (&json!("connected"), &json!(2))
    );
    let bad = world.save(BAD).await.expect(200);
    assert_eq!(
        (&bad.body["status"], &bad.body["place"]),
        (&json!("connected"), &json!("candidate"))
    );
    let shown = connection(&world).await;
    assert_eq!(
        (&shown["version"], &shown["candidate"]["version"]),
        (&json!(2), &json!(3))
    );
    assert_eq!(shown["candidate"]["status"], "rejected");
}

#[tokio::test]
async fn a_key_is_saved_while_the_provider_is_down() {
    let world = World::new().await;
    world.app.provider.set_down(true);
    let body = json!({"provider": "mock", "credential": {"api_key": GOOD}});
    let installed = world.app.post(&world.owner, INTEGRATIONS, &body).await.expect(201);
    assert_eq!(installed.body["key"]["status"], "unverified");
    assert_eq!(installed.body["key"]["test"]["verdict"], "unreachable");
    world.app.provider.set_down(false);
    let tested = world
        .app
        .post(&world.owner, &format!("{MOCK}/connections/default/test"), &json!({}))
        .await
        .expect(200);
    assert_eq!(tested.body["status"], "connected");
}

#[tokio::test]
async fn a_rotation_overlaps_as_long_as_it_was_told_to() {
    let world = World::connected().await;
    let body = json!({"fields": {"api_key": OTHER}, "overlap_seconds": 600});
    let saved = world.app.put(&world.owner, CREDENTIAL, &body).await.expect(200);
    assert_eq!(
        (&saved.body["version"], &saved.body["place"]),
        (&json!(2), &json!("current"))
    );
    let shown = connection(&world).await;
    assert_eq!(
        shown["retiring"][0],
        json!({"version": 1, "retire_at": "2026-03-01T12:10:00Z"})
    );
    world.app.clock.advance(TimeDelta::seconds(601));
    world.app.state.commands.sweep().await.unwrap();
    assert_eq!(connection(&world).await["retiring"], json!([]));
}

#[tokio::test]
async fn a_leaked_key_is_replaced_whatever_the_test_says() {
    let world = World::connected().await;
    let body = json!({"fields": {"api_key": BAD}, "replace": "now"});
    let saved = world.app.put(&world.owner, CREDENTIAL, &body).await.expect(200);
    assert_eq!(
        (&saved.body["place"], &saved.body["status"]),
        (&json!("current"), &json!("rejected"))
    );
}

#[tokio::test]
async fn a_second_connection_has_a_name_of_its_own() {
    let world = World::connected().await;
    let path = format!("{MOCK}/connections/eu-shop/credential");
    world
        .app
        .put(&world.owner, &path, &json!({"fields": {"api_key": OTHER}}))
        .await
        .expect(200);
    world.app.settle().await;
    let shown = world.app.get(&world.owner, MOCK).await.expect(200);
    let names: Vec<_> = shown.body["connections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| &c["name"])
        .collect();
    assert_eq!(names, ["default", "eu-shop"]);
    let path = format!("{MOCK}/connections/No%20Slug/credential");
    world
        .app
        .put(&world.owner, &path, &json!({"fields": {"api_key": OTHER}}))
        .await
        .problem(404, "not-found");
}

#[tokio::test]
async fn disconnecting_erases_and_uninstalling_takes_it_off_the_list() {
    let world = World::connected().await;
    world.app.delete(&world.owner, CREDENTIAL).await.expect(204);
    let shown = connection(&world).await;
    assert_eq!(
        (&shown["status"], &shown["masked"]),
        (&json!("disconnected"), &Value::Null)
    );
    world
        .app
        .delete(&world.owner, CREDENTIAL)
        .await
        .problem(409, "disconnected");
    let gone = world.app.delete(&world.owner, MOCK).await.expect(204);
    world
        .app
        .get_after(&world.owner, MOCK, &gone)
        .await
        .problem(404, "not-found");
    let list = world.app.get(&world.owner, INTEGRATIONS).await.expect(200);
    assert_eq!(list.body["items"], json!([]));
}

#[tokio::test]
async fn what_an_account_had_can_be_seen_as_it_was_without_hints() {
    let world = World::connected().await;
    world.app.clock.advance(TimeDelta::hours(1));
    let gone = world.app.delete(&world.owner, MOCK).await.expect(204);
    world
        .app
        .get_after(&world.owner, MOCK, &gone)
        .await
        .problem(404, "not-found");
    let then = world
        .app
        .get(&world.owner, &format!("{MOCK}?as_of=2026-03-01T12:30:00Z"))
        .await
        .expect(200);
    let connection = &then.body["connections"][0];
    assert_eq!(
        (&connection["status"], &connection["masked"]),
        (&json!("connected"), &Value::Null)
    );
    let list = world
        .app
        .get(&world.owner, &format!("{INTEGRATIONS}?as_of=2026-03-01T12:30:00Z"))
        .await
        .expect(200);
    assert_eq!(list.body["items"][0], then.body);
}

#[tokio::test]
async fn what_is_not_installed_can_be_neither_saved_nor_tested() {
    let world = World::new().await;
    world.save(GOOD).await.problem(409, "not-installed");
    let path = format!("{MOCK}/connections/default/test");
    world
        .app
        .post(&world.owner, &path, &json!({}))
        .await
        .problem(409, "not-installed");
    world.app.delete(&world.owner, MOCK).await.problem(409, "not-installed");
}
