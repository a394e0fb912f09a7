//! The eleven shapes that a row must express with no code: each lints clean, renders one exact request, and reads the
//! answers of its provider.

use domain::integration::{TestOutcome, Verdict};
use domain::provider::ProviderRow;
use domain::recipe::{HostRule, HttpRequest, LintPolicy, judge, lint, render_request, render_test};

use crate::{accepted, answer, shape};

const HEX: &str = "0123456789abcdef0123456789abcdef";

/// What a request must look like. Headers are all there are.
struct Expected {
    method: &'static str,
    url: String,
    headers: Vec<(&'static str, String)>,
    body: Option<&'static str>,
    host: &'static str,
}

fn assert_request(request: &HttpRequest, expected: &Expected) {
    assert_eq!(request.method().as_str(), expected.method);
    assert_eq!(request.url(), expected.url);
    let headers: Vec<(&str, String)> = request.headers().iter().map(|(n, v)| (n.as_str(), v.clone())).collect();
    assert_eq!(headers, expected.headers);
    assert_eq!(
        request.body().map(|body| std::str::from_utf8(body).unwrap()),
        expected.body
    );
    assert_eq!(request.host_rule(), &HostRule::Fixed(expected.host.to_owned()));
}

/// Lints a row, renders its test with `pasted` and checks it, and judges each answer.
fn assert_shape(
    name: &str,
    pasted: &[(&str, &str)],
    expected: &Expected,
    answers: &[(u16, &str, Verdict, Option<&str>, Option<&str>)],
) -> ProviderRow {
    let row = shape(name);
    assert_eq!(lint(&row, &LintPolicy::default()), []);
    let json = serde_json::to_string(&row).unwrap();
    assert_eq!(
        serde_json::from_str::<ProviderRow>(&json).unwrap(),
        row,
        "it stands in an event as JSON"
    );
    let values = accepted(&row, pasted);
    assert_request(&render_test(&row, &values).unwrap(), expected);
    for (status, body, verdict, code, identity) in answers {
        let outcome = judge(&row, &values, &answer(*status, body));
        let expected = TestOutcome {
            verdict: *verdict,
            code: code.map(str::to_owned),
            identity: identity.map(str::to_owned),
        };
        assert_eq!(outcome, expected, "{name} {status} {body}");
    }
    // What every provider's outage looks like.
    for (status, verdict) in [
        (500, Verdict::Unreachable),
        (503, Verdict::Unreachable),
        (302, Verdict::Misconfigured),
    ] {
        assert_eq!(
            judge(&row, &values, &answer(status, "")).verdict,
            verdict,
            "{name} {status}"
        );
    }
    assert_eq!(
        judge(&row, &values, &answer(429, "{}")).verdict,
        Verdict::RateLimited,
        "{name}"
    );
    row
}

fn json() -> (&'static str, String) {
    ("content-type", "application/json".to_owned())
}

fn get(url: &str, headers: Vec<(&'static str, String)>, host: &'static str) -> Expected {
    Expected {
        method: "GET",
        url: url.to_owned(),
        headers,
        body: None,
        host,
    }
}

#[test]
fn stripe_takes_a_key_as_user_name_with_an_empty_password() {
    let row = assert_shape(
        "stripe",
        &[("secret_key", " sk_test_4eC39HqLyjWDarjtT1zdp7dc\n")],
        &get(
            "https://api.stripe.com/v1/account",
            vec![
                (
                    "authorization",
                    "Basic c2tfdGVzdF80ZUMzOUhxTHlqV0Rhcmp0VDF6ZHA3ZGM6".to_owned(),
                ),
                ("stripe-version", "2024-06-20".to_owned()),
            ],
            "api.stripe.com",
        ),
        &[
            (
                200,
                r#"{"id":"acct_1","object":"account"}"#,
                Verdict::Accepted,
                None,
                Some("acct_1"),
            ),
            (401, "{}", Verdict::Rejected, Some("invalid_credential"), None),
            (
                403,
                "{}",
                Verdict::AcceptedWithWarning,
                Some("insufficient_scope"),
                None,
            ),
            (402, "{}", Verdict::AcceptedWithWarning, Some("no_funds"), None),
            (400, "{}", Verdict::Misconfigured, Some("unexpected_answer"), None),
        ],
    );
    let problems = crate::refused(&row, &[("secret_key", "pk_live_4eC39HqLyjWDarjtT1zdp7dc")]);
    assert_eq!(problems[0].code, "refused");
    assert!(problems[0].message.contains("publishable"), "{problems:?}");
    for key in [
        "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
        "rk_live_4eC39HqLyjWDarjtT1zdp7dc",
        "rk_test_4eC39HqLyjWDarjtT1zdp7dc",
    ] {
        accepted(&row, &[("secret_key", key)]);
    }
}

#[test]
fn twilio_takes_two_fields_and_its_sid_in_the_path() {
    let sid = format!("AC{HEX}");
    assert_shape(
        "twilio",
        &[("account_sid", &sid), ("auth_token", HEX)],
        &get(
            &format!("https://api.twilio.com/2010-04-01/Accounts/{sid}.json"),
            vec![(
                "authorization",
                "Basic QUMwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZjowMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZg=="
                    .to_owned(),
            )],
            "api.twilio.com",
        ),
        &[
            (
                200,
                r#"{"status":"active","friendly_name":"Acme"}"#,
                Verdict::Accepted,
                None,
                Some("Acme"),
            ),
            (
                200,
                r#"{"status":"suspended"}"#,
                Verdict::AcceptedWithWarning,
                Some("no_funds"),
                None,
            ),
            (
                200,
                r#"{"status":"closed"}"#,
                Verdict::Rejected,
                Some("account_closed"),
                None,
            ),
            (401, "{}", Verdict::Rejected, Some("invalid_credential"), None),
            (
                403,
                "{}",
                Verdict::AcceptedWithWarning,
                Some("insufficient_scope"),
                None,
            ),
        ],
    );
}

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
    assert_eq!(parts.headers["x-api-key"], key);
    assert_eq!(parts.headers["anthropic-version"], "2023-06-01");
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
fn sendgrid_looks_for_a_scope_in_the_region_of_the_key() {
    let key = format!("SG.{}.{HEX}abcdefghij0", "a".repeat(22));
    let expected = |host: &'static str| {
        get(
            &format!("https://{host}/v3/scopes"),
            vec![("authorization", format!("Bearer {key}"))],
            host,
        )
    };
    let answers = [
        (
            200,
            r#"{"scopes":["alerts.read","mail.send"]}"#,
            Verdict::Accepted,
            None,
            None,
        ),
        (
            200,
            r#"{"scopes":["alerts.read"]}"#,
            Verdict::AcceptedWithWarning,
            Some("insufficient_scope"),
            None,
        ),
        (401, "{}", Verdict::Rejected, Some("invalid_credential"), None),
        (
            403,
            "{}",
            Verdict::AcceptedWithWarning,
            Some("insufficient_scope"),
            None,
        ),
    ];
    assert_shape(
        "sendgrid",
        &[("api_key", &key)],
        &expected("api.sendgrid.com"),
        &answers,
    );
    assert_shape(
        "sendgrid",
        &[("api_key", &key), ("region", "eu")],
        &expected("api.eu.sendgrid.com"),
        &answers,
    );
}

#[test]
fn mailchimp_reads_its_host_out_of_the_key() {
    let row = assert_shape(
        "mailchimp",
        &[("api_key", &format!("{HEX}-us19"))],
        &get(
            "https://us19.api.mailchimp.com/3.0/ping",
            vec![(
                "authorization",
                "Basic YW55c3RyaW5nOjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVmLXVzMTk=".to_owned(),
            )],
            "api.mailchimp.com",
        ),
        &[
            (
                200,
                r#"{"health_status":"Everything's Chimpy!","account_id":"a1"}"#,
                Verdict::Accepted,
                None,
                Some("a1"),
            ),
            (
                200,
                r#"{"health_status":"No"}"#,
                Verdict::Misconfigured,
                Some("unexpected_answer"),
                None,
            ),
            (401, "{}", Verdict::Rejected, Some("invalid_credential"), None),
            (
                403,
                "{}",
                Verdict::AcceptedWithWarning,
                Some("insufficient_scope"),
                None,
            ),
            (402, "{}", Verdict::AcceptedWithWarning, Some("no_funds"), None),
        ],
    );
    assert_eq!(crate::refused(&row, &[("api_key", HEX)])[0].code, "pattern");
}

#[test]
fn meta_takes_its_token_in_the_query_and_says_in_the_body_what_is_wrong() {
    let token = format!("EAA{HEX}");
    let row = assert_shape(
        "meta-ads",
        &[("ad_account", "act_1234567890"), ("access_token", &token)],
        &get(
            &format!(
                "https://graph.facebook.com/v23.0/act_1234567890?access_token={token}&fields=name%2Caccount_status"
            ),
            vec![],
            "graph.facebook.com",
        ),
        &[
            (
                200,
                r#"{"name":"Acme","account_status":1}"#,
                Verdict::Accepted,
                None,
                Some("Acme"),
            ),
            (
                200,
                r#"{"name":"Acme","account_status":3}"#,
                Verdict::AcceptedWithWarning,
                Some("no_funds"),
                Some("Acme"),
            ),
            (
                200,
                r#"{"name":"Acme","account_status":2}"#,
                Verdict::AcceptedWithWarning,
                Some("account_not_active"),
                Some("Acme"),
            ),
            (
                400,
                r#"{"error":{"code":190}}"#,
                Verdict::Rejected,
                Some("invalid_credential"),
                None,
            ),
            (
                403,
                r#"{"error":{"code":200}}"#,
                Verdict::AcceptedWithWarning,
                Some("insufficient_scope"),
                None,
            ),
            (
                400,
                r#"{"error":{"code":1}}"#,
                Verdict::Misconfigured,
                Some("unexpected_answer"),
                None,
            ),
        ],
    );
    let values = accepted(&row, &[("ad_account", "1234567890"), ("access_token", &token)]);
    assert_eq!(
        render_request(&row, &values).unwrap().unwrap().query["access_token"],
        token
    );
    let leak = judge(
        &row,
        &values,
        &answer(200, &format!(r#"{{"name":"for {token}","account_status":1}}"#)),
    );
    assert_eq!(leak.identity, None, "an identity that repeats the token is dropped");
}

#[test]
fn shopify_takes_any_form_of_its_shop_and_asks_by_graphql() {
    let token = format!("shpat_{HEX}");
    for pasted in [
        "acme",
        "acme.myshopify.com",
        "https://acme.myshopify.com/admin/settings",
        "https://admin.shopify.com/store/acme",
    ] {
        assert_shape(
            "shopify",
            &[("shop", pasted), ("access_token", &token)],
            &Expected {
                method: "POST",
                url: "https://acme.myshopify.com/admin/api/2025-07/graphql.json".to_owned(),
                headers: vec![json(), ("x-shopify-access-token", token.clone())],
                body: Some(r#"{"query":"{ shop { name } }"}"#),
                host: "myshopify.com",
            },
            &[
                (
                    200,
                    r#"{"data":{"shop":{"name":"Acme"}}}"#,
                    Verdict::Accepted,
                    None,
                    Some("Acme"),
                ),
                (
                    200,
                    r#"{"errors":[{"extensions":{"code":"ACCESS_DENIED"}}]}"#,
                    Verdict::AcceptedWithWarning,
                    Some("insufficient_scope"),
                    None,
                ),
                (401, "{}", Verdict::Rejected, Some("invalid_credential"), None),
                (404, "", Verdict::Rejected, Some("unknown_shop"), None),
                (402, "", Verdict::AcceptedWithWarning, Some("no_funds"), None),
            ],
        );
    }
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
    assert_eq!(parts.query["api-version"], "2024-10-21");
}

#[test]
fn slack_says_with_200_that_a_token_failed() {
    let token = format!("xoxb-{HEX}");
    assert_shape(
        "slack",
        &[("bot_token", &token)],
        &Expected {
            method: "POST",
            url: "https://slack.com/api/auth.test".to_owned(),
            headers: vec![("authorization", format!("Bearer {token}"))],
            body: None,
            host: "slack.com",
        },
        &[
            (
                200,
                r#"{"ok":true,"team":"Acme"}"#,
                Verdict::Accepted,
                None,
                Some("Acme"),
            ),
            (
                200,
                r#"{"ok":false,"error":"invalid_auth"}"#,
                Verdict::Rejected,
                Some("invalid_credential"),
                None,
            ),
            (
                200,
                r#"{"ok":false,"error":"missing_scope"}"#,
                Verdict::AcceptedWithWarning,
                Some("insufficient_scope"),
                None,
            ),
            (
                200,
                r#"{"ok":false,"error":"paid_teams_only"}"#,
                Verdict::AcceptedWithWarning,
                Some("no_funds"),
                None,
            ),
            (
                200,
                r#"{"ok":false,"error":"fatal_error"}"#,
                Verdict::Misconfigured,
                Some("unexpected_answer"),
                None,
            ),
            (200, "<html>", Verdict::Misconfigured, Some("unexpected_answer"), None),
        ],
    );
}

#[test]
fn datadog_takes_two_secrets_and_a_site() {
    let application_key = format!("{HEX}01234567");
    for (site, host) in [
        ("us1", "api.datadoghq.com"),
        ("eu1", "api.datadoghq.eu"),
        ("us5", "api.us5.datadoghq.com"),
    ] {
        assert_shape(
            "datadog",
            &[("site", site), ("api_key", HEX), ("application_key", &application_key)],
            &get(
                &format!("https://{host}/api/v2/validate_keys"),
                vec![
                    ("dd-api-key", HEX.to_owned()),
                    ("dd-application-key", application_key.clone()),
                ],
                host,
            ),
            &[
                (200, r#"{"status":"ok"}"#, Verdict::Accepted, None, None),
                (
                    403,
                    r#"{"errors":["Forbidden"]}"#,
                    Verdict::Rejected,
                    Some("invalid_credential"),
                    None,
                ),
                (
                    403,
                    r#"{"errors":["Failed permission authorization checks"]}"#,
                    Verdict::AcceptedWithWarning,
                    Some("insufficient_scope"),
                    None,
                ),
                (402, "{}", Verdict::AcceptedWithWarning, Some("no_funds"), None),
            ],
        );
    }
}
