use std::time::Duration;

use chrono::TimeDelta;
use commands::{Clock, Context};
use domain::token::{Role, TokenEvent, TokenRevoked};
use domain::{Actor, CommandId, CorrelationId, EventId, Metadata, Position, StreamId, TokenId};
use eventlog::{Expected, NewEvent};
use projections::{ProjectionName, State};
use serde_json::json;

use crate::test_app::TestApp;
use crate::world::World;

#[tokio::test]
async fn a_token_works_from_its_answer_on_until_it_is_revoked() {
    let app = TestApp::new().await;
    let body = json!({"name": "second", "role": "platform_admin"});
    let issued = app.post(&app.admin, "/v1/tokens", &body).await.expect(201);
    let (id, token) = (
        issued.body["id"].as_str().unwrap(),
        issued.body["token"].as_str().unwrap(),
    );
    app.get(token, "/v1/accounts").await.expect(200);
    app.delete(&app.admin, &format!("/v1/tokens/{id}")).await.expect(204);
    let refused = app.get(token, "/v1/accounts").await.problem(401, "token-invalid");
    assert_eq!(
        refused.header("www-authenticate"),
        "Bearer realm=\"soconnective\", error=\"invalid_token\""
    );
}

/// An event that this program does not know stops the read model of the tokens, as a defect would.
async fn stop_the_model(app: &TestApp) {
    let id = app.ids();
    let token = TokenId::new(id);
    let metadata = Metadata {
        actor: Actor::system("test"),
        account: None,
        command_id: CommandId::new(id),
        correlation_id: CorrelationId::new(id),
        request: None,
    };
    let known = TokenEvent::from(TokenRevoked {}).into();
    let id = EventId::of(metadata.command_id, 0);
    let mut event = NewEvent::new(id, &known, app.clock.now(), metadata).unwrap();
    event.kind = "TokenFrozen".into();
    app.state
        .log
        .append(&StreamId::Token(token), Expected::NoStream, vec![event])
        .await
        .unwrap();
    let stopped = async {
        let model = || app.state.projections.status_of(ProjectionName::Tokens);
        while !matches!(model().state, State::Stopped { .. }) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), stopped).await.unwrap();
}

#[tokio::test]
async fn a_revocation_is_effective_at_once_although_the_read_model_has_stopped() {
    let app = TestApp::new().await;
    let mut tokens = Vec::new();
    for name in ["one", "two", "three"] {
        let body = json!({"name": name, "role": "platform_admin"});
        let issued = app.post(&app.admin, "/v1/tokens", &body).await.expect(201);
        let text = |name: &str| issued.body[name].as_str().unwrap().to_owned();
        tokens.push((text("id"), text("token")));
    }
    app.settle().await;
    stop_the_model(&app).await;
    let [(first, one), (second, two), (_, three)] = &tokens[..] else {
        panic!("three tokens")
    };
    app.delete(&app.admin, &format!("/v1/tokens/{first}")).await.expect(204);
    app.get(one, "/v1/accounts").await.problem(401, "token-invalid");
    // By another node, of which this one knows nothing but the log.
    let id = app.ids();
    let ctx = Context {
        actor: Actor::system("another node"),
        command: CommandId::new(id),
        correlation: CorrelationId::new(id),
        request: None,
    };
    app.get(two, "/v1/accounts").await.expect(200);
    app.state
        .commands
        .revoke_token(ctx, second.parse().unwrap())
        .await
        .unwrap();
    app.get(two, "/v1/accounts").await.problem(401, "token-invalid");
    app.get(three, "/v1/accounts").await.expect(200);
    // And after a restart, when nothing of it is in memory any more.
    let app = app.reopened().await;
    app.get(one, "/v1/accounts").await.problem(401, "token-invalid");
    app.get(two, "/v1/accounts").await.problem(401, "token-invalid");
    app.get(three, "/v1/accounts").await.expect(200);
}

#[tokio::test]
async fn who_waits_for_a_read_model_that_has_stopped_is_told_so() {
    let app = TestApp::new().await;
    stop_the_model(&app).await;
    let head = app
        .state
        .log
        .read_all(Position::START, 1)
        .await
        .unwrap()
        .head
        .to_string();
    let headers = [("soconnective-min-position", head.as_str())];
    let refused = app.call(&app.admin, "GET", "/v1/tokens", None, &headers).await;
    let refused = refused.problem(503, "read-model-behind");
    assert!(
        refused.body["detail"].as_str().unwrap().contains("tokens has stopped"),
        "{}",
        refused.text()
    );
}

