//! Stripe, Meta Ads, Shopify, Datadog.

use domain::integration::Verdict;
use domain::recipe::{judge, render_request};

use super::{Expected, HEX, assert_shape, get, json};
use crate::{accepted, answer, refused};

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
    let problems = refused(&row, &[("secret_key", "pk_live_4eC39HqLyjWDarjtT1zdp7dc")]);
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
        *render_request(&row, &values).unwrap().unwrap().query["access_token"],
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
