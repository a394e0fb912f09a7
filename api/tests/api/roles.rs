//! Every operation, called by everybody: who may, who may not, and what a foreigner learns (nothing).

use axum::http::HeaderMap;
use domain::token::Role;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::document::operations;
use crate::mock_provider::GOOD;
use crate::test_app::TestApp;
use crate::world::World;

/// What a caller meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meets {
    /// It is done, or refused for another reason than the caller.
    Yes,
    /// 401.
    WhoAreYou,
    /// 403.
    WrongRole,
    /// 404, as if there were nothing.
    Nothing,
}
use Meets::{Nothing, WhoAreYou, WrongRole, Yes};

/// Everybody who calls, in the order of the expectations.
const CALLERS: [(&str, Option<Role>, Option<&str>); 11] = [
    ("nobody", None, None),
    ("platform admin", Some(Role::PlatformAdmin), None),
    ("owner", Some(Role::AccountOwner), Some("acme")),
    ("admin", Some(Role::AccountAdmin), Some("acme")),
    ("viewer", Some(Role::AccountViewer), Some("acme")),
    ("foreign owner", Some(Role::AccountOwner), Some("rival")),
    ("auditor of all", Some(Role::Auditor), None),
    ("foreign auditor", Some(Role::Auditor), Some("rival")),
    ("service for all", Some(Role::Service), None),
    ("service", Some(Role::Service), Some("acme")),
    ("foreign service", Some(Role::Service), Some("rival")),
];

const EVERYBODY: [Meets; 11] = [Yes; 11];
const ANY_TOKEN: [Meets; 11] = [WhoAreYou, Yes, Yes, Yes, Yes, Yes, Yes, Yes, Yes, Yes, Yes];
const PLATFORM: [Meets; 11] = [
    WhoAreYou, Yes, WrongRole, WrongRole, WrongRole, WrongRole, WrongRole, WrongRole, WrongRole, WrongRole, WrongRole,
];
const ACCOUNT: [Meets; 11] = [
    WhoAreYou, WrongRole, Yes, Yes, Yes, Nothing, WrongRole, WrongRole, WrongRole, WrongRole, WrongRole,
];
const ACCOUNT_ADMIN: [Meets; 11] = [
    WhoAreYou, WrongRole, Yes, Yes, WrongRole, Nothing, WrongRole, WrongRole, WrongRole, WrongRole, WrongRole,
];
const HISTORY: [Meets; 11] = [
    WhoAreYou, WrongRole, Yes, Yes, Yes, Nothing, Yes, Nothing, WrongRole, WrongRole, WrongRole,
];
const SERVICE: [Meets; 11] = [
    WhoAreYou, WrongRole, WrongRole, WrongRole, WrongRole, WrongRole, WrongRole, WrongRole, Yes, Yes, Nothing,
];
/// A foreign auditor may read the log, and sees what concerns its own account.
const AUDIT: [Meets; 11] = [
    WhoAreYou, WrongRole, WrongRole, WrongRole, WrongRole, WrongRole, Yes, Yes, WrongRole, WrongRole, WrongRole,
];
const AUDIT_OF_ACME: [Meets; 11] = [
    WhoAreYou, WrongRole, WrongRole, WrongRole, WrongRole, WrongRole, Yes, Nothing, WrongRole, WrongRole, WrongRole,
];

/// Who may call what. An operation that is not in here fails the test.
fn expected(operation: &str) -> Option<[Meets; 11]> {
    Some(match operation {
        "health" | "readiness" | "metrics" | "openapi_document" | "reference" | "get_logo" => EVERYBODY,
        "list_catalog" | "get_catalog_entry" => ANY_TOKEN,
        "add_provider" | "list_providers" | "get_provider" | "revise_provider" | "publish_provider"
        | "retire_provider" | "reinstate_provider" | "put_logo" | "try_provider" | "open_account" | "list_accounts"
        | "get_account" | "close_account" | "issue_token" | "list_tokens" | "revoke_token" => PLATFORM,
        "list_integrations" | "get_integration" | "get_ai_settings" => ACCOUNT,
        "install" | "uninstall" | "save_credential" | "test_connection" | "disconnect" | "put_ai_settings" => {
            ACCOUNT_ADMIN
        }
        "get_history" => HISTORY,
        "get_ai_config" | "get_ai_config_of" => SERVICE,
        "audit_events" => AUDIT,
        "audit_credential" => AUDIT_OF_ACME,
        _ => return None,
    })
}

