use std::net::SocketAddr;

use anyhow::{Context, Result};
use browser::{Browser, Options, button, css, field};
use e2e::{Caller, Mailchimp, Product};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// The product on a fresh data folder, and a provider on this machine that it can call. Both end with it.
pub(crate) struct Stage {
    product: Product,
    provider: Mailchimp,
    /// The platform admin, for what a story does not do by clicking.
    admin: Caller,
    folder: TempDir,
    /// The provider lives on it.
    _runtime: Runtime,
}

impl Stage {
    pub(crate) fn start() -> Result<Self> {
        Self::start_beside(None)
    }

    /// The same, with another provider on this machine that it can call.
    pub(crate) fn start_beside(other: Option<SocketAddr>) -> Result<Self> {
        let runtime = Runtime::new()?;
        let provider = runtime.block_on(Mailchimp::start())?;
        let folder = tempfile::tempdir()?;
        let allowed = other.map_or_else(String::new, |other| format!(",{other}"));
        let allowed = format!("{}{allowed}", provider.address());
        let product = Product::start(&folder.path().join("data"), &allowed)?;
        Ok(Self {
            admin: product.admin()?,
            product,
            provider,
            folder,
            _runtime: runtime,
        })
    }

    /// The token that the first start left for the platform admin.
    pub(crate) fn admin_token(&self) -> Result<String> {
        let token = std::fs::read_to_string(self.folder.path().join("data/admin-token"))?;
        Ok(token.trim().to_owned())
    }

    /// The address of a page.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.product.base())
    }

    /// Publishes the row of the provider that the product can call.
    pub(crate) fn add_mailchimp(&self) -> Result<()> {
        self.post("/v1/providers", &self.provider.row()).map(drop)
    }

    /// The row of the provider that the product can call.
    pub(crate) fn row(&self) -> Value {
        self.provider.row()
    }

    /// The platform admin, for what a story does not do by clicking.
    pub(crate) const fn admin(&self) -> &Caller {
        &self.admin
    }

    /// Somebody else who calls the API.
    pub(crate) fn caller(&self, token: &str) -> Caller {
        self.product.caller(token)
    }

    /// Opens an account, and gives the token of its administrator.
    pub(crate) fn account(&self, id: &str) -> Result<String> {
        self.post(
            "/v1/accounts",
            &json!({ "id": id, "name": format!("The {id} company") }),
        )?;
        self.token(&json!({ "name": format!("{id}'s laptop"), "role": "account_admin", "account": id }))
    }

    /// Issues a token, described as for the API.
    pub(crate) fn token(&self, wanted: &Value) -> Result<String> {
        let issued = self.post("/v1/tokens", wanted)?;
        Ok(issued["token"].as_str().context("no token was issued")?.to_owned())
    }

    /// A browser in which somebody has signed in by hand. It shows the page on which they start.
    pub(crate) fn signed_in(&self, token: &str, options: &Options) -> Result<Browser> {
        let browser = Browser::start(options)?;
        browser.goto(&self.url("/sign-in"))?;
        sign_in(&browser, token)?;
        browser.wait_for(css(".who"))?;
        Ok(browser)
    }

    fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let answer = self.admin.call("POST", path, Some(body), &[])?;
        Ok(answer.expect(201)?.body)
    }
}

/// Fills in the sign-in page and sends it.
pub(crate) fn sign_in(browser: &Browser, token: &str) -> Result<()> {
    browser.fill(field("Token"), token)?;
    browser.click(button("Sign in"))
}
