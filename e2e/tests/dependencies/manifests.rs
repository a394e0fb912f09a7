//! House rules of the manifests, checked on their text, since comments are no part of cargo's data.

/// Every external dependency of the workspace's manifest that has no comment directly above it.
pub(crate) fn unexplained(manifest: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut inside = false;
    let mut before = "";
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.trim() == "[workspace.dependencies]";
        } else if inside
            && let Some(name) = entry(line)
            && !line.contains("path =")
            && !before.starts_with("# ")
        {
            found.push(format!(
                "Cargo.toml: say what {name} is for, in a comment directly above it"
            ));
        }
        before = line;
    }
    found
}

/// Where the manifest of crate `name` goes its own way instead of the workspace's. A crate that names itself, to switch a
/// feature on for its own tests, does not.
pub(crate) fn departures(name: &str, manifest: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut section = "";
    let mut lints = false;
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            section = line;
        } else if section == "[lints]" {
            lints |= line == "workspace = true";
        } else if section.ends_with("dependencies]")
            && let Some(dependency) = entry(line)
            && dependency != name
            && !line.contains("workspace = true")
        {
            found.push(format!(
                "{name}: take {dependency} from the workspace, where its version and its comment stand"
            ));
        }
    }
    if !lints {
        found.push(format!("{name}: add `[lints] workspace = true`"));
    }
    found
}

/// The name on the left of a line such as `name = …` or `name.workspace = true`; none for other lines.
fn entry(line: &str) -> Option<&str> {
    let (name, _) = line.split_once('=')?;
    let name = name.trim_end().trim_end_matches(".workspace");
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (!name.is_empty() && name.bytes().all(plain)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dependency_without_a_comment_directly_above_it_is_named() {
        let manifest = "[workspace.dependencies]\nown = { path = \"own\" }\n# For this.\na = \"1\"\nb = \"1\"\n\n# Far.\n\nc = \"1\"\n";
        let found = unexplained(manifest);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found.iter().any(|line| line.contains("what b is for")));
        assert!(found.iter().any(|line| line.contains("what c is for")));
    }

    #[test]
    fn other_sections_of_the_manifest_need_no_comments() {
        assert!(unexplained("[package]\nname = \"x\"\n[workspace.lints.rust]\nunsafe_code = \"forbid\"\n").is_empty());
    }

    #[test]
    fn a_crate_without_the_lints_or_with_a_version_of_its_own_is_named() {
        let found = departures(
            "x",
            "[package]\nversion = \"1\"\n\n[dev-dependencies]\na = \"1\"\nb.workspace = true\n",
        );
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found.iter().any(|line| line.contains("take a from the workspace")));
        assert!(found.iter().any(|line| line.contains("[lints]")));
    }

    #[test]
    fn a_crate_that_takes_everything_from_the_workspace_is_fine() {
        let manifest = "[lints]\nworkspace = true\n[dependencies]\na.workspace = true\n\
                        b = { workspace = true, features = [\"c\"] }\n\
                        [dev-dependencies]\nx = { path = \".\", features = [\"d\"] }\n";
        assert!(departures("x", manifest).is_empty());
    }
}
