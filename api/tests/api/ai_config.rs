use domain::token::Role;
use serde_json::{Value, json};

use crate::mock_provider::{BAD, GOOD, OTHER};
use crate::world::{AI_CONFIG, CREDENTIAL, INTEGRATIONS, World};

#[tokio::test]
async fn a_service_gets_the_key_ready_to_use() {
    let world = World::connected().await;
    let config = world
        .app
        .get(&world.service, &format!("{AI_CONFIG}?purpose=newsletter"))
        .await
        .expect(200);
    assert_eq!(config.header("cache-control"), "no-store");
    let position = config.body["position"].clone();
    assert_eq!(
        config.body,
        json!({
            "account": "acme", "provider": "mock", "connection": "default", "credential_version": 1, "source": "account",
            "status": "connected",
            "request": {
                "base_url": format!("http://{}", world.app.provider.address()),
                "headers": {"authorization": format!("Bearer {GOOD}")},
                "query": {}
            },
            "fields": {"api_key": GOOD}, "model": "mock-1", "position": position
        })
    );
}

#[tokio::test]
async fn refusals_are_typed() {
    let world = World::new().await;
    let refused = |code: &'static str| {
        let (app, service) = (&world.app, &world.service);
        async move {
            app.settle().await;
            app.get(service, AI_CONFIG).await.problem(409, code);
        }
    };
    refused("not-installed").await;
    world
        .app
        .get(&world.service, "/v1/accounts/acme/ai-config")
        .await
        .problem(409, "not-installed");
    world
        .app
        .post(&world.owner, INTEGRATIONS, &json!({"provider": "mock"}))
        .await
        .expect(201);
    refused("disconnected").await;
    world.save(BAD).await.expect(200);
    refused("credential-rejected").await;
    world.save(GOOD).await.expect(200);
    world.app.get(&world.service, AI_CONFIG).await.expect(200);
    world.app.delete(&world.owner, CREDENTIAL).await.expect(204);
    refused("disconnected").await;
    world
        .app
        .post(&world.app.admin, "/v1/accounts/acme/close", &json!({}))
        .await
        .expect(204);
    refused("account-closed").await;
    world
        .app
        .get(&world.service, "/v1/accounts/missing/ai-config/mock")
        .await
        .problem(404, "not-found");
}

#[tokio::test]
async fn a_key_of_the_account_above_is_used_only_when_the_settings_say_so() {
    let world = World::connected().await;
    let app = &world.app;
    let child = json!({"id": "acme-eu", "name": "Acme EU", "parent": "acme"});
    app.post(&app.admin, "/v1/accounts", &child).await.expect(201);
    let path = "/v1/accounts/acme-eu/ai-config/mock";
    app.get(&world.service, path).await.problem(409, "not-installed");
    let owner = app.token(Role::AccountOwner, Some("acme-eu")).await;
    let settings = json!({"providers": ["mock"], "inherit": true});
    app.put(&owner, "/v1/accounts/acme-eu/ai-settings", &settings)
        .await
        .expect(200);
    let config = app.get(&world.service, path).await.expect(200);
    assert_eq!(
        (&config.body["source"], &config.body["account"]),
        (&json!("inherited:acme"), &json!("acme-eu"))
    );
    let preferred = app
        .get(&world.service, "/v1/accounts/acme-eu/ai-config")
        .await
        .expect(200);
    assert_eq!(preferred.body["fields"]["api_key"], GOOD);

    // A key of its own that was refused is not hidden by the one above.
    let body = json!({"provider": "mock", "credential": {"api_key": BAD}});
    app.post(&owner, "/v1/accounts/acme-eu/integrations", &body)
        .await
        .expect(201);
    app.get(&world.service, path).await.problem(409, "credential-rejected");
    let own = "/v1/accounts/acme-eu/integrations/mock/connections/default/credential";
    app.put(&owner, own, &json!({"fields": {"api_key": OTHER}}))
        .await
        .expect(200);
    let config = app.get(&world.service, path).await.expect(200);
    assert_eq!(
        (&config.body["source"], &config.body["fields"]["api_key"]),
        (&json!("account"), &json!(OTHER))
    );
}

#[tokio::test]
async fn a_release_stands_in_the_history_once_per_lease_and_purpose() {
    let world = World::connected().await;
    for purpose in ["mail", "mail", "mail", "report"] {
        world
            .app
            .get(&world.service, &format!("{AI_CONFIG}?purpose={purpose}"))
            .await
            .expect(200);
    }
    let releases = releases(&world).await;
    let purposes: Vec<_> = releases
        .iter()
        .map(|event| event["data"]["purpose"].as_str().unwrap())
        .collect();
    assert_eq!(purposes, ["mail", "report"]);
    assert_eq!(releases[0]["actor"]["kind"], "ai");
    world.app.clock.advance(chrono::TimeDelta::seconds(61));
    world
        .app
        .get(&world.service, &format!("{AI_CONFIG}?purpose=mail"))
        .await
        .expect(200);
    assert_eq!(self::releases(&world).await.len(), 3);
}

async fn releases(world: &World) -> Vec<Value> {
    world.app.settle().await;
    let path = "/v1/audit/events?account=acme&type=CredentialReleased";
    let found = world.app.get(&world.auditor, path).await.expect(200);
    found.body["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_purpose_that_is_too_long_is_refused() {
    let world = World::connected().await;
    let path = format!("{AI_CONFIG}?purpose={}", "p".repeat(201));
    let refused = world
        .app
        .get(&world.service, &path)
        .await
        .problem(400, "invalid-parameter");
    assert_eq!(refused.pointer(), "/query/purpose");
}

#[tokio::test]
async fn settings_are_chosen_with_if_match_and_name_real_providers() {
    let world = World::new().await;
    let path = "/v1/accounts/acme/ai-settings";
    let read = world.app.get(&world.owner, path).await.expect(200);
    assert_eq!(read.body, json!({"providers": [], "model": null, "inherit": false}));
    let chosen = json!({"providers": ["mock"], "model": "mock-2", "inherit": false});
    let with = [("if-match", read.header("etag"))];
    let answer = world
        .app
        .call(&world.owner, "PUT", path, Some(&chosen), &with)
        .await
        .expect(200);
    assert_eq!(answer.body, chosen);
    let late = world
        .app
        .call(&world.owner, "PUT", path, Some(&json!({"inherit": true})), &with)
        .await;
    late.problem(412, "precondition-failed");
    let missing = json!({"providers": ["mock", "missing"]});
    let refused = world
        .app
        .put(&world.owner, path, &missing)
        .await
        .problem(422, "invalid-request");
    assert_eq!(refused.pointer(), "/providers/1");
}

#[tokio::test]
async fn a_question_for_the_headers_alone_releases_nothing() {
    let world = World::connected().await;
    let app = &world.app;
    for path in [AI_CONFIG, "/v1/accounts/acme/ai-config"] {
        let refused = app.call(&world.service, "HEAD", path, None, &[]).await.expect(405);
        assert_eq!(refused.header("allow"), "GET");
    }
    app.settle().await;
    let history = app
        .get(&world.owner, "/v1/accounts/acme/integrations/mock/history")
        .await;
    assert!(!history.expect(200).contains("CredentialReleased"));
}
