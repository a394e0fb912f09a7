//! Every page, light and dark, on a phone and on a desktop: nobody scrolls sideways, and axe-core finds no fault.

use anyhow::{Context, Result};
use browser::{Browser, Options, button, css, field, link, text};
use e2e::{GOOD_KEY, SECOND_KEY};
use serde_json::{Value, json};

use crate::pictures::{pictures, show_in_readme};
use crate::stage::Stage;

/// A key that looks right, and that the provider does not take.
const WRONG_KEY: &str = "00000000000000000000000000000000-us19";
/// The most characters that a provider's name and category may have, and a person's.
const LONGEST: [usize; 3] = [120, 60, 200];

/// A stage on which somebody has worked for a while: an account under its agency with a connected provider whose next key
/// waits, one without a key, and one whose key was refused. With the token of the account's administrator.
fn lived_in() -> Result<(Stage, String)> {
    let stage = Stage::start()?;
    let agency = json!({ "id": "northwind", "name": "Northwind Agency" });
    stage
        .admin()
        .call("POST", "/v1/accounts", Some(&agency), &[])?
        .expect(201)?;
    let account = json!({ "id": "acme", "name": "Acme Outdoor", "parent": "northwind" });
    stage
        .admin()
        .call("POST", "/v1/accounts", Some(&account), &[])?
        .expect(201)?;
    stage.add_mailchimp()?;
    let mut campaigns = stage.row();
    campaigns["key"] = json!("campaign-desk");
    campaigns["name"] = json!("Campaign Desk");
    campaigns["description"] = json!("Plans and sends campaigns to several audiences at once.");
    stage
        .admin()
        .call("POST", "/v1/providers", Some(&campaigns), &[])?
        .expect(201)?;
    let token = stage.token(&json!({ "name": "Ada's laptop", "role": "account_admin", "account": "acme" }))?;
    let acme = stage.caller(&token);
    for (provider, key) in [
        ("mailchimp", Some(GOOD_KEY)),
        ("campaign-desk", Some(WRONG_KEY)),
        ("openai", None),
    ] {
        let mut install = json!({ "provider": provider });
        if let Some(key) = key {
            install["credential"] = json!({ "api_key": key });
        }
        acme.call("POST", "/v1/accounts/acme/integrations", Some(&install), &[])?
            .expect(201)?;
    }
    for (connection, key) in [("store-eu", SECOND_KEY), ("default", WRONG_KEY)] {
        let path = format!("/v1/accounts/acme/integrations/mailchimp/connections/{connection}/credential");
        acme.call("PUT", &path, Some(&json!({ "fields": { "api_key": key } })), &[])?
            .expect(200)?;
    }
    Ok((stage, token))
}

/// A browser of a platform admin.
fn platform_admin(stage: &Stage) -> Result<Browser> {
    let token = stage.token(&json!({ "name": "Grace", "role": "platform_admin" }))?;
    stage.signed_in(&token, &Options::default())
}

/// Opens pages, each by its address, and looks at them under their names.
fn look_at(browser: &Browser, stage: &Stage, pages: &[(&str, &str)]) -> Result<()> {
    for (name, path) in pages {
        browser.goto(&stage.url(path))?;
        pictures(browser, name)?;
    }
    Ok(())
}

#[test]
fn the_marketplace_and_its_forms_look_well_everywhere() -> Result<()> {
    let (stage, token) = lived_in()?;
    let browser = stage.signed_in(&token, &Options::default())?;
    browser.goto(&stage.url("/marketplace"))?;
    browser.wait_for(text("Connected"))?;
    pictures(&browser, "marketplace-in-use")?;
    show_in_readme("marketplace-in-use", "marketplace")?;
    browser.click(link("Connect Stripe"))?;
    browser.wait_for(css("dialog[open] input[type=password]"))?;
    pictures(&browser, "connect-dialog")?;
    show_in_readme("connect-dialog", "connect")?;
    browser.fill(css("dialog[open] input[type=password]"), "pk_live_0123456789")?;
    browser.click(button("Connect").inside("dialog[open]"))?;
    browser.wait_for(text("This is a publishable key").inside("dialog[open]"))?;
    pictures(&browser, "connect-dialog-refused")?;
    browser.expect("status of 422");
    look_at(
        &browser,
        &stage,
        &[
            ("marketplace-nothing-found", "/marketplace?q=zzz"),
            ("provider", "/marketplace/twilio"),
            ("connect", "/marketplace/meta-ads/connect"),
        ],
    )?;
    browser.assert_clean()
}

