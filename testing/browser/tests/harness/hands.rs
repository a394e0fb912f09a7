//! What a person does.

use std::time::Duration;

use anyhow::{Result, ensure};
use browser::{Browser, Key, Options, button, css, field, link, text};

use crate::site::{Site, page};
use crate::{complaint, on};

const FORM: &str = "
    <form action=/sent method=post>
      <label>Name <input name=name value=old></label>
      <label for=kind>Kind</label><select id=kind name=kind><option value=a>First</option><option value=b>Second</option></select>
      <label>Logo <input type=file name=logo></label>
      <button aria-label='Send the form'>Send</button>
    </form>
    <a href=/sent>Somewhere</a>
    <div hidden><button>Send</button></div>";

#[test]
fn a_form_is_filled_in_and_sent_by_the_names_that_a_screen_reader_says() -> Result<()> {
    for options in [Options::default(), Options::without_javascript(), Options::phone()] {
        let site = Site::start(vec![("/", page(FORM)), ("/sent", page("<p>Thank you</p>"))])?;
        let browser = Browser::start(&options)?;
        browser.goto(&site.url("/"))?;
        browser.fill(field("Name"), "new")?;
        ensure!(browser.value(field("Name"))? == "new", "the old value stayed");
        browser.choose(field("Kind"), "Second")?;
        ensure!(browser.value("#kind")? == "b", "nothing was chosen");
        browser.upload(field("Logo"), std::path::Path::new("Cargo.toml"))?;
        ensure!(
            browser.value(field("Logo"))?.ends_with("Cargo.toml"),
            "no file was given"
        );
        browser.click(button("Send the form"))?;
        browser.wait_for_url("/sent")?;
        browser.wait_for(text("Thank you"))?;
        browser.back()?;
        browser.click(link("Somewhere").inside("main"))?;
        browser.wait_for_url("/sent")?;
        browser.assert_clean()?;
    }
    Ok(())
}

#[test]
fn a_double_click_is_two_clicks() -> Result<()> {
    let count = "<button id=b>Count</button><p id=n>0</p><script src=/count.js></script>";
    let script = "b.addEventListener('click', () => { n.textContent = Number(n.textContent) + 1; });";
    let site = Site::start(vec![("/", page(count)), ("/count.js", script.to_owned())])?;
    let browser = Browser::start(&Options::default())?;
    browser.goto(&site.url("/"))?;
    browser.double_click(button("Count"))?;
    ensure!(browser.text("#n")? == "2", "{}", browser.text("#n")?);
    browser.assert_clean()
}

#[test]
fn the_keyboard_alone_is_enough() -> Result<()> {
    let site = Site::start(vec![("/", page(FORM)), ("/sent", page("<p>Thank you</p>"))])?;
    let browser = Browser::start(&Options::default())?;
    browser.goto(&site.url("/"))?;
    ensure!(browser.focused()?.is_none(), "{:?}", browser.focused()?);
    browser.tab_to(field("Name"))?;
    browser.type_text("Ä new one")?;
    ensure!(
        browser.value(field("Name"))? == "Ä new one",
        "{}",
        browser.value(field("Name"))?
    );
    browser.tab_to(field("Kind"))?;
    browser.press(Key::Down)?;
    ensure!(browser.value("#kind")? == "b", "nothing was chosen");
    browser.press(Key::BackTab)?;
    ensure!(
        browser.focused()?.as_deref() == Some("textbox “Name”"),
        "{:?}",
        browser.focused()?
    );
    browser.tab_to(button("Send the form"))?;
    browser.press(Key::Enter)?;
    browser.wait_for(text("Thank you"))?;
    browser.assert_clean()
}

#[test]
fn what_comes_later_is_waited_for_and_what_goes_too() -> Result<()> {
    let site = Site::start(vec![
        ("/", page("<p id=busy>Busy</p><script src=/later.js></script>")),
        (
            "/later.js",
            "setTimeout(() => { busy.hidden = true; document.body.append('It is  done') }, 400)".to_owned(),
        ),
    ])?;
    let browser = Browser::start(&Options::default())?;
    browser.goto(&site.url("/"))?;
    ensure!(browser.count(css("#busy"))? == 1, "it was never busy");
    browser.wait_for(text("It is done"))?;
    browser.wait_until_gone("#busy")?;
    browser.assert_clean()
}

/// For what is looked for in vain.
fn impatient() -> Options {
    Options {
        patience: Duration::from_millis(500),
        ..Options::default()
    }
}

#[test]
fn what_is_not_there_fails_with_what_was_looked_for_and_what_is_there() -> Result<()> {
    let (browser, site) = on("<p>Only this</p>", &impatient())?;
    let found = complaint(browser.click(button("Install")))?;
    for part in ["the button “Install”", &site.url("/"), "Only this"] {
        ensure!(found.contains(part), "{found}");
    }
    Ok(())
}

#[test]
fn of_several_none_is_clicked_and_what_is_covered_neither() -> Result<()> {
    let (browser, _site) = on(
        "<button>Twice</button><button>Twice</button><button>Covered</button>\
         <div style='position: fixed; inset: 0; background: #fff'>On top</div>",
        &impatient(),
    )?;
    ensure!(browser.count(button("Twice"))? == 2, "both can be seen");
    let found = complaint(browser.click(button("Twice")))?;
    ensure!(found.contains("2 elements"), "{found}");
    let found = complaint(browser.click(button("Covered")))?;
    ensure!(found.contains("intercepted"), "{found}");
    Ok(())
}
