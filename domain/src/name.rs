/// Whether `text` can be a name that people read: 1 to [`MAX_NAME`] characters, not blank at an end, no control
/// characters.
#[must_use]
pub(crate) fn is_name(text: &str) -> bool {
    (1..=MAX_NAME).contains(&text.chars().count()) && text.trim() == text && !text.chars().any(char::is_control)
}

/// The longest name of an account or a token, in characters.
pub(crate) const MAX_NAME: usize = 200;