/// A body that would be accepted.
pub(crate) fn body_of(operation: &str, app: &TestApp) -> Option<Value> {
    Some(match operation {
        "add_provider" => app.provider.row("other"),
        "revise_provider" => json!({"description": "Another description."}),
        "open_account" => json!({"id": "third", "name": "Third Ltd"}),
        "issue_token" => json!({"name": "a token", "role": "auditor"}),
        "install" => json!({"provider": "mock"}),
        "save_credential" | "try_provider" => json!({"fields": {"api_key": GOOD}}),
        "put_ai_settings" => json!({"providers": ["mock"]}),
        _ => return None,
    })
}

pub(crate) async fn path_of(template: &str, world: &World, token: &str) -> String {
    let mut path = template
        .replace("{account}", "acme")
        .replace("{provider}", "mock")
        .replace("{connection}", "default");
    if path.contains("{credential}") {
        let shown = world.app.get(&world.owner, crate::world::MOCK).await.expect(200);
        path = path.replace(
            "{credential}",
            shown.body["connections"][0]["credential"].as_str().unwrap(),
        );
    }
    path.replace("{token}", token).replace("{sha256}", &"0".repeat(64))
}

async fn calls_by_everybody(template: &str, method: &str, operation: &str, expected: [Meets; 11]) {
    let world = World::connected().await;
    let app = &world.app;
    let unused = app
        .post(&app.admin, "/v1/tokens", &json!({"name": "unused", "role": "auditor"}))
        .await
        .expect(201);
    let path = path_of(template, &world, unused.body["id"].as_str().unwrap()).await;
    let body = body_of(operation, app);
    // Those who may not come first: whoever may changes what there is.
    let mut order: Vec<_> = CALLERS.iter().zip(expected).collect();
    order.sort_by_key(|(_, meets)| *meets == Yes);
    for ((who, role, account), meets) in order {
        let token = match role {
            Some(role) => app.token(*role, *account).await,
            None => String::new(),
        };
        let answer = app.call(&token, method, &path, body.as_ref(), &[]).await;
        let met = match answer.status {
            401 => WhoAreYou,
            403 => WrongRole,
            404 if operation != "get_logo" => Nothing,
            _ => Yes,
        };
        assert_eq!(met, meets, "{who}: {method} {path}: {}", answer.text());
        match meets {
            WhoAreYou => assert!(answer.header("www-authenticate").starts_with("Bearer")),
            WrongRole => drop(answer.problem(403, "forbidden")),
            Nothing | Yes => {}
        }
    }
}

#[tokio::test]
async fn everybody_may_do_what_the_role_says_and_nothing_else() {
    for (template, method, operation) in operations() {
        let operation = operation["operationId"].as_str().unwrap();
        let expected = expected(operation).unwrap_or_else(|| panic!("who may call {operation}?"));
        calls_by_everybody(template, &method, operation, expected).await;
    }
}

/// What an answer tells: everything but what every answer has of its own.
fn told(mut answer: Answer) -> (u16, HeaderMap, Vec<u8>) {
    answer.headers.remove("soconnective-correlation-id");
    answer.headers.remove("date");
    (answer.status, answer.headers, answer.bytes)
}

