//! Planted faults.

use std::net::TcpListener;

use anyhow::{Result, ensure};
use browser::{Browser, Options, button};

use crate::site::{Site, page};
use crate::{complaint, on};

#[test]
fn a_page_without_a_fault_is_clean_and_accessible() -> Result<()> {
    let (browser, _site) = on("<p>Nothing is wrong here.</p>", &Options::default())?;
    browser.assert_clean()?;
    browser.assert_accessible()?;
    ensure!(browser.requests_to("/icon.png")? == 1, "{:?}", browser.requests()?);
    Ok(())
}

#[test]
fn an_error_on_the_console_is_found_and_may_be_expected() -> Result<()> {
    let site = Site::start(vec![
        ("/", page("<script src=/fault.js></script>")),
        (
            "/fault.js",
            "console.error('planted'); console.log('harmless')".to_owned(),
        ),
    ])?;
    let browser = Browser::start(&Options::default())?;
    browser.goto(&site.url("/"))?;
    let found = complaint(browser.assert_clean())?;
    ensure!(found.contains("planted") && !found.contains("harmless"), "{found}");
    browser.expect("planted");
    browser.assert_clean()
}

#[test]
fn an_error_that_was_expected_and_did_not_come_is_found() -> Result<()> {
    let (browser, _site) = on("", &Options::default())?;
    browser.expect("status of 401");
    let found = complaint(browser.assert_clean())?;
    ensure!(found.contains("status of 401"), "{found}");
    Ok(())
}

#[test]
fn an_exception_is_found_although_the_page_has_moved_on() -> Result<()> {
    let site = Site::start(vec![
        ("/", page("<script src=/fault.js></script>")),
        ("/fault.js", "throw new Error('planted')".to_owned()),
        ("/next", page("")),
    ])?;
    let browser = Browser::start(&Options::default())?;
    browser.goto(&site.url("/"))?;
    browser.goto(&site.url("/next"))?;
    let found = complaint(browser.assert_clean())?;
    ensure!(found.contains("planted"), "{found}");
    Ok(())
}

#[test]
fn what_the_content_security_policy_refuses_is_found() -> Result<()> {
    for (fault, directive) in [
        ("<script>document.title = 'ran'</script>", "script-src"),
        ("<button onclick='void 0'>Press</button>", "script-src"),
        (
            "<img alt='' src='data:image/gif;base64,R0lGODlhAQABAAAAACw='>",
            "img-src",
        ),
    ] {
        let (browser, _site) = on(fault, &Options::default())?;
        let found = complaint(browser.assert_clean())?;
        ensure!(
            found.contains("Content Security Policy") && found.contains(directive),
            "{found}"
        );
        ensure!(browser.title()? == "A page", "the script ran");
    }
    Ok(())
}

#[test]
fn a_request_to_another_host_is_found_even_when_it_is_refused() -> Result<()> {
    let elsewhere = TcpListener::bind("127.0.0.2:0")?;
    let host = elsewhere.local_addr()?;
    let (browser, _site) = on(
        &format!("<img alt='' src='http://{host}/pixel.png'>"),
        &Options::default(),
    )?;
    browser.expect("pixel.png");
    let found = complaint(browser.assert_clean())?;
    ensure!(
        found.contains(&format!("GET http://{host}/pixel.png is a request to another host")),
        "{found}"
    );
    Ok(())
}

#[test]
fn going_to_another_host_by_a_link_is_found() -> Result<()> {
    let elsewhere = Site::of("<p>Elsewhere</p>")?;
    let link = format!("<a href='{}'>Away</a>", elsewhere.url("/"));
    let (browser, _site) = on(&link, &Options::default())?;
    browser.click(browser::link("Away"))?;
    browser.wait_for(browser::text("Elsewhere"))?;
    let found = complaint(browser.assert_clean())?;
    ensure!(found.contains(&elsewhere.url("/")), "{found}");
    Ok(())
}

#[test]
fn an_answer_that_tells_of_an_error_is_found() -> Result<()> {
    let (browser, _site) = on("<script src=/missing.js></script>", &Options::default())?;
    let found = complaint(browser.assert_clean())?;
    ensure!(found.contains("missing.js") && found.contains("404"), "{found}");
    Ok(())
}

#[test]
fn what_is_not_accessible_is_found_with_rule_and_element() -> Result<()> {
    let (browser, _site) = on(
        "<p id=faint style='color: #bbb; background: #fff'>Faint</p><input id=nameless>",
        &Options::default(),
    )?;
    let found = complaint(browser.assert_accessible())?;
    for part in ["serious color-contrast", "#faint", "critical label", "#nameless"] {
        ensure!(found.contains(part), "{found}");
    }
    // The page saw nothing of it, and its policy stopped nothing.
    ensure!(
        browser.evaluate("return typeof window.axe")? == "undefined",
        "axe is left in the page"
    );
    browser.assert_clean()
}

#[test]
fn an_alert_fails_whatever_is_done_next() -> Result<()> {
    let site = Site::start(vec![
        ("/", page("<script src=/fault.js defer></script><button>Press</button>")),
        (
            "/fault.js",
            "document.querySelector('button').addEventListener('click', () => alert('planted'))".to_owned(),
        ),
    ])?;
    let browser = Browser::start(&Options::default())?;
    browser.goto(&site.url("/"))?;
    browser.click(button("Press"))?;
    let found = complaint(browser.wait_for(button("Press")))?;
    ensure!(found.contains("alert"), "{found}");
    Ok(())
}
