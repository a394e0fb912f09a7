use commands::{KeyPlace, KeyReport};
use domain::integration::{ConnectionStatus, TestOutcome, Verdict};

use crate::session::{Notice, Tone};

/// What a person reads of a key that was saved or tested: what happened, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Words {
    /// How it is meant.
    pub(crate) tone: Tone,
    /// What happened, in a few words without a stop.
    pub(crate) title: String,
    /// What that means, and what to do next.
    pub(crate) text: String,
}

impl Words {
    /// What became of a key that was just saved or tested. `provider` is the provider's name.
    pub(crate) fn of(provider: &str, report: &KeyReport) -> Self {
        let untested = TestOutcome {
            verdict: Verdict::Untestable,
            code: None,
            identity: None,
        };
        let outcome = report.test.as_ref().unwrap_or(&untested);
        let said = Self::of_test(provider, outcome);
        let title = match report.place {
            KeyPlace::Superseded => "Another key has taken its place meanwhile".to_owned(),
            KeyPlace::Current | KeyPlace::Candidate => said.title,
        };
        Self {
            tone: said.tone,
            title,
            text: format!("{} {}", standing(report, outcome.verdict), said.text)
                .trim()
                .to_owned(),
        }
    }

    /// What a test said, wherever the key stands now.
    pub(crate) fn of_test(provider: &str, outcome: &TestOutcome) -> Self {
        let code = outcome.code.as_deref().unwrap_or_default();
        match outcome.verdict {
            Verdict::Accepted => accepted(provider, outcome.identity.as_deref()),
            Verdict::AcceptedWithWarning => accepted_with_warning(provider, code, outcome.identity.as_deref()),
            Verdict::Rejected => rejected(provider, code),
            Verdict::Unreachable => unreachable(provider, code),
            Verdict::RateLimited => rate_limited(provider, code),
            Verdict::Misconfigured => misconfigured(provider, code),
            Verdict::Untestable => Self {
                tone: Tone::Caution,
                title: "Saved, not verified".to_owned(),
                text: format!("No test was made, so that it is not known whether {provider} takes the key."),
            },
        }
    }

    /// Something to leave for the next page to say.
    pub(crate) fn notice(&self) -> Notice {
        Notice {
            tone: self.tone,
            text: format!("{}. {}", self.title, self.text),
        }
    }
}

/// What a test left of the key: whether it is in use.
const fn standing(report: &KeyReport, verdict: Verdict) -> &'static str {
    match report.place {
        KeyPlace::Superseded => "Look at the connection to see which key is in use now.",
        KeyPlace::Candidate if matches!(verdict, Verdict::Rejected) => {
            "It is saved, but not used; the key before it stays in use."
        }
        KeyPlace::Candidate => {
            "The new key is saved and waits until a test accepts it; the key before it stays in use."
        }
        KeyPlace::Current if verdict.is_accepted() => "",
        KeyPlace::Current if verdict.is_definitive() => "It is saved, but not used.",
        KeyPlace::Current => match report.status {
            ConnectionStatus::Connected => "Nothing has changed: the key stays connected.",
            ConnectionStatus::Rejected | ConnectionStatus::NeedsReauth => {
                "Nothing has changed: the key is saved, and not used."
            }
            ConnectionStatus::Unverified | ConnectionStatus::Disconnected => {
                "The key is saved and in use as it is, not verified."
            }
        },
    }
}

fn accepted(provider: &str, identity: Option<&str>) -> Words {
    let title = identity.map_or_else(|| "Connected".to_owned(), |identity| format!("Connected as {identity}"));
    Words {
        tone: Tone::Good,
        title,
        text: format!("{provider} accepts the key; it is ready to use."),
    }
}

fn accepted_with_warning(provider: &str, code: &str, identity: Option<&str>) -> Words {
    let (but, next) = match code {
        "insufficient_scope" => (
            "the key may not do everything".to_owned(),
            format!(
                "{provider} accepts the key, but it lacks permissions. Grant them at {provider}, or paste a key that \
                 has them, and test again."
            ),
        ),
        "no_funds" | "insufficient_quota" => (
            "there are no funds".to_owned(),
            format!(
                "{provider} accepts the key, but the account there has no credit left. Top it up at {provider}; the \
                 key can stay."
            ),
        ),
        "account_suspended" | "account_not_active" => (
            format!("the account at {provider} is not active"),
            format!("{provider} accepts the key. Put the account right there and test again; the key can stay."),
        ),
        _ => (
            "there is a warning".to_owned(),
            format!(
                "{provider} accepts the key, but something is amiss{}. Look after it at {provider} and test again; the \
                 key can stay.",
                named(code, "warning")
            ),
        ),
    };
    let identity = identity.map(|identity| format!(" as {identity}")).unwrap_or_default();
    Words {
        tone: Tone::Caution,
        title: format!("Connected{identity}, but {but}"),
        text: next,
    }
}