#[tokio::test]
async fn a_foreign_credential_and_a_missing_one_are_answered_alike() {
    let world = World::connected().await;
    let app = &world.app;
    let auditor = app.token(Role::Auditor, Some("rival")).await;
    let foreign = path_of("/v1/audit/credentials/{credential}", &world, "").await;
    let mut answers = Vec::new();
    for path in [
        foreign.as_str(),
        "/v1/audit/credentials/01930f0e-0000-7000-8000-00000000ffff",
        "/v1/audit/credentials/no-id",
    ] {
        answers.push(told(app.get(&auditor, path).await.problem(404, "not-found")));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2]);
}

#[tokio::test]
async fn an_account_cannot_tell_a_draft_from_nothing() {
    let world = World::connected().await;
    let app = &world.app;
    let mut draft = app.provider.row("secret-plan");
    draft["publish"] = json!(false);
    app.post(&app.admin, "/v1/providers", &draft).await.expect(201);
    app.settle().await;
    let mut compared = 0;
    for (template, method, operation) in operations().iter().filter(|(path, ..)| path.contains("{account}")) {
        let operation = operation["operationId"].as_str().unwrap();
        let token = match expected(operation) {
            Some(ACCOUNT | ACCOUNT_ADMIN | HISTORY) => &world.owner,
            Some(SERVICE) => &world.service,
            _ => continue,
        };
        let mut answers = Vec::new();
        for key in ["secret-plan", "nothing"] {
            let path = template.replace("{account}", "acme").replace("{provider}", key);
            let path = path.replace("{connection}", "default");
            let body = body_of(operation, app).map(|body| body.to_string().replace("\"mock\"", &format!("\"{key}\"")));
            let body = body.map(|body| serde_json::from_str(&body).unwrap());
            answers.push(told(app.call(token, method, &path, body.as_ref(), &[]).await));
        }
        if template.contains("{provider}") || matches!(operation, "install" | "put_ai_settings") {
            assert_eq!(answers[0], answers[1], "{operation}");
            assert!(answers[0].0 >= 400, "{operation}");
            compared += 1;
        }
    }
    assert!(compared >= 8, "only {compared} operations were compared");
}

#[tokio::test]
async fn a_foreign_account_and_a_missing_one_are_answered_byte_for_byte_alike() {
    let world = World::connected().await;
    let app = &world.app;
    let rival = app.token(Role::AccountOwner, Some("rival")).await;
    let service = app.token(Role::Service, Some("rival")).await;
    let auditor = app.token(Role::Auditor, Some("rival")).await;
    let mut compared = 0;
    for (template, method, operation) in operations().iter().filter(|(path, ..)| path.contains("{account}")) {
        let operation = operation["operationId"].as_str().unwrap();
        let token = match expected(operation) {
            Some(ACCOUNT | ACCOUNT_ADMIN) => &rival,
            Some(HISTORY) => &auditor,
            Some(SERVICE) => &service,
            _ => continue,
        };
        let body = body_of(operation, app);
        let mut answers = Vec::new();
        for account in ["acme", "missing", "no%20id"] {
            let path = template.replace("{account}", account).replace("{provider}", "mock");
            let path = path.replace("{connection}", "default");
            let answer = app.call(token, method, &path, body.as_ref(), &[]).await;
            answers.push(told(answer.problem(404, "not-found")));
        }
        assert_eq!(answers[0], answers[1], "{operation}");
        assert_eq!(answers[0], answers[2], "{operation}");
        compared += 1;
    }
    assert!(compared >= 10, "only {compared} operations were compared");
}

#[tokio::test]
async fn a_missing_provider_of_ones_own_account_looks_the_same() {
    let world = World::connected().await;
    let app = &world.app;
    let foreign = app
        .get(&world.owner, "/v1/accounts/rival/integrations/mock")
        .await
        .problem(404, "not-found");
    let missing = app
        .get(&world.owner, "/v1/accounts/acme/integrations/nothing")
        .await
        .problem(404, "not-found");
    assert_eq!(foreign.bytes, missing.bytes);
}
