//! The seeded catalog: complete rows, real answers understood, mistakes caught with a sentence that helps.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use domain::provider::ProviderRow;
use domain::recipe::{
    FieldValues, HttpResponse, LintPolicy, Problem, accept, form, has_test, judge, lint, render_test,
};
use secrecy::SecretString;
use serde_json::Value;

/// A row of the file, with the logo that stands beside it.
struct Seed {
    row: ProviderRow,
    logo: PathBuf,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds")
}

fn seeds() -> Result<Vec<Seed>> {
    let text = std::fs::read_to_string(folder().join("providers.yaml"))?;
    let file: BTreeMap<String, Vec<serde_json::Map<String, Value>>> = serde_saphyr::from_str(&text)?;
    let rows = file.get("providers").context("no list of providers")?;
    rows.iter()
        .map(|row| {
            let mut row = row.clone();
            let logo = row.remove("logo").context("a row without a logo")?;
            let logo = folder().join(logo.as_str().context("a logo that is no path")?);
            Ok(Seed {
                row: serde_json::from_value(Value::Object(row))?,
                logo,
            })
        })
        .collect()
}

fn seed(key: &str) -> Result<ProviderRow> {
    let found = seeds()?.into_iter().find(|seed| seed.row.key.as_str() == key);
    Ok(found.with_context(|| format!("no seed {key}"))?.row)
}

fn paste(row: &ProviderRow, fields: &[(&str, &str)]) -> Result<FieldValues, Vec<Problem>> {
    let pasted = fields
        .iter()
        .map(|(name, value)| ((*name).to_owned(), SecretString::from(*value)));
    accept(row, pasted.collect(), &LintPolicy::default())
}

#[test]
fn the_six_providers_are_there() -> Result<()> {
    let keys: Vec<String> = seeds()?.iter().map(|seed| seed.row.key.to_string()).collect();
    assert_eq!(
        keys,
        ["anthropic", "openai", "stripe", "twilio", "sendgrid", "meta-ads"]
    );
    Ok(())
}

#[test]
fn every_row_passes_the_linter_without_an_exception() -> Result<()> {
    for seed in seeds()? {
        let problems = lint(&seed.row, &LintPolicy::default());
        assert!(problems.is_empty(), "{}: {problems:?}", seed.row.key);
    }
    Ok(())
}

#[test]
fn every_row_is_complete() -> Result<()> {
    for Seed { row, .. } in seeds()? {
        assert!(
            has_test(&row) && row.recipe.request.is_some(),
            "{} cannot be tested",
            row.key
        );
        assert!(
            row.help.url.as_deref().is_some_and(|url| url.starts_with("https://")),
            "{}",
            row.key
        );
        assert!(
            row.help.instructions.lines().count() > 3 && !row.description.is_empty(),
            "{}",
            row.key
        );
        for field in form(&row) {
            let explained = field.pattern.is_none() || field.pattern_help.is_some();
            assert!(
                !field.hint.is_empty() && explained,
                "{}: {} is not explained",
                row.key,
                field.name
            );
        }
    }
    Ok(())
}

#[test]
fn every_logo_is_a_small_png_of_its_own() -> Result<()> {
    let mut seen = Vec::new();
    for Seed { row, logo } in seeds()? {
        let bytes = std::fs::read(&logo).with_context(|| format!("no logo of {}", row.key))?;
        let image = image::load_from_memory_with_format(&bytes, image::ImageFormat::Png)?;
        assert_eq!((image.width(), image.height()), (128, 128), "{}", row.key);
        assert!(bytes.len() < 6 * 1024, "{}: {} bytes", row.key, bytes.len());
        assert!(!seen.contains(&bytes), "{} has the logo of another", row.key);
        seen.push(bytes);
    }
    Ok(())
}

