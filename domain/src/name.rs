/// Whether `text` can be a name that people read: 1 to [`MAX_NAME`] characters, not blank at an end, no control
/// characters, nothing [hidden](has_hidden).
#[must_use]
pub(crate) fn is_name(text: &str) -> bool {
    (1..=MAX_NAME).contains(&text.chars().count())
        && text.trim() == text
        && !text.chars().any(char::is_control)
        && !has_hidden(text)
}

/// The longest name of an account or a token, in characters.
pub(crate) const MAX_NAME: usize = 200;

/// Whether a text holds characters that nobody sees, or that turn the direction of what stands beside them: by them two
/// names look alike that are not, or one looks like another.
///
/// The ranges are `Default_Ignorable_Code_Point` of the Unicode Character Database, which holds all of `Bidi_Control`
/// too, and the separators of lines and paragraphs. Letters that are written from right to left are none of them. The
/// joiners that some scripts and emoji are spelled with may stand where they do so: behind a character that is no plain
/// ASCII letter.
#[must_use]
pub fn has_hidden(text: &str) -> bool {
    let mut before = None;
    text.chars().any(|c| {
        let spells = before.is_some_and(|before| is_joined(before, c));
        before = Some(c);
        is_hidden(c) && !spells
    })
}

const fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether `joiner` belongs to the spelling of what stands before it.
const fn is_joined(before: char, joiner: char) -> bool {
    match joiner {
        // Zero width non-joiner and joiner: Persian and Indic words, emoji of several parts.
        '\u{200c}' | '\u{200d}' => !before.is_ascii() && (before == '\u{fe0f}' || !is_hidden(before)),
        // Text and emoji presentation, of key caps too.
        '\u{fe0e}' | '\u{fe0f}' => {
            matches!(before, '0'..='9' | '#' | '*') || (!before.is_ascii() && !is_hidden(before))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_every_script_are_names() {
        for name in [
            "Acme Ltd",
            "Crédit Société",
            "שלום בע\"מ",
            "شركة",
            "می\u{200c}خواهم",
            "क्\u{200d}ष",
            "日本語",
        ] {
            assert!(is_name(name), "{name:?}");
        }
        for name in [
            "Nails ❤\u{fe0f}",
            "1\u{fe0f}\u{20e3} Stop",
            "👩\u{200d}💻",
            "🏳\u{fe0f}\u{200d}🌈",
        ] {
            assert!(is_name(name), "{name:?}");
        }
    }

    #[test]
    fn what_nobody_sees_and_what_turns_the_direction_is_no_part_of_a_name() {
        for name in [
            "\u{200b}",
            "\u{200d}",
            "ac\u{200b}me",
            "ac\u{200d}me",
            "ac\u{fe0f}me",
            "ac\u{ad}me",
            "\u{202e}emca",
            "a\u{2066}b",
            "a\u{200f}b",
            "a\u{2028}b",
            "\u{feff}acme",
            "\u{3164}",
            "a\u{e0041}",
            "é\u{200d}\u{200d}",
        ] {
            assert!(!is_name(name), "{name:?}");
        }
        assert!(!is_name("") && !is_name(" a") && !is_name("a\tb") && !is_name(&"a".repeat(201)));
    }
}
