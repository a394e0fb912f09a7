use domain::ProviderKey;

use crate::error::Failure;
use crate::form::{self, Form};
use crate::session::Viewer;
use crate::site::Site;
use crate::verdict::Words;

/// Sent along by the script that sends a form with a key from where it stands: it wants the words alone.
const IN_PLACE: &str = "dialog";

/// What is shown in the place of a form whose key was saved, or above it when the key was refused: the form stays as it is
/// then, with all that was typed.
#[derive(askama::Template)]
#[template(path = "connect_said.html")]
pub(crate) struct Said {
    words: Words,
    key: ProviderKey,
    name: String,
    /// For the next try.
    once: String,
    /// Where the next try is sent.
    action: String,
}

impl Said {
    /// What to say of a provider's key.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] when the operating system has no random bytes.
    pub(crate) fn new(
        site: &Site,
        viewer: &Viewer,
        (key, name): (&ProviderKey, &str),
        words: Words,
        action: String,
    ) -> Result<Self, Failure> {
        Ok(Self {
            words,
            key: key.clone(),
            name: name.to_owned(),
            once: form::once(site, viewer)?,
            action,
        })
    }
}

/// Whether a form is sent from where it stands.
pub(crate) fn is_in_place(form: &Form) -> bool {
    form.has(IN_PLACE)
}
