//! The credentials of the URL: they work, over TLS, and are never seen.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use esdb_double::{Double, Options};
use eventlog::contract::{events, stream};
use eventlog::{EventLog, EventStoreDbLog, Expected};

use super::process::alone;

const PASSWORD: &str = "p@ss/w:rd";
const ENCODED: &str = "p%40ss%2Fw%3Ard";
const WRONG: &str = "wr0ng-w0rd";

async fn guarded() -> Double {
    let options = Options {
        tls: true,
        login: Some(("admin".to_owned(), PASSWORD.to_owned())),
        ..Options::default()
    };
    Double::start(options).await.unwrap()
}

/// An error with all that is behind it, as it may be logged.
fn whole(error: &dyn std::error::Error) -> String {
    let mut text = format!("{error} {error:?}");
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text} {error} {error:?}");
        source = error.source();
    }
    text
}

#[test]
fn credentials_work_over_tls_and_are_never_seen() {
    let Some(printed) = alone("secrets::credentials_work_over_tls_and_are_never_seen") else {
        tracing_subscriber::fmt()
            .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
            .init();
        return tokio::runtime::Runtime::new().unwrap().block_on(use_credentials());
    };
    assert!(printed.contains("TRACE"), "everything is logged");
    let header = BASE64_STANDARD.encode(format!("admin:{PASSWORD}"));
    for secret in [PASSWORD, ENCODED, WRONG, &header] {
        let line = printed.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{line:?}");
    }
}

async fn use_credentials() {
    let double = guarded().await;
    let log = EventStoreDbLog::connect(&double.url_for(&format!("admin:{ENCODED}@")))
        .await
        .unwrap();
    log.append(&stream("a"), Expected::NoStream, events("a", 0..2))
        .await
        .unwrap();
    assert_eq!(log.read_stream(&stream("a"), 1, 10).await.unwrap().len(), 2);

    for login in [format!("admin:{WRONG}@"), String::new()] {
        let Err(error) = EventStoreDbLog::connect(&double.url_for(&login)).await else {
            panic!("{login} is refused");
        };
        let text = whole(&error);
        assert!(text.contains("Access denied"), "{text}");
        assert!(!text.contains(WRONG), "{text}");
    }
    let unreadable = format!("esdb://admin:{ENCODED}@{}:x?tls=true", double.address());
    let Err(error) = EventStoreDbLog::connect(&unreadable).await else {
        panic!("it has two ports");
    };
    assert!(!whole(&error).contains(ENCODED));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_nobody_vouches_for_is_refused() {
    let (double, other) = (guarded().await, guarded().await);
    let authority_of_another = other
        .url()
        .replace(&other.address().to_string(), &double.address().to_string());
    assert!(EventStoreDbLog::connect(&authority_of_another).await.is_err());
}
