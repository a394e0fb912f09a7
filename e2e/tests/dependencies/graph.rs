//! The packages of the workspace and what they depend on, as plain data.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::Context;
use cargo_metadata::{DependencyKind, MetadataCommand, Package};

/// The platform that the product is released for. Its tree is the one that is judged.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

/// One package. `name` is not unique (two versions of one crate may be in the tree); the key in [`Graph`] is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Node {
    pub(crate) name: String,
    /// A crate of this workspace.
    pub(crate) own: bool,
    /// Where a crate of this workspace lies, from its root.
    pub(crate) folder: PathBuf,
    /// The SPDX expression of its manifest.
    pub(crate) licence: Option<String>,
    pub(crate) crates_io: bool,
    /// Keys of what is compiled into it: normal and build dependencies.
    pub(crate) normal: BTreeSet<String>,
    /// Keys of what only its tests see.
    pub(crate) dev: BTreeSet<String>,
}

/// Packages by a unique key.
#[derive(Debug, Default)]
pub(crate) struct Graph(pub(crate) BTreeMap<String, Node>);

impl Graph {
    /// Reads the graph that `cargo` resolved for [`PLATFORM`], with the features of the whole workspace.
    pub(crate) fn load(root: &Path) -> anyhow::Result<Self> {
        let metadata = MetadataCommand::new()
            .manifest_path(root.join("Cargo.toml"))
            .other_options(vec!["--locked".into(), "--filter-platform".into(), PLATFORM.into()])
            .exec()
            .context("cargo metadata")?;
        let packages: BTreeMap<String, &Package> = metadata
            .packages
            .iter()
            .map(|package| (package.id.repr.clone(), package))
            .collect();
        let mut nodes = BTreeMap::new();
        for resolved in &metadata.resolve.as_ref().context("cargo metadata gave no graph")?.nodes {
            let package = packages.get(&resolved.id.repr).context("a node without a package")?;
            let mut node = Node {
                name: package.name.to_string(),
                own: metadata.workspace_members.contains(&package.id),
                folder: package
                    .manifest_path
                    .parent()
                    .and_then(|folder| folder.strip_prefix(&metadata.workspace_root).ok())
                    .map(PathBuf::from)
                    .unwrap_or_default(),
                licence: package.license.clone(),
                crates_io: package
                    .source
                    .as_ref()
                    .is_some_and(cargo_metadata::Source::is_crates_io),
                ..Node::default()
            };
            for dep in &resolved.deps {
                let dev_only = dep
                    .dep_kinds
                    .iter()
                    .all(|kind| kind.kind == DependencyKind::Development);
                let side = if dev_only { &mut node.dev } else { &mut node.normal };
                side.insert(dep.pkg.repr.clone());
            }
            nodes.insert(resolved.id.repr.clone(), node);
        }
        Ok(Self(nodes))
    }

    /// The folders of this workspace's crates by their names.
    pub(crate) fn own_folders(&self) -> BTreeMap<&str, &Path> {
        let own = self.0.values().filter(|node| node.own);
        own.map(|node| (node.name.as_str(), node.folder.as_path())).collect()
    }

    /// The names of this workspace's crates.
    pub(crate) fn own_names(&self) -> BTreeSet<String> {
        self.0
            .values()
            .filter(|node| node.own)
            .map(|node| node.name.clone())
            .collect()
    }

    /// The nodes behind `keys`.
    pub(crate) fn nodes<'a>(&'a self, keys: &'a BTreeSet<String>) -> impl Iterator<Item = &'a Node> {
        keys.iter().filter_map(|key| self.0.get(key))
    }

    /// The names of all that is compiled into `node`, however far away.
    pub(crate) fn reached_from(&self, node: &Node) -> BTreeSet<String> {
        let mut seen = BTreeSet::new();
        let mut waiting: Vec<&String> = node.normal.iter().collect();
        while let Some(key) = waiting.pop() {
            if seen.insert(key)
                && let Some(next) = self.0.get(key)
            {
                waiting.extend(&next.normal);
            }
        }
        seen.into_iter()
            .filter_map(|key| self.0.get(key))
            .map(|node| node.name.clone())
            .collect()
    }
}

/// A graph for the tests of the rules: each line is `name: what it depends on`; a name that starts with `@` is a crate
/// of the workspace.
#[cfg(test)]
pub(crate) fn made_up(lines: &[&str]) -> Graph {
    let mut nodes: BTreeMap<String, Node> = BTreeMap::new();
    let node = |name: &str| Node {
        name: name.trim_start_matches('@').to_owned(),
        own: name.starts_with('@'),
        licence: Some("MIT OR Apache-2.0".to_owned()),
        crates_io: !name.starts_with('@'),
        ..Node::default()
    };
    for line in lines {
        let (name, deps) = line.split_once(':').unwrap_or((line, ""));
        for dep in deps.split_whitespace() {
            nodes.entry(dep.to_owned()).or_insert_with(|| node(dep));
        }
        let deps = deps.split_whitespace().map(str::to_owned);
        nodes
            .entry(name.to_owned())
            .or_insert_with(|| node(name))
            .normal
            .extend(deps);
    }
    Graph(nodes)
}
