//! What the tests share: a small row, its key, and an egress that reaches the doubles.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use domain::AccountId;
use domain::integration::TestOutcome;
use domain::provider::ProviderRow;
use domain::recipe::{self, FieldValues, LintPolicy};
use egress::{Egress, EgressConfig, Lookup};
use secrecy::SecretString;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::provider::Provider;

/// The host of the small row.
pub(crate) const HOST: &str = "api.probe-provider.com";

/// The key that the small row's account pastes.
pub(crate) const KEY: &str = "probe-key-canary-7f3a";

/// Names and where they lead, and the names that were asked for.
#[derive(Default)]
pub(crate) struct Names {
    answers: HashMap<String, Vec<SocketAddr>>,
    asked: Mutex<Vec<String>>,
}

impl Names {
    pub(crate) fn of(answers: &[(&str, &[SocketAddr])]) -> Arc<Self> {
        Arc::new(Self {
            answers: answers
                .iter()
                .map(|(name, addresses)| ((*name).to_owned(), addresses.to_vec()))
                .collect(),
            asked: Mutex::default(),
        })
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl Lookup for Names {
    async fn lookup(&self, name: &str) -> io::Result<Vec<SocketAddr>> {
        self.asked.lock().unwrap().push(name.to_owned());
        let found = self.answers.get(name.trim_end_matches('.'));
        found.cloned().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }
}

/// A configuration with which each double is reached behind its name: the names lead to them, their authorities are
/// trusted, and they are excepted, since they live at a private address.
pub(crate) fn reaching(providers: &[&Provider]) -> EgressConfig {
    let names: Vec<_> = providers
        .iter()
        .map(|provider| (provider.host(), [provider.address()]))
        .collect();
    let names: Vec<_> = names.iter().map(|(host, addresses)| (*host, &addresses[..])).collect();
    EgressConfig {
        allow: providers
            .iter()
            .map(|provider| format!("{}:443", provider.host()).parse().unwrap())
            .collect(),
        extra_roots: providers
            .iter()
            .map(|provider| provider.authority())
            .collect::<String>()
            .into_bytes(),
        lookup: Names::of(&names),
        ..EgressConfig::default()
    }
}

pub(crate) fn egress(config: EgressConfig) -> Egress {
    Egress::new(config).unwrap()
}

pub(crate) fn row(yaml: &str) -> ProviderRow {
    serde_saphyr::from_str(yaml).unwrap()
}

/// A row with one key, a bearer token, and the simplest test.
pub(crate) fn probe_at(base_url: &str) -> ProviderRow {
    row(&format!(
        r#"
key: probe
name: Probe
category: Tests
auth: bearer
credential: {{ label: API key }}
recipe:
  request: {{ base_url: "{base_url}", auth: {{ bearer: "{{api_key}}" }} }}
  test: {{ path: /me, accept: [{{ status: 200 }}], reject: [{{ status: 401 }}] }}
"#
    ))
}

pub(crate) fn probe() -> ProviderRow {
    probe_at(&format!("https://{HOST}"))
}

/// What was pasted, as the form of the row takes it.
pub(crate) fn pasted(row: &ProviderRow, fields: &BTreeMap<String, String>) -> FieldValues {
    let raw = fields
        .iter()
        .map(|(name, value)| (name.clone(), SecretString::from(value.clone())))
        .collect();
    match recipe::accept(row, raw, &LintPolicy::default()) {
        Ok(values) => values,
        Err(problems) => panic!("{}: {problems:?}", row.key),
    }
}

pub(crate) fn key_of(row: &ProviderRow) -> FieldValues {
    pasted(row, &BTreeMap::from([("api_key".to_owned(), KEY.to_owned())]))
}

pub(crate) fn acme() -> AccountId {
    "acme".parse().unwrap()
}

/// Tests the small row's key for the account `acme`.
pub(crate) async fn test(egress: &Egress, row: &ProviderRow) -> TestOutcome {
    egress.test(&acme(), row, &key_of(row)).await
}

/// Runs a call, and turns the clock to its end once the request has arrived: nobody waits, and a slow machine changes
/// nothing. Gives the time that the call took by that clock.
pub(crate) async fn hurried<T>(call: impl Future<Output = T>, mut arrivals: watch::Receiver<()>) -> (T, Duration) {
    let start = Instant::now();
    let hurry = async {
        arrivals.changed().await.unwrap();
        // A paused clock jumps to the next timer whenever there is nothing else to do.
        tokio::time::pause();
    };
    let (result, ()) = tokio::join!(call, hurry);
    let took = start.elapsed();
    tokio::time::resume();
    (result, took)
}

/// An outcome as one line: `verdict code`, with `-` for no code.
pub(crate) fn line(outcome: &TestOutcome) -> String {
    let verdict = serde_json::to_value(outcome.verdict).unwrap();
    format!(
        "{} {}",
        verdict.as_str().unwrap(),
        outcome.code.as_deref().unwrap_or("-")
    )
}
