//! Keys that are typed into pages, and are never in one.

use anyhow::{Context, Result, ensure};
use browser::{Browser, Key, Options, button, css, field, link, text};
use e2e::{GOOD_KEY, SECOND_KEY};
use serde_json::json;

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
fn a_refused_key_of_the_settings_is_corrected_where_it_was_typed() -> Result<()> {
    let stage = Stage::start()?;
    stage.add_mailchimp()?;
    let token = stage.account("acme")?;
    let wanted = json!({ "provider": "mailchimp" });
    let installed = stage
        .caller(&token)
        .call("POST", "/v1/accounts/acme/integrations", Some(&wanted), &[])?;
    installed.expect(201)?;
    let browser = stage.signed_in(&token, &Options::default())?;
    browser.goto(&stage.url("/settings/integrations/mailchimp"))?;
    browser.click(link("Add the key"))?;
    // One character is another one.
    let (first, rest) = GOOD_KEY.split_at(1);
    let wrong = format!("9{rest}");
    browser.fill(field("API key"), &wrong)?;
    browser.click(button("Save and test"))?;
    browser.wait_for(text("Mailchimp refused this key").inside("dialog[open]"))?;
    browser.wait_for(text("It is saved, but not used.").inside("dialog[open]"))?;
    ensure!(browser.value(field("API key"))? == wrong, "what was typed is gone");
    browser.assert_accessible()?;
    // What lies beneath has followed.
    browser.wait_for(text("Key rejected"))?;
    // The keyboard is in the field already.
    for key in [Key::Home, Key::Right, Key::Backspace] {
        browser.press(key)?;
    }
    browser.type_text(first)?;
    browser.press(Key::Enter)?;
    browser.wait_for(text("Connected as acme-8d3a").inside("dialog[open]"))?;
    no_key_on(&browser)?;
    browser.click(button("Done"))?;
    browser.wait_until_gone(css("dialog"))?;
    browser.wait_for(css(".badge.good"))?;
    let focused = browser.focused()?;
    ensure!(
        focused.as_deref() == Some("link “Save a new key for default”"),
        "{focused:?} has the focus"
    );
    browser.assert_clean()
}

#[test]
fn a_refused_key_of_a_further_connection_is_corrected_under_the_name_that_was_given() -> Result<()> {
    let stage = Stage::start()?;
    stage.add_mailchimp()?;
    let token = stage.account("acme")?;
    let wanted = json!({ "provider": "mailchimp", "credential": { "api_key": GOOD_KEY } });
    let acme = stage.caller(&token);
    acme.call("POST", "/v1/accounts/acme/integrations", Some(&wanted), &[])?
        .expect(201)?;
    let browser = stage.signed_in(&token, &Options::default())?;
    browser.goto(&stage.url("/settings/integrations/mailchimp"))?;
    browser.click(link("Add a connection"))?;
    browser.fill(field("Name of the connection"), "default")?;
    browser.fill(field("API key"), BAD_KEY)?;
    browser.expect("status of 422");
    browser.click(button("Save and test"))?;
    browser.wait_for(text("There is a connection of this name."))?;
    ensure!(browser.value(field("API key"))? == BAD_KEY, "what was typed is gone");
    browser.assert_accessible()?;
    browser.fill(field("Name of the connection"), "store-eu")?;
    browser.click(button("Save and test"))?;
    browser.wait_for(text("Mailchimp refused this key").inside("dialog[open]"))?;
    browser.fill(field("API key"), SECOND_KEY)?;
    browser.click(button("Save and test"))?;
    browser.wait_for(text("Connected as acme-8d3a").inside("dialog[open]"))?;
    browser.click(button("Done"))?;
    browser.wait_for(link("Save a new key for store-eu"))?;
    no_key_on(&browser)?;
    let shown = acme.get("/v1/accounts/acme/integrations/mailchimp")?.expect(200)?.body;
    let connections = shown["connections"].as_array().context("there are none")?;
    ensure!(connections.len() == 2, "{shown}");
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