/// A provider, what is pasted, and the URL at which the key is tested.
type Pasted = (&'static str, &'static [(&'static str, &'static str)], &'static str);

/// Keys in the shapes that the providers hand out; none of them works.
const PASTED: &[Pasted] = &[
    (
        "anthropic",
        &[("api_key", "sk-ant-api03-not_a-real-key")],
        "https://api.anthropic.com/v1/models?limit=1",
    ),
    (
        "openai",
        &[("api_key", "sk-proj-not_a-real-key")],
        "https://api.openai.com/v1/models",
    ),
    (
        "openai",
        &[("api_key", "sk-notarealkey"), ("organization", "org-none")],
        "https://api.openai.com/v1/models",
    ),
    (
        "openai",
        &[("api_key", "sk-svcacct-x"), ("project", "proj_none")],
        "https://api.openai.com/v1/models",
    ),
    (
        "stripe",
        &[("api_key", "sk_test_notreal")],
        "https://api.stripe.com/v1/account",
    ),
    (
        "stripe",
        &[("api_key", "rk_live_notreal")],
        "https://api.stripe.com/v1/account",
    ),
    (
        "twilio",
        &[
            ("account_sid", "AC00000000000000000000000000000000"),
            ("auth_token", "00000000000000000000000000000000"),
        ],
        "https://api.twilio.com/2010-04-01/Accounts/AC00000000000000000000000000000000.json",
    ),
    (
        "sendgrid",
        &[("api_key", "SG.not-a.real_key")],
        "https://api.sendgrid.com/v3/scopes",
    ),
    (
        "sendgrid",
        &[("api_key", "SG.not-a.real_key"), ("region", "eu")],
        "https://api.eu.sendgrid.com/v3/scopes",
    ),
    (
        "meta-ads",
        &[("access_token", "EAAnotreal"), ("ad_account_id", "act_12345")],
        "https://graph.facebook.com/v25.0/act_12345?access_token=EAAnotreal&fields=name%2Caccount_status",
    ),
    (
        "meta-ads",
        &[("access_token", "EAAnotreal"), ("ad_account_id", "12345")],
        "https://graph.facebook.com/v25.0/act_12345?access_token=EAAnotreal&fields=name%2Caccount_status",
    ),
];

#[test]
fn keys_of_every_shape_are_taken_and_tested_where_the_provider_says() -> Result<()> {
    for (key, fields, url) in PASTED {
        let row = seed(key)?;
        let values = paste(&row, fields).map_err(|problems| anyhow!("{key}: {problems:?}"))?;
        let request = render_test(&row, &values).map_err(|error| anyhow!("{key}: {error}"))?;
        assert_eq!(request.url(), *url, "{key}");
        assert_eq!(request.method().as_str(), "GET", "{key}");
    }
    Ok(())
}

#[test]
fn a_key_from_the_wrong_drawer_is_refused_with_the_way_to_the_right_one() -> Result<()> {
    for (key, field, pasted, says) in [
        ("anthropic", "api_key", "sk-ant-admin01-x", "admin key"),
        ("anthropic", "api_key", "sk-proj-x", "starts with sk-ant-"),
        ("openai", "api_key", "sk-ant-api03-x", "Anthropic"),
        ("openai", "api_key", "sk-admin-x", "admin key"),
        ("stripe", "api_key", "pk_live_x", "publishable"),
        ("stripe", "api_key", "whsec_x", "webhook"),
        (
            "twilio",
            "account_sid",
            "SK00000000000000000000000000000000",
            "starts with AC",
        ),
        ("sendgrid", "api_key", "not-a-key", "starts with SG."),
        ("meta-ads", "ad_account_id", "my-account", "is a number"),
    ] {
        let row = seed(key)?;
        let problems = paste(&row, &[(field, pasted)])
            .err()
            .with_context(|| format!("{key} takes {pasted}"))?;
        let problem = problems
            .iter()
            .find(|problem| problem.pointer == format!("/fields/{field}"));
        let message = &problem.with_context(|| format!("{key}: {problems:?}"))?.message;
        assert!(message.contains(says) && !message.contains(pasted), "{key}: {message}");
    }
    Ok(())
}

/// What the providers answer, and what it means: provider, status, body => verdict, code.
const ANSWERS: &str = r#"
anthropic 200 {"data": []} => accepted
anthropic 401 {"error": {"type": "authentication_error"}} => rejected invalid_credential
anthropic 403 {"error": {"type": "permission_error"}} => accepted_with_warning insufficient_scope
anthropic 529 {"error": {"type": "overloaded_error"}} => unreachable provider_error
openai 200 {"data": []} => accepted
openai 401 {"error": {"code": "invalid_api_key"}} => rejected invalid_credential
openai 401 {"error": {"message": "Missing scopes: api.model.read."}} => accepted_with_warning insufficient_scope
openai 403 {"error": {"message": "Missing scopes: api.model.read."}} => accepted_with_warning insufficient_scope
openai 429 {"error": {"code": "insufficient_quota"}} => accepted_with_warning no_funds
openai 429 {"error": {"code": "rate_limit_exceeded"}} => rate_limited rate_limited
stripe 200 {"object": "account", "id": "acct_1"} => accepted
stripe 401 {"error": {"type": "invalid_request_error"}} => rejected invalid_credential
stripe 403 {"error": {"type": "invalid_request_error"}} => accepted_with_warning insufficient_scope
twilio 200 {"status": "active", "friendly_name": "Acme"} => accepted
twilio 200 {"status": "suspended"} => accepted_with_warning account_suspended
twilio 200 {"status": "closed"} => rejected account_closed
twilio 401 {"code": 20003} => rejected invalid_credential
sendgrid 200 {"scopes": ["alerts.read", "mail.send"]} => accepted
sendgrid 200 {"scopes": ["alerts.read"]} => accepted_with_warning insufficient_scope
sendgrid 401 {"errors": []} => rejected invalid_credential
meta-ads 200 {"account_status": 1, "name": "Acme"} => accepted
meta-ads 200 {"account_status": 2} => accepted_with_warning account_not_active
meta-ads 200 {"account_status": 3} => accepted_with_warning no_funds
meta-ads 400 {"error": {"code": 190}} => rejected invalid_token
meta-ads 401 {"error": {"code": 190}} => rejected invalid_token
meta-ads 400 {"error": {"code": 100}} => rejected unknown_ad_account
meta-ads 403 {"error": {"code": 200}} => accepted_with_warning insufficient_scope
meta-ads 400 {"error": {"code": 17}} => accepted_with_warning too_many_calls
"#;

#[test]
fn the_answers_of_the_providers_get_the_verdict_that_they_mean() -> Result<()> {
    for line in ANSWERS.trim().lines() {
        let (answer, expected) = line.split_once(" => ").context("no verdict")?;
        let (key, answer) = answer.split_once(' ').context("no status")?;
        let (status, body) = answer.split_once(' ').context("no body")?;
        let response = HttpResponse {
            status: status.parse()?,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: body.as_bytes().to_vec(),
        };
        let outcome = judge(&seed(key)?, &FieldValues::default(), &response);
        let verdict = serde_json::to_value(outcome.verdict)?;
        let said = [verdict.as_str(), outcome.code.as_deref()]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>();
        assert_eq!(said.join(" "), expected, "{key} answers {status} {body}");
    }
    Ok(())
}

#[test]
fn an_outage_of_a_provider_says_nothing_of_the_key() -> Result<()> {
    for Seed { row, .. } in seeds()? {
        for status in [500, 502, 503] {
            let response = HttpResponse {
                status,
                headers: Vec::new(),
                body: b"<html>".to_vec(),
            };
            let outcome = judge(&row, &FieldValues::default(), &response);
            assert!(
                !outcome.verdict.is_definitive(),
                "{} takes {status} for {:?}",
                row.key,
                outcome.verdict
            );
        }
    }
    Ok(())
}
