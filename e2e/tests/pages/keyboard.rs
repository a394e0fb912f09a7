//! What needs no mouse.

use anyhow::{Result, ensure};
use browser::{Browser, Key, Options, button, css, link, text};
use e2e::GOOD_KEY;

use crate::stage::Stage;

/// More stops than the connect dialog has, so that one goes around in it.
const ROUND: usize = 12;

/// An outline that somebody sees, around what has the focus.
const OUTLINED: &str = "
    const style = getComputedStyle(document.activeElement);
    return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0";

fn is_true(browser: &Browser, question: &str) -> Result<bool> {
    Ok(browser.evaluate(question)? == true)
}

/// Mailchimp's card has the focus, and its dialog is opened from there.
fn open_the_dialog(browser: &Browser) -> Result<()> {
    browser.tab_to(link("Connect Mailchimp"))?;
    browser.press(Key::Enter)?;
    browser.wait_for(css("dialog[open] input[type=password]"))
}

#[test]
fn the_focus_stays_in_an_open_dialog_and_returns_to_the_link_that_opened_it() -> Result<()> {
    let stage = Stage::start()?;
    stage.add_mailchimp()?;
    let browser = stage.signed_in(&stage.account("acme")?, &Options::default())?;
    open_the_dialog(&browser)?;
    // At once where one types.
    ensure!(
        is_true(&browser, "return document.activeElement.name === 'field.api_key'")?,
        "{:?} has the focus",
        browser.focused()?
    );
    for key in [[Key::Tab; ROUND], [Key::BackTab; ROUND]].concat() {
        browser.press(key)?;
        // Between the last stop and the first one the browser itself may have it, and so the body.
        let inside = "const at = document.activeElement; return at === document.body || !!at.closest('dialog[open]')";
        ensure!(is_true(&browser, inside)?, "{:?} has the focus", browser.focused()?);
    }
    browser.press(Key::Escape)?;
    browser.wait_until_gone(css("dialog"))?;
    ensure!(
        browser.focused()?.as_deref() == Some("link “Connect Mailchimp”"),
        "{:?} has the focus",
        browser.focused()?
    );
    browser.assert_clean()
}

#[test]
fn a_key_is_connected_by_the_keyboard_alone() -> Result<()> {
    let stage = Stage::start()?;
    stage.add_mailchimp()?;
    let browser = stage.signed_in(&stage.account("acme")?, &Options::default())?;
    open_the_dialog(&browser)?;
    browser.type_text(GOOD_KEY)?;
    browser.press(Key::Enter)?;
    browser.wait_for(button("Done"))?;
    ensure!(
        browser.focused()?.as_deref() == Some("button “Done”"),
        "{:?} has the focus",
        browser.focused()?
    );
    browser.press(Key::Enter)?;
    browser.wait_until_gone(css("dialog"))?;
    browser.wait_for(text("Connected"))?;
    // The card leads elsewhere now, and it is still where one is.
    ensure!(
        browser.focused()?.as_deref() == Some("link “Manage Mailchimp”"),
        "{:?} has the focus",
        browser.focused()?
    );
    browser.press(Key::Enter)?;
    browser.wait_for_url("/settings/integrations/mailchimp")?;
    browser.wait_for(text("acme-8d3a"))?;
    browser.assert_clean()
}

#[test]
fn whatever_has_the_focus_is_seen_to_have_it() -> Result<()> {
    let stage = Stage::start()?;
    stage.add_mailchimp()?;
    let token = stage.account("acme")?;
    for dark in [false, true] {
        let browser = stage.signed_in(
            &token,
            &Options {
                dark,
                ..Options::default()
            },
        )?;
        for path in [
            "/marketplace",
            "/marketplace/mailchimp/connect",
            "/settings/integrations",
        ] {
            browser.goto(&stage.url(path))?;
            browser.press(Key::Tab)?;
            ensure!(
                browser.focused()?.as_deref() == Some("link “Skip to the content”"),
                "{path} begins with {:?}",
                browser.focused()?
            );
            let mut stops = 0;
            while let Some(focused) = browser.focused()? {
                ensure!(
                    is_true(&browser, OUTLINED)?,
                    "{focused} of {path} is not seen to have the focus"
                );
                browser.press(Key::Tab)?;
                stops += 1;
                // Some browsers go around without a stop at their own bars.
                if stops > 1 && browser.focused()?.as_deref() == Some("link “Skip to the content”") {
                    break;
                }
            }
            ensure!(stops > 5, "{path} has {stops} stops");
        }
        browser.assert_clean()?;
    }
    Ok(())
}

#[test]
fn the_menu_and_the_way_past_the_header_need_no_mouse() -> Result<()> {
    let stage = Stage::start()?;
    let browser = stage.signed_in(&stage.account("acme")?, &Options::default())?;
    browser.tab_to(css("header summary"))?;
    browser.press(Key::Space)?;
    browser.wait_for(button("Sign out"))?;
    browser.press(Key::Tab)?;
    ensure!(
        is_true(&browser, "return !!document.activeElement.closest('.menu')")?,
        "{:?} has the focus",
        browser.focused()?
    );
    browser.reload()?;
    browser.tab_to(link("Skip to the content"))?;
    browser.press(Key::Enter)?;
    browser.press(Key::Tab)?;
    ensure!(
        is_true(&browser, "return !!document.activeElement.closest('main')")?,
        "{:?} has the focus",
        browser.focused()?
    );
    browser.assert_clean()
}
