use regex::{Regex, RegexBuilder};
use regex_syntax::hir::literal::Extractor;
use regex_syntax::hir::{Hir, HirKind};

/// The longest pattern that a row may hold, in bytes.
pub(super) const MAX_LEN: usize = 512;

/// A compiled pattern may use this much memory, in bytes. `\w{64}` with its Unicode tables needs about half of it.
const SIZE_LIMIT: usize = 1 << 20;

/// A pattern that is found anywhere in a text; none when it does not compile, or is too long.
pub(super) fn compile(pattern: &str) -> Option<Regex> {
    if pattern.len() > MAX_LEN {
        return None;
    }
    RegexBuilder::new(pattern)
        .size_limit(SIZE_LIMIT)
        .dfa_size_limit(SIZE_LIMIT)
        .nest_limit(32)
        .build()
        .ok()
}

/// A pattern that must match a text as a whole. It must also compile by itself, so that no stray parenthesis escapes the
/// anchors.
pub(super) fn compile_whole(pattern: &str) -> Option<Regex> {
    compile(pattern)?;
    let anchored = format!(r"\A(?:{pattern})\z");
    RegexBuilder::new(&anchored)
        .size_limit(SIZE_LIMIT)
        .dfa_size_limit(SIZE_LIMIT)
        .nest_limit(34)
        .build()
        .ok()
}

/// What a text that matches `pattern` may start with, where the pattern fixes that: `sk-ant-` of `^sk-ant-\w+$`.
///
/// Only letters that the pattern leaves no choice for count: a class of characters is part of what is secret.
pub(super) fn literal_prefixes(pattern: &str) -> Vec<String> {
    let Ok(hir) = regex_syntax::parse(pattern) else {
        return Vec::new();
    };
    let mut extractor = Extractor::new();
    extractor
        .limit_class(1)
        .limit_repeat(1)
        .limit_literal_len(16)
        .limit_total(32);
    let prefixes = extractor.extract(&hir);
    let texts = prefixes
        .literals()
        .unwrap_or_default()
        .iter()
        .map(|literal| literal.as_bytes().to_vec());
    texts
        .filter_map(|bytes| String::from_utf8(bytes).ok())
        .filter(|text| !text.is_empty())
        .collect()
}

/// The most bytes that the first capture of `pattern` can hold; none when there is no such capture, or no bound.
pub(super) fn longest_first_capture(pattern: &str) -> Option<usize> {
    first_capture(&regex_syntax::parse(pattern).ok()?)
}

fn first_capture(hir: &Hir) -> Option<usize> {
    match hir.kind() {
        HirKind::Capture(capture) if capture.index == 1 => capture.sub.properties().maximum_len(),
        HirKind::Capture(capture) => first_capture(&capture.sub),
        HirKind::Repetition(repetition) => first_capture(&repetition.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().find_map(first_capture),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_match_needs_no_anchors_and_cannot_be_escaped() {
        let pattern = compile_whole("a|ab").unwrap();
        assert!(pattern.is_match("ab"));
        assert!(!pattern.is_match("abc"));
        assert!(compile_whole("a)|(?:b").is_none());
    }

    #[test]
    fn a_pattern_that_is_too_long_or_too_big_does_not_compile() {
        assert!(compile(&"a".repeat(MAX_LEN)).is_some());
        assert!(compile(&"a".repeat(MAX_LEN + 1)).is_none());
        assert!(compile(r"((\w{100}){100}){100}").is_none());
        assert!(compile(&"(".repeat(40)).is_none());
    }

    #[test]
    fn only_what_a_pattern_fixes_is_a_prefix() {
        assert_eq!(literal_prefixes(r"^sk-ant-[A-Za-z0-9_-]{20,}$"), ["sk-ant-"]);
        assert_eq!(
            literal_prefixes(r"^(?:sk|rk)_(?:live|test)_\w+$"),
            ["sk_live_", "sk_test_", "rk_live_", "rk_test_"]
        );
        assert!(literal_prefixes(r"^[0-9a-f]{32}-[a-z]{2}\d{1,3}$").is_empty());
        assert!(literal_prefixes(r"[ab]c").is_empty());
    }

    #[test]
    fn the_length_of_a_capture_is_bounded_or_unknown() {
        assert_eq!(longest_first_capture(r"-([a-z]{2}[0-9]{1,3})$"), Some(5));
        assert_eq!(longest_first_capture(r"-(.*)$"), None);
        assert_eq!(longest_first_capture(r"abc"), None);
    }
}
