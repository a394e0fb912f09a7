use std::fmt::Write as _;

use serde_path_to_error::{Path, Segment};

use crate::problem::{Code, Problem};

/// Turns an error of `serde` into a problem.
///
/// Messages of `serde` hold the value that was sent, so only the parts of them that come from this program are used:
/// what was expected, and the names of fields that are missing.
pub(super) fn explain(path: &Path, message: &str) -> Problem {
    let message = message.rfind(" at line ").map_or(message, |end| &message[..end]);
    let mut pointer = pointer(path);
    let (code, text) = sentence(message, &mut pointer);
    Problem::field(Code::InvalidRequest, &pointer, code, text)
}

fn sentence(message: &str, pointer: &mut String) -> (&'static str, String) {
    // What stands after the last of these was written by this program, not by the caller.
    let expected = message
        .rfind(", expected ")
        .map(|at| in_words(&message[at + ", expected ".len()..]));
    if let Some(name) = quoted(message, "missing field `") {
        let _ = write!(pointer, "/{name}");
        return ("missing", "this field is needed".to_owned());
    }
    if let Some(name) = quoted(message, "duplicate field `") {
        if !pointer.ends_with(&format!("/{name}")) {
            let _ = write!(pointer, "/{name}");
        }
        return ("duplicate", "this field stands there twice".to_owned());
    }
    if message.starts_with("unknown field `") {
        let known = expected.unwrap_or("no fields at all");
        return ("unknown-field", format!("there is no such field; expected {known}"));
    }
    if message.starts_with("unknown variant `") {
        let known = expected.unwrap_or("another value");
        return ("invalid-value", format!("this value is not known; expected {known}"));
    }
    if message.starts_with("invalid type: ") {
        let kind = expected.unwrap_or("another type");
        return ("invalid-type", format!("this has the wrong type; expected {kind}"));
    }
    if message.starts_with("invalid value: ") || message.starts_with("invalid length ") {
        let kind = expected.unwrap_or("another value");
        return (
            "invalid-value",
            format!("this value is not possible here; expected {kind}"),
        );
    }
    // The message of `domain::InvalidId`, which names the rule and never the text.
    if let Some(rule) = message.strip_prefix("not a valid ") {
        return ("invalid-value", format!("not a valid {rule}"));
    }
    // What `domain::recipe::StatusSet` expects, whole.
    if message.starts_with("a status from 100 to 599, ") {
        return ("invalid-value", format!("expected {message}"));
    }
    ("invalid-value", "this value is not possible here".to_owned())
}

/// What was expected, without the names that only this program knows.
fn in_words(expected: &str) -> &str {
    match expected {
        "u8" | "u16" | "u32" | "u64" => "a whole number, 0 or more",
        "i8" | "i16" | "i32" | "i64" => "a whole number",
        "a sequence" => "a list",
        "a map" => "an object",
        _ if expected.starts_with("struct ") => "an object",
        _ if expected.contains("enum ") => "one of the values of the reference",
        other => other,
    }
}

/// The name between the back quotes of a message that starts with `start`; such names are fields of this program.
fn quoted<'a>(message: &'a str, start: &str) -> Option<&'a str> {
    message.strip_prefix(start)?.strip_suffix('`')
}

/// The place as a JSON pointer, as far as its names may be repeated.
fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => {
                let _ = write!(pointer, "/{index}");
            }
            Segment::Map { key } if is_plain(key) => {
                let _ = write!(pointer, "/{key}");
            }
            Segment::Enum { variant } if is_plain(variant) => {
                let _ = write!(pointer, "/{variant}");
            }
            Segment::Map { .. } | Segment::Enum { .. } | Segment::Unknown => break,
        }
    }
    pointer
}

/// A pointer cut before the first name that might be a secret pasted in the wrong place.
#[must_use]
pub(crate) fn shown(pointer: &str) -> String {
    let mut shown = String::new();
    for name in pointer.split('/').skip(1) {
        let index = !name.is_empty() && name.len() <= 4 && name.bytes().all(|b| b.is_ascii_digit());
        if !index && !is_plain(name) {
            break;
        }
        let _ = write!(shown, "/{name}");
    }
    shown
}

/// Whether a name looks like the name of a field and not like a key that was pasted in its place: lower-case words,
/// with two digits at most.
fn is_plain(name: &str) -> bool {
    let words = name
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-');
    let digits = name.bytes().filter(u8::is_ascii_digit).count();
    (1..=32).contains(&name.len()) && words && digits <= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_might_be_a_secret_is_not_shown() {
        assert_eq!(shown("/fields/api_key"), "/fields/api_key");
        assert_eq!(shown("/recipe/test/accept/0/status"), "/recipe/test/accept/0/status");
        assert_eq!(shown("/fields/sk-ant-api03-4f9a21"), "/fields");
        assert_eq!(shown("/fields/0123456789abcdef"), "/fields");
        assert_eq!(shown(""), "");
    }

    #[test]
    fn only_the_words_of_this_program_are_taken_from_a_message() {
        let cases = [
            (
                "invalid type: string \"s3cret, expected x\", expected u32",
                "a whole number, 0 or more",
            ),
            ("unknown variant `s3cret`, expected `now`", "`now`"),
            ("invalid type: null, expected struct Help", "an object"),
            ("some library says s3cret", "not possible here"),
        ];
        for (message, expected) in cases {
            let mut pointer = String::new();
            let (_, text) = sentence(message, &mut pointer);
            assert!(text.contains(expected) && !text.contains("s3cret"), "{text}");
        }
    }
}
