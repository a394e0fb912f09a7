use domain::ConnectionName;
use domain::access::{AccessEvent, CredentialReleased};
use domain::integration::{
    ConnectionStatus, CredentialRotated, CredentialTested, IntegrationEvent, Standing, Supersede, TestOutcome, Verdict,
};

use super::{Names, Sentence};
use crate::session::Tone;

/// What happened to an account's keys.
pub(super) fn integration(event: &IntegrationEvent) -> Sentence {
    match event {
        IntegrationEvent::IntegrationInstalled(_) => Sentence::good("The integration was installed"),
        IntegrationEvent::CredentialConnected(event) => {
            let of = of(&event.connection);
            Sentence::good(format!("A key{of} was saved as version {}", event.version))
        }
        IntegrationEvent::CredentialRotated(event) => rotated(event),
        IntegrationEvent::CredentialTested(event) => tested(event),
        IntegrationEvent::CredentialRetired(event) => {
            let (of, version) = (of(&event.connection), event.version);
            Sentence::plain(format!(
                "Key version {version}{of} was retired: it is not valid any more"
            ))
        }
        IntegrationEvent::CredentialDisconnected(event) => {
            let of = of(&event.connection);
            Sentence::caution(format!("The key{of} was taken back: no service gets it any more"))
        }
        IntegrationEvent::CredentialErased(event) => {
            let (of, versions) = (of(&event.connection), versions(&event.versions));
            Sentence::plain(format!("Erased for good: key {versions}{of}"))
        }
        IntegrationEvent::IntegrationUninstalled(_) => {
            Sentence::caution("The integration was uninstalled, and every key of it taken back")
        }
    }
}

/// What their keys were used for.
pub(super) fn access(AccessEvent::CredentialReleased(event): &AccessEvent, names: &Names) -> Sentence {
    let CredentialReleased {
        version, connection, ..
    } = event;
    let purpose = event.purpose.as_ref();
    let purpose = purpose.map(|purpose| format!(" for “{purpose}”")).unwrap_or_default();
    let behalf = event.on_behalf_of.as_ref();
    let behalf = behalf
        .map(|account| format!(", on behalf of the account {account}"))
        .unwrap_or_default();
    let to = names.caller(&event.principal);
    let of = of(connection);
    Sentence::plain(format!(
        "Key version {version}{of} was released to {to}{purpose}{behalf},"
    ))
    .until(Some(event.lease_until))
}

fn rotated(event: &CredentialRotated) -> Sentence {
    let saved = format!("Key version {}{} was saved", event.version, of(&event.connection));
    match &event.standing {
        Standing::Candidate => Sentence::caution(format!(
            "{saved} and waits for its test; the version in use stays in use"
        )),
        Standing::Current { supersedes: None } => Sentence::good(format!("{saved} and is in use")),
        Standing::Current { supersedes: Some(old) } => in_place_of(&format!("{saved} and is in use"), old),
    }
}

fn tested(event: &CredentialTested) -> Sentence {
    let (version, of) = (event.version, of(&event.connection));
    let (tone, said) = verdict(&event.outcome);
    let identity = event.outcome.identity.as_ref();
    let identity = identity.map(|whose| format!(" as {whose}")).unwrap_or_default();
    let text = format!("Key version {version}{of} {said}{identity}{}", reason(&event.outcome));
    let sentence = match &event.promotes_over {
        None => Sentence::plain(text),
        Some(old) => in_place_of(&format!("{text}, and it is in use now"), old),
    };
    sentence.toned(tone)
}

/// What a test said, in the past tense.
fn verdict(outcome: &TestOutcome) -> (Option<Tone>, &'static str) {
    match outcome.verdict {
        Verdict::Accepted => (Some(Tone::Good), "was tested: the provider accepted it"),
        Verdict::AcceptedWithWarning => (
            Some(Tone::Caution),
            "was tested: the provider accepted it, with a warning",
        ),
        Verdict::Rejected if asks_to_authorize(outcome) => (
            Some(Tone::Bad),
            "was tested: the provider wants the account to authorize again",
        ),
        Verdict::Rejected => (Some(Tone::Bad), "was tested: the provider refused it"),
        Verdict::Unreachable => (
            Some(Tone::Caution),
            "was to be tested: the provider could not be reached",
        ),
        Verdict::RateLimited => (Some(Tone::Caution), "was to be tested: there were too many tests"),
        Verdict::Misconfigured => (Some(Tone::Caution), "was to be tested: the test itself did not work"),
        Verdict::Untestable => (None, "cannot be tested: the provider has no test"),
    }
}

/// Why a test said that, where its code tells more than its verdict.
fn reason(outcome: &TestOutcome) -> String {
    let told = matches!(outcome.verdict, Verdict::RateLimited) || asks_to_authorize(outcome);
    let code = outcome.code.as_ref().filter(|_| !told);
    code.map(|code| format!(" ({})", code.replace('_', " ")))
        .unwrap_or_default()
}

fn asks_to_authorize(outcome: &TestOutcome) -> bool {
    outcome.code.as_deref() == Some(ConnectionStatus::REAUTH_CODE)
}

fn in_place_of(text: &str, old: &Supersede) -> Sentence {
    let version = old.version;
    match old.retire_at {
        None => Sentence::good(format!("{text} in place of version {version}")),
        Some(_) => Sentence::good(format!("{text}; version {version} stays valid")).until(old.retire_at),
    }
}

/// Which connection, where that is not the one that every integration has.
fn of(connection: &ConnectionName) -> String {
    if *connection == ConnectionName::default() {
        String::new()
    } else {
        format!(" of the connection “{connection}”")
    }
}

fn versions(versions: &[u32]) -> String {
    let all: Vec<_> = versions.iter().map(u32::to_string).collect();
    match all.as_slice() {
        [first @ .., last] if !first.is_empty() => format!("versions {} and {last}", first.join(", ")),
        all => format!("version {}", all.concat()),
    }
}
