//! Which files of the repository a document names.

use std::collections::BTreeSet;

/// The folders whose files are meant when a document names a path.
const FOLDERS: &[&str] = &[
    "api",
    "benches",
    "bus",
    "commands",
    "docs",
    "domain",
    "e2e",
    "egress",
    "eventlog",
    "migrations",
    "oidc",
    "postgres-url",
    "projections",
    "scripts",
    "testing",
    "vault",
    "web",
];

/// The paths in `code` and in [links](to) of a Markdown text, as far as they start in one of the repository's folders
/// and hold no placeholder such as `<name>` or `*`.
pub(crate) fn named_paths(markdown: &str) -> BTreeSet<&str> {
    let code = markdown.split('`').skip(1).step_by(2);
    let links = markdown
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'))
        .map(|(target, _)| target);
    code.chain(links).filter(|path| is_path(path)).collect()
}

fn is_path(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte);
    let inside = |folder: &&str| text.strip_prefix(*folder).is_some_and(|rest| rest.starts_with('/'));
    text.bytes().all(plain) && FOLDERS.iter().any(inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_in_code_and_links_are_found_and_nothing_else() {
        let markdown = "See `domain/src/event.rs` and [how](docs/adr), not `domain`, `migrations/<store>/sqlite`,\n\
                        `api/src/*`, plain api/src/lib.rs, `data/admin-token` or [there](https://example.com/docs/x).";
        assert_eq!(
            named_paths(markdown),
            BTreeSet::from(["docs/adr", "domain/src/event.rs"])
        );
    }
}
