use std::collections::BTreeSet;

use super::{AccountRejection, AiSettingsChosen};
use crate::ProviderKey;
use crate::name::has_hidden;

/// Which AI providers an account's services use. The default prefers nothing and inherits nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AiSettings {
    /// The providers in order of preference.
    pub providers: Vec<ProviderKey>,
    /// The model, where the provider's own default is not wanted.
    pub model: Option<String>,
    /// Whether a key of the account above may be used where this account has connected none.
    pub inherit: bool,
}

impl AiSettings {
    /// The most providers that can be listed.
    pub const MAX_PROVIDERS: usize = 20;
    /// The longest name of a model, in characters.
    pub const MAX_MODEL: usize = 200;

    /// Checks the list and the name of the model.
    ///
    /// # Errors
    /// [`AccountRejection::TooManyProviders`], [`AccountRejection::DuplicateProvider`] or
    /// [`AccountRejection::InvalidModel`].
    pub(super) fn check(&self) -> Result<(), AccountRejection> {
        if self.providers.len() > Self::MAX_PROVIDERS {
            return Err(AccountRejection::TooManyProviders);
        }
        if self.providers.iter().collect::<BTreeSet<_>>().len() < self.providers.len() {
            return Err(AccountRejection::DuplicateProvider);
        }
        match &self.model {
            Some(model) if !is_model(model) => Err(AccountRejection::InvalidModel),
            _ => Ok(()),
        }
    }
}

/// A model's name is used in requests: no blanks, no control characters, nothing invisible.
fn is_model(text: &str) -> bool {
    (1..=AiSettings::MAX_MODEL).contains(&text.chars().count())
        && !text.chars().any(|c| c.is_whitespace() || c.is_control())
        && !has_hidden(text)
}

impl From<AiSettings> for AiSettingsChosen {
    fn from(settings: AiSettings) -> Self {
        Self {
            providers: settings.providers,
            model: settings.model,
            inherit: settings.inherit,
        }
    }
}

impl From<&AiSettingsChosen> for AiSettings {
    fn from(event: &AiSettingsChosen) -> Self {
        Self {
            providers: event.providers.clone(),
            model: event.model.clone(),
            inherit: event.inherit,
        }
    }
}