fn rejected(provider: &str, code: &str) -> Words {
    if code == ConnectionStatus::REAUTH_CODE {
        return Words {
            tone: Tone::Bad,
            title: format!("{provider} wants you to authorize again"),
            text: format!("Do that at {provider} and test again. If it gave you a new key there, save that one."),
        };
    }
    let why = match code {
        "invalid_token" => String::new(),
        code => named(code, "invalid_credential"),
    };
    Words {
        tone: Tone::Bad,
        title: format!("{provider} refused this key{why}"),
        text: format!(
            "Check that all of it was copied, that it belongs to the right account and that {provider} has not revoked \
             it. Correct it and save it again."
        ),
    }
}

fn unreachable(provider: &str, code: &str) -> Words {
    let what = match code {
        "timeout" => "did not answer in time",
        "provider_error" => "is out of order",
        "circuit_open" => "has not answered for a while and is left alone for a moment",
        "tls" => "has a certificate that cannot be trusted",
        "broken_answer" => "broke off its answer",
        _ => "could not be reached",
    };
    let own_server = match code {
        "dns" | "connect" | "tls" => " If it is a server of your own, check its address.",
        _ => "",
    };
    Words {
        tone: Tone::Caution,
        title: format!("{provider} {what}"),
        text: format!("That says nothing of the key. Test it again in a few minutes.{own_server}"),
    }
}

/// Whose limit it was.
pub(crate) fn who_limits(provider: &str, code: &str) -> String {
    if code == "too_many_tests" {
        "Too many keys are being tested".to_owned()
    } else {
        format!("{provider} is asked too often at the moment")
    }
}

fn rate_limited(provider: &str, code: &str) -> Words {
    Words {
        tone: Tone::Caution,
        title: who_limits(provider, code),
        text: "That says nothing of the key. Wait a minute and test it again.".to_owned(),
    }
}

fn misconfigured(provider: &str, code: &str) -> Words {
    let own_server = match code {
        "address_not_allowed" | "host_not_allowed" | "host_outside_rule" => {
            " If it is a server of your own, check that its address is a public one."
        }
        _ => "",
    };
    Words {
        tone: Tone::Caution,
        title: format!("{provider} could not be asked in the right way"),
        text: format!(
            "The marketplace's entry for {provider} seems to be wrong, not your key.{own_server} Tell a platform \
             admin{}.",
            named(code, "")
        ),
    }
}

/// A code in brackets, in words; nothing for the code that says no more than the verdict.
fn named(code: &str, usual: &str) -> String {
    if code.is_empty() || code == usual {
        String::new()
    } else {
        format!(" ({})", code.replace('_', " "))
    }
}

#[cfg(test)]
mod tests {
    use domain::CredentialId;
    use uuid::Uuid;

    use super::*;

    fn outcome(verdict: Verdict, code: &str) -> TestOutcome {
        TestOutcome {
            verdict,
            code: Some(code.to_owned()).filter(|code| !code.is_empty()),
            identity: None,
        }
    }

    fn report(place: KeyPlace, status: ConnectionStatus, test: Option<TestOutcome>) -> KeyReport {
        KeyReport {
            connection: "default".parse().unwrap(),
            credential: CredentialId::new(Uuid::nil()),
            version: 2,
            place,
            status,
            test,
        }
    }

    #[test]
    fn an_accepted_key_says_as_whom() {
        let as_ada = TestOutcome {
            identity: Some("ada".to_owned()),
            ..outcome(Verdict::Accepted, "")
        };
        let words = Words::of(
            "Stripe",
            &report(KeyPlace::Current, ConnectionStatus::Connected, Some(as_ada)),
        );
        assert_eq!((words.tone, words.title.as_str()), (Tone::Good, "Connected as ada"));
        assert_eq!(words.text, "Stripe accepts the key; it is ready to use.");
        assert_eq!(
            words.notice().text,
            "Connected as ada. Stripe accepts the key; it is ready to use."
        );
    }

