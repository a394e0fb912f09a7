//! Where a program is not installed.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::ends::example;

#[test]
fn without_a_program_it_fails_and_says_how_to_install_it() -> Result<()> {
    let folder = tempfile::tempdir()?;
    for (there, missing) in [
        ("sh", "Chromium is not installed"),
        ("chromium", "chromedriver is not installed"),
    ] {
        symlink(find(there)?, folder.path().join(there))?;
        let test = Command::new(example("hold")?).env("PATH", folder.path()).output()?;
        let said = String::from_utf8_lossy(&test.stderr).into_owned();
        ensure!(!test.status.success() && said.contains(missing), "{said}");
        ensure!(
            said.contains("scripts/test tools") && said.contains("apt-get install"),
            "{said}"
        );
    }
    Ok(())
}

fn find(program: &str) -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|path| Path::exists(path));
    found.with_context(|| format!("there is no {program}"))
}
