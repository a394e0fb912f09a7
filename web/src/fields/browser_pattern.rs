use std::sync::LazyLock;

use domain::recipe::{Field, FieldKind};
use regex_syntax::hir::{Class, ClassUnicode, Hir, HirKind, Repetition};

/// What is taken off the ends of a pasted value before anything else happens to it, as a class of the browser's.
const GAP: &str = r"[\p{White_Space}\p{Cc}\u{200B}-\u{200F}\u{2060}\u{FEFF}\u{AD}]*";

/// The longest expression that is worth its bytes on a page.
const LONGEST: usize = 2_000;

/// The classes that have a name in both languages. Ours are those of Unicode, where `\d` in a browser is ASCII alone.
static NAMED: LazyLock<Vec<(ClassUnicode, &'static str)>> = LazyLock::new(|| {
    let named = [
        (r"\d", r"\p{Nd}"),
        (r"\w", r"[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]"),
        (r"\s", r"\p{White_Space}"),
    ];
    let class = |pattern: &str| match regex_syntax::parse(pattern).map(Hir::into_kind) {
        Ok(HirKind::Class(Class::Unicode(class))) => Some(class),
        _ => None,
    };
    let found = named
        .into_iter()
        .filter_map(|(pattern, name)| Some((class(pattern)?, name)));
    found.collect()
});

/// The pattern of a field for the `pattern` attribute of HTML, by which a browser says early what the server would say
/// later; none where the browser might refuse what the server takes.
///
/// The attribute is compiled with the flag `v` and stands for the whole value (HTML, section 4.10.5.3.6). It is made from
/// the parsed expression, so that no difference of the two languages is left to chance. The server trims, and takes a
/// prefix and a suffix off; what it does to addresses and to other forms that are pasted is beyond an expression.
pub(super) fn browser_pattern(field: &Field) -> Option<String> {
    let suffix = field.suffix.as_deref().unwrap_or("");
    if field.kind != FieldKind::Text || !field.extract.is_empty() || suffix.starts_with('.') {
        return None;
    }
    let parsed = regex_syntax::parse(field.pattern.as_deref()?).ok()?;
    let core = written(&parsed)?;
    let prefix = affix(field.prefix.as_deref().unwrap_or(""), r"\p{White_Space}*");
    let whole = format!("{GAP}{prefix}(?:{core}){}{GAP}", affix(suffix, ""));
    (whole.len() <= LONGEST).then_some(whole)
}

/// What may stand beside the value, in letters of either case.
fn affix(text: &str, gap: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let either = |c: char| {
        format!(
            "[{}{}]",
            escaped(c.to_ascii_lowercase()),
            escaped(c.to_ascii_uppercase())
        )
    };
    let letters: String = text.chars().map(either).collect();
    format!("(?:{letters}{gap})?")
}

fn written(hir: &Hir) -> Option<String> {
    match hir.kind() {
        // Without its anchors and word boundaries an expression takes more, never less.
        HirKind::Empty | HirKind::Look(_) => Some(String::new()),
        HirKind::Literal(literal) => Some(std::str::from_utf8(&literal.0).ok()?.chars().map(escaped).collect()),
        HirKind::Class(Class::Unicode(class)) => Some(class_text(class)),
        HirKind::Class(Class::Bytes(_)) => None,
        HirKind::Repetition(repetition) => repeated(repetition),
        HirKind::Capture(capture) => group(&capture.sub),
        HirKind::Concat(parts) => parts.iter().map(group).collect(),
        HirKind::Alternation(parts) => {
            let parts: Option<Vec<_>> = parts.iter().map(group).collect();
            Some(parts?.join("|"))
        }
    }
}

/// A part that keeps together beside others.
fn group(hir: &Hir) -> Option<String> {
    let text = written(hir)?;
    Some(match hir.kind() {
        HirKind::Alternation(_) | HirKind::Capture(_) => format!("(?:{text})"),
        _ => text,
    })
}

