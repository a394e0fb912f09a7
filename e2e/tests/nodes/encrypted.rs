use anyhow::{Context, Result, ensure};
use e2e::{Cluster, Product};
use serde_json::json;
use servers::Authority;

use crate::{every_model_is_a_fold_of_the_log, post};

/// No provider is called here.
const NOBODY: &str = "127.0.0.1:9";

/// The nodes' environment with the authority of these URLs replaced, and everything logged.
fn trusting_a_stranger(cluster: &Cluster, names: &[&str]) -> Result<Vec<(&'static str, String)>> {
    let stranger = Authority::new();
    // The file outlives its authority, of whom nothing else is needed.
    let file = cluster.folder().join("stranger.pem");
    std::fs::copy(stranger.file(), &file)?;
    let (right, wrong) = (cluster.authority().context("no TLS")?, file.display().to_string());
    let mut environment = cluster.environment();
    for (name, value) in &mut environment {
        if names.contains(name) {
            *value = value.replace(&right, &wrong);
        }
    }
    environment.push(("RUST_LOG", "trace".to_owned()));
    environment.push(("SOCONNECTIVE_DATA", cluster.folder().join("c").display().to_string()));
    Ok(environment)
}

/// What a node says that does not start.
fn refused(cluster: &Cluster, names: &[&str], arguments: &[&str]) -> Result<String> {
    let outcome = Product::command(arguments, &trusting_a_stranger(cluster, names)?);
    let said = outcome.err().context("it started")?.to_string();
    for password in cluster.passwords() {
        ensure!(!said.contains(password), "a password was logged");
    }
    Ok(said)
}

#[test]
fn everything_between_nodes_and_servers_can_be_encrypted() -> Result<()> {
    let cluster = Cluster::encrypted()?;
    let (a, b) = (cluster.node("a", NOBODY)?, cluster.node("b", NOBODY)?);
    let admin = a.admin()?;
    let write = post(&admin, "/v1/accounts", &json!({ "id": "acme", "name": "Acme Ltd" }))?.expect(201)?;
    let on_b = admin.moved_to(b.base());
    on_b.get_after("/v1/accounts/acme", &write)?.expect(200)?;
    every_model_is_a_fold_of_the_log(&b)?;
    let connections = "SELECT count(DISTINCT application_name) >= 3 AND bool_and(ssl) FROM pg_stat_ssl \
                       JOIN pg_stat_activity USING (pid) WHERE datname LIKE 'db_%'";
    let printed = cluster.postgres.sql("postgres", &[connections]);
    ensure!(printed.trim() == "t", "{printed}");

    ensure!(cluster.passwords().len() == 2, "both are looked for");
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let said = refused(&cluster, &["SOCONNECTIVE_BUS"], &serve)?;
    ensure!(
        said.contains("name the PEM file of its authority with ca=FILE"),
        "{said}"
    );
    for (wrong, command) in [
        (["SOCONNECTIVE_LOG"].as_slice(), serve.as_slice()),
        (&["SOCONNECTIVE_DB"], &serve),
        (&["SOCONNECTIVE_DB"], &["projections", "status"]),
    ] {
        let said = refused(&cluster, wrong, command)?;
        let advice = "name the PEM file of its authority with sslrootcert=FILE in the URL";
        ensure!(said.contains(advice), "{wrong:?} {command:?}: {said}");
    }
    a.stop()?;
    b.stop()
}