#[tokio::test]
async fn the_lag_of_a_read_model_is_the_age_of_the_oldest_event_that_it_lacks() {
    let app = TestApp::new().await;
    app.settle().await;
    // A pause in which nothing happens is no lag.
    app.clock.advance(TimeDelta::hours(1));
    stop_the_model(&app).await;
    app.clock.advance(TimeDelta::seconds(3));
    let ready = app.get("", "/readyz").await.expect(503);
    let models = ready.body["projections"].as_array().unwrap();
    let tokens = models.iter().find(|model| model["name"] == "tokens").unwrap();
    assert_eq!(
        (&tokens["state"], &tokens["lag_seconds"]),
        (&json!("stopped"), &json!(3.0))
    );
}

#[tokio::test]
async fn revoking_twice_changes_nothing_and_a_missing_token_is_404() {
    let app = TestApp::new().await;
    let issued = app
        .post(&app.admin, "/v1/tokens", &json!({"name": "a", "role": "auditor"}))
        .await
        .expect(201);
    let path = format!("/v1/tokens/{}", issued.body["id"].as_str().unwrap());
    app.delete(&app.admin, &path).await.expect(204);
    app.delete(&app.admin, &path).await.expect(204);
    app.delete(&app.admin, "/v1/tokens/01930f0e-0000-7000-8000-00000000ffff")
        .await
        .problem(404, "not-found");
    app.delete(&app.admin, "/v1/tokens/no-uuid")
        .await
        .problem(404, "not-found");
}

#[tokio::test]
async fn an_expired_token_is_told_so() {
    let app = TestApp::new().await;
    let body = json!({"name": "short", "role": "auditor", "expires_at": "2026-03-01T13:00:00Z"});
    let issued = app.post(&app.admin, "/v1/tokens", &body).await.expect(201);
    let token = issued.body["token"].as_str().unwrap();
    app.get(token, "/v1/catalog").await.expect(200);
    app.clock.advance(TimeDelta::hours(1));
    let refused = app.get(token, "/v1/catalog").await.problem(401, "token-expired");
    assert!(refused.header("www-authenticate").contains("invalid_token"));
}

#[tokio::test]
async fn who_has_no_good_token_is_asked_for_one() {
    let app = TestApp::new().await;
    app.get("", "/v1/catalog").await.problem(401, "token-missing");
    for (value, code) in [
        ("Basic dXNlcjpwYXNz", "token-missing"),
        ("Bearer", "token-missing"),
        ("Bearer soc_short", "token-invalid"),
        ("Bearer something-else-entirely-0123456789", "token-invalid"),
    ] {
        app.call("", "GET", "/v1/catalog", None, &[("authorization", value)])
            .await
            .problem(401, code);
    }
    // Of the form, and unknown.
    let unknown = api::token_format::from_bytes(&[7; 32]);
    let unknown = secrecy::ExposeSecret::expose_secret(&unknown);
    app.get(unknown, "/v1/catalog").await.problem(401, "token-invalid");
    // The scheme is compared without case (RFC 9110, section 11.1).
    let value = format!("bEARER {}", app.admin);
    app.call("", "GET", "/v1/catalog", None, &[("authorization", value.as_str())])
        .await
        .expect(200);
}

#[tokio::test]
async fn a_request_with_two_tokens_is_nobody_s() {
    let world = World::new().await;
    let second = format!("Bearer {}", world.auditor);
    let headers = [("authorization", second.as_str())];
    let refused = world.app.call(&world.owner, "GET", "/v1/catalog", None, &headers).await;
    let refused = refused.problem(400, "invalid-parameter");
    assert_eq!(refused.pointer(), "/header/authorization");
    assert!(refused.header("www-authenticate").contains("invalid_request"));
    assert!(!refused.contains(&world.auditor) && !refused.contains(&world.owner));
}