/// None for an unbounded repetition within another one: a browser's engine tries all ways to divide a text among them.
fn repeated(repetition: &Repetition) -> Option<String> {
    let inner = &repetition.sub;
    if repetition.max.is_none() && inner.properties().maximum_len().is_none() {
        return None;
    }
    let max = repetition.max.map(|max| max.to_string()).unwrap_or_default();
    let times = match (repetition.min, repetition.max) {
        (0, None) => "*".to_owned(),
        (1, None) => "+".to_owned(),
        (0, Some(1)) => "?".to_owned(),
        (min, Some(max)) if min == max => format!("{{{min}}}"),
        (min, _) => format!("{{{min},{max}}}"),
    };
    Some(format!("(?:{}){times}", written(inner)?))
}

fn class_text(class: &ClassUnicode) -> String {
    if let Some((_, name)) = NAMED.iter().find(|(named, _)| named == class) {
        return (*name).to_owned();
    }
    let range = |from: char, to: char| {
        if from == to {
            escaped(from)
        } else {
            format!("{}-{}", escaped(from), escaped(to))
        }
    };
    let ranges: String = class.iter().map(|found| range(found.start(), found.end())).collect();
    format!("[{ranges}]")
}

/// A character that stands for itself wherever it stands.
fn escaped(c: char) -> String {
    if c.is_ascii_alphanumeric() {
        c.to_string()
    } else {
        format!("\\u{{{:X}}}", u32::from(c))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(pattern: &str) -> Field {
        Field {
            pattern: Some(pattern.to_owned()),
            ..Field::default()
        }
    }

    /// The expression between the gaps.
    fn core(pattern: &str) -> Option<String> {
        let whole = browser_pattern(&field(pattern))?;
        Some(whole.strip_prefix(GAP)?.strip_suffix(GAP)?.to_owned())
    }

    #[test]
    fn what_both_languages_say_alike_is_said() {
        assert_eq!(
            core("^sk-ant-[A-Za-z0-9_-]{20,}$").unwrap(),
            r"(?:sk\u{2D}ant\u{2D}(?:[\u{2D}0-9A-Z\u{5F}a-z]){20,})"
        );
        assert_eq!(core("^(sk|rk)_live$").unwrap(), r"(?:(?:(?:sk|rk))\u{5F}live)");
        assert_eq!(core("a?b*c+d{3}").unwrap(), "(?:(?:a)?(?:b)*(?:c)+(?:d){3})");
    }

    #[test]
    fn classes_are_those_of_unicode_and_case_is_spelt_out() {
        assert_eq!(core(r"\d+").unwrap(), r"(?:(?:\p{Nd})+)");
        assert_eq!(
            core(r"\w").unwrap(),
            r"(?:[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}])"
        );
        assert_eq!(core("(?i)b").unwrap(), "(?:[Bb])");
    }

    #[test]
    fn a_browser_is_not_asked_where_it_might_refuse_what_the_server_takes_or_never_come_back() {
        assert_eq!(browser_pattern(&Field::default()), None);
        assert_eq!(core("(a+)+b"), None);
        assert_eq!(core(r"(?-u:\xFF)"), None);
        assert_eq!(core(r"\p{Lu}+\p{Ll}+"), None, "too long to be worth it");
        for beyond in [
            Field {
                suffix: Some(".myshopify.com".to_owned()),
                ..field("[a-z]+")
            },
            Field {
                extract: vec!["/store/([a-z]+)".to_owned()],
                ..field("[a-z]+")
            },
            Field {
                kind: FieldKind::Uuid,
                ..field("[0-9a-f-]+")
            },
        ] {
            assert_eq!(browser_pattern(&beyond), None);
        }
    }

    #[test]
    fn a_prefix_may_be_pasted_along() {
        let account = Field {
            prefix: Some("act_".to_owned()),
            ..field("^[0-9]+$")
        };
        let whole = browser_pattern(&account).unwrap();
        let prefix = r"(?:[aA][cC][tT][\u{5F}\u{5F}]\p{White_Space}*)?";
        assert_eq!(whole, format!("{GAP}{prefix}(?:(?:[0-9])+){GAP}"));
    }
}
