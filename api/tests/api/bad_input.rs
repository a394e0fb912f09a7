//! Everything that can be sent wrongly: each refusal names the place and never repeats what was sent.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::log_lines;
use crate::mock_provider::GOOD;
use crate::world::{AI_CONFIG, CREDENTIAL, INTEGRATIONS, World};

/// A key that is pasted wherever it does not belong.
const CANARY: &str = "sk-canary-7f3a9c1e5d2b";

async fn raw(world: &World, method: &str, path: &str, kind: &str, body: impl Into<Body>) -> Answer {
    let token = if path.starts_with("/v1/accounts/") {
        &world.owner
    } else {
        &world.app.admin
    };
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", kind)
        .body(body.into());
    world.app.send(request.unwrap()).await
}

fn assert_snapshot(name: &str, answer: &Answer) {
    insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false }, {
        insta::assert_json_snapshot!(format!("problem-{name}"), answer.body);
    });
}

/// Bodies that are wrong, by name: where they are sent and what they are.
#[expect(clippy::too_many_lines, reason = "a table of cases, which reads best in one piece")]
fn wrong_bodies(world: &World) -> Vec<(&'static str, &'static str, &'static str, Value)> {
    let row = |change: &dyn Fn(&mut Value)| {
        let mut row = world.app.provider.row("other");
        change(&mut row);
        row
    };
    let fields = |fields: Value| json!({"fields": fields});
    vec![
        (
            "unknown-field",
            "POST",
            "/v1/providers",
            row(&|row| row["lable"] = json!(CANARY)),
        ),
        (
            "unknown-field-that-is-a-key",
            "POST",
            "/v1/providers",
            row(&|row| row[CANARY] = json!(1)),
        ),
        (
            "unknown-field-deep-down",
            "POST",
            "/v1/providers",
            row(&|row| row["recipe"]["test"]["paht"] = json!(CANARY)),
        ),
        (
            "wrong-type",
            "POST",
            "/v1/providers",
            row(&|row| row["name"] = json!([CANARY])),
        ),
        (
            "wrong-type-in-a-list",
            "POST",
            "/v1/providers",
            row(&|row| row["recipe"]["fields"][0]["secret"] = json!(CANARY)),
        ),
        (
            "missing-field",
            "POST",
            "/v1/providers",
            row(&|row| drop(row.as_object_mut().unwrap().remove("name"))),
        ),
        (
            "unknown-auth",
            "POST",
            "/v1/providers",
            row(&|row| row["auth"] = json!(CANARY)),
        ),
        (
            "wrong-key",
            "POST",
            "/v1/providers",
            row(&|row| row["key"] = json!(format!("Not A Key {CANARY}"))),
        ),
        (
            "wrong-status",
            "POST",
            "/v1/providers",
            row(&|row| row["recipe"]["test"]["accept"][0]["status"] = json!(CANARY)),
        ),
        (
            "key-taken",
            "POST",
            "/v1/providers",
            row(&|row| row["key"] = json!("mock")),
        ),
        ("key-changed", "PATCH", "/v1/providers/mock", json!({"key": "other"})),
        (
            "lint-plain-http",
            "POST",
            "/v1/providers",
            row(&|row| {
                row["recipe"]["request"]["base_url"] = json!("http://api.example.com");
            }),
        ),
        (
            "lint-no-success-rule",
            "POST",
            "/v1/providers",
            row(&|row| row["recipe"]["test"]["accept"] = json!([])),
        ),
        (
            "lint-unknown-variable",
            "POST",
            "/v1/providers",
            row(&|row| {
                row["recipe"]["request"]["auth"] = json!({"bearer": "{api_kye}"});
            }),
        ),
        ("not-an-object", "POST", "/v1/accounts", json!([CANARY])),
        (
            "wrong-account-id",
            "POST",
            "/v1/accounts",
            json!({"id": format!("no id {CANARY}"), "name": "x"}),
        ),
        (
            "unknown-role",
            "POST",
            "/v1/tokens",
            json!({"name": "x", "role": CANARY}),
        ),
        (
            "wrong-time",
            "POST",
            "/v1/tokens",
            json!({"name": "x", "role": "auditor", "expires_at": CANARY}),
        ),
        (
            "key-with-a-space-inside",
            "PUT",
            CREDENTIAL,
            fields(json!({"api_key": format!("key-good {CANARY}")})),
        ),
        (
            "key-with-a-line-break-inside",
            "PUT",
            CREDENTIAL,
            fields(json!({"api_key": format!("key-good\n{CANARY}")})),
        ),
        (
            "key-that-does-not-match",
            "PUT",
            CREDENTIAL,
            fields(json!({"api_key": CANARY})),
        ),
        ("key-that-is-empty", "PUT", CREDENTIAL, fields(json!({"api_key": "  "}))),
        ("key-that-is-missing", "PUT", CREDENTIAL, fields(json!({}))),
        (
            "key-that-is-no-text",
            "PUT",
            CREDENTIAL,
            fields(json!({"api_key": {"value": CANARY}})),
        ),
        (
            "field-that-nobody-asked-for",
            "PUT",
            CREDENTIAL,
            fields(json!({"api_key": GOOD, "secret_key": CANARY})),
        ),
        (
            "field-whose-name-is-a-key",
            "PUT",
            CREDENTIAL,
            fields(json!({CANARY: "x"})),
        ),
        ("fields-that-are-a-text", "PUT", CREDENTIAL, fields(json!(CANARY))),
        (
            "unknown-replace",
            "PUT",
            CREDENTIAL,
            json!({"fields": {"api_key": GOOD}, "replace": CANARY}),
        ),
        (
            "overlap-below-zero",
            "PUT",
            CREDENTIAL,
            json!({"fields": {"api_key": GOOD}, "overlap_seconds": -1}),
        ),
        (
            "overlap-of-a-year",
            "PUT",
            CREDENTIAL,
            json!({"fields": {"api_key": GOOD}, "overlap_seconds": 31_536_000}),
        ),
        (
            "credential-of-an-installation",
            "POST",
            "/v1/accounts/acme/integrations",
            json!({"provider": "mock", "credential": {"api_key": CANARY}}),
        ),
    ]
}

