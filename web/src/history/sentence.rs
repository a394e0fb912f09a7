use chrono::{DateTime, Utc};
use domain::Event;
use domain::account::{AccountEvent, AiSettingsChosen};
use domain::keyring::KeyringEvent;
use domain::operation::{OperationEvent, ProjectionEventSkipped};
use domain::provider::ProviderEvent;
use domain::token::{TokenEvent, TokenIssued};

use super::{Names, key};
use crate::error::role_name;
use crate::session::Tone;
use crate::shell::scope;
use crate::time::Moment;

/// An event in the words of people. Who did it and when stands beside it.
#[derive(askama::Template)]
#[template(
    source = "{{ text }}{% if let Some(until) = until %} until {{ until }}{% endif %}.",
    ext = "html"
)]
pub(crate) struct Sentence {
    /// How it is meant; none for what is neither good nor bad.
    pub(crate) tone: Option<Tone>,
    text: String,
    /// Until when what the text ends with holds.
    until: Option<Moment>,
}

impl askama::filters::HtmlSafe for Sentence {}

impl Sentence {
    /// The sentence of an event. `names` knows the callers that it names.
    pub(crate) fn of(event: &Event, names: &Names) -> Self {
        match event {
            Event::Provider(event) => provider(event),
            Event::Account(event) => account(event),
            Event::Integration(event) => key::integration(event),
            Event::Access(event) => key::access(event, names),
            Event::Token(event) => token(event),
            Event::Keyring(event) => Self::plain(keyring(event)),
            Event::Operation(OperationEvent::ProjectionEventSkipped(event)) => Self::caution(skipped(event)),
        }
    }

    /// Neither good nor bad.
    pub(super) fn plain(text: impl Into<String>) -> Self {
        Self {
            tone: None,
            text: text.into(),
            until: None,
        }
    }

    pub(super) fn good(text: impl Into<String>) -> Self {
        Self::plain(text).toned(Some(Tone::Good))
    }

    pub(super) fn caution(text: impl Into<String>) -> Self {
        Self::plain(text).toned(Some(Tone::Caution))
    }

    pub(super) fn bad(text: impl Into<String>) -> Self {
        Self::plain(text).toned(Some(Tone::Bad))
    }

    pub(super) fn toned(self, tone: Option<Tone>) -> Self {
        Self { tone, ..self }
    }

    pub(super) fn until(self, until: Option<DateTime<Utc>>) -> Self {
        Self {
            until: until.map(Moment),
            ..self
        }
    }
}

fn provider(event: &ProviderEvent) -> Sentence {
    match event {
        ProviderEvent::ProviderAdded(event) => {
            let place = if event.published {
                "added to the marketplace"
            } else {
                "added as a draft"
            };
            Sentence::good(format!("The provider “{}” was {place}", event.row.name))
        }
        ProviderEvent::ProviderDescribed(event) => {
            Sentence::plain(format!("What people read about “{}” was changed", event.name))
        }
        ProviderEvent::ProviderRecipeChanged(_) => {
            Sentence::plain("What is asked, how the provider is called or how a key is tested was changed")
        }
        ProviderEvent::ProviderLogoChanged(event) => match event.logo {
            Some(_) => Sentence::plain("The logo was changed"),
            None => Sentence::plain("The logo was removed"),
        },
        ProviderEvent::ProviderPublished(_) => Sentence::good("The provider was published in the marketplace"),
        ProviderEvent::ProviderRetired(_) => {
            Sentence::caution("The provider left the marketplace; what is connected goes on working")
        }
        ProviderEvent::ProviderReinstated(_) => Sentence::good("The provider came back to the marketplace"),
    }
}

fn account(event: &AccountEvent) -> Sentence {
    match event {
        AccountEvent::AccountOpened(event) => {
            let below = event.parent.as_ref();
            let below = below.map(|parent| format!(", below {parent}")).unwrap_or_default();
            Sentence::good(format!("The account was opened as “{}”{below}", event.name))
        }
        AccountEvent::AccountRenamed(event) => Sentence::plain(format!("The account was renamed to “{}”", event.name)),
        AccountEvent::AiSettingsChosen(event) => Sentence::plain(ai_settings(event)),
        AccountEvent::AccountClosed(_) => Sentence::bad("The account was closed for ever, and its keys taken back"),
    }
}

fn ai_settings(event: &AiSettingsChosen) -> String {
    let providers: Vec<_> = event.providers.iter().map(ToString::to_string).collect();
    let providers = if providers.is_empty() {
        "no provider is preferred".to_owned()
    } else {
        providers.join(", then ")
    };
    let model = event.model.as_ref();
    let model = model
        .map(|model| format!(" with the model {model}"))
        .unwrap_or_default();
    let inherit = if event.inherit { "may" } else { "may not" };
    format!("AI settings were chosen: {providers}{model}; keys of the account above {inherit} be used")
}

