//! Keys that are typed into pages, and are never in one.

use anyhow::{Context, Result, ensure};
use browser::{Browser, Options, button, field, link, text};
use e2e::{GOOD_KEY, SECOND_KEY};

use crate::stage::Stage;

/// A key that the provider refuses.
pub(crate) const BAD_KEY: &str = "ffffffffffffffffffffffffffffffff-us19";

/// That no key stands anywhere in the page: to be seen, hidden, or filled into a field by the server.
pub(crate) fn no_key_on(browser: &Browser) -> Result<()> {
    let source = browser.evaluate("return document.documentElement.outerHTML")?;
    let source = source.as_str().context("there is no page")?;
    for key in [GOOD_KEY, SECOND_KEY, BAD_KEY] {
        ensure!(!source.contains(key), "a key stands on {}", browser.url()?);
    }
    Ok(())
}

#[test]
fn a_refused_key_is_corrected_where_it_was_typed() -> Result<()> {
    let stage = Stage::start()?;
    stage.add_mailchimp()?;
    let browser = stage.signed_in(&stage.account("acme")?, &Options::default())?;
    browser.click(link("Connect Mailchimp"))?;
    browser.fill(field("API key"), BAD_KEY)?;
    browser.click(button("Connect"))?;
    browser.wait_for(text("Mailchimp refused this key"))?;
    browser.wait_for(text("Check that all of it was copied"))?;
    ensure!(browser.value(field("API key"))? == BAD_KEY, "what was typed is gone");
    no_key_on(&browser)?;
    browser.assert_accessible()?;
    browser.fill(field("API key"), GOOD_KEY)?;
    browser.click(button("Connect"))?;
    browser.wait_for(text("Connected as acme-8d3a"))?;
    no_key_on(&browser)?;
    browser.click(button("Done"))?;
    // The card below has followed.
    browser.wait_for(link("Manage Mailchimp"))?;
    browser.assert_clean()
}

#[test]
fn a_double_click_saves_a_key_once() -> Result<()> {
    for options in [Options::default(), Options::without_javascript()] {
        let stage = Stage::start()?;
        stage.add_mailchimp()?;
        let token = stage.account("acme")?;
        let browser = stage.signed_in(&token, &options)?;
        browser.click(link("Connect Mailchimp"))?;
        browser.fill(field("API key"), GOOD_KEY)?;
        browser.double_click(button("Connect"))?;
        browser.wait_for(text("Connected as acme-8d3a"))?;
        let history = stage
            .caller(&token)
            .get("/v1/accounts/acme/integrations/mailchimp/history")?;
        let history = history.expect(200)?;
        let saved =
            history.text.matches("CredentialConnected").count() + history.text.matches("CredentialRotated").count();
        ensure!(saved == 1, "{saved} versions were saved: {}", history.text);
        browser.assert_clean()?;
    }
    Ok(())
}