#[tokio::test]
async fn every_wrong_body_is_refused_by_its_place_and_not_repeated() {
    let world = World::new().await;
    world
        .app
        .post(&world.app.admin, "/v1/providers", &world.app.provider.row("spare"))
        .await
        .expect(201);
    world
        .app
        .post(&world.owner, INTEGRATIONS, &json!({"provider": "mock"}))
        .await
        .expect(201);
    for (name, method, path, mut body) in wrong_bodies(&world) {
        if name == "credential-of-an-installation" {
            body["provider"] = json!("spare");
        }
        let answer = raw(&world, method, path, "application/json", body.to_string()).await;
        assert!((400..500).contains(&answer.status), "{name}: {}", answer.text());
        assert!(
            !answer.contains(CANARY) && !answer.contains("7f3a9c1e5d2b"),
            "{name}: {}",
            answer.text()
        );
        assert_snapshot(name, &answer);
    }
    let seen = world
        .app
        .get(
            &world.owner,
            CREDENTIAL.trim_end_matches("/connections/default/credential"),
        )
        .await;
    assert_eq!(
        seen.expect(200).body["connections"][0]["status"],
        "disconnected",
        "something was half-saved"
    );
    let logged = log_lines::all();
    assert!(!logged.contains(CANARY), "the canary stands in the log");
}

#[tokio::test]
async fn what_is_no_json_is_refused_with_line_and_column_alone() {
    let world = World::new().await;
    let path = "/v1/accounts";
    let cases = [
        ("no-json", format!("{{\"id\": {CANARY}}}")),
        ("json-cut-off", format!("{{\n  \"id\": \"{CANARY}")),
        (
            "json-with-a-tail",
            format!("{{\"id\": \"a\", \"name\": \"b\"}} {CANARY}"),
        ),
        ("nothing", String::new()),
        (
            "twice",
            format!("{{\"id\": \"a\", \"id\": \"{CANARY}\", \"name\": \"b\"}}"),
        ),
    ];
    for (name, body) in cases {
        let answer = raw(&world, "POST", path, "application/json", body).await;
        assert!(answer.status == 400 || answer.status == 422, "{}", answer.text());
        assert!(!answer.contains(CANARY), "{name}: {}", answer.text());
        assert_snapshot(name, &answer);
    }
    let mut row = world.app.provider.row("other");
    row["recipe"]["test"]["body"] = json!({"json": "DEEP"});
    let deep = row.to_string().replace("\"DEEP\"", &"[".repeat(1000));
    raw(&world, "POST", "/v1/providers", "application/json", deep)
        .await
        .problem(400, "malformed-json");
    assert!(!log_lines::all().contains(CANARY));
}

