//! The harness itself: each fault that is planted in a page is found, and each kind of browser is what it says.

mod ends;
mod faults;
mod hands;
mod kinds;
mod missing;
mod site;

use anyhow::Result;
use browser::{Browser, Options};
use site::Site;

/// A browser on a page with this in it, and the site, which it needs to go on.
fn on(body: &str, options: &Options) -> Result<(Browser, Site)> {
    let site = Site::of(body)?;
    let browser = Browser::start(options)?;
    browser.goto(&site.url("/"))?;
    Ok((browser, site))
}

/// What an assertion fails with.
fn complaint(outcome: Result<()>) -> Result<String> {
    match outcome {
        Ok(()) => anyhow::bail!("nothing was found"),
        Err(found) => Ok(format!("{found:#}")),
    }
}
