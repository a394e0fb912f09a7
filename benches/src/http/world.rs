use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::client::{Connection, request};
use super::process::Process;

/// How many rows the catalog has, unless a measurement wants more.
pub(super) const PROVIDERS: usize = 50;

/// A running product with a full catalog, and its admin.
pub(super) struct World {
    pub(super) product: Process,
    connection: Connection,
    pub(super) admin: String,
    /// The keys of the rows that were added to the seeds: they have no test, so that nobody is called.
    pub(super) rows: Vec<String>,
}

impl World {
    /// Starts the product over a new folder and fills its catalog up to so many rows.
    pub(super) async fn start(data: &Path, providers: usize) -> Result<Self> {
        let product = Process::product(data)?;
        let connection = Connection::open(product.address).await?;
        let admin = std::fs::read_to_string(data.join("admin-token")).context("there is no admin token")?;
        let mut world = Self {
            product,
            connection,
            admin: admin.trim().to_owned(),
            rows: Vec::new(),
        };
        let page = world.get("/v1/catalog").await?;
        let seeded = page["total"].as_u64().context("the catalog has no total")?;
        for number in usize::try_from(seeded)?..providers {
            let row = row(number);
            world.post("/v1/providers", &row).await?;
            world.rows.push(row["key"].as_str().unwrap_or_default().to_owned());
        }
        Ok(world)
    }

    pub(super) async fn get(&mut self, path: &str) -> Result<Value> {
        self.connection.call(&request("GET", path, &self.admin, None)).await
    }

    pub(super) async fn post(&mut self, path: &str, body: &Value) -> Result<Value> {
        self.connection
            .call(&request("POST", path, &self.admin, Some(body)))
            .await
    }

    /// Opens an account and gives the token of one of its admins.
    pub(super) async fn account(&mut self, id: &str) -> Result<String> {
        self.post("/v1/accounts", &json!({"id": id, "name": format!("The account {id}")}))
            .await?;
        self.token("account_admin", Some(id)).await
    }

    pub(super) async fn token(&mut self, role: &str, account: Option<&str>) -> Result<String> {
        let body = json!({"name": "measurement", "role": role, "account": account});
        let issued = self.post("/v1/tokens", &body).await?;
        Ok(issued["token"].as_str().context("no token was issued")?.to_owned())
    }
}

/// The installation of a row with a key.
pub(super) fn install(account: &str, token: &str, row: &str) -> Vec<u8> {
    let body =
        json!({"provider": row, "credential": {"api_key": format!("key-of-{account}-for-{row}-0123456789abcdef")}});
    request(
        "POST",
        &format!("/v1/accounts/{account}/integrations"),
        token,
        Some(&body),
    )
}

/// A row like those of AI providers, without a test.
fn row(number: usize) -> Value {
    json!({
        "key": format!("provider-{number:02}"),
        "name": format!("Provider number {number}"),
        "category": format!("Category {}", number % 8),
        "description": format!("What provider number {number} does for an account, in a sentence or two."),
        "auth": "api_key",
        "credential": {"label": "API key", "hint": "Starts with key-"},
        "help": {
            "url": format!("https://www.example.com/provider-{number:02}/help/api-keys"),
            "instructions": "Sign in, open Settings, then API keys, and make a new key.",
        },
        "recipe": {"request": {
            "base_url": format!("https://api.example.com/provider-{number:02}/v1"),
            "auth": {"header": {"name": "x-api-key", "value": "{api_key}"}},
            "headers": {"api-version": "2023-06-01"},
        }},
    })
}