fn token(event: &TokenEvent) -> Sentence {
    match event {
        TokenEvent::TokenIssued(event) => issued(event),
        TokenEvent::TokenRevoked(_) => Sentence::caution("The token was revoked"),
    }
}

fn issued(event: &TokenIssued) -> Sentence {
    let (role, scope) = (role_name(event.role), scope(&event.accounts));
    let good = if event.expires_at.is_some() { ", good" } else { "" };
    let text = format!("The token “{}” was issued: {role} of {scope}{good}", event.name);
    Sentence::plain(text).until(event.expires_at)
}

fn keyring(event: &KeyringEvent) -> String {
    match event {
        KeyringEvent::KeyAdded(event) => format!("Key-encryption key {} was added to the key ring", event.kek),
        KeyringEvent::KeyPromoted(event) => {
            format!(
                "New keys are wrapped with key-encryption key {} from here on",
                event.kek
            )
        }
        KeyringEvent::RewrapCompleted(event) => {
            let (kek, count) = (event.kek, event.rewrapped);
            format!("Every key is wrapped with key-encryption key {kek} now; {count} were wrapped again")
        }
    }
}

fn skipped(event: &ProjectionEventSkipped) -> String {
    let (model, position) = (&event.projection, event.position);
    format!(
        "The read model “{model}” passes the event at position {position} by: {}",
        event.reason.trim_end_matches('.')
    )
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::fs;
    use std::path::Path;

    use super::*;

    /// What people read of each golden file.
    const TOLD: &str = include_str!("../../tests/sentences.txt");

    /// The newest form of every event, by the names of the golden files.
    fn goldens() -> BTreeMap<String, Event> {
        let domain = Path::new(env!("CARGO_MANIFEST_DIR")).join("../domain/tests/golden");
        let newest = fs::read_dir(domain).unwrap().map(|entry| entry.unwrap().path());
        let newest = newest.max().unwrap();
        let version = newest.file_name().unwrap().to_str().unwrap()[1..].parse().unwrap();
        let files = fs::read_dir(newest).unwrap().map(|entry| entry.unwrap().path());
        files
            .map(|path| {
                let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
                let kind = name.split('.').next().unwrap();
                let event = Event::decode(kind, version, &fs::read_to_string(&path).unwrap()).unwrap();
                (name, event)
            })
            .collect()
    }

    fn told(event: &Event) -> String {
        let names = Names::known(&[("01890a5d-ac96-774b-bcce-b302099a8059", "Copilot")]);
        let sentence = Sentence::of(event, &names);
        let tone = sentence.tone.map_or("-", Tone::as_str);
        format!("{tone}: {sentence}")
    }

    #[test]
    fn every_event_that_was_ever_stored_has_its_sentence() {
        let expected: BTreeMap<&str, &str> = TOLD.lines().filter_map(|line| line.split_once(" = ")).collect();
        let goldens = goldens();
        assert!(goldens.len() > 40, "the golden files are somewhere else");
        let mut differing = Vec::new();
        for (name, event) in &goldens {
            let told = told(event);
            if expected.get(name.as_str()) != Some(&told.as_str()) {
                differing.push(format!("{name} = {told}"));
            }
        }
        assert!(
            differing.is_empty(),
            "web/tests/sentences.txt lacks:\n{}",
            differing.join("\n")
        );
        let gone: Vec<_> = expected.keys().filter(|name| !goldens.contains_key(**name)).collect();
        assert!(gone.is_empty(), "there is no golden file of {gone:?}");
    }

    #[test]
    fn no_sentence_names_what_only_programs_read() {
        for (name, event) in goldens() {
            // A provider's own name for somebody stays as it is.
            let told = told(&event).replace("acct_1032", "");
            for word in told.split([' ', ':', '“', '”']) {
                assert!(!word.contains('_') && word.len() < 40, "{name}: {told}");
            }
            assert!(told.ends_with('.') && !told.ends_with(".."), "{name}: {told}");
        }
    }

    #[test]
    fn different_events_are_told_apart() {
        let goldens = goldens();
        let told: BTreeSet<_> = goldens
            .iter()
            // Some kinds have several golden files for the same words.
            .filter(|(name, _)| !name.contains('.'))
            .map(|(_, event)| told(event))
            .collect();
        let kinds: BTreeSet<_> = goldens.values().map(Event::kind).collect();
        assert_eq!(told.len(), kinds.len());
    }

    #[test]
    fn markup_in_an_event_is_shown_as_text() {
        let event = Event::decode("AccountRenamed", 1, r#"{"name": "<script>alert(1)</script>"}"#).unwrap();
        assert!(!told(&event).contains("<script>"));
    }
}
