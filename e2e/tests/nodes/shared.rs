use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use e2e::{Answer, Caller, Cluster, GOOD_KEY, Mailchimp, SECOND_KEY};
use esdb_double::{Double, Options};
use serde_json::json;

use crate::{every_model_is_a_fold_of_the_log, post, within};

/// What every node has to know within.
const SECOND: Duration = Duration::from_secs(1);
const KEY: &str = "/v1/accounts/acme/integrations/mailchimp/connections/default/credential";
const AI_CONFIG: &str = "/v1/accounts/acme/ai-config/mailchimp";

#[tokio::test(flavor = "multi_thread")]
async fn what_one_node_does_every_node_knows_within_a_second() -> Result<()> {
    let provider = Mailchimp::start().await?;
    tokio::task::spawn_blocking(move || two_nodes(&provider, &Cluster::start()?)).await?
}

/// The same with the log in a double of `EventStoreDB`, which speaks its protocol.
#[tokio::test(flavor = "multi_thread")]
async fn with_the_log_in_eventstoredb_too() -> Result<()> {
    let provider = Mailchimp::start().await?;
    let eventstoredb = Double::start(Options::default()).await?;
    let cluster = Cluster::with_log(eventstoredb.url())?;
    tokio::task::spawn_blocking(move || two_nodes(&provider, &cluster)).await?
}

fn two_nodes(provider: &Mailchimp, cluster: &Cluster) -> Result<()> {
    let allow = provider.address().to_string();
    let (a, b) = (cluster.node("a", &allow)?, cluster.node("b", &allow)?);
    let on_a = a.admin()?;
    let on_b = on_a.clone().moved_to(b.base());

    let start = Instant::now();
    post(&on_a, "/v1/providers", &provider.row())?.expect(201)?;
    within(SECOND, start, "a new row on the other node", || {
        Ok(on_b.get("/v1/catalog/mailchimp")?.status == 200)
    })?;

    post(&on_b, "/v1/accounts", &json!({ "id": "acme", "name": "Acme Ltd" }))?.expect(201)?;
    let account = token(
        &on_b,
        &json!({ "name": "acme", "role": "account_admin", "account": "acme" }),
    )?;
    let service = token(&on_b, &json!({ "name": "writer", "role": "service" }))?;
    let service_on_a = service.clone().moved_to(a.base());
    within(SECOND, Instant::now(), "a new token on the other node", || {
        Ok(account.clone().moved_to(a.base()).get("/v1/catalog")?.status == 200
            && service_on_a.get(AI_CONFIG)?.status != 401)
    })?;

    keys_go_from_node_to_node(&account, &account.clone().moved_to(a.base()), &service, &service_on_a)?;
    a_revoked_token_ends_on_every_node(&on_a, &on_b)?;
    every_model_is_a_fold_of_the_log(&a)?;
    every_model_is_a_fold_of_the_log(&b)?;
    a.stop()?;
    b.stop()
}

fn token(admin: &Caller, body: &serde_json::Value) -> Result<Caller> {
    let issued = post(admin, "/v1/tokens", body)?.expect(201)?;
    Ok(admin.with_token(issued.body["token"].as_str().unwrap_or_default()))
}

/// The key that an AI service gets, as of a write on whatever node.
fn key_of(service: &Caller, write: &Answer) -> Result<serde_json::Value> {
    let answer = service
        .get_after(&format!("{AI_CONFIG}?purpose=test"), write)?
        .expect(200)?;
    Ok(answer.body["fields"]["api_key"].clone())
}

fn keys_go_from_node_to_node(on_b: &Caller, on_a: &Caller, service: &Caller, service_on_a: &Caller) -> Result<()> {
    post(
        on_b,
        "/v1/accounts/acme/integrations",
        &json!({ "provider": "mailchimp" }),
    )?
    .expect(201)?;
    let save = |caller: &Caller, key: &str| {
        let body = json!({ "fields": { "api_key": key } });
        caller.call("PUT", KEY, Some(&body), &[])?.expect(200)
    };
    let saved = save(on_b, GOOD_KEY)?;
    ensure!(
        key_of(service_on_a, &saved)? == GOOD_KEY,
        "saved on one node, used on the other"
    );
    let rotated = save(on_a, SECOND_KEY)?;
    ensure!(
        key_of(service, &rotated)? == SECOND_KEY,
        "rotated on one node, used on the other"
    );
    let taken_back = on_b.call("DELETE", KEY, None, &[])?.expect(204)?;
    for service in [service, service_on_a] {
        let refused = service.get_after(AI_CONFIG, &taken_back)?.expect(409)?;
        ensure!(refused.body["code"] == "disconnected", "{}", refused.text);
    }
    Ok(())
}

fn a_revoked_token_ends_on_every_node(on_a: &Caller, on_b: &Caller) -> Result<()> {
    for (issuer, other) in [(on_a, on_b), (on_b, on_a)] {
        let issued = post(
            issuer,
            "/v1/tokens",
            &json!({ "name": "short-lived", "role": "auditor" }),
        )?
        .expect(201)?;
        let bearer = other.with_token(issued.body["token"].as_str().unwrap_or_default());
        within(SECOND, Instant::now(), "a new token on the other node", || {
            Ok(bearer.get("/v1/catalog")?.status == 200)
        })?;
        let path = format!("/v1/tokens/{}", issued.body["id"].as_str().unwrap_or_default());
        let start = Instant::now();
        issuer.call("DELETE", &path, None, &[])?.expect(204)?;
        within(SECOND, start, "a revocation on the other node", || {
            Ok(bearer.get("/v1/catalog")?.status == 401)
        })?;
    }
    Ok(())
}
