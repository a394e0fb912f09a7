//! A browser leaves nothing behind.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use browser::{Browser, Options};

use crate::site::Site;

#[test]
fn a_browser_is_gone_with_its_profile_when_it_is_dropped() -> Result<()> {
    let site = Site::of("")?;
    let browser = Browser::start(&Options::default())?;
    browser.goto(&site.url("/"))?;
    let profile = browser.profile();
    ensure!(
        profile.join("Default").is_dir() && uses(&profile.display().to_string())?,
        "no profile"
    );
    drop(browser);
    ensure!(!profile.exists(), "the profile is left");
    ensure!(!uses(&profile.display().to_string())?, "Chromium runs on");
    Ok(())
}

#[test]
fn a_browser_is_gone_when_the_test_is_killed() -> Result<()> {
    let mut test = Command::new(example("hold")?).stdout(Stdio::piped()).spawn()?;
    let mut profile = String::new();
    BufReader::new(test.stdout.take().context("no output")?).read_line(&mut profile)?;
    let profile = PathBuf::from(profile.trim());
    ensure!(uses(&profile.display().to_string())?, "Chromium does not run");
    test.kill()?;
    test.wait()?;
    let killed = Instant::now();
    while profile.exists() || uses(&profile.display().to_string())? {
        ensure!(killed.elapsed() < Duration::from_secs(20), "Chromium outlives the test");
        std::thread::yield_now();
    }
    Ok(())
}

/// An example of this crate, which is built with its tests.
pub(crate) fn example(name: &str) -> Result<PathBuf> {
    let test = std::env::current_exe()?;
    let target = test
        .parent()
        .and_then(Path::parent)
        .context("the test is not in a target folder")?;
    Ok(target.join("examples").join(name))
}

/// Whether a process names this folder.
fn uses(folder: &str) -> Result<bool> {
    let table = Command::new("ps").args(["-A", "-ww", "-o", "args="]).output()?;
    let table = String::from_utf8_lossy(&table.stdout).into_owned();
    Ok(table
        .lines()
        .any(|line| line.contains(folder) && line.contains("chromium")))
}
