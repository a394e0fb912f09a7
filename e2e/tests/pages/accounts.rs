//! Two accounts in two browsers that never see each other.

use anyhow::{Context, Result, ensure};
use browser::{Browser, Options, button, field, link, text};
use e2e::{GOOD_KEY, SECOND_KEY};
use serde_json::json;

use crate::keys::no_key_on;
use crate::stage::Stage;

/// What Chromium puts on the console when there is no such page.
const NOT_FOUND: &str = "status of 404";

/// Where an account looks after an integration. There is nothing there while it has none.
const OF_AN_INTEGRATION: [&str; 6] = [
    "",
    "/history",
    "/connections",
    "/connections/default/key",
    "/connections/default/disconnect",
    "/uninstall",
];

const INTEGRATIONS: &str = "/settings/integrations";

#[test]
fn what_one_account_does_changes_nothing_for_another() -> Result<()> {
    let stage = Stage::start()?;
    stage.add_mailchimp()?;
    let acme = stage.signed_in(&stage.account("acme")?, &Options::default())?;
    let globex = stage.signed_in(&stage.account("globex")?, &Options::default())?;
    let (own, before) = (seen(&stage, &acme)?, seen(&stage, &globex)?);

    connect(&stage, &acme, GOOD_KEY)?;
    let now = seen(&stage, &globex)?;
    ensure!(now == before, "globex sees what acme did: {before:?} became {now:?}");

    let before = seen(&stage, &acme)?;
    let changed = own.iter().zip(&before).filter(|(own, before)| own != before).count();
    ensure!(
        changed > OF_AN_INTEGRATION.len(),
        "acme itself sees too little of it: {before:?}"
    );
    connect(&stage, &globex, SECOND_KEY)?;
    globex.goto(&stage.url("/settings/integrations/mailchimp/connections/default/disconnect"))?;
    globex.click(button("Disconnect and erase the key"))?;
    globex.wait_for(text("The key was taken back"))?;
    let now = seen(&stage, &acme)?;
    ensure!(now == before, "acme sees what globex did: {before:?} became {now:?}");
    globex.expect(NOT_FOUND);
    globex.assert_clean()?;
    acme.expect(NOT_FOUND);
    acme.assert_clean()
}

#[test]
fn what_another_account_has_looks_like_what_nobody_has() -> Result<()> {
    let stage = Stage::start()?;
    stage.add_mailchimp()?;
    let token = stage.account("acme")?;
    let acme = stage.signed_in(&token, &Options::default())?;
    connect(&stage, &acme, GOOD_KEY)?;
    let globex = stage.signed_in(&stage.account("globex")?, &Options::default())?;
    for part in OF_AN_INTEGRATION {
        let foreign = page(&stage, &globex, &format!("{INTEGRATIONS}/mailchimp{part}"))?;
        ensure!(foreign.contains("There is nothing here"), "{part}: {foreign}");
        let missing = page(&stage, &globex, &format!("{INTEGRATIONS}/no-such{part}"))?;
        ensure!(foreign == missing, "{part} tells them apart: {foreign} and {missing}");
    }
    globex.expect(NOT_FOUND);
    globex.assert_accessible()?;
    globex.assert_clean()
}

#[test]
fn the_auditor_of_one_account_reads_nothing_of_another() -> Result<()> {
    let stage = Stage::start()?;
    stage.add_mailchimp()?;
    let token = stage.account("acme")?;
    connect(&stage, &stage.signed_in(&token, &Options::default())?, GOOD_KEY)?;
    stage.account("globex")?;
    let auditor = |account| stage.token(&json!({ "name": "Auditor", "role": "auditor", "account": account }));
    let (own, other) = (auditor("acme")?, auditor("globex")?);
    let life = the_life_of_the_key(&stage.signed_in(&own, &Options::default())?)?;

    let other = stage.signed_in(&other, &Options::default())?;
    let feed = page(&stage, &other, "/audit")?;
    ensure!(!feed.contains("acme") && !feed.contains("Mailchimp"), "{feed}");
    for (foreign, missing) in [
        (life.as_str(), "/audit/credentials/01930f0e-0000-7000-8000-00000000ffff"),
        ("/audit?account=acme", "/audit?account=nobody"),
        ("/audit/export.jsonl?account=acme", "/audit/export.jsonl?account=nobody"),
    ] {
        let (foreign, missing) = (page(&stage, &other, foreign)?, page(&stage, &other, missing)?);
        ensure!(foreign.contains("There is nothing here"), "{foreign}");
        ensure!(foreign == missing, "they are told apart: {foreign} and {missing}");
    }
    other.expect(NOT_FOUND);
    other.assert_clean()
}

/// Connects Mailchimp in a browser whose account has it not.
fn connect(stage: &Stage, browser: &Browser, key: &str) -> Result<()> {
    browser.goto(&stage.url("/marketplace"))?;
    browser.click(link("Connect Mailchimp"))?;
    browser.fill(field("API key"), key)?;
    browser.click(button("Connect"))?;
    browser.wait_for(text("Connected as acme-8d3a"))
}

/// All that an account can see of an integration, page by page.
fn seen(stage: &Stage, browser: &Browser) -> Result<Vec<String>> {
    let of_it = OF_AN_INTEGRATION.map(|part| format!("{INTEGRATIONS}/mailchimp{part}"));
    let around = [
        "/marketplace",
        "/marketplace/mailchimp",
        "/settings/integrations",
        "/settings/ai",
    ];
    let all = around.map(str::to_owned).into_iter().chain(of_it);
    all.map(|path| page(stage, browser, &path)).collect()
}

/// What a page shows, opened by hand.
fn page(stage: &Stage, browser: &Browser, path: &str) -> Result<String> {
    browser.goto(&stage.url(path))?;
    no_key_on(browser)?;
    let shown = browser.evaluate("return document.title + '\\n' + document.body.innerText")?;
    Ok(shown.as_str().context("there is no page")?.to_owned())
}

/// Where an auditor reads on about the one key of an account.
fn the_life_of_the_key(auditor: &Browser) -> Result<String> {
    auditor.choose(field("What happened"), "Credential connected")?;
    auditor.click(button("Search"))?;
    auditor.click(link("The whole life of this key"))?;
    auditor.wait_for(text("The key of acme for mailchimp"))?;
    let path = auditor.evaluate("return location.pathname")?;
    Ok(path.as_str().context("it has no address")?.to_owned())
}
