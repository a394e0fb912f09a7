use commands::{CommandError, RawFields};
use domain::recipe::Problem;
use secrecy::ExposeSecret;

use crate::form::Form;
use crate::site::Site;

/// What was pasted into the fields of the provider's row.
///
/// # Errors
/// [`CommandError::Invalid`] where that is one of our own tokens: people keep both in one place, and what is pasted here is
/// sent to somebody else.
pub(crate) fn pasted(site: &Site, form: &Form, provider: &str) -> Result<RawFields, CommandError> {
    let fields = form.credential();
    let own = fields
        .iter()
        .filter(|(_, value)| site.backstage.digest(value.expose_secret().trim()).is_some());
    let problems: Vec<_> = own
        .map(|(name, _)| {
            let message = format!(
                "This is a sign-in token of this product, not a key of {provider}. It was sent to nobody. Paste the key that \
                 {provider} gave you."
            );
            Problem::new(format!("/fields/{name}"), "own_token", message)
        })
        .collect();
    if problems.is_empty() {
        Ok(fields)
    } else {
        Err(CommandError::Invalid(problems))
    }
}