#[tokio::test]
async fn a_name_that_stands_twice_in_a_map_of_a_row_is_refused() {
    let world = World::new().await;
    let mut row = world.app.provider.row("other");
    row["recipe"]["request"]["headers"] = json!("TWICE");
    row["recipe"]["test"]["query"] = json!({"a": "1"});
    let row = row.to_string();
    let twice = [
        (
            row.replace("\"TWICE\"", r#"{"x-a": "1", "x-a": "2"}"#),
            "/recipe/request/headers",
        ),
        (
            row.replace("\"TWICE\"", "{}")
                .replace(r#"{"a":"1"}"#, r#"{"a":"1","a":"2"}"#),
            "/recipe/test/query",
        ),
    ];
    for (body, pointer) in twice {
        let refused = raw(&world, "POST", "/v1/providers", "application/json", body).await;
        assert_eq!(refused.problem(422, "invalid-request").pointer(), pointer);
    }
}

#[tokio::test]
async fn other_media_types_and_large_bodies_are_refused() {
    let world = World::new().await;
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "",
        "application/jsonp",
    ] {
        raw(&world, "POST", "/v1/accounts", kind, "{}")
            .await
            .problem(415, "unsupported-media-type");
    }
    let large = format!("{{\"id\": \"{}\"}}", "a".repeat(1024 * 1024));
    let answer = raw(&world, "POST", "/v1/accounts", "application/json", large).await;
    assert_snapshot("large", &answer.problem(413, "body-too-large"));
    // In pieces, without a length that is announced.
    let pieces = (0..40).map(|_| Ok::<_, std::io::Error>(vec![b'a'; 64 * 1024]));
    let body = Body::from_stream(futures::stream::iter(pieces));
    raw(&world, "POST", "/v1/accounts", "application/json", body)
        .await
        .problem(413, "body-too-large");
    let json = json!({"id": "utf", "name": "x"}).to_string();
    raw(&world, "POST", "/v1/accounts", "application/json; charset=utf-8", json)
        .await
        .expect(201);
}

#[tokio::test]
async fn white_space_at_the_ends_of_a_pasted_key_is_taken_off() {
    let world = World::connected().await;
    let saved = world.save(&format!(" \t{GOOD}\r\n")).await.expect(200);
    assert_eq!(saved.body["status"], "connected");
    let config = world.app.get(&world.service, AI_CONFIG).await.expect(200);
    assert_eq!(config.body["fields"]["api_key"], GOOD);
}

#[tokio::test]
async fn a_key_in_a_wrong_place_of_the_url_or_the_headers_is_not_repeated() {
    let world = World::connected().await;
    let paths = [
        format!("/v1/catalog?q={CANARY}&limit={CANARY}"),
        format!("/v1/catalog?{CANARY}=1"),
        format!("/v1/catalog?cursor={CANARY}"),
        format!("/v1/catalog?as_of={CANARY}"),
        format!("/v1/catalog/{CANARY}"),
        format!("/v1/accounts/{CANARY}/integrations"),
        format!("/v1/accounts/acme/integrations/{CANARY}"),
        format!("/v1/accounts/acme/integrations/mock/history?after={CANARY}"),
        format!("/{CANARY}"),
    ];
    for path in paths {
        let answer = world.app.get(&world.owner, &path).await;
        assert!(answer.status >= 400, "{path}: {}", answer.text());
        assert!(!answer.contains(CANARY), "{path}: {}", answer.text());
    }
    for header in [
        "authorization",
        "soconnective-min-position",
        "soconnective-correlation-id",
        "if-none-match",
    ] {
        let answer = world
            .app
            .call(&world.owner, "GET", "/v1/catalog", None, &[(header, CANARY)])
            .await;
        assert!(!answer.contains(CANARY), "{header}: {}", answer.text());
    }
    assert!(!log_lines::all().contains(CANARY), "the canary stands in the log");
}

#[tokio::test]
async fn the_log_of_a_connected_key_does_not_hold_it_and_neither_does_any_file() {
    let world = World::connected().await;
    world.app.get(&world.service, AI_CONFIG).await.expect(200);
    world.app.settle().await;
    assert!(!log_lines::all().contains(GOOD), "the key stands in the log");
    for entry in std::fs::read_dir(world.app.folder()).unwrap() {
        let path = entry.unwrap().path();
        let content = std::fs::read(&path).unwrap();
        let found = content.windows(GOOD.len()).any(|window| window == GOOD.as_bytes());
        assert!(!found, "{} holds the key in clear", path.display());
    }
}
