//! Moving house: from files on one machine to nodes on PostgreSQL, and back to files, with every key.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use e2e::{Answer, Caller, Cluster, GOOD_KEY, Mailchimp, Product, SECOND_KEY};
use serde_json::{Value, json};

const DATA: &str = "SOCONNECTIVE_DATA";
const DB: &str = "SOCONNECTIVE_DB";
const KEY: &str = "/v1/accounts/acme/integrations/mailchimp/connections/default/credential";
const AI_CONFIG: &str = "/v1/accounts/acme/ai-config/mailchimp?purpose=test";
const MAILCHIMP: &str = "/v1/accounts/acme/integrations/mailchimp";

#[tokio::test(flavor = "multi_thread")]
async fn an_embedded_start_moves_to_a_server_and_back_with_its_log_and_its_keys() -> Result<()> {
    let provider = Mailchimp::start().await?;
    tokio::task::spawn_blocking(move || the_move(&provider, &Cluster::start()?)).await?
}

fn the_move(provider: &Mailchimp, cluster: &Cluster) -> Result<()> {
    let allow = provider.address().to_string();
    let (home, back) = (cluster.folder().join("home"), cluster.folder().join("back"));
    let node = Product::start(&home, &allow)?;
    let cast = Cast::assemble(&node, provider)?;
    let saved = cast.save(GOOD_KEY)?;
    ensure!(cast.key_after(&saved)? == GOOD_KEY, "the key before the move");
    let seen = cast.account.get_after(MAILCHIMP, &saved)?.expect(200)?.body;
    a_folder_that_is_served_is_not_copied(&home, cluster)?;
    node.stop()?;

    let digest = to_the_server(&home, cluster)?;
    let node = cluster.node("a", &allow)?;
    let cast = cast.at(&node);
    ensure!(cast.key()? == GOOD_KEY, "the key on the server");
    let moved = cast.account.get(MAILCHIMP)?.expect(200)?.body;
    ensure!(moved == seen, "{moved} is not {seen}");
    node.run(&["projections", "verify"])?;
    a_second_copy_finds_the_first(&home, cluster, &digest)?;
    let rotated = cast.save(SECOND_KEY)?;
    ensure!(
        cast.key_after(&rotated)? == SECOND_KEY,
        "a key that was saved on the server"
    );
    node.stop()?;

    back_to_files(&home, &back, cluster)?;
    let node = Product::start(&back, &allow)?;
    let cast = cast.at(&node);
    ensure!(cast.key()? == SECOND_KEY, "the key in the new files");
    node.run(&["projections", "verify"])?;
    node.stop()
}

/// Copies a vault, whose place a variable names, and gives what was said about it.
fn copy_vault(from: (&str, &str), to: &str) -> Result<Value> {
    let environment = [from, ("SOCONNECTIVE_VAULT_COPY_TO", to)].map(|(name, value)| (name, value.to_owned()));
    let printed = Product::command(&["vault", "copy", "--json"], &environment)?;
    Ok(serde_json::from_str(&printed)?)
}

/// The refusal of a copy, which ends with this exit code and repeats no password.
fn refused(from: (&str, &str), to: &str, code: u8, cluster: &Cluster) -> Result<String> {
    let refusal = copy_vault(from, to).err().context("it was copied")?.to_string();
    ensure!(refusal.contains(&format!("exit status: {code}")), "{refusal}");
    let user = cluster.database().split(['/', '@']).nth(2);
    let (_, password) = user
        .and_then(|user| user.split_once(':'))
        .context("the URL has no password")?;
    ensure!(!refusal.contains(password), "{refusal}");
    Ok(refusal)
}

fn a_folder_that_is_served_is_not_copied(home: &Path, cluster: &Cluster) -> Result<()> {
    let data = home.display().to_string();
    let refusal = refused((DATA, &data), cluster.database(), 2, cluster)?;
    ensure!(refusal.contains("stop it first"), "{refusal}");
    Ok(())
}

