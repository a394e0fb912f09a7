//! Anthropic, OpenAI, Azure OpenAI.

use domain::integration::Verdict;
use domain::recipe::{render_request, render_test};

use super::{Expected, HEX, assert_shape, get, json};
use crate::accepted;

#[test]
fn anthropic_takes_a_header_of_its_own_and_a_fixed_version() {
    let key = "sk-ant-api03-AAAAAAAAAAAAAAAAAAAA9f2c";
    let row = assert_shape(
        "anthropic",
        &[("api_key", key)],
        &get(
            "https://api.anthropic.com/v1/models?limit=1",
            vec![
                ("anthropic-version", "2023-06-01".to_owned()),
                ("x-api-key", key.to_owned()),
            ],
            "api.anthropic.com",
        ),
        &[
            (200, r#"{"data":[]}"#, Verdict::Accepted, None, None),
            (
                401,
                r#"{"error":{"type":"authentication_error"}}"#,
                Verdict::Rejected,
                Some("invalid_credential"),
                None,
            ),
            (
                403,
                "{}",
                Verdict::AcceptedWithWarning,
                Some("insufficient_scope"),
                None,
            ),
            (402, "{}", Verdict::AcceptedWithWarning, Some("no_funds"), None),
            (
                529,
                r#"{"error":{"type":"overloaded_error"}}"#,
                Verdict::Unreachable,
                Some("provider_error"),
                None,
            ),
        ],
    );
    let parts = render_request(&row, &accepted(&row, &[("api_key", key)]))
        .unwrap()
        .unwrap();
    assert_eq!(parts.base_url, "https://api.anthropic.com");
    assert_eq!(*parts.headers["x-api-key"], key);
    assert_eq!(*parts.headers["anthropic-version"], "2023-06-01");
}

#[test]
fn openai_takes_a_key_without_funds_for_a_good_one() {
    let key = "sk-proj-AAAAAAAAAAAAAAAAAAAA";
    let no_funds = r#"{"error":{"code":"insufficient_quota"}}"#;
    let row = assert_shape(
        "openai",
        &[("api_key", key), ("organization", "org-abcdefgh1234")],
        &get(
            "https://api.openai.com/v1/models",
            vec![
                ("authorization", format!("Bearer {key}")),
                ("openai-organization", "org-abcdefgh1234".to_owned()),
            ],
            "api.openai.com",
        ),
        &[
            (200, r#"{"data":[]}"#, Verdict::Accepted, None, None),
            (401, "{}", Verdict::Rejected, Some("invalid_credential"), None),
            (
                403,
                "{}",
                Verdict::AcceptedWithWarning,
                Some("insufficient_scope"),
                None,
            ),
            (429, no_funds, Verdict::AcceptedWithWarning, Some("no_funds"), None),
            (
                429,
                r#"{"error":{"code":"rate_limit_exceeded"}}"#,
                Verdict::RateLimited,
                Some("rate_limited"),
                None,
            ),
        ],
    );
    let bare = render_test(&row, &accepted(&row, &[("api_key", key)])).unwrap();
    assert_eq!(
        bare.headers().len(),
        1,
        "a header whose placeholder is empty is left out"
    );
}

#[test]
fn azure_openai_takes_resource_deployment_and_version() {
    let row = assert_shape(
        "azure-openai",
        &[("resource", "acme-ai.openai.azure.com"), ("deployment", "gpt-4o.main"), ("api_key", HEX)],
        &Expected {
            method: "POST",
            url: "https://acme-ai.openai.azure.com/openai/deployments/gpt-4o.main/chat/completions?api-version=2024-10-21"
                .to_owned(),
            headers: vec![("api-key", HEX.to_owned()), json()],
            body: Some(r#"{"max_completion_tokens":1,"messages":[{"content":"ping","role":"user"}]}"#),
            host: "openai.azure.com",
        },
        &[
            (200, r#"{"model":"gpt-4o"}"#, Verdict::Accepted, None, Some("gpt-4o")),
            (401, r#"{"error":{"code":"401"}}"#, Verdict::Rejected, Some("invalid_credential"), None),
            (
                404,
                r#"{"error":{"code":"DeploymentNotFound"}}"#,
                Verdict::AcceptedWithWarning,
                Some("deployment_not_found"),
                None,
            ),
            (403, "{}", Verdict::AcceptedWithWarning, Some("insufficient_scope"), None),
            (429, r#"{"error":{"code":"insufficient_quota"}}"#, Verdict::AcceptedWithWarning, Some("no_funds"), None),
        ],
    );
    let values = accepted(&row, &[("resource", "acme-ai"), ("deployment", "d"), ("api_key", HEX)]);
    let parts = render_request(&row, &values).unwrap().unwrap();
    assert_eq!(parts.base_url, "https://acme-ai.openai.azure.com/openai/deployments/d");
    assert_eq!(*parts.query["api-version"], "2024-10-21");
}
