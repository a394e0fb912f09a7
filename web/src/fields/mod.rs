//! The fields that a provider's row asks for, as a form.

mod browser_pattern;
mod form_field;

pub(crate) use form_field::{FormField, refuse};