/// Moves log, vault and key ring, and gives the digest of the vault.
fn to_the_server(home: &Path, cluster: &Cluster) -> Result<Value> {
    let data = home.display().to_string();
    let log = format!("sqlite:{data}/log.db");
    let to = [("SOCONNECTIVE_COPY_TO", cluster.database().to_owned())];
    Product::command(&["log", "copy", "--from", &log], &to)?;
    let copied = copy_vault((DATA, &data), cluster.database())?;
    ensure!(copied["envelopes"] == 1 && copied["already_there"] == 0, "{copied}");
    let next = copied["next"].as_str().unwrap_or_default();
    ensure!(
        next.contains(&format!("{data}/keyring")) && next.contains("--keyring"),
        "{next}"
    );
    fs::copy(home.join("keyring"), cluster.folder().join("keyring"))?;
    Ok(copied["digest"].clone())
}

/// A copy that is complete is compared, and left as it is.
fn a_second_copy_finds_the_first(home: &Path, cluster: &Cluster, digest: &Value) -> Result<()> {
    let data = home.display().to_string();
    let again = copy_vault((DATA, &data), cluster.database())?;
    ensure!(again["digest"] == *digest, "{again}");
    ensure!(again["already_there"] != 0, "{again}");
    Ok(())
}

fn back_to_files(home: &Path, back: &Path, cluster: &Cluster) -> Result<()> {
    let (old, new) = (
        format!("sqlite:{}", home.display()),
        format!("sqlite:{}", back.display()),
    );
    // What the old folder holds is older, and is not mixed with it.
    let refusal = refused((DB, cluster.database()), &old, 1, cluster)?;
    ensure!(refusal.contains("choose an empty target"), "{refusal}");
    copy_vault((DB, cluster.database()), &new)?;
    let from = [("SOCONNECTIVE_COPY_FROM", cluster.database().to_owned())];
    Product::command(&["log", "copy", "--to", &format!("{new}/log.db")], &from)?;
    fs::copy(cluster.folder().join("keyring"), back.join("keyring"))?;
    Ok(())
}

/// Who takes part.
struct Cast {
    account: Caller,
    service: Caller,
}

impl Cast {
    fn assemble(node: &Product, provider: &Mailchimp) -> Result<Self> {
        let admin = node.admin()?;
        post(&admin, "/v1/providers", &provider.row())?;
        post(&admin, "/v1/accounts", &json!({ "id": "acme", "name": "Acme Ltd" }))?;
        let token = |body: Value| -> Result<Caller> {
            let issued = post(&admin, "/v1/tokens", &body)?;
            Ok(admin.with_token(issued.body["token"].as_str().unwrap_or_default()))
        };
        let cast = Self {
            account: token(json!({ "name": "acme", "role": "account_admin", "account": "acme" }))?,
            service: token(json!({ "name": "writer", "role": "service" }))?,
        };
        let install = json!({ "provider": "mailchimp" });
        post(&cast.account, "/v1/accounts/acme/integrations", &install)?;
        Ok(cast)
    }

    /// The same people, at another node.
    fn at(self, node: &Product) -> Self {
        Self {
            account: self.account.moved_to(node.base()),
            service: self.service.moved_to(node.base()),
        }
    }

    fn save(&self, key: &str) -> Result<Answer> {
        let body = json!({ "fields": { "api_key": key } });
        self.account.call("PUT", KEY, Some(&body), &[])?.expect(200)
    }

    /// The key that the AI service gets.
    fn key(&self) -> Result<Value> {
        let answer = self.service.get(AI_CONFIG)?.expect(200)?;
        Ok(answer.body["fields"]["api_key"].clone())
    }

    fn key_after(&self, write: &Answer) -> Result<Value> {
        let answer = self.service.get_after(AI_CONFIG, write)?.expect(200)?;
        Ok(answer.body["fields"]["api_key"].clone())
    }
}

fn post(caller: &Caller, path: &str, body: &Value) -> Result<Answer> {
    caller.call("POST", path, Some(body), &[])?.expect(201)
}
