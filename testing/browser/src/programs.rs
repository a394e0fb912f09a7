use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// What `scripts/test` installs; named in every message, so that nobody has to look for it.
const HOW: &str = "run `scripts/test tools`, which installs what the tests need";

/// Where Chromium is.
///
/// # Errors
/// It is not installed.
pub(crate) fn chromium() -> Result<PathBuf> {
    find(&["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"]).with_context(|| {
        format!(
            "Chromium is not installed, and this test needs a real one: {HOW} (Debian: `apt-get install chromium \
             chromium-driver`), or put the folder of `chromium` into PATH"
        )
    })
}

/// Where the program is that drives Chromium, of the same version.
///
/// # Errors
/// It is not installed.
pub(crate) fn chromedriver() -> Result<PathBuf> {
    find(&["chromedriver"]).with_context(|| {
        format!(
            "chromedriver is not installed, and this test drives a real Chromium with it: {HOW} (Debian: `apt-get install \
             chromium-driver`), or put the folder of `chromedriver` into PATH"
        )
    })
}

/// The source of axe-core, the accessibility checks. It is fetched and verified by `scripts/test`, and no part of this
/// repository.
///
/// # Errors
/// It was not fetched.
pub(crate) fn axe() -> Result<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/axe-core/axe.min.js");
    ensure!(
        path.exists(),
        "axe-core is not at {}, and this test checks accessibility with it: {HOW}",
        path.display()
    );
    std::fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))
}

fn find(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<_> = std::env::split_paths(&path).collect();
    names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|program| program.is_file())
}
