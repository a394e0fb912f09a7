//! Which databases are accepted, and what is said of those that are not.

use std::error::Error;

use projections::{ProjectionError, Projections};
use servers::Postgres;

use crate::home::Home;

async fn refusal(url: &str) -> ProjectionError {
    match Projections::connect(url).await {
        Ok(_) => panic!("it was accepted"),
        Err(error) => error,
    }
}

/// All that a log or a person could be shown of an error.
fn everything(error: &ProjectionError) -> String {
    let mut text = format!("{error:?} {error}");
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

#[tokio::test]
async fn a_role_for_which_row_security_does_not_hold_is_refused_and_told_what_to_do() {
    let home = Home::new();
    let error = refusal(home.superuser_url()).await;
    assert!(matches!(&error, ProjectionError::PrivilegedRole { role } if role == "postgres"));
    assert!(error.to_string().contains("NOSUPERUSER NOBYPASSRLS"), "{error}");

    let url = home.url();
    drop(Projections::connect(url).await.unwrap());
    let role = url.strip_prefix("postgres://").unwrap().split_once(':').unwrap().0;
    let _ = Postgres::shared().sql("postgres", &[&format!("ALTER ROLE {role} BYPASSRLS")]);
    assert!(matches!(refusal(url).await, ProjectionError::PrivilegedRole { .. }));
    let _ = Postgres::shared().sql("postgres", &[&format!("ALTER ROLE {role} NOBYPASSRLS")]);
    drop(Projections::connect(url).await.unwrap());
}

#[tokio::test]
async fn no_error_repeats_the_password() {
    let home = Home::new();
    let (start, host) = home.url().rsplit_once('@').unwrap();
    let (role, _) = start.rsplit_once(':').unwrap();
    let wrong = format!("{role}:TheWrongOne@{host}");
    let nowhere = format!("{role}:TheWrongOne@127.0.0.1:1/nowhere");
    let garbled = format!("{role}:TheWrongOne@{host}?sslmode=TheWrongOne");
    for url in [
        wrong.as_str(),
        &nowhere,
        &garbled,
        "mysql://TheWrongOne@host/db",
        "TheWrongOne",
    ] {
        let error = refusal(url).await;
        assert!(!everything(&error).contains("TheWrongOne"), "{error}");
    }
}

#[tokio::test]
async fn a_url_that_no_store_may_use_is_refused_with_what_to_write_instead() {
    let home = Home::new();
    for (parameters, words) in [
        ("sslmode=verify-ca", "sslmode=verify-full"),
        ("ssl-mode=verify-ca", "sslmode=verify-full"),
        ("pasword=TheWrongOne", "a parameter that is not supported"),
        // It would show every account's rows to whoever forgets to say whose are meant.
        ("options[soconnective.account]=*", "a parameter that is not supported"),
    ] {
        let error = refusal(&format!("{}?{parameters}", home.url())).await;
        assert!(matches!(error, ProjectionError::PostgresUrl(_)), "{error:?}");
        let said = everything(&error);
        assert!(said.contains(words) && !said.contains("TheWrongOne"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_processes_may_start_on_an_empty_database_at_once() {
    let home = Home::new();
    let mut starting = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let url = home.url().to_owned();
        starting.spawn(async move { Projections::connect(&url).await.map(drop) });
    }
    while let Some(started) = starting.join_next().await {
        started.unwrap().unwrap();
    }
}
