use super::scope::Scope;
use crate::name::has_hidden;
use crate::recipe::pattern;

pub(super) const NAME: usize = 120;
pub(super) const CATEGORY: usize = 60;
pub(super) const DESCRIPTION: usize = 1_000;
pub(super) const INSTRUCTIONS: usize = 4_000;
pub(super) const URL: usize = 500;
pub(super) const LABEL: usize = 80;
pub(super) const HINT: usize = 200;
pub(super) const MESSAGE: usize = 300;
pub(super) const TEMPLATE: usize = 2_000;
pub(super) const IDENTIFIER: usize = 40;

pub(super) const FIELDS: usize = 16;
pub(super) const DERIVED: usize = 8;
pub(super) const OPTIONS: usize = 64;
pub(super) const REFUSALS: usize = 16;
pub(super) const EXTRACTS: usize = 8;
pub(super) const ENTRIES: usize = 32;
pub(super) const RULES: usize = 32;

/// A recipe stands in an event, which has to stay small. In bytes of JSON.
pub(super) const RECIPE: usize = 32 * 1024;

impl Scope {
    /// A text of one line that people read, up to `max` characters.
    pub(super) fn line(&mut self, pointer: &str, text: &str, max: usize) {
        self.text(pointer, text, max);
        if text.chars().any(char::is_control) {
            self.report(
                pointer,
                "control_character",
                "Write it in one line, without control characters.",
            );
        }
    }

    /// A text that people read, up to `max` characters, line breaks included.
    pub(super) fn text(&mut self, pointer: &str, text: &str, max: usize) {
        if text.chars().count() > max {
            self.report(pointer, "too_long", format!("Shorten it to {max} characters."));
        }
        if has_hidden(text) {
            let message = "Take out the characters that nobody sees, or that turn the direction of the text.";
            self.report(pointer, "hidden_character", message);
        }
    }

    /// A text of one line that may not be empty.
    pub(super) fn required(&mut self, pointer: &str, text: &str, max: usize) {
        if text.trim().is_empty() {
            self.report(pointer, "empty", "Fill it in; people read it.");
        }
        self.line(pointer, text, max);
    }

    pub(super) fn count(&mut self, pointer: &str, count: usize, max: usize) {
        if count > max {
            self.report(pointer, "too_many", format!("Keep at most {max} of them."));
        }
    }

    /// A page that people open.
    pub(super) fn page(&mut self, pointer: &str, address: &str) {
        self.line(pointer, address, URL);
        let is_page = url::Url::parse(address).is_ok_and(|url| {
            url.scheme() == "https" && url.has_host() && url.username().is_empty() && url.password().is_none()
        });
        if !is_page {
            self.report(
                pointer,
                "help_url",
                "Give the whole address of a page, beginning with https://.",
            );
        }
    }

    /// A regular expression that is found in a text.
    pub(super) fn pattern(&mut self, pointer: &str, expression: &str) -> bool {
        if expression.len() > pattern::MAX_LEN {
            self.report(
                pointer,
                "pattern",
                format!("Shorten the pattern to {} bytes.", pattern::MAX_LEN),
            );
            return false;
        }
        if pattern::compile(expression).is_none() || pattern::compile_whole(expression).is_none() {
            let message = "Write a regular expression that compiles within the limits: no look-around, no \
                           back-references, and few large repetitions.";
            self.report(pointer, "pattern", message);
            return false;
        }
        true
    }
}

/// Whether `text` is a stable identifier: lower-case letters, digits and `_`, beginning with a letter.
pub(super) fn is_identifier(text: &str) -> bool {
    text.len() <= IDENTIFIER
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}
