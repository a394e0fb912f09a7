//! The eleven shapes of a row that need no code, each against every situation of section 4 of the design.
//!
//! The rows are those of `domain/tests/shapes`, unchanged. Beside each stands a case here, with what was pasted, the
//! exact request that must arrive, and the provider's answers with what must be made of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use domain::integration::TestOutcome;
use domain::provider::ProviderRow;
use domain::recipe::{self, FieldValues};
use egress::{Egress, EgressConfig};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::provider::{Answer, AnswerBody, Provider, Received};
use crate::setup::{acme, egress, hurried, line, pasted, reaching};

/// One shape, as a file of `cases` writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// What the account pastes.
    fields: BTreeMap<String, String>,
    /// What must arrive.
    request: Expected,
    /// What the provider says, and what that means. Every shape has all of them.
    good_key: Situation,
    bad_key: Situation,
    missing_scope: Situation,
    no_funds: Situation,
    failure_inside_200: Situation,
    /// Further situations of this provider, by name.
    #[serde(default)]
    more: BTreeMap<String, Situation>,
}

/// The request, but for the headers that all requests share.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    method: String,
    host: String,
    /// Path and query.
    target: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Situation {
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: String,
    /// `verdict code`, with `-` for no code.
    outcome: String,
    #[serde(default)]
    identity: Option<String>,
}

impl Expected {
    fn received(&self) -> Received {
        let mut headers = BTreeMap::from([
            ("accept".to_owned(), "*/*".to_owned()),
            ("host".to_owned(), self.host.clone()),
            (
                "user-agent".to_owned(),
                concat!("SoConnective-Integrations/", env!("CARGO_PKG_VERSION")).to_owned(),
            ),
        ]);
        if !self.body.is_empty() {
            headers.insert("content-length".to_owned(), self.body.len().to_string());
        }
        headers.extend(self.headers.clone());
        Received {
            sni: Some(self.host.clone()),
            method: self.method.clone(),
            target: self.target.clone(),
            headers,
            body: self.body.clone(),
        }
    }
}

impl Situation {
    fn answer(&self) -> Answer {
        let mut answer = Answer::new(self.status, self.body.clone());
        answer.headers.extend(self.headers.clone());
        answer
    }
}

/// A shape, its provider's double, and what was pasted.
struct Shape {
    name: &'static str,
    case: Case,
    row: ProviderRow,
    values: FieldValues,
    provider: Provider,
}

impl Shape {
    async fn start(name: &'static str) -> Self {
        let case: Case = read(&cases().join(format!("{name}.yaml")));
        let row: ProviderRow = read(&rows().join(format!("{name}.yaml")));
        let values = pasted(&row, &case.fields);
        let provider = Provider::start(&case.request.host).await;
        Self {
            name,
            case,
            row,
            values,
            provider,
        }
    }

    fn egress(&self, others: &[&Provider]) -> Egress {
        let mut providers = vec![&self.provider];
        providers.extend(others);
        egress(EgressConfig {
            breaker_failures: u32::MAX,
            ..reaching(&providers)
        })
    }

    async fn test(&self, egress: &Egress) -> TestOutcome {
        egress.test(&acme(), &self.row, &self.values).await
    }

    /// Gives the answer to one test and checks what arrived and what was made of it.
    async fn check(&self, egress: &Egress, situation: &str, answer: Answer, outcome: &str) -> TestOutcome {
        self.provider.answers(answer);
        let tested = self.test(egress).await;
        assert_eq!(
            self.provider.take_received(),
            [self.case.request.received()],
            "{}: {situation}",
            self.name
        );
        assert_eq!(line(&tested), outcome, "{}: {situation}", self.name);
        tested
    }
}

async fn shape(name: &'static str) {
    let shape = Shape::start(name).await;
    assert_eq!(
        recipe::lint(&shape.row, &recipe::LintPolicy::default()),
        [],
        "{name} is a row that can be saved"
    );

    let reaching = shape.egress(&[]);
    let case = &shape.case;
    let named = [
        ("good key", &case.good_key),
        ("bad key", &case.bad_key),
        ("missing scope", &case.missing_scope),
        ("no funds", &case.no_funds),
        ("200 with a failure inside", &case.failure_inside_200),
    ];
    let more = case.more.iter().map(|(name, situation)| (name.as_str(), situation));
    for (when, situation) in named.into_iter().chain(more) {
        let outcome = shape
            .check(&reaching, when, situation.answer(), &situation.outcome)
            .await;
        assert_eq!(outcome.identity, situation.identity, "{name}: {when}");
    }
    let outage = Answer::new(500, r#"{"error": "internal"}"#);
    shape
        .check(&reaching, "outage", outage, "unreachable provider_error")
        .await;
    let huge = Answer::with_body(200, AnswerBody::Endless);
    shape
        .check(&reaching, "huge body", huge, "misconfigured body_too_large")
        .await;

    redirects_are_not_followed(&shape).await;
    slowness_is_no_verdict(&shape).await;
}

async fn redirects_are_not_followed(shape: &Shape) {
    let elsewhere = Provider::start("collector.evil-provider.com").await;
    let egress = shape.egress(&[&elsewhere]);
    let answer = Answer::redirect("https://collector.evil-provider.com/");
    shape
        .check(&egress, "redirect to another host", answer, "misconfigured redirected")
        .await;
    assert_eq!(elsewhere.connections(), 0, "{}", shape.name);
}

async fn slowness_is_no_verdict(shape: &Shape) {
    let egress = shape.egress(&[]);
    let slow = Answer::with_body(200, AnswerBody::Never);
    let call = shape.check(&egress, "slow", slow, "unreachable timeout");
    let (_, took) = hurried(call, shape.provider.arrivals()).await;
    assert!((10..11).contains(&took.as_secs()), "{}: {took:?}", shape.name);
}

fn rows() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../domain/tests/shapes")
}

fn cases() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/against_a_provider/cases")
}

fn read<T: DeserializeOwned>(path: &PathBuf) -> T {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn names_in(folder: PathBuf) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn every_shape_has_a_case() {
    assert_eq!(names_in(rows()), names_in(cases()));
    assert_eq!(names_in(cases()).len(), 11);
}

#[tokio::test]
async fn stripe_basic_with_an_empty_password() {
    shape("stripe").await;
}

#[tokio::test]
async fn twilio_two_fields_and_one_of_them_in_the_path() {
    shape("twilio").await;
}

#[tokio::test]
async fn anthropic_a_key_header_and_a_fixed_version_header() {
    shape("anthropic").await;
}

#[tokio::test]
async fn openai_accepts_a_key_without_funds() {
    shape("openai").await;
}

#[tokio::test]
async fn sendgrid_a_region_and_scopes() {
    shape("sendgrid").await;
}

#[tokio::test]
async fn mailchimp_a_host_out_of_the_key() {
    shape("mailchimp").await;
}

#[tokio::test]
async fn meta_ads_a_token_in_the_query() {
    shape("meta-ads").await;
}

#[tokio::test]
async fn shopify_a_subdomain_and_graphql() {
    shape("shopify").await;
}

#[tokio::test]
async fn azure_openai_a_resource_a_deployment_and_a_version() {
    shape("azure-openai").await;
}

#[tokio::test]
async fn slack_says_no_with_200() {
    shape("slack").await;
}

#[tokio::test]
async fn datadog_two_secrets_and_a_site() {
    shape("datadog").await;
}
