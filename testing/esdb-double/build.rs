//! Makes the server's side of the protocol from the definitions that the client's package ships.
//!
//! They are not copied into this repository: they lie in cargo's registry, in the very version that `Cargo.lock` names, so
//! that client and double are always made from the same text.

use std::path::{Path, PathBuf};

use anyhow::Context;
use cargo_metadata::MetadataCommand;

/// The package that ships the definitions.
const CLIENT: &str = "eventstore";
/// What the double serves; the rest is imported by these.
const SERVICES: [&str; 3] = ["streams.proto", "gossip.proto", "serverfeatures.proto"];

fn main() -> anyhow::Result<()> {
    let definitions = definitions()?;
    for service in SERVICES {
        println_rerun(&definitions.join(service));
    }
    println_rerun(Path::new("build.rs"));
    let files = protox::compile(SERVICES, [&definitions]).context("the definitions cannot be compiled")?;
    tonic_build::configure()
        .build_client(false)
        .compile_well_known_types(true)
        .extern_path(".google.protobuf.Empty", "()")
        .extern_path(".event_store.client.Empty", "()")
        .emit_rerun_if_changed(false)
        .include_file("protocol.rs")
        .compile_fds(files)
        .context("the protocol cannot be generated")
}

/// The folder of the definitions.
fn definitions() -> anyhow::Result<PathBuf> {
    let manifest = Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join("Cargo.toml");
    let metadata = MetadataCommand::new()
        .manifest_path(manifest)
        .other_options(vec!["--locked".into()])
        .exec()
        .context("cargo metadata")?;
    let client = metadata
        .packages
        .iter()
        .find(|package| package.name.as_str() == CLIENT)
        .context("the client of EventStoreDB is not in the tree")?;
    let folder = client.manifest_path.parent().context("a package without a folder")?;
    Ok(folder.join("protos").into())
}

fn println_rerun(path: &Path) {
    println!("cargo::rerun-if-changed={}", path.display());
}