#[test]
fn the_settings_look_well_everywhere() -> Result<()> {
    let (stage, token) = lived_in()?;
    let browser = stage.signed_in(&token, &Options::default())?;
    let place = "/settings/integrations/mailchimp";
    browser.goto(&stage.url(place))?;
    browser.wait_for(text("A newer key waits"))?;
    pictures(&browser, "settings-integration")?;
    show_in_readme("settings-integration", "settings")?;
    look_at(
        &browser,
        &stage,
        &[
            ("settings", "/settings/integrations"),
            ("settings-refused", "/settings/integrations/campaign-desk"),
            ("settings-without-key", "/settings/integrations/openai"),
            ("settings-key", &format!("{place}/connections/default/key")),
            ("settings-connection", &format!("{place}/connections")),
            (
                "settings-disconnect",
                &format!("{place}/connections/default/disconnect"),
            ),
            ("settings-uninstall", &format!("{place}/uninstall")),
            ("settings-history", &format!("{place}/history")),
            ("settings-ai", "/settings/ai"),
        ],
    )?;
    let empty = stage.signed_in(&stage.account("globex")?, &Options::default())?;
    look_at(&empty, &stage, &[("settings-empty", "/settings/integrations")])?;
    empty.assert_clean()?;
    browser.assert_clean()
}

#[test]
fn the_pages_of_providers_look_well_everywhere() -> Result<()> {
    let (stage, _) = lived_in()?;
    let change = json!({ "description": "Email marketing, audiences and automations." });
    stage
        .admin()
        .call("PATCH", "/v1/providers/mailchimp", Some(&change), &[])?
        .expect(200)?;
    let browser = platform_admin(&stage)?;
    look_at(
        &browser,
        &stage,
        &[
            ("providers", "/admin/providers"),
            ("providers-nothing-found", "/admin/providers?q=zzz"),
            ("provider-new", "/admin/providers/-/new"),
            ("provider-form", "/admin/providers/mailchimp"),
            ("provider-revisions", "/admin/providers/mailchimp/revisions"),
            ("provider-retire", "/admin/providers/mailchimp/retire"),
            ("provider-try", "/admin/providers/mailchimp/try"),
        ],
    )?;
    browser.assert_clean()
}

#[test]
fn the_pages_of_accounts_and_tokens_look_well_everywhere() -> Result<()> {
    let (stage, _) = lived_in()?;
    let browser = platform_admin(&stage)?;
    look_at(
        &browser,
        &stage,
        &[
            ("accounts", "/admin/accounts"),
            ("account", "/admin/accounts/acme"),
            ("account-close", "/admin/accounts/acme/close"),
            ("tokens", "/admin/tokens"),
            ("token-new", "/admin/tokens/new"),
        ],
    )?;
    browser.fill(field("Name"), "The nightly export")?;
    browser.click(css("input[name=role][value=auditor]"))?;
    browser.click(css("input[name=all]"))?;
    browser.click(button("Make the token"))?;
    browser.wait_for(text("Keep this token now"))?;
    pictures(&browser, "token-made")?;
    browser.goto(&stage.url("/admin/tokens"))?;
    browser.click(link("Revoke The nightly export"))?;
    browser.wait_for(button("Revoke it"))?;
    pictures(&browser, "token-revoke")?;
    browser.assert_clean()
}

#[test]
fn the_audit_and_a_broken_link_look_well_everywhere() -> Result<()> {
    let (stage, token) = lived_in()?;
    let second = json!({ "fields": { "api_key": GOOD_KEY } });
    let credential = "/v1/accounts/acme/integrations/campaign-desk/connections/default/credential";
    stage
        .caller(&token)
        .call("PUT", credential, Some(&second), &[])?
        .expect(200)?;
    let auditor = stage.token(&json!({ "name": "Linus, auditor", "role": "auditor", "account": "acme" }))?;
    let browser = stage.signed_in(&auditor, &Options::default())?;
    look_at(
        &browser,
        &stage,
        &[
            ("audit", "/audit?provider=campaign-desk"),
            ("audit-empty", "/audit?provider=zzz"),
        ],
    )?;
    browser.goto(&stage.url("/audit"))?;
    browser.evaluate("for (const part of document.querySelectorAll('details.raw')) part.open = true")?;
    pictures(&browser, "audit-as-stored")?;
    let life =
        browser.evaluate("return document.querySelector('a[href^=\"/audit/credentials/\"]').getAttribute('href')")?;
    browser.goto(&stage.url(life.as_str().context("no key has a life")?))?;
    pictures(&browser, "credential")?;
    show_in_readme("credential", "audit")?;
    browser.click(css("header summary"))?;
    pictures(&browser, "menu")?;
    browser.goto(&stage.url("/nothing-here"))?;
    pictures(&browser, "broken-link")?;
    browser.expect("status of 404");
    browser.assert_clean()
}

