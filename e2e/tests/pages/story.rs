//! The main job, told by clicks: from a provider that nobody knows to a key that a service gets, and back to nothing.

use anyhow::{Context, Result, ensure};
use browser::{Browser, Options, button, css, field, link, text};
use e2e::{Caller, GOOD_KEY, SECOND_KEY};

use crate::keys::{BAD_KEY, no_key_on};
use crate::stage::Stage;

/// A picture of one dot.
const LOGO: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 1, 0, 0, 0, 1, 8,
    6, 0, 0, 0, 0x1f, 0x15, 0xc4, 0x89, 0, 0, 0, 0x0d, 0x49, 0x44, 0x41, 0x54, 0x78, 0xda, 0x63, 0x64, 0xf8, 0xcf,
    0x50, 0x0f, 0, 3, 0x86, 1, 0x80, 0x5a, 0x34, 0x7d, 0x6b, 0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60,
    0x82,
];

const ACCEPTED: &str = "Connected as acme-8d3a. Mailchimp accepts the key; it is ready to use.";

#[test]
fn the_whole_story_by_clicking() -> Result<()> {
    story(&Options::default())
}

#[test]
fn the_whole_story_without_javascript() -> Result<()> {
    story(&Options::without_javascript())
}

fn story(options: &Options) -> Result<()> {
    let stage = Stage::start()?;
    let admin = stage.signed_in(&stage.admin_token()?, options)?;
    a_provider_is_added(&stage, &admin)?;
    let [person, service, auditor] = an_account_is_opened_with_its_tokens(&admin)?;
    admin.assert_clean()?;

    let acme = stage.signed_in(&person, options)?;
    it_is_found_and_put_on_the_list_without_a_key(&acme, options)?;
    a_wrong_key_is_told_from_a_right_one(&acme, options)?;
    the_key_is_tested_and_rotated(&acme, options)?;
    let service = stage.caller(&service);
    the_service_gets(&service, SECOND_KEY)?;
    the_key_is_taken_back(&acme)?;
    let refused = service.get("/v1/accounts/acme/ai-config/mailchimp")?;
    ensure!(refused.body["code"] == "disconnected", "{}", refused.text);
    it_is_uninstalled_and_its_history_stays(&stage, &acme)?;
    acme.assert_clean()?;

    let auditor = stage.signed_in(&auditor, options)?;
    the_auditor_sees_it_all_again(&auditor)?;
    auditor.assert_clean()
}

fn a_provider_is_added(stage: &Stage, admin: &Browser) -> Result<()> {
    admin.click(link("Providers").inside("nav.places"))?;
    admin.click(link("Add a provider").inside(".page-head"))?;
    admin.fill(field("Key"), "mailchimp")?;
    admin.fill(field("Name"), "Mailchimp")?;
    admin.fill(field("Category"), "Email")?;
    let folder = tempfile::tempdir()?;
    let logo = folder.path().join("logo.png");
    std::fs::write(&logo, LOGO)?;
    admin.upload(css("#logo"), &logo)?;
    admin.fill(field("Description"), "Email marketing and audiences.")?;
    let auth = field("How the provider authenticates its callers");
    admin.choose(auth, "Basic authentication: user name and password")?;
    admin.fill(field("Label of the key"), "API key")?;
    admin.fill(field("Hint"), "Ends with a data centre, such as -us19")?;
    admin.fill(field("Help page"), "https://mailchimp.com/help/about-api-keys/")?;
    admin.fill(field("Instructions"), "Profile → Extras → **API keys**.")?;
    admin.click(field("As YAML"))?;
    admin.fill(field("Recipe as YAML"), &recipe(stage))?;
    admin.assert_accessible()?;
    admin.click(button("Publish"))?;
    admin.wait_for(text("Mailchimp is in the marketplace."))?;
    admin.wait_for(text("Published"))
}

/// The recipe of the provider on this machine, as an admin writes it.
fn recipe(stage: &Stage) -> String {
    let row = stage.row();
    let base = row["recipe"]["request"]["base_url"].as_str().unwrap_or_default();
    [
        r"derive:",
        r"  dc: { from: api_key, pattern: '-([a-z]{2}\d{1,3})$' }",
        r"request:",
        &format!("  base_url: '{base}'"),
        r"  auth: { basic: { username: anystring, password: '{api_key}' } }",
        r"test:",
        r"  method: GET",
        r"  path: /ping",
        r"  accept: [{ status: 200 }]",
        r"  reject: [{ status: 401 }]",
        r"  identity: { pointer: /account_id }",
    ]
    .join("\n")
}

