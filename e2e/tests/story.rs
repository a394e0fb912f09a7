//! The main job, end to end: the real binary over HTTP, a provider that it really calls, and a power cut.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use e2e::{Answer, Caller, GOOD_KEY, Mailchimp, Product, SECOND_KEY};
use serde_json::{Value, json};

const BAD_KEY: &str = "ffffffffffffffffffffffffffffffff-us19";
const INTEGRATIONS: &str = "/v1/accounts/acme/integrations";
const MAILCHIMP: &str = "/v1/accounts/acme/integrations/mailchimp";
const CREDENTIAL: &str = "/v1/accounts/acme/integrations/mailchimp/connections/default/credential";
const AI_CONFIG: &str = "/v1/accounts/acme/ai-config/mailchimp";

#[tokio::test(flavor = "multi_thread")]
async fn the_main_job_from_the_first_row_to_a_power_cut_and_back() -> Result<()> {
    let provider = Mailchimp::start().await?;
    tokio::task::spawn_blocking(move || story(&provider)).await?
}

fn story(provider: &Mailchimp) -> Result<()> {
    let data = tempfile::tempdir()?;
    let allow = provider.address().to_string();
    let product = Product::start(data.path(), &allow)?;
    let cast = Cast::assemble(&product)?;

    an_added_row_is_live_within_a_second(&cast, provider)?;
    add_it_later_leaves_a_disconnected_row(&cast)?;
    a_bad_key_is_rejected_and_still_saved(&cast, provider)?;
    a_good_key_connects_and_shows_whose_it_is(&cast)?;
    the_service_gets_the_key_ready_to_use(&cast, GOOD_KEY, 2)?;
    a_rotation_overlaps_and_a_bad_paste_breaks_nothing(&cast)?;
    the_service_gets_the_key_ready_to_use(&cast, SECOND_KEY, 4)?;

    let before = cast.seen()?;
    product.kill()?;
    let product = Product::start(data.path(), &allow)?;
    let cast = cast.at(&product);
    ensure!(cast.seen()? == before, "a power cut changed what is seen");
    the_service_gets_the_key_ready_to_use(&cast, SECOND_KEY, 4)?;

    a_disconnected_key_is_erased(&cast)?;
    the_history_tells_all_of_it_and_no_secret(&cast)?;
    product.kill()?;
    no_file_holds_a_key_in_clear(data.path())
}

/// Who takes part in the story.
struct Cast {
    admin: Caller,
    account: Caller,
    service: Caller,
    auditor: Caller,
}

impl Cast {
    fn assemble(product: &Product) -> Result<Self> {
        let admin = product.admin()?;
        post(&admin, "/v1/accounts", &json!({ "id": "acme", "name": "Acme Ltd" }))?.expect(201)?;
        let token = |body: Value| -> Result<Caller> {
            let issued = post(&admin, "/v1/tokens", &body)?.expect(201)?;
            Ok(product.caller(issued.body["token"].as_str().unwrap_or_default()))
        };
        Ok(Self {
            account: token(json!({ "name": "acme", "role": "account_admin", "account": "acme" }))?,
            service: token(json!({ "name": "writer", "role": "service" }))?,
            auditor: token(json!({ "name": "auditor", "role": "auditor" }))?,
            admin,
        })
    }

    /// The same people, after a restart.
    fn at(self, product: &Product) -> Self {
        let moved = |caller: Caller| caller.moved_to(product.base());
        Self {
            admin: moved(self.admin),
            account: moved(self.account),
            service: moved(self.service),
            auditor: moved(self.auditor),
        }
    }

    /// What every audience sees, to compare before and after a power cut.
    fn seen(&self) -> Result<Vec<Value>> {
        let views = [
            self.admin.get("/v1/providers"),
            self.account.get("/v1/catalog"),
            self.account.get(MAILCHIMP),
            self.account.get(&format!("{MAILCHIMP}/history")),
        ];
        views.into_iter().map(|answer| Ok(answer?.expect(200)?.body)).collect()
    }

    /// The account's connection, as Settings shows it after a write.
    fn connection(&self, write: &Answer) -> Result<Value> {
        Ok(self.account.get_after(MAILCHIMP, write)?.expect(200)?.body["connections"][0].take())
    }

    fn save(&self, key: &str, overlap_seconds: u32) -> Result<Answer> {
        let body = json!({ "fields": { "api_key": key }, "overlap_seconds": overlap_seconds });
        self.account.call("PUT", CREDENTIAL, Some(&body), &[])?.expect(200)
    }
}

fn post(caller: &Caller, path: &str, body: &Value) -> Result<Answer> {
    caller.call("POST", path, Some(body), &[])
}

fn an_added_row_is_live_within_a_second(cast: &Cast, provider: &Mailchimp) -> Result<()> {
    // From before the request: what the answer waits for counts too.
    let added = Instant::now();
    post(&cast.admin, "/v1/providers", &provider.row())?.expect(201)?;
    loop {
        let catalog = cast.account.get("/v1/catalog?q=mailchimp")?.expect(200)?;
        if catalog.body["items"][0]["key"] == "mailchimp" {
            return Ok(());
        }
        ensure!(
            added.elapsed() < Duration::from_secs(1),
            "the row is not live after a second"
        );
    }
}