#[tokio::test]
async fn a_list_of_tokens_shows_no_token() {
    let app = TestApp::new().await;
    app.post(&app.admin, "/v1/tokens", &json!({"name": "a", "role": "service"}))
        .await
        .expect(201);
    let listed = app.get(&app.admin, "/v1/tokens").await.expect(200);
    assert_eq!(listed.body["items"].as_array().map(Vec::len), Some(2));
    assert!(!listed.contains("soc_") && !listed.contains("sha256"));
}

#[tokio::test]
async fn a_role_that_belongs_to_an_account_needs_one_that_exists() {
    let world = World::new().await;
    let app = &world.app;
    let wrong = [
        (json!({"name": "a", "role": "account_admin"}), "/account"),
        (
            json!({"name": "a", "role": "account_admin", "account": "missing"}),
            "/account",
        ),
        (
            json!({"name": "a", "role": "platform_admin", "account": "acme"}),
            "/account",
        ),
        (
            json!({"name": "a", "role": "service", "account": "acme", "accounts": ["rival"]}),
            "/accounts",
        ),
        (json!({"name": "a", "role": "service", "accounts": []}), "/accounts"),
        (
            json!({"name": "a", "role": "service", "accounts": ["rival", "missing", "acme"]}),
            "/accounts/1",
        ),
        (
            json!({"name": "a", "role": "platform_admin", "accounts": ["acme"]}),
            "/accounts",
        ),
        (json!({"name": "", "role": "auditor"}), "/name"),
        (json!({"name": "\u{200b}", "role": "auditor"}), "/name"),
        (
            json!({"name": "a", "role": "auditor", "expires_at": "2020-01-01T00:00:00Z"}),
            "/expires_at",
        ),
    ];
    for (body, pointer) in wrong {
        let refused = app
            .post(&app.admin, "/v1/tokens", &body)
            .await
            .problem(422, "invalid-request");
        assert_eq!(refused.pointer(), pointer, "{}", refused.text());
    }
    let body = json!({"name": "both", "role": "service", "accounts": ["acme", "rival"]});
    app.post(&app.admin, "/v1/tokens", &body).await.expect(201);
}

#[tokio::test]
async fn an_account_that_is_closed_gets_no_token() {
    let world = World::new().await;
    let app = &world.app;
    app.call(&app.admin, "POST", "/v1/accounts/acme/close", None, &[])
        .await
        .expect(204);
    for (body, pointer) in [
        (
            json!({"name": "a", "role": "account_admin", "account": "acme"}),
            "/account",
        ),
        (
            json!({"name": "a", "role": "service", "accounts": ["rival", "acme"]}),
            "/accounts/1",
        ),
    ] {
        let refused = app.post(&app.admin, "/v1/tokens", &body).await;
        let refused = refused.problem(422, "invalid-request");
        assert_eq!(refused.pointer(), pointer, "{}", refused.text());
        assert_eq!(refused.body["errors"][0]["code"], "account-closed");
    }
}

#[tokio::test]
async fn a_token_survives_a_restart_and_so_does_its_end() {
    let app = TestApp::new().await;
    let auditor = app.token(Role::Auditor, None).await;
    let issued = app
        .post(&app.admin, "/v1/tokens", &json!({"name": "a", "role": "auditor"}))
        .await
        .expect(201);
    let path = format!("/v1/tokens/{}", issued.body["id"].as_str().unwrap());
    app.delete(&app.admin, &path).await.expect(204);
    let app = app.restarted().await;
    app.get(&auditor, "/v1/catalog").await.expect(200);
    app.get(issued.body["token"].as_str().unwrap(), "/v1/catalog")
        .await
        .problem(401, "token-invalid");
}

#[tokio::test]
async fn tokens_come_in_pages() {
    let app = TestApp::new().await;
    for number in 0..4 {
        let body = json!({"name": format!("token {number}"), "role": "auditor"});
        app.post(&app.admin, "/v1/tokens", &body).await.expect(201);
    }
    let first = app.get(&app.admin, "/v1/tokens?limit=3").await.expect(200);
    assert_eq!(first.body["items"].as_array().map(Vec::len), Some(3));
    let cursor = first.body["next_cursor"].as_str().unwrap();
    let second = app
        .get(&app.admin, &format!("/v1/tokens?limit=3&cursor={cursor}"))
        .await
        .expect(200);
    assert_eq!(second.body["items"].as_array().map(Vec::len), Some(2));
    assert!(second.body["next_cursor"].is_null());
}
