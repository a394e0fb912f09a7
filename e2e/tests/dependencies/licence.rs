//! Which licences a dependency may have.
//!
//! The expressions are SPDX's (`MIT OR (Apache-2.0 AND ISC)`), with the `/` that older manifests use for `OR`. `AND`
//! binds tighter than `OR`, and `WITH` tighter than both (SPDX specification 2.3, annex D).

use super::graph::Graph;

/// Licences under which this product may use and ship a dependency. `deny.toml` lists the same.
pub(crate) const ALLOWED: &[&str] = &[
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Zlib",
];

/// Every package of `graph` whose licence leaves no allowed choice.
pub(crate) fn refused(graph: &Graph) -> Vec<String> {
    let mut found = Vec::new();
    for node in graph.0.values() {
        match &node.licence {
            None => found.push(format!("{} states no licence", node.name)),
            Some(expression) if !is_allowed(expression) => found.push(format!("{}: {expression}", node.name)),
            Some(_) => {}
        }
    }
    found
}

/// Every allowed licence that the text of `deny.toml` lacks.
pub(crate) fn missing_in(deny: &str) -> Vec<String> {
    let lacking = ALLOWED
        .iter()
        .filter(|licence| !deny.contains(&format!("\"{licence}\"")));
    lacking
        .map(|licence| format!("deny.toml does not allow {licence}"))
        .collect()
}

/// Whether `expression` can be met with allowed licences alone. One that cannot be read cannot be met.
fn is_allowed(expression: &str) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words = spaced.split_whitespace().peekable();
    alternatives(&mut words) == Some(true) && words.peek().is_none()
}

/// The words of an expression, the next of which may be looked at.
type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn alternatives(words: &mut Words<'_>) -> Option<bool> {
    let mut met = conjunction(words)?;
    while words.next_if_eq(&"OR").is_some() {
        met |= conjunction(words)?;
    }
    Some(met)
}

fn conjunction(words: &mut Words<'_>) -> Option<bool> {
    let mut met = term(words)?;
    while words.next_if_eq(&"AND").is_some() {
        met &= term(words)?;
    }
    Some(met)
}

fn term(words: &mut Words<'_>) -> Option<bool> {
    if words.next_if_eq(&"(").is_some() {
        let met = alternatives(words)?;
        return words.next_if_eq(&")").map(|_| met);
    }
    let name = words.next()?;
    if words.next_if_eq(&"WITH").is_none() {
        return Some(ALLOWED.contains(&name));
    }
    let exception = words.next()?;
    Some(ALLOWED.contains(&format!("{name} WITH {exception}").as_str()))
}

#[cfg(test)]
mod tests {
    use super::super::graph::made_up;
    use super::*;

    #[test]
    fn an_expression_is_allowed_when_one_choice_is() {
        for expression in [
            "MIT",
            "MIT/Apache-2.0",
            "Unlicense OR MIT",
            "MIT AND BSD-3-Clause",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "GPL-3.0-only AND ISC OR MIT",
            "Apache-2.0 WITH LLVM-exception",
        ] {
            assert!(is_allowed(expression), "{expression}");
        }
    }

    #[test]
    fn an_expression_without_an_allowed_choice_is_refused() {
        for expression in [
            "GPL-3.0-only",
            "MIT AND GPL-3.0-only",
            "(MIT OR Apache-2.0) AND LGPL-2.1-or-later",
            "MIT WITH some-exception",
            "MIT MIT",
            "(MIT",
            "MIT OR",
            ") MIT",
            "",
        ] {
            assert!(!is_allowed(expression), "{expression}");
        }
    }

    #[test]
    fn a_package_with_a_foreign_licence_or_none_is_named() {
        let mut graph = made_up(&["@domain: a b"]);
        graph.0.entry("a".to_owned()).or_default().licence = Some("GPL-3.0-only".to_owned());
        graph.0.entry("b".to_owned()).or_default().licence = None;
        assert_eq!(refused(&graph), ["a: GPL-3.0-only", "b states no licence"]);
    }

    #[test]
    fn a_licence_that_cargo_deny_does_not_list_is_named() {
        assert_eq!(missing_in("allow = [\"MIT\"]").len(), ALLOWED.len() - 1);
    }
}