fn add_it_later_leaves_a_disconnected_row(cast: &Cast) -> Result<()> {
    let installed = post(&cast.account, INTEGRATIONS, &json!({ "provider": "mailchimp" }))?.expect(201)?;
    let connection = cast.connection(&installed)?;
    ensure!(
        connection["name"] == "default" && connection["status"] == "disconnected",
        "{connection}"
    );
    the_service_is_refused(cast, "disconnected")
}

fn the_service_is_refused(cast: &Cast, code: &str) -> Result<()> {
    let refused = cast.service.get(AI_CONFIG)?;
    ensure!(
        refused.status >= 400 && refused.body["code"] == code,
        "expected {code}: {}",
        refused.text
    );
    Ok(())
}

fn a_bad_key_is_rejected_and_still_saved(cast: &Cast, provider: &Mailchimp) -> Result<()> {
    let saved = cast.save(BAD_KEY, 0)?;
    ensure!(provider.calls() == 1, "the key was not tested");
    let connection = cast.connection(&saved)?;
    ensure!(
        connection["status"] == "rejected" && connection["version"] == 1,
        "{connection}"
    );
    ensure!(connection["last_test"]["verdict"] == "rejected", "{connection}");
    the_service_is_refused(cast, "credential-rejected")
}

fn a_good_key_connects_and_shows_whose_it_is(cast: &Cast) -> Result<()> {
    let saved = cast.save(&format!("  {GOOD_KEY}\n"), 0)?;
    let connection = cast.connection(&saved)?;
    ensure!(
        connection["status"] == "connected" && connection["identity"] == "acme-8d3a",
        "{connection}"
    );
    let masked = connection["masked"]["api_key"].as_str().unwrap_or_default();
    ensure!(
        masked.contains('…') && masked.len() < 16 && !GOOD_KEY.contains(masked),
        "{connection}"
    );
    Ok(())
}

fn the_service_gets_the_key_ready_to_use(cast: &Cast, key: &str, version: u32) -> Result<()> {
    let config = cast
        .service
        .get(&format!("{AI_CONFIG}?purpose=newsletter"))?
        .expect(200)?
        .body;
    ensure!(
        config["fields"]["api_key"] == key && config["credential_version"] == version,
        "{config}"
    );
    ensure!(
        config["source"] == "account" && config["status"] == "connected",
        "{config}"
    );
    let base = config["request"]["base_url"].as_str().unwrap_or_default();
    ensure!(base.ends_with("/us19/3.0"), "{config}");
    let headers = config["request"]["headers"].as_object().cloned().unwrap_or_default();
    let authorization = headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    ensure!(
        authorization.is_some_and(|(_, value)| value.as_str().is_some_and(|v| v.starts_with("Basic "))),
        "{config}"
    );
    Ok(())
}

fn a_rotation_overlaps_and_a_bad_paste_breaks_nothing(cast: &Cast) -> Result<()> {
    let refused = cast.save(BAD_KEY, 0)?;
    let connection = cast.connection(&refused)?;
    ensure!(
        connection["status"] == "connected" && connection["version"] == 2,
        "a bad paste broke it: {connection}"
    );
    the_service_gets_the_key_ready_to_use(cast, GOOD_KEY, 2)?;
    let rotated = cast.save(SECOND_KEY, 600)?;
    let connection = cast.connection(&rotated)?;
    ensure!(
        connection["status"] == "connected" && connection["version"] == 4,
        "{connection}"
    );
    ensure!(
        connection["retiring"][0]["version"] == 2,
        "the superseded key does not overlap: {connection}"
    );
    Ok(())
}

fn a_disconnected_key_is_erased(cast: &Cast) -> Result<()> {
    let gone = cast.account.call("DELETE", CREDENTIAL, None, &[])?;
    ensure!((200..300).contains(&gone.status), "{}", gone.text);
    let connection = cast.connection(&gone)?;
    ensure!(
        connection["status"] == "disconnected" && connection["masked"].is_null(),
        "{connection}"
    );
    the_service_is_refused(cast, "disconnected")
}

fn the_history_tells_all_of_it_and_no_secret(cast: &Cast) -> Result<()> {
    let history = cast.account.get(&format!("{MAILCHIMP}/history"))?.expect(200)?;
    let audit = cast
        .auditor
        .get("/v1/audit/events?account=acme&limit=200")?
        .expect(200)?;
    for kind in [
        "IntegrationInstalled",
        "CredentialConnected",
        "CredentialTested",
        "CredentialRotated",
        "CredentialReleased",
        "CredentialDisconnected",
        "CredentialErased",
    ] {
        ensure!(audit.text.contains(kind), "the audit does not tell of {kind}");
        ensure!(history.text.contains(kind), "the history does not tell of {kind}");
    }
    for key in [GOOD_KEY, SECOND_KEY, BAD_KEY] {
        ensure!(
            !history.text.contains(key) && !audit.text.contains(key),
            "a key stands in the history"
        );
    }
    Ok(())
}

fn no_file_holds_a_key_in_clear(data: &Path) -> Result<()> {
    let mut folders = vec![data.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let content = std::fs::read(&path)?;
            for key in [GOOD_KEY, SECOND_KEY, BAD_KEY] {
                let found = content.windows(key.len()).any(|window| window == key.as_bytes());
                ensure!(!found, "{} holds a key in clear", path.display());
            }
        }
    }
    Ok(())
}
