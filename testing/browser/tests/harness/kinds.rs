//! Kinds of browsers.

use anyhow::{Result, ensure};
use browser::{Browser, Options, text};

use crate::on;
use crate::site::{Site, page};

#[test]
fn without_javascript_no_script_runs_and_noscript_shows() -> Result<()> {
    let site = Site::start(vec![
        (
            "/",
            page("<noscript>No scripts here</noscript><p id=ran></p><script src=/run.js></script>"),
        ),
        ("/run.js", "ran.textContent = 'A script ran'".to_owned()),
    ])?;
    for (options, shown, hidden) in [
        (Options::without_javascript(), "No scripts here", "A script ran"),
        (Options::default(), "A script ran", "No scripts here"),
    ] {
        let browser = Browser::start(&options)?;
        browser.goto(&site.url("/"))?;
        browser.wait_for(text(shown))?;
        ensure!(browser.count(text(hidden))? == 0, "{hidden}");
        let fetched = browser.requests_to("/run.js")?;
        ensure!(
            fetched == usize::from(options.javascript),
            "run.js was fetched {fetched} times"
        );
        browser.assert_accessible()?;
        browser.assert_clean()?;
    }
    Ok(())
}

const THEMES: &str = "<style>
    body { background: #fff; color: #000 }
    p { display: none }
    @media (prefers-color-scheme: dark) { body { background: #000; color: #fff } #dark { display: block } }
    @media (prefers-color-scheme: light) { #light { display: block } }
    @media (prefers-reduced-motion: reduce) { #still { display: block } }
    @media (prefers-reduced-motion: no-preference) { #moving { display: block } }
    </style><p id=dark>It is dark</p><p id=light>It is light</p><p id=still>It is still</p><p id=moving>It moves</p>";

#[test]
fn dark_is_dark_and_still_is_still_on_every_page() -> Result<()> {
    let options = Options {
        dark: true,
        reduced_motion: true,
        ..Options::default()
    };
    let (browser, site) = on(THEMES, &options)?;
    let shows = |dark: &str, motion: &str| -> Result<()> {
        ensure!(browser.count("p")? == 2, "{}", browser.text("main")?);
        browser.wait_for(text(dark))?;
        browser.wait_for(text(motion))
    };
    shows("It is dark", "It is still")?;
    browser.goto(&site.url("/?again"))?;
    shows("It is dark", "It is still")?;
    browser.dark(false)?;
    shows("It is light", "It is still")?;
    Ok(())
}

#[test]
fn by_default_it_is_light_and_moves() -> Result<()> {
    let (browser, _site) = on(THEMES, &Options::default())?;
    browser.wait_for(text("It is light"))?;
    browser.wait_for(text("It moves"))
}

#[test]
fn a_phone_is_360_wide_and_what_is_wider_is_found() -> Result<()> {
    let (browser, _site) = on("<p>Narrow</p>", &Options::phone())?;
    let width = |browser: &Browser| browser.evaluate("return innerWidth");
    ensure!(width(&browser)? == 360, "{}", width(&browser)?);
    ensure!(browser.overflow()? == 0, "{}", browser.overflow()?);
    browser.resize(1280, 900)?;
    ensure!(width(&browser)? == 1280, "{}", width(&browser)?);

    let (browser, _site) = on("<p style='width: 500px'>Wide</p>", &Options::phone())?;
    ensure!(browser.overflow()? >= 140, "{}", browser.overflow()?);
    Ok(())
}

#[test]
fn times_are_shown_in_the_zone_of_the_reader() -> Result<()> {
    let options = Options {
        timezone: "Asia/Tokyo".to_owned(),
        ..Options::default()
    };
    let (browser, _site) = on("", &options)?;
    let hour = browser.evaluate("return new Date('2026-01-01T00:00:00Z').getHours()")?;
    ensure!(hour == 9, "{hour}");
    Ok(())
}

#[test]
fn a_picture_shows_the_whole_page_in_its_theme() -> Result<()> {
    let body = format!("{THEMES}<div style='height: 3000px'></div>");
    let folder = tempfile::tempdir()?;
    let mut pictures = Vec::new();
    let (browser, _site) = on(&body, &Options::phone())?;
    for dark in [false, true] {
        browser.dark(dark)?;
        let path = folder.path().join("new").join(format!("{dark}.png"));
        browser.screenshot(&path)?;
        pictures.push(std::fs::read(path)?);
    }
    for picture in &pictures {
        // The header of a PNG (RFC 2083, section 4.1.1): width and height, most significant byte first.
        let number = |at: usize| picture[at..at + 4].iter().fold(0, |n, byte| n << 8 | u32::from(*byte));
        ensure!(number(16) == 360, "{} wide", number(16));
        ensure!(number(20) > 3000, "{} tall", number(20));
    }
    ensure!(pictures[0] != pictures[1], "dark is as light");
    Ok(())
}

#[test]
fn pages_are_looked_at_when_nothing_moves_any_more() -> Result<()> {
    let fading = "<style>
        main { opacity: 0.3; transition: opacity 700ms }
        @media (prefers-color-scheme: dark) { main { opacity: 1 } }
        @keyframes spin { to { rotate: 1turn } }
        #busy { animation: spin 1s infinite }
        </style><p id=busy>What moves for ever is not waited for</p>";
    let (browser, _site) = on(fading, &Options::default())?;
    let opacity = || browser.evaluate("return getComputedStyle(document.querySelector('main')).opacity");
    browser.dark(true)?;
    ensure!(opacity()? != "1", "it did not fade in");
    // Half-way the text is too faint.
    browser.assert_accessible()?;
    ensure!(opacity()? == "1", "{}", opacity()?);
    browser.dark(false)?;
    browser.screenshot(&tempfile::tempdir()?.path().join("faded.png"))?;
    ensure!(opacity()? == "0.3", "{}", opacity()?);
    Ok(())
}

#[test]
fn two_browsers_share_nothing() -> Result<()> {
    let (one, site) = on("", &Options::default())?;
    one.evaluate("document.cookie = 'who=one'; localStorage.who = 'one'")?;
    ensure!(one.cookies()?.len() == 1, "{:?}", one.cookies()?);
    let two = Browser::start(&Options::default())?;
    two.goto(&site.url("/"))?;
    ensure!(two.cookies()?.is_empty(), "{:?}", two.cookies()?);
    ensure!(
        two.evaluate("return localStorage.length")? == 0,
        "the storage is shared"
    );
    Ok(())
}