/// Names as long as they may be, in one word.
fn long(at: usize) -> String {
    "Wwwwwwwwww".repeat(LONGEST[at] / 10)
}

fn with_long_names() -> Result<(Stage, String)> {
    let stage = Stage::start()?;
    let (parent, id) = ("p".repeat(64), "w".repeat(64));
    for account in [
        json!({ "id": parent, "name": long(2) }),
        json!({ "id": id, "name": long(2), "parent": parent }),
    ] {
        stage
            .admin()
            .call("POST", "/v1/accounts", Some(&account), &[])?
            .expect(201)?;
    }
    let key = "k".repeat(63);
    let mut row = stage.row();
    row["key"] = json!(key);
    row["name"] = json!(long(0));
    row["category"] = json!(long(1));
    row["description"] = json!(long(0).repeat(8));
    row["help"]["instructions"] = json!(format!("`{}` **{}**", long(0), long(0)));
    let asked: &mut Value = &mut row["recipe"]["fields"][0];
    asked["label"] = json!("W".repeat(80));
    asked["hint"] = json!("W".repeat(200));
    asked["pattern_help"] = json!("W".repeat(300));
    stage
        .admin()
        .call("POST", "/v1/providers", Some(&row), &[])?
        .expect(201)?;
    let token = stage.token(&json!({ "name": long(2), "role": "account_admin", "account": id }))?;
    let install = json!({ "provider": key, "credential": { "api_key": GOOD_KEY } });
    let acme = stage.caller(&token);
    acme.call("POST", &format!("/v1/accounts/{id}/integrations"), Some(&install), &[])?
        .expect(201)?;
    let further = format!(
        "/v1/accounts/{id}/integrations/{key}/connections/{}/credential",
        "c".repeat(63)
    );
    acme.call(
        "PUT",
        &further,
        Some(&json!({ "fields": { "api_key": WRONG_KEY } })),
        &[],
    )?
    .expect(200)?;
    Ok((stage, token))
}

#[test]
fn the_longest_names_keep_the_pages_of_an_account_in_shape() -> Result<()> {
    let (stage, token) = with_long_names()?;
    let browser = stage.signed_in(&token, &Options::default())?;
    let key = "k".repeat(63);
    look_at(
        &browser,
        &stage,
        &[
            ("long-marketplace", "/marketplace"),
            ("long-provider", &format!("/marketplace/{key}")),
            ("long-connect", &format!("/marketplace/{key}/connect")),
            ("long-settings", "/settings/integrations"),
            ("long-settings-integration", &format!("/settings/integrations/{key}")),
            (
                "long-settings-key",
                &format!("/settings/integrations/{key}/connections/default/key"),
            ),
            (
                "long-settings-history",
                &format!("/settings/integrations/{key}/history"),
            ),
        ],
    )?;
    browser.assert_clean()
}

#[test]
fn the_longest_names_keep_the_pages_of_platform_admins_in_shape() -> Result<()> {
    let (stage, _) = with_long_names()?;
    let token = stage.token(&json!({ "name": long(2), "role": "platform_admin" }))?;
    let browser = stage.signed_in(&token, &Options::default())?;
    let (key, account) = ("k".repeat(63), "w".repeat(64));
    look_at(
        &browser,
        &stage,
        &[
            ("long-providers", "/admin/providers"),
            ("long-provider-form", &format!("/admin/providers/{key}")),
            ("long-provider-revisions", &format!("/admin/providers/{key}/revisions")),
            ("long-provider-retire", &format!("/admin/providers/{key}/retire")),
            ("long-accounts", "/admin/accounts"),
            ("long-account", &format!("/admin/accounts/{account}")),
            ("long-account-close", &format!("/admin/accounts/{account}/close")),
            ("long-tokens", "/admin/tokens"),
        ],
    )?;
    browser.assert_clean()?;
    let auditor = stage.token(&json!({ "name": long(2), "role": "auditor" }))?;
    let browser = stage.signed_in(&auditor, &Options::default())?;
    look_at(&browser, &stage, &[("long-audit", "/audit")])?;
    browser.assert_clean()
}