    #[test]
    fn a_warning_says_what_is_amiss_and_that_the_key_can_stay() {
        for (code, title) in [
            ("insufficient_scope", "Connected, but the key may not do everything"),
            ("no_funds", "Connected, but there are no funds"),
            ("insufficient_quota", "Connected, but there are no funds"),
            (
                "account_suspended",
                "Connected, but the account at Stripe is not active",
            ),
            ("warning", "Connected, but there is a warning"),
        ] {
            let words = Words::of_test("Stripe", &outcome(Verdict::AcceptedWithWarning, code));
            assert_eq!((words.tone, words.title.as_str()), (Tone::Caution, title));
        }
        let words = Words::of_test("Stripe", &outcome(Verdict::AcceptedWithWarning, "few_scopes"));
        assert!(
            words.text.contains("something is amiss (few scopes)."),
            "{}",
            words.text
        );
    }

    #[test]
    fn a_refused_key_is_saved_and_not_used_and_a_working_one_before_it_stays() {
        let refused = || Some(outcome(Verdict::Rejected, "invalid_credential"));
        let first = Words::of(
            "Stripe",
            &report(KeyPlace::Current, ConnectionStatus::Rejected, refused()),
        );
        assert_eq!(
            (first.tone, first.title.as_str()),
            (Tone::Bad, "Stripe refused this key")
        );
        assert!(
            first
                .text
                .starts_with("It is saved, but not used. Check that all of it was copied")
        );
        let second = Words::of(
            "Stripe",
            &report(KeyPlace::Candidate, ConnectionStatus::Connected, refused()),
        );
        assert!(
            second
                .text
                .starts_with("It is saved, but not used; the key before it stays in use.")
        );
        let why = Words::of_test("Stripe", &outcome(Verdict::Rejected, "account_closed"));
        assert_eq!(why.title, "Stripe refused this key (account closed)");
        let again = Words::of_test("Stripe", &outcome(Verdict::Rejected, ConnectionStatus::REAUTH_CODE));
        assert_eq!(again.title, "Stripe wants you to authorize again");
    }

    #[test]
    fn an_outage_says_nothing_of_the_key_and_promises_no_test_that_nobody_makes() {
        for (verdict, code, title) in [
            (Verdict::Unreachable, "timeout", "Stripe did not answer in time"),
            (Verdict::Unreachable, "dns", "Stripe could not be reached"),
            (Verdict::RateLimited, "too_many_tests", "Too many keys are being tested"),
            (
                Verdict::RateLimited,
                "rate_limited",
                "Stripe is asked too often at the moment",
            ),
        ] {
            let fresh = report(
                KeyPlace::Current,
                ConnectionStatus::Unverified,
                Some(outcome(verdict, code)),
            );
            let words = Words::of("Stripe", &fresh);
            assert_eq!((words.tone, words.title.as_str()), (Tone::Caution, title));
            assert!(
                words
                    .text
                    .starts_with("The key is saved and in use as it is, not verified. That says nothing")
            );
            assert!(words.text.contains("again"), "{}", words.text);
        }
        let down = || Some(outcome(Verdict::Unreachable, "connect"));
        let tested = Words::of(
            "Stripe",
            &report(KeyPlace::Current, ConnectionStatus::Connected, down()),
        );
        assert!(tested.text.starts_with("Nothing has changed: the key stays connected."));
        let waiting = Words::of(
            "Stripe",
            &report(KeyPlace::Candidate, ConnectionStatus::Connected, down()),
        );
        assert!(
            waiting
                .text
                .starts_with("The new key is saved and waits until a test accepts it")
        );
    }

    #[test]
    fn a_wrong_row_is_not_the_accounts_fault() {
        let words = Words::of_test("Stripe", &outcome(Verdict::Misconfigured, "unexpected_answer"));
        assert_eq!(
            words.text,
            "The marketplace's entry for Stripe seems to be wrong, not your key. Tell a platform admin (unexpected answer)."
        );
    }

    #[test]
    fn a_key_that_was_not_tested_is_not_called_connected() {
        let words = Words::of("Stripe", &report(KeyPlace::Current, ConnectionStatus::Unverified, None));
        assert_eq!(words.title, "Saved, not verified");
        assert_eq!(
            words.text,
            "The key is saved and in use as it is, not verified. No test was made, so that it is not known whether \
             Stripe takes the key."
        );
    }

    #[test]
    fn a_key_that_was_overtaken_is_not_called_connected() {
        let late = report(
            KeyPlace::Superseded,
            ConnectionStatus::Connected,
            Some(outcome(Verdict::Accepted, "")),
        );
        let words = Words::of("Stripe", &late);
        assert_eq!(words.title, "Another key has taken its place meanwhile");
    }
}
