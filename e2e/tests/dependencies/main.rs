//! The architecture as a test: which crate may know which, what no crate may pull in, under which licences, and the
//! house rules that neither rustc nor clippy checks.
//!
//! Each rule is a pure function over plain data, and each is shown to fail on a made-up violation beside its definition.
//! The tests here apply them to the workspace as it is. `deny.toml` says the same of bans, licences and sources to
//! `cargo deny`, which knows advisories too.

mod architecture;
mod documents;
mod graph;
mod licence;
mod manifests;
mod sizes;

use std::path::{Path, PathBuf};

use graph::Graph;

/// The folder of the workspace's `Cargo.toml`.
fn workspace() -> anyhow::Result<PathBuf> {
    Ok(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?)
}

/// Fails with one finding a line.
fn none(findings: &[String]) {
    assert!(findings.is_empty(), "\n  {}\n", findings.join("\n  "));
}

#[test]
fn every_crate_depends_only_on_what_the_architecture_allows() -> anyhow::Result<()> {
    none(&architecture::violations(
        &Graph::load(&workspace()?)?,
        architecture::RULES,
    ));
    Ok(())
}

#[test]
fn no_banned_package_is_in_the_tree() -> anyhow::Result<()> {
    none(&architecture::banned(&Graph::load(&workspace()?)?));
    Ok(())
}

#[test]
fn every_package_comes_from_the_workspace_or_crates_io() -> anyhow::Result<()> {
    none(&architecture::foreign_sources(&Graph::load(&workspace()?)?));
    Ok(())
}

#[test]
fn every_package_has_a_licence_that_we_accept() -> anyhow::Result<()> {
    none(&licence::refused(&Graph::load(&workspace()?)?));
    Ok(())
}

#[test]
fn cargo_deny_is_told_the_same_licences_and_bans() -> anyhow::Result<()> {
    let deny = std::fs::read_to_string(workspace()?.join("deny.toml"))?;
    none(&licence::missing_in(&deny));
    none(&architecture::missing_in(&deny));
    Ok(())
}

#[test]
fn every_external_dependency_says_what_it_is_for() -> anyhow::Result<()> {
    none(&manifests::unexplained(&std::fs::read_to_string(
        workspace()?.join("Cargo.toml"),
    )?));
    Ok(())
}

#[test]
fn every_crate_takes_its_lints_and_versions_from_the_workspace() -> anyhow::Result<()> {
    let root = workspace()?;
    let mut findings = Vec::new();
    for (name, folder) in Graph::load(&root)?.own_folders() {
        let text = std::fs::read_to_string(root.join(folder).join("Cargo.toml"))?;
        findings.extend(manifests::departures(name, &text));
    }
    none(&findings);
    Ok(())
}

#[test]
fn no_source_file_is_longer_than_the_house_rule_allows() -> anyhow::Result<()> {
    let root = workspace()?;
    let mut files = Vec::new();
    for folder in Graph::load(&root)?.own_folders().into_values() {
        files.extend(sizes::measure(&root, &root.join(folder).join("src"))?);
    }
    assert!(files.len() > 20, "the walk found only {} files", files.len());
    none(&sizes::too_long(&files));
    Ok(())
}

#[test]
fn every_file_that_the_documents_name_exists() -> anyhow::Result<()> {
    let root = workspace()?;
    let mut found = Vec::new();
    for document in ["ARCHITECTURE.md", "CONTRIBUTING.md", "README.md", "SECURITY.md"] {
        let text = std::fs::read_to_string(root.join(document))?;
        let named = documents::named_paths(&text);
        assert!(!named.is_empty(), "{document} names no file");
        let missing = named.into_iter().filter(|path| !root.join(path).exists());
        found.extend(missing.map(|path| format!("{document} names {path}, which does not exist")));
    }
    none(&found);
    Ok(())
}
