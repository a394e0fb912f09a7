use domain::integration::{TestOutcome, Verdict};
use domain::provider::ProviderRow;
use domain::recipe::{self, FieldValues, LintPolicy};
use domain::{AccountId, Actor};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::breaker::{Breaker, CircuitKey};
use crate::client::{Answer, Client};
use crate::config::EgressConfig;
use crate::error::EgressError;
use crate::failure::Failure;
use crate::guard::Guard;
use crate::limits::{Limits, Share};

/// The account, or everybody, has had as many tests as the limits allow.
const TOO_MANY_TESTS: &str = "too_many_tests";
/// The provider has failed often in a row and is left alone for a moment.
const CIRCUIT_OPEN: &str = "circuit_open";

/// The way out: it tests credentials against their providers. One for the whole process, shared.
pub struct Egress {
    guard: Guard,
    limits: Limits,
    breaker: Breaker,
    calls: Semaphore,
    client: Client,
}

impl Egress {
    /// Sets it up, and logs the operator's exceptions.
    ///
    /// # Errors
    ///
    /// [`EgressError`] when the operator's certificate authorities cannot be read or TLS cannot be set up.
    pub fn new(config: EgressConfig) -> Result<Self, EgressError> {
        for entry in &config.allow {
            tracing::warn!(host = %entry.host, port = entry.port, "egress exception: called without the usual checks");
        }
        Ok(Self {
            limits: Limits::new(&config),
            breaker: Breaker::new(&config),
            calls: Semaphore::new(config.max_calls),
            client: Client::new(&config)?,
            guard: Guard::new(LintPolicy { allowed: config.allow }),
        })
    }

    /// Tests a credential as its row says. There is no error: whatever goes wrong is an outcome with a code, and says
    /// nothing of the key.
    pub async fn test(&self, account: &AccountId, row: &ProviderRow, fields: &FieldValues) -> TestOutcome {
        let outcome = self.attempt(&Share::Account(account.clone()), row, fields).await;
        tracing::debug!(
            %account,
            provider = %row.key,
            verdict = ?outcome.verdict,
            code = outcome.code.as_deref(),
            "credential tested"
        );
        outcome
    }

    /// Tests a row itself, with a credential that belongs to no account: it counts as a test of the one who asks.
    pub async fn try_out(&self, actor: &Actor, row: &ProviderRow, fields: &FieldValues) -> TestOutcome {
        let outcome = self.attempt(&Share::Actor(actor.clone()), row, fields).await;
        tracing::debug!(
            actor = actor.id,
            provider = %row.key,
            verdict = ?outcome.verdict,
            code = outcome.code.as_deref(),
            "row tried out"
        );
        outcome
    }

    /// What the linter of rows has to know: the operator's exceptions.
    #[must_use]
    pub fn lint_policy(&self) -> LintPolicy {
        self.guard.exceptions().clone()
    }

    async fn attempt(&self, share: &Share, row: &ProviderRow, fields: &FieldValues) -> TestOutcome {
        if !recipe::has_test(row) {
            return TestOutcome {
                verdict: Verdict::Untestable,
                code: None,
                identity: None,
            };
        }
        let request = match recipe::render_test(row, fields) {
            Ok(request) => request,
            Err(error) => return TestOutcome::with_code(Verdict::Misconfigured, error.code()),
        };
        let target = match self.guard.check(request.url(), request.host_rule()) {
            Ok(target) => target,
            Err(refusal) => return TestOutcome::with_code(Verdict::Misconfigured, refusal.code()),
        };
        if !self.limits.admit(share, &row.key, Instant::now()) {
            return TestOutcome::with_code(Verdict::RateLimited, TOO_MANY_TESTS);
        }
        let Ok(_call) = self.calls.try_acquire() else {
            return TestOutcome::with_code(Verdict::RateLimited, TOO_MANY_TESTS);
        };
        let circuit = CircuitKey {
            provider: row.key.clone(),
            host: target.host.clone(),
        };
        let Some(permit) = self.breaker.admit(circuit, Instant::now()) else {
            return TestOutcome::with_code(Verdict::Unreachable, CIRCUIT_OPEN);
        };
        let sent = self.client.send(&target, &request).await;
        let called = !matches!(sent, Err(Failure::AddressNotAllowed | Failure::Request));
        let outcome = match sent {
            Ok(answer) => judge(row, fields, &answer),
            Err(failure) => failure.outcome(),
        };
        match outcome.verdict {
            Verdict::Unreachable => permit.failed(Instant::now()),
            // Nobody was called, so nothing was learnt of the provider.
            _ if !called => drop(permit),
            _ => permit.reached(),
        }
        outcome
    }
}

/// Whether the provider was to be called for this outcome. Otherwise this product's own limits said no, which says nothing
/// of the key.
#[must_use]
pub fn was_attempted(outcome: &TestOutcome) -> bool {
    !matches!(outcome.code.as_deref(), Some(TOO_MANY_TESTS | CIRCUIT_OPEN))
}

/// The row's judgement of an answer. One that was not read in whole is judged by its status alone, and only where the
/// status says that this is no answer to the key: elsewhere a rule on the body might have said the opposite of the rule
/// that the status meets.
fn judge(row: &ProviderRow, fields: &FieldValues, answer: &Answer) -> TestOutcome {
    let is_outage = matches!(answer.response.status, 300..=399 | 408 | 429 | 500..);
    if answer.too_large && !is_outage {
        return TestOutcome::with_code(Verdict::Misconfigured, "body_too_large");
    }
    recipe::judge(row, fields, &answer.response)
}
