//! Signing in and out, with scripts and without.

use anyhow::{Result, ensure};
use browser::{Browser, Key, Options, button, css, field, text};

use crate::pictures::pictures;
use crate::stage::{Stage, sign_in};

/// What Chromium puts on the console when a page is answered with 401.
const REFUSED: &str = "status of 401";

fn with_and_without_javascript() -> [Options; 2] {
    [Options::default(), Options::without_javascript()]
}

#[test]
fn a_right_token_leads_to_the_marketplace_and_signing_out_leads_back() -> Result<()> {
    let stage = Stage::start()?;
    let token = stage.account("acme")?;
    for options in with_and_without_javascript() {
        let browser = Browser::start(&options)?;
        browser.goto(&stage.url("/marketplace"))?;
        browser.wait_for_url("/sign-in")?;
        sign_in(&browser, &token)?;
        // One goes on to what one wanted.
        ensure!(browser.url()? == stage.url("/marketplace"), "{}", browser.url()?);
        browser.wait_for(text("Pick a service"))?;

        browser.click(css("header summary"))?;
        browser.click(button("Sign out"))?;
        browser.wait_for_url("/sign-in")?;
        browser.goto(&stage.url("/marketplace"))?;
        browser.wait_for(field("Token"))?;
        ensure!(browser.cookies()?.is_empty(), "{:?}", browser.cookies()?);
        browser.assert_clean()?;
    }
    Ok(())
}

#[test]
fn a_wrong_token_says_why_and_a_right_one_helps() -> Result<()> {
    let stage = Stage::start()?;
    let token = stage.account("acme")?;
    for options in with_and_without_javascript() {
        let browser = Browser::start(&options)?;
        browser.goto(&stage.url("/sign-in"))?;
        sign_in(&browser, "soc_not-a-token")?;
        let alert = browser.text("[role=alert]")?;
        ensure!(alert.contains("mistyped, unknown, expired or revoked"), "{alert}");
        ensure!(browser.value(field("Token"))?.is_empty(), "the token is repeated");
        ensure!(browser.cookies()?.is_empty(), "{:?}", browser.cookies()?);
        browser.expect(REFUSED);
        browser.assert_accessible()?;
        sign_in(&browser, &token)?;
        browser.wait_for_url("/marketplace")?;
        browser.assert_clean()?;
    }
    Ok(())
}

#[test]
fn a_token_for_machines_is_told_from_one_for_people() -> Result<()> {
    let stage = Stage::start()?;
    let service = stage.token(&serde_json::json!({ "name": "writer", "role": "service" }))?;
    let browser = Browser::start(&Options::default())?;
    browser.goto(&stage.url("/sign-in"))?;
    sign_in(&browser, &service)?;
    browser.wait_for(text("This token is for a service that calls the API."))?;
    browser.expect(REFUSED);
    browser.assert_clean()
}

#[test]
fn the_keyboard_alone_signs_in_and_out() -> Result<()> {
    let stage = Stage::start()?;
    let token = stage.account("acme")?;
    let browser = Browser::start(&Options::default())?;
    browser.goto(&stage.url("/sign-in"))?;
    browser.tab_to(field("Token"))?;
    browser.type_text(&token)?;
    browser.press(Key::Enter)?;
    browser.wait_for_url("/marketplace")?;
    browser.tab_to(css("header summary"))?;
    browser.press(Key::Enter)?;
    browser.tab_to(button("Sign out"))?;
    browser.press(Key::Space)?;
    browser.wait_for_url("/sign-in")?;
    browser.assert_clean()
}

#[test]
fn the_session_is_a_cookie_that_scripts_and_other_sites_never_see() -> Result<()> {
    let stage = Stage::start()?;
    let browser = stage.signed_in(&stage.account("acme")?, &Options::default())?;
    let cookies = browser.cookies()?;
    let [cookie] = &cookies[..] else {
        anyhow::bail!("{cookies:?}");
    };
    ensure!(cookie["httpOnly"] == true, "{cookie}");
    ensure!(
        ["Lax", "Strict"].map(Into::into).contains(&cookie["sameSite"]),
        "{cookie}"
    );
    ensure!(browser.evaluate("return document.cookie")? == "", "scripts see it");
    ensure!(
        browser.evaluate("return localStorage.length + sessionStorage.length")? == 0,
        "something is in the browser's storage"
    );
    browser.assert_clean()
}

#[test]
fn two_browsers_of_two_accounts_are_two_people() -> Result<()> {
    let stage = Stage::start()?;
    let acme = stage.signed_in(&stage.account("acme")?, &Options::default())?;
    let globex = stage.signed_in(&stage.account("globex")?, &Options::default())?;
    for (browser, own, foreign) in [(&acme, "acme", "globex"), (&globex, "globex", "acme")] {
        browser.reload()?;
        let header = browser.text("header")?;
        ensure!(header.contains(own) && !header.contains(foreign), "{header}");
        browser.assert_clean()?;
    }
    Ok(())
}

#[test]
fn the_sign_in_page_and_the_marketplace_look_well_everywhere() -> Result<()> {
    let stage = Stage::start()?;
    let token = stage.account("acme")?;
    let browser = Browser::start(&Options::default())?;
    browser.goto(&stage.url("/sign-in"))?;
    pictures(&browser, "sign-in")?;
    sign_in(&browser, &token)?;
    browser.wait_for_url("/marketplace")?;
    pictures(&browser, "marketplace")?;
    browser.assert_clean()
}
