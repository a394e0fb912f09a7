use chrono::TimeDelta;
use domain::token::Role;
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
        (json!({"name": "", "role": "auditor"}), "/name"),
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
