//! A server that takes no connection without TLS, with a certificate that no machine trusts by itself.

use std::error::Error;

use eventlog::contract::{events, stream};
use eventlog::{Causes, EventLog, Expected, PostgresLog, certificate_advice};
use servers::{Authority, Postgres};

/// What an operator sees of a refusal: everything that caused it, and what to change.
async fn refusal(url: &str) -> String {
    let error = PostgresLog::connect(url).await.err().unwrap();
    let error: &(dyn Error + 'static) = &error;
    let advice = certificate_advice(error, "sslrootcert").unwrap_or_default();
    format!("{error:?} {} {advice}", Causes(error))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_is_trusted_by_the_authority_that_the_url_names() {
    let authority = Authority::new();
    let server = Postgres::start_encrypted(&authority.certify("127.0.0.1"));
    let plain = server.database();
    let url = format!("{plain}?sslmode=verify-full&sslrootcert={}", authority.file().display());

    let log = PostgresLog::connect(&url).await.unwrap();
    let appended = log.append(&stream("a"), Expected::NoStream, events("a", 0..3)).await;
    assert_eq!(appended.unwrap().revision, 3);
    assert_eq!(log.read_stream(&stream("a"), 1, 10).await.unwrap().len(), 3);
    // The one that writes and one that reads, at least.
    let encrypted = "SELECT count(*) > 1 AND bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
                     WHERE application_name = 'soconnective log'";
    assert_eq!(server.sql("postgres", &[encrypted]).trim(), "t");
    // It connects again as it did before.
    server.kill();
    server.restart();
    assert_eq!(log.read_stream(&stream("a"), 1, 10).await.unwrap().len(), 3);
    log.close().await;

    let said = refusal(&format!("{plain}?sslmode=disable")).await;
    assert!(said.contains("no encryption"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_cannot_be_trusted_is_refused_with_what_to_change() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let server = Postgres::start_encrypted(&authority.certify("localhost"));
    let plain = server.database();
    let password = plain.split([':', '@']).nth(2).unwrap();
    for (parameters, words) in [
        // It is for localhost, and reached as 127.0.0.1.
        (
            format!("verify-full&sslrootcert={}", authority.file().display()),
            "for another name",
        ),
        (
            format!("verify-full&sslrootcert={}", stranger.file().display()),
            "with sslrootcert=FILE",
        ),
        (
            format!("verify-ca&sslrootcert={}", authority.file().display()),
            "sslmode=verify-full",
        ),
        ("verify-full".to_owned(), "with sslrootcert=FILE"),
        ("verify-full&sslrootcert=/nowhere/ca.pem".to_owned(), "No such file"),
    ] {
        let said = refusal(&format!("{plain}?sslmode={parameters}")).await;
        assert!(said.contains(words), "{parameters}: {said}");
        assert!(!said.contains(password), "{said}");
    }
}
