use std::borrow::Cow;

/// The form in which a text is stored that may hold U+0000, which PostgreSQL's texts may not: it becomes `\0`, and a
/// backslash `\\`. Texts with neither, which is all that people write, are stored as they are.
///
/// The order of texts with a backslash is another one then; keys, the only texts that are ordered, have none.
pub(super) fn escaped(text: &str) -> Cow<'_, str> {
    if text.contains(['\0', '\\']) {
        text.replace('\\', "\\\\").replace('\0', "\\0").into()
    } else {
        text.into()
    }
}

/// The text that [`escaped`] made this of.
pub(super) fn unescaped(stored: &str) -> Cow<'_, str> {
    if !stored.contains('\\') {
        return stored.into();
    }
    let mut text = String::with_capacity(stored.len());
    let mut chars = stored.chars();
    while let Some(char) = chars.next() {
        match char {
            '\\' if chars.next() == Some('0') => text.push('\0'),
            other => text.push(other),
        }
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_read_back_and_none_is_stored_with_a_nul() {
        for text in ["", "ada", "\0", "a\0b", "\\", "\\0", "\\\\0\0\\", "größe \u{10FFFF}"] {
            let stored = escaped(text);
            assert!(!stored.contains('\0'));
            assert_eq!(unescaped(&stored), text);
        }
    }
}
