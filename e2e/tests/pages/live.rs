//! Pages that are open while something happens.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use browser::{Options, css, field, link, text};

use crate::stage::Stage;

/// How long it may take until an open page shows a provider that was added.
const LIMIT: Duration = Duration::from_secs(1);
/// Other work on the machine may hold one up: of so many one must keep within the limit.
const TRIES: usize = 5;

#[test]
fn what_a_search_finds_is_said_where_it_is_read_out() -> Result<()> {
    let stage = Stage::start()?;
    stage.add_mailchimp()?;
    let browser = stage.signed_in(&stage.account("acme")?, &Options::default())?;
    browser.wait_for(css("#found"))?;
    browser.evaluate("window.found = document.getElementById('found')")?;
    browser.fill(field("Search integrations"), "mailch")?;
    browser.wait_for(text("1 integration for “mailch”"))?;
    // A screen reader reads out what changes within an element that stays.
    let same = "return window.found.isConnected && window.found === document.querySelector('[role=status]')";
    ensure!(browser.evaluate(same)? == true, "another element says what was found");
    browser.assert_clean()
}

#[test]
fn a_provider_that_an_admin_adds_appears_in_an_open_marketplace_within_a_second() -> Result<()> {
    let mut times = Vec::new();
    for _ in 0..TRIES {
        let stage = Stage::start()?;
        let browser = stage.signed_in(&stage.account("acme")?, &Options::default())?;
        browser.wait_for(css("#results"))?;
        ensure!(browser.count(text("Mailchimp"))? == 0, "it is there already");
        browser.evaluate("window.before = true")?;
        stage.add_mailchimp()?;
        let added = Instant::now();
        browser.wait_for(link("Connect Mailchimp"))?;
        times.push(added.elapsed());
        ensure!(
            browser.evaluate("return window.before === true")? == true,
            "the page was loaded anew"
        );
        // When it was opened, and when it changed.
        let read = browser.requests()?;
        let read = read.iter().filter(|request| request.url.ends_with("/marketplace"));
        ensure!(read.count() == 2, "{:?}", browser.requests()?);
        browser.assert_clean()?;
        if times.last().is_some_and(|time| *time < LIMIT) {
            return Ok(());
        }
    }
    anyhow::bail!("it never appeared within {LIMIT:?}: {times:?}")
}