/// The tokens of the account's admin, of a service and of an auditor.
fn an_account_is_opened_with_its_tokens(admin: &Browser) -> Result<[String; 3]> {
    admin.click(link("Accounts").inside("nav.places"))?;
    admin.fill(field("Id"), "acme")?;
    admin.fill(field("Name"), "Acme Ltd")?;
    admin.click(button("Open the account"))?;
    admin.wait_for(text("The account acme is open."))?;
    admin.click(link("Make a token for this account"))?;
    let person = the_token(admin, "Ada’s laptop")?;
    admin.click(link("Make a token"))?;
    admin.click(text("is given keys that are ready to use"))?;
    admin.fill(field("Account ids"), "acme")?;
    let service = the_token(admin, "Newsletter writer")?;
    admin.click(link("Make a token"))?;
    admin.click(text("reads what happened, of one account or of all"))?;
    admin.fill(field("Account ids"), "acme")?;
    let auditor = the_token(admin, "Auditor")?;
    Ok([person, service, auditor])
}

/// Names the token of a form that is filled in otherwise, and reads it off the one page that shows it.
fn the_token(admin: &Browser, name: &str) -> Result<String> {
    admin.fill(field("Name"), name)?;
    admin.click(button("Make the token"))?;
    admin.wait_for(text("It is shown this once."))?;
    let token = admin.value(css("#token"))?;
    ensure!(token.starts_with("soc_"), "{token} is no token");
    admin.assert_accessible()?;
    admin.click(link("I have kept it"))?;
    admin.wait_for(text(name))?;
    let source = admin.evaluate("return document.documentElement.outerHTML")?;
    ensure!(
        !source.as_str().context("no page")?.contains(&token),
        "it is shown again"
    );
    Ok(token)
}

fn it_is_found_and_put_on_the_list_without_a_key(acme: &Browser, options: &Options) -> Result<()> {
    acme.fill(field("Search integrations"), "mailch")?;
    acme.click(button("Search"))?;
    acme.wait_for(text("1 integration for “mailch”"))?;
    acme.click(link("Connect Mailchimp"))?;
    acme.wait_for(field("API key"))?;
    acme.assert_accessible()?;
    acme.click(button("I’ll add it later"))?;
    acme.wait_for(text("Mailchimp is on your list, without a key"))?;
    if options.javascript {
        acme.click(button("Done"))?;
    }
    acme.click(link("Integrations").inside("nav.places"))?;
    acme.wait_for(text("Not connected"))?;
    acme.wait_for(text("No key is saved."))?;
    acme.assert_accessible()
}

fn a_wrong_key_is_told_from_a_right_one(acme: &Browser, options: &Options) -> Result<()> {
    acme.click(link("Manage Mailchimp"))?;
    acme.click(link("Add the key"))?;
    acme.fill(field("API key"), BAD_KEY)?;
    acme.click(button("Save and test"))?;
    acme.wait_for(css(".notice.bad"))?;
    let said = acme.text(css(".notice.bad"))?.replace("key\n", "key. ");
    ensure!(
        said.starts_with("Mailchimp refused this key. It is saved, but not used. Check that all of it was copied"),
        "{said}"
    );
    acme.wait_for(text("Key rejected"))?;
    no_key_on(acme)?;
    acme.assert_accessible()?;
    if !options.javascript {
        acme.click(link("Save a new key for default"))?;
    }
    acme.fill(field("API key"), GOOD_KEY)?;
    save_a_good_key(acme, options)
}

/// Sends the form with a key that the provider accepts. It stands in a dialog where there is JavaScript.
fn save_a_good_key(acme: &Browser, options: &Options) -> Result<()> {
    acme.click(button("Save and test"))?;
    acme.wait_for(text("Connected as acme-8d3a").inside(".notice"))?;
    acme.wait_for(text("Mailchimp accepts the key; it is ready to use.").inside(".notice"))?;
    no_key_on(acme)?;
    if options.javascript {
        acme.click(button("Done"))?;
        acme.wait_until_gone(css("dialog"))?;
    }
    Ok(())
}

