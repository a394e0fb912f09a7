use domain::token::Role;
use serde_json::{Value, json};

use crate::mock_provider::{GOOD, OTHER};
use crate::world::{AI_CONFIG, CREDENTIAL, MOCK, World};

/// A credential that was connected, released, rotated and taken back.
async fn lived() -> (World, String) {
    let world = World::connected().await;
    world.app.settle().await;
    let shown = world.app.get(&world.owner, MOCK).await.expect(200);
    let credential = shown.body["connections"][0]["credential"].as_str().unwrap().to_owned();
    world.app.get(&world.service, AI_CONFIG).await.expect(200);
    world
        .app
        .put(&world.owner, CREDENTIAL, &json!({"fields": {"api_key": OTHER}}))
        .await
        .expect(200);
    world.app.delete(&world.owner, CREDENTIAL).await.expect(204);
    world.app.settle().await;
    (world, credential)
}

fn types(events: &Value) -> Vec<&str> {
    events
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn the_history_tells_everything_and_no_secret() {
    let (world, _) = lived().await;
    let history = world
        .app
        .get(&world.owner, &format!("{MOCK}/history"))
        .await
        .expect(200);
    let types = types(&history.body["items"]);
    for kind in [
        "IntegrationInstalled",
        "CredentialConnected",
        "CredentialTested",
        "CredentialReleased",
        "CredentialRotated",
        "CredentialRetired",
        "CredentialDisconnected",
        "CredentialErased",
    ] {
        assert!(types.contains(&kind), "{kind} is not in {types:?}");
    }
    assert!(!history.contains(GOOD) && !history.contains(OTHER));
    assert!(!history.contains("masked") && !history.contains("ciphertext"));
}

#[tokio::test]
async fn the_log_is_read_in_pages_without_gaps_or_repeats() {
    let (world, _) = lived().await;
    let all = world
        .app
        .get(&world.auditor, "/v1/audit/events?limit=200")
        .await
        .expect(200);
    assert_eq!(all.body["more"], false);
    let (mut after, mut read) = ("0".to_owned(), Vec::new());
    loop {
        let page = world
            .app
            .get(&world.auditor, &format!("/v1/audit/events?limit=2&after={after}"))
            .await
            .expect(200);
        read.extend(page.body["items"].as_array().unwrap().clone());
        after = page.body["next"].as_str().unwrap().to_owned();
        if page.body["more"] == false {
            break;
        }
    }
    assert_eq!(&Value::Array(read), &all.body["items"]);
}

#[tokio::test]
async fn an_auditor_narrows_the_log_down() {
    let (world, _) = lived().await;
    let of = async |query: &str| {
        world
            .app
            .get(&world.auditor, &format!("/v1/audit/events?{query}"))
            .await
            .expect(200)
    };
    assert_eq!(
        types(&of("type=AccountOpened").await.body["items"]),
        ["AccountOpened", "AccountOpened"]
    );
    let rival = of("account=rival").await;
    assert_eq!(types(&rival.body["items"]), ["AccountOpened"]);
    let provider = of("provider=mock&type=ProviderAdded").await;
    assert_eq!(types(&provider.body["items"]), ["ProviderAdded"]);
    assert_eq!(of("actor=nobody").await.body["items"], json!([]));
}

#[tokio::test]
async fn an_auditor_of_one_account_sees_that_account_alone() {
    let (world, credential) = lived().await;
    let app = &world.app;
    let rival = app.token(Role::Auditor, Some("rival")).await;
    let seen = app.get(&rival, "/v1/audit/events").await.expect(200);
    let accounts: Vec<_> = seen.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| &event["account"])
        .collect();
    assert!(accounts.iter().all(|account| *account == "rival"), "{accounts:?}");
    app.get(&rival, "/v1/audit/events?account=acme")
        .await
        .problem(404, "not-found");
    let path = format!("/v1/audit/credentials/{credential}");
    let foreign = app.get(&rival, &path).await.problem(404, "not-found");
    let missing = app
        .get(&rival, "/v1/audit/credentials/01930f0e-0000-7000-8000-00000000ffff")
        .await;
    assert_eq!(foreign.bytes, missing.problem(404, "not-found").bytes);
}

#[tokio::test]
async fn a_credential_can_be_replayed() {
    let (world, credential) = lived().await;
    let life = world
        .app
        .get(&world.auditor, &format!("/v1/audit/credentials/{credential}"))
        .await
        .expect(200);
    let steps = life.body["steps"].as_array().unwrap();
    assert_eq!(steps[0]["event"]["type"], "CredentialConnected");
    assert_eq!(steps[0]["state"]["current"], 1);
    let last = &steps.last().unwrap()["state"];
    assert_eq!(
        (&last["status"], &last["erased"]),
        (&json!("disconnected"), &json!([1, 2]))
    );
    assert!(!life.contains(GOOD) && !life.contains(OTHER));
    let page = |after: &Value| {
        let after = after.as_str().unwrap();
        format!("/v1/audit/credentials/{credential}?limit=2&after={after}")
    };
    let (mut told, mut after) = (Vec::new(), json!("0"));
    loop {
        let part = world.app.get(&world.auditor, &page(&after)).await.expect(200);
        told.extend_from_slice(part.body["steps"].as_array().unwrap());
        after = part.body["next"].clone();
        if part.body["more"] == json!(false) {
            break;
        }
    }
    assert_eq!(&told, steps);
}

#[tokio::test]
async fn a_place_that_no_log_has_is_refused() {
    let world = World::connected().await;
    let beyond = i64::MAX.unsigned_abs() + 1;
    for (token, path) in [
        (&world.auditor, "/v1/audit/events".to_owned()),
        (&world.owner, format!("{MOCK}/history")),
    ] {
        let refused = world.app.get(token, &format!("{path}?after={beyond}")).await;
        assert_eq!(refused.problem(400, "invalid-parameter").pointer(), "/query/after");
        let last = world.app.get(token, &format!("{path}?after={}", i64::MAX)).await;
        assert_eq!(last.expect(200).body["items"], json!([]));
    }
}
