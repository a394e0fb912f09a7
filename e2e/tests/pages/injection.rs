//! Texts of rows, people and providers are texts: whatever stands in them, no page executes it.

use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use axum::{Json, Router};
use browser::{Browser, Options, css};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::stage::Stage;

const NAME: &str = "\"><svg onload=alert(window.hit=1)>{{7*7}}<script>window.hit=1</script>";
const CATEGORY: &str = "</a><script>window.hit=1</script>";
const LABEL: &str = "<img src=x onerror=\"window.hit=1\">'\"${7*7}";
const LINE: &str = "<script>window.hit=1</script><img src='https://elsewhere.example/x' onerror='alert(window.hit=1)'>";
const PERSON: &str = "</title></textarea><script>window.hit=1</script><img src=x onerror=alert(window.hit=1)>";
/// Markdown, and what is none.
const INSTRUCTIONS: &str = "\
Open [this](javascript:window.hit=1), [that](  JaVaScRiPt:alert(window.hit=1)) or [both](data:text/html,<script>hit=1</script>).

<script>window.hit=1</script> <img src=x onerror=window.hit=1> ![picture](https://elsewhere.example/picture.png)

<iframe srcdoc=\"<script>parent.hit=1</script>\"></iframe>

# \"><svg onload=window.hit=1>

```
</code></pre><script>window.hit=1</script>
```

<javascript:window.hit=1> [vb]: vbscript:window.hit=1
[vb]";

/// What no page may have: a script of its own, a handler, an address that runs, a picture or frame from elsewhere.
const FOREIGN: &str = "
    const runs = (at) => /^on/i.test(at.name) || /^(srcdoc|style)$/i.test(at.name)
      || (/^(href|src|action|formaction|xlink:href)$/i.test(at.name) && /^\\s*(javascript|data|vbscript):/i.test(at.value));
    const away = (element) => element.src && new URL(element.src).origin !== location.origin;
    const all = [...document.querySelectorAll('*')];
    return all.filter((element) => [...element.attributes].some(runs) || away(element)
      || (element.tagName === 'SCRIPT' && !element.src) || element.matches('iframe, object, embed, base, main svg'))
      .map((element) => element.outerHTML)";

/// The key that the provider takes.
const GOOD: &str = "key-1";

/// A provider whose answers are markup, too. It ends with the runtime.
async fn provider() -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let router = Router::new().route("/me", get(me));
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

async fn me(headers: HeaderMap) -> (StatusCode, Json<Value>) {
    let good = headers.get("authorization").is_some_and(|sent| sent == "Bearer key-1");
    let status = if good { StatusCode::OK } else { StatusCode::UNAUTHORIZED };
    (status, Json(json!({ "login": PERSON, "message": PERSON })))
}

fn row(address: SocketAddr) -> Value {
    json!({
        "key": "evil",
        "name": NAME,
        "category": CATEGORY,
        "description": format!("{LINE}{{{{7*7}}}}{{% raw %}}"),
        "auth": "bearer",
        "help": { "url": "https://provider.example/keys?a=%22%3E&b='x'", "instructions": INSTRUCTIONS },
        "recipe": {
            "fields": [
                {
                    "name": "api_key", "label": LABEL, "hint": LINE, "secret": true,
                    "pattern": "^key-[0-9]+$", "pattern_help": LINE,
                    "refuse": [{ "pattern": "^public", "message": LINE }]
                },
                {
                    "name": "region", "label": LABEL, "type": "enum", "optional": true,
                    "options": [{ "value": "\"><b>eu", "label": LABEL }, { "value": "us" }]
                },
                { "name": "shop", "label": LABEL, "hint": LINE, "optional": true, "prefix": "\"><i>", "suffix": "</span><script>" }
            ],
            "request": { "base_url": format!("http://{address}"), "auth": { "bearer": "{api_key}" } },
            "test": {
                "path": "/me", "query": { "region": "{region}", "shop": "{shop}" }, "accept": [{ "status": 200 }], "reject": [{ "status": 401 }],
                "identity": { "pointer": "/login" }
            },
            "ai": { "api": "evil", "default_model": NAME }
        }
    })
}

/// That the page shows the markup, as a text, and has come to nothing by it.
fn assert_harmless(browser: &Browser) -> Result<()> {
    let at = browser.url()?;
    let shows = browser.evaluate("return document.documentElement.outerHTML.includes('hit=1')")?;
    ensure!(shows == true, "{at} shows none of it, so that this proves nothing");
    let hit = browser.evaluate("return typeof window.hit")?;
    ensure!(hit == "undefined", "{at} executed a script");
    let foreign = browser.evaluate(FOREIGN)?;
    ensure!(
        foreign == json!([]),
        "{at} has elements that no page of ours has: {foreign}"
    );
    Ok(())
}

fn open(browser: &Browser, stage: &Stage, path: &str) -> Result<()> {
    browser.goto(&stage.url(path))?;
    assert_harmless(browser)
}

/// A stage with the row, and the token of an administrator of an account: every name on it is markup.
fn stage(runtime: &Runtime) -> Result<(Stage, String)> {
    let address = runtime.block_on(provider())?;
    let stage = Stage::start_beside(Some(address))?;
    let admin = stage.admin();
    admin
        .call("POST", "/v1/providers", Some(&row(address)), &[])?
        .expect(201)?;
    let account = json!({ "id": "acme", "name": PERSON });
    admin.call("POST", "/v1/accounts", Some(&account), &[])?.expect(201)?;
    let token = stage.token(&json!({ "name": PERSON, "role": "account_admin", "account": "acme" }))?;
    Ok((stage, token))
}

/// Connects the provider over the API, and leaves a second key waiting that it refuses.
fn connect(stage: &Stage, token: &str) -> Result<()> {
    let acme = stage.caller(token);
    let key = |key: &str| json!({ "api_key": key, "region": "\"><b>eu" });
    let install = json!({ "provider": "evil", "credential": key(GOOD) });
    acme.call("POST", "/v1/accounts/acme/integrations", Some(&install), &[])?
        .expect(201)?;
    let credential = "/v1/accounts/acme/integrations/evil/connections/default/credential";
    acme.call("PUT", credential, Some(&json!({ "fields": key("key-2") })), &[])?
        .expect(200)?;
    let settings = json!({ "providers": ["evil"], "model": NAME, "inherit": true });
    acme.call("PUT", "/v1/accounts/acme/ai-settings", Some(&settings), &[])?;
    Ok(())
}

#[test]
fn the_marketplace_and_its_forms_show_markup_as_text() -> Result<()> {
    let runtime = Runtime::new()?;
    let (stage, token) = stage(&runtime)?;
    for options in [Options::default(), Options::without_javascript()] {
        let browser = stage.signed_in(&token, &options)?;
        for path in ["/marketplace", "/marketplace/evil", "/marketplace/evil/connect"] {
            open(&browser, &stage, path)?;
        }
        for search in [
            "?q=%3Cscript%3Ewindow.hit=1%3C/script%3E",
            "?category=%22%3E%3Cimg%20src=x%20onerror=hit=1%3E",
        ] {
            open(&browser, &stage, &format!("/marketplace{search}"))?;
        }
        browser.goto(&stage.url("/marketplace/evil"))?;
        ensure!(browser.text("h1")? == NAME, "{}", browser.text("h1")?);
        browser.assert_clean()?;
    }
    Ok(())
}

#[test]
fn a_dialog_shows_markup_as_text_and_so_does_what_the_provider_says() -> Result<()> {
    let runtime = Runtime::new()?;
    let (stage, token) = stage(&runtime)?;
    let browser = stage.signed_in(&token, &Options::default())?;
    browser.click(css("#open-evil"))?;
    browser.wait_for(css("dialog[open] input[type=password]"))?;
    assert_harmless(&browser)?;
    let submit = "dialog[open] button.primary";
    // What is wrong is said in the row's words: one by the browser's own check, one by the server's.
    for wrong in ["", "wrong", "public-1"] {
        browser.fill(css("dialog[open] input[type=password]"), wrong)?;
        browser.click(css(submit))?;
        browser.wait_for(css("dialog[open] .wrong:not([hidden])"))?;
        assert_harmless(&browser)?;
    }
    browser.fill(css("dialog[open] input[type=password]"), GOOD)?;
    browser.click(css(submit))?;
    browser.wait_for(css("dialog[open] [data-said]"))?;
    assert_harmless(&browser)?;
    browser.assert_clean()
}

#[test]
fn the_settings_of_an_account_show_markup_as_text() -> Result<()> {
    let runtime = Runtime::new()?;
    let (stage, token) = stage(&runtime)?;
    connect(&stage, &token)?;
    let browser = stage.signed_in(&token, &Options::default())?;
    let place = "/settings/integrations/evil";
    for path in [
        "",
        "/history",
        "/connections",
        "/connections/default/key",
        "/connections/default/disconnect",
        "/uninstall",
    ] {
        open(&browser, &stage, &format!("{place}{path}"))?;
    }
    browser.goto(&stage.url(place))?;
    ensure!(browser.text("main")?.contains(PERSON), "whose key it is, is not shown");
    for path in ["/settings/integrations", "/settings/ai"] {
        open(&browser, &stage, path)?;
    }
    browser.assert_clean()
}

#[test]
fn the_pages_of_platform_admins_show_markup_as_text() -> Result<()> {
    let runtime = Runtime::new()?;
    let (stage, token) = stage(&runtime)?;
    connect(&stage, &token)?;
    let change = json!({ "description": format!("{LINE} & more"), "category": "<b>hit=1</b>" });
    stage
        .admin()
        .call("PATCH", "/v1/providers/evil", Some(&change), &[])?
        .expect(200)?;
    let platform = stage.token(&json!({ "name": PERSON, "role": "platform_admin" }))?;
    let browser = stage.signed_in(&platform, &Options::default())?;
    for path in [
        "",
        "?q=%3Cscript%3Ewindow.hit=1%3C/script%3E",
        "/evil",
        "/evil/revisions",
        "/evil/retire",
        "/evil/try",
    ] {
        open(&browser, &stage, &format!("/admin/providers{path}"))?;
    }
    for path in [
        "",
        "/acme",
        "/acme/close",
        "?find=%22%3E%3Cimg%20src=x%20onerror=hit=1%3E",
    ] {
        open(&browser, &stage, &format!("/admin/accounts{path}"))?;
    }
    for path in ["/admin/tokens", "/admin/tokens?account=acme"] {
        open(&browser, &stage, path)?;
    }
    let revoke = browser.goto(&stage.url("/admin/tokens")).and_then(|()| {
        browser.evaluate("return document.querySelector('td a[href$=\"/revoke\"]').getAttribute('href')")
    })?;
    open(&browser, &stage, revoke.as_str().context("no token can be revoked")?)?;
    browser.assert_clean()
}

#[test]
fn the_audit_shows_markup_as_text() -> Result<()> {
    let runtime = Runtime::new()?;
    let (stage, token) = stage(&runtime)?;
    connect(&stage, &token)?;
    let auditor = stage.token(&json!({ "name": PERSON, "role": "auditor" }))?;
    let browser = stage.signed_in(&auditor, &Options::default())?;
    for search in ["", "?provider=evil", "?actor=%22%3E%3Cimg%20src=x%20onerror=hit=1%3E"] {
        open(&browser, &stage, &format!("/audit{search}"))?;
    }
    browser.goto(&stage.url("/audit?provider=evil"))?;
    let life =
        browser.evaluate("return document.querySelector('a[href^=\"/audit/credentials/\"]').getAttribute('href')")?;
    open(&browser, &stage, life.as_str().context("no key has a life")?)?;
    browser.assert_clean()
}

#[test]
fn the_form_of_a_provider_previews_markup_as_text() -> Result<()> {
    let runtime = Runtime::new()?;
    let (stage, _) = stage(&runtime)?;
    let platform = stage.token(&json!({ "name": PERSON, "role": "platform_admin" }))?;
    for options in [Options::default(), Options::without_javascript()] {
        let browser = stage.signed_in(&platform, &options)?;
        open(&browser, &stage, "/admin/providers/evil")?;
        browser.fill(css("input[name=name]"), NAME)?;
        browser.fill(css("textarea[name=instructions]"), INSTRUCTIONS)?;
        browser.click(css("button[value=preview]"))?;
        browser.wait_for(css("#preview .card-name"))?;
        assert_harmless(&browser)?;
        ensure!(
            browser.text("#preview .card-name")? == NAME,
            "the name is not as it was typed"
        );
        browser.assert_clean()?;
    }
    Ok(())
}
