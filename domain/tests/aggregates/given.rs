use chrono::{DateTime, TimeDelta, Utc};
use domain::integration::{SealedSecret, TestOutcome, Verdict};
use domain::{Aggregate, ConnectionName, CredentialId, DekId, Fingerprint, Refusal, Sha256Digest};
use uuid::Uuid;

/// What has happened so far.
pub(crate) struct Given<A>(A);

/// What was decided.
pub(crate) struct Then<A: Aggregate>(Result<Vec<A::Event>, A::Rejection>);

pub(crate) fn given<A: Aggregate>(events: impl IntoIterator<Item = A::Event>) -> Given<A> {
    Given(
        events
            .into_iter()
            .fold(A::default(), |state, event| state.evolve(&event)),
    )
}

impl<A: Aggregate> Given<A> {
    pub(crate) fn when(self, command: A::Command) -> Then<A> {
        Then(self.0.decide(command))
    }

    pub(crate) fn state(self) -> A {
        self.0
    }
}

impl<A: Aggregate> Then<A>
where
    A::Event: PartialEq,
{
    #[track_caller]
    pub(crate) fn then(self, expected: impl IntoIterator<Item = A::Event>) {
        match self.0 {
            Ok(events) => assert_eq!(events, expected.into_iter().collect::<Vec<_>>()),
            Err(rejection) => panic!("rejected: {}", rejection.code()),
        }
    }

    #[track_caller]
    pub(crate) fn then_nothing(self) {
        self.then([]);
    }

    #[track_caller]
    pub(crate) fn then_rejected(self, code: &str) {
        match self.0 {
            Ok(events) => panic!("not rejected: {events:?}"),
            Err(rejection) => {
                assert_eq!(rejection.code(), code);
                let text = rejection.to_string();
                assert!(
                    text.ends_with('.') && text.starts_with(char::is_uppercase),
                    "no sentence: {text}"
                );
            }
        }
    }
}

pub(crate) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(1_800_000_000 + seconds)
}

pub(crate) fn default_connection() -> ConnectionName {
    ConnectionName::default()
}

pub(crate) fn credential(number: u128) -> CredentialId {
    CredentialId::new(Uuid::from_u128(number))
}

/// A sealed secret, one for each version.
pub(crate) fn sealed(version: u32) -> SealedSecret {
    SealedSecret {
        dek: DekId::new(Uuid::from_u128(u128::from(version) + 0xdec)),
        envelope_sha256: Sha256Digest::of(&version.to_be_bytes()),
        fingerprint: Fingerprint::new([7; 32]),
    }
}

pub(crate) fn verdict(verdict: Verdict) -> TestOutcome {
    TestOutcome {
        verdict,
        code: None,
        identity: None,
    }
}
