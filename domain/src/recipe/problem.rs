use serde::Serialize;

/// Something wrong with a row or with pasted values, for the person who can put it right. It never repeats a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Where it is, as a JSON pointer (RFC 6901).
    pub pointer: String,
    /// What it is, as a stable code.
    pub code: &'static str,
    /// What happened and what to do.
    pub message: String,
}

impl Problem {
    /// A problem at `pointer`.
    pub fn new(pointer: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            code,
            message: message.into(),
        }
    }
}

/// One more step of a JSON pointer, with `~` and `/` escaped (RFC 6901, section 3).
pub(super) fn step(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}