fn the_key_is_tested_and_rotated(acme: &Browser, options: &Options) -> Result<()> {
    // What was said before is said once.
    acme.reload()?;
    acme.wait_until_gone(css(".notice"))?;
    acme.click(button("Test default"))?;
    acme.wait_for(text(ACCEPTED).inside(".notice"))?;

    acme.click(link("Save a new key for default"))?;
    acme.fill(field("API key"), SECOND_KEY)?;
    acme.click(text("Keep the old key valid for some minutes"))?;
    acme.fill(field("Minutes"), "10")?;
    acme.assert_accessible()?;
    save_a_good_key(acme, options)?;
    acme.wait_for(text("stays valid until"))?;
    no_key_on(acme)
}

fn the_service_gets(service: &Caller, key: &str) -> Result<()> {
    let given = service.get("/v1/accounts/acme/ai-config/mailchimp?purpose=newsletter")?;
    let given = given.expect(200)?.body;
    ensure!(
        given["fields"]["api_key"] == key && given["credential_version"] == 3,
        "another version is given than the one in use"
    );
    Ok(())
}

fn the_key_is_taken_back(acme: &Browser) -> Result<()> {
    acme.click(link("Disconnect default"))?;
    acme.wait_for(text("Disconnect Mailchimp?"))?;
    acme.assert_accessible()?;
    acme.click(button("Disconnect and erase the key"))?;
    acme.wait_for(text("The key was taken back, and what was saved is erased for good."))?;
    acme.wait_for(text("Not connected"))
}

fn it_is_uninstalled_and_its_history_stays(stage: &Stage, acme: &Browser) -> Result<()> {
    acme.click(link("Uninstall Mailchimp"))?;
    acme.wait_for(text("It holds no key."))?;
    acme.click(button("Uninstall"))?;
    acme.wait_for(text("Mailchimp was uninstalled"))?;
    acme.wait_for(text("Nothing is installed yet"))?;
    acme.goto(&stage.url("/settings/integrations/mailchimp/history"))?;
    acme.wait_for(text("Mailchimp is not installed any more. Its history stays."))?;
    acme.assert_accessible()?;
    no_key_on(acme)?;
    in_this_order(
        &acme.text(css(".timeline"))?,
        &[
            "The integration was uninstalled",
            "Erased for good: key versions",
            "The key was taken back: no service gets it any more",
            "Key version 3 was released to",
            "for “newsletter”",
            "in use now; version 2 stays valid until",
            "Key version 2 was tested: the provider accepted it as acme-8d3a",
            "Key version 1 was tested: the provider refused it",
            "A key was saved as version 1",
            "The integration was installed",
        ],
    )
}

fn the_auditor_sees_it_all_again(auditor: &Browser) -> Result<()> {
    auditor.wait_for(text("Everything that ever happened to the account acme"))?;
    no_key_on(auditor)?;
    in_this_order(
        &auditor.text(css(".feed"))?,
        &[
            "The integration was uninstalled",
            "was released to",
            "The integration was installed",
            "The token “Ada’s laptop” was issued",
            "The account was opened as “Acme Ltd”",
        ],
    )?;
    auditor.choose(field("What happened"), "Credential connected")?;
    auditor.click(button("Search"))?;
    auditor.click(link("The whole life of this key"))?;
    auditor.wait_for(text("The key of acme for mailchimp"))?;
    auditor.assert_accessible()?;
    no_key_on(auditor)?;
    in_this_order(
        &auditor.text(css(".timeline"))?,
        &[
            "A key was saved as version 1",
            "Key rejected",
            "Connected version 2 in use",
            "Connected version 3 in use version 2 still valid beside it",
            "Not connected",
            "erased",
        ],
    )
}

/// That a page says all of it, in this order.
fn in_this_order(shown: &str, said: &[&str]) -> Result<()> {
    let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut rest = shown.as_str();
    for part in said {
        let (_, after) = rest
            .split_once(part)
            .with_context(|| format!("“{part}” is not told, or too early: {shown}"))?;
        rest = after;
    }
    Ok(())
}
