use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::Request;

use crate::conformance::document;
use crate::test_app::TestApp;

/// Every operation of the document.
pub(crate) fn operations() -> Vec<(&'static str, String, &'static serde_json::Value)> {
    let paths = document()["paths"].as_object().unwrap();
    let mut operations = Vec::new();
    for (path, item) in paths {
        for (method, operation) in item.as_object().unwrap() {
            operations.push((path.as_str(), method.to_uppercase(), operation));
        }
    }
    operations
}

#[test]
fn the_document_is_as_it_was_reviewed() {
    insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false }, {
        let mut document = document().clone();
        document["info"]["version"] = "[version]".into();
        insta::assert_json_snapshot!("openapi", document);
    });
}

#[tokio::test]
async fn every_operation_of_the_document_is_served() {
    let app = TestApp::new().await;
    for (path, method, _) in operations() {
        let path = path.replace(['{', '}'], "");
        let request = Request::builder()
            .method(method.as_str())
            .uri(&path)
            .body(Body::empty())
            .unwrap();
        let answer = app.send(request).await;
        assert!(answer.body["code"] != "no-such-route", "{method} {path}");
        assert!(answer.body["code"] != "method-not-allowed", "{method} {path}");
    }
}

/// Routes are registered together with their documentation, by `routes!`, and in no other way.
#[test]
fn nothing_is_served_that_is_not_in_the_document() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/routes");
    let mut documented = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let source = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        documented += source.matches("#[utoipa::path(").count();
        for other in [".route(", ".route_service(", ".nest", ".fallback_service("] {
            assert!(!source.contains(other), "a route is registered by {other}");
        }
    }
    assert_eq!(documented, operations().len());
}

#[test]
fn every_operation_says_what_it_does_and_has_a_name_of_its_own() {
    let mut names = BTreeSet::new();
    for (path, method, operation) in operations() {
        assert!(
            operation["summary"].as_str().is_some_and(|text| text.len() > 5),
            "{method} {path}"
        );
        assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{method} {path}");
        assert!(
            names.insert(operation["operationId"].as_str().unwrap()),
            "{method} {path}"
        );
    }
}

#[test]
fn every_operation_tells_of_its_refusals() {
    for (path, method, operation) in operations() {
        let responses = operation["responses"].as_object().unwrap();
        let refusal = &responses["default"]["content"]["application/problem+json"]["schema"];
        assert_eq!(refusal["$ref"], "#/components/schemas/Problem", "{method} {path}");
        for (status, response) in responses.iter().filter(|(status, _)| status.starts_with(['4', '5'])) {
            assert!(!response["content"].is_null(), "{method} {path} → {status} has no form");
        }
    }
}

#[test]
fn the_document_is_of_version_3_1_and_names_no_schema_that_is_not_there() {
    let document = document();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1) {
        let pointer = reference.split('"').next().unwrap();
        assert!(document.pointer(pointer).is_some(), "{pointer}");
    }
}

#[test]
fn a_pasted_key_is_write_only_in_the_document() {
    let schemas = &document()["components"]["schemas"];
    assert_eq!(schemas["SecretFields"]["writeOnly"], true);
    assert_eq!(schemas["SecretFields"]["additionalProperties"]["format"], "password");
    assert!(
        schemas["CredentialRequest"]["properties"]["fields"]
            .to_string()
            .contains("SecretFields")
    );
}

#[tokio::test]
async fn the_document_and_the_reference_are_served_to_everybody() {
    let app = TestApp::new().await;
    let served = app.get("", "/openapi.json").await.expect(200);
    assert_eq!(&served.body, document());
    let reference = app.get("", "/docs").await.expect(200);
    assert!(reference.contains("id=\"add_provider\""));
    let policy = reference.header("content-security-policy");
    assert!(
        policy.contains("default-src 'none'") && !policy.contains("unsafe"),
        "{policy}"
    );
}
