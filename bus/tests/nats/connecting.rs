//! What a connection needs, and what is said when it is not there. No secret is ever repeated.

use std::error::Error;
use std::time::Duration;

use async_nats::jetstream::stream::{Config, StorageType};
use bus::contract::messages;
use bus::{Bus, NatsBus};
use domain::Position;
use nkeys::KeyPair;
use servers::Nats;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::server;

/// All that an error says.
pub(crate) async fn refusal(url: &str) -> String {
    let error = NatsBus::connect(url, Uuid::from_u128(1), "").await.err().unwrap();
    let mut said = format!("{error:?}");
    let mut next: Option<&dyn Error> = Some(&error);
    while let Some(error) = next {
        said = format!("{said}: {error}");
        next = error.source();
    }
    said
}

pub(crate) async fn works(url: &str) {
    let bus = NatsBus::connect(url, Uuid::from_u128(1), "").await.unwrap();
    bus.publish(messages(1..3)).await.unwrap();
    assert_eq!(bus.last().await.unwrap(), Position::from_stored(2));
}

#[tokio::test]
async fn a_user_with_a_password_gets_in_and_others_are_told() {
    let nats = Nats::start_with("authorization { user: ann, password: 's3cret@1' }", &[]);
    works(&format!("nats://ann:s3cret%401@{}", nats.address())).await;
    for wrong in ["ann:wr0ng@", "s3cret%401@", ""] {
        let said = refusal(&format!("nats://{wrong}{}", nats.address())).await;
        assert!(said.contains("refuses the credentials"), "{said}");
        assert!(!said.contains("wr0ng") && !said.contains("s3cret"), "{said}");
    }
}

#[tokio::test]
async fn a_token_gets_in() {
    let nats = Nats::start_with("authorization { token: t0ken }", &[]);
    works(&format!("nats://t0ken@{}", nats.address())).await;
}

#[tokio::test]
async fn an_nkey_gets_in_and_another_does_not() {
    let (mine, other) = (KeyPair::new_user(), KeyPair::new_user());
    let users = format!("authorization {{ users: [{{ nkey: {} }}] }}", mine.public_key());
    let nats = Nats::start_with(&users, &[]);
    let folder = tempfile::tempdir().unwrap();
    let seed_of = |key: &KeyPair| {
        let file = folder.path().join(key.public_key());
        std::fs::write(&file, format!("{}\n", key.seed().unwrap())).unwrap();
        file.display().to_string()
    };
    works(&format!("{}?nkey={}", nats.url(), seed_of(&mine))).await;
    let said = refusal(&format!("{}?nkey={}", nats.url(), seed_of(&other))).await;
    assert!(said.contains("refuses the credentials"), "{said}");
    assert!(!said.contains(&other.seed().unwrap()), "{said}");
}

#[tokio::test]
async fn a_file_that_is_not_there_is_named_by_its_parameter() {
    let nats = Nats::start();
    let said = refusal(&format!("{}?creds=/nowhere/user.creds", nats.url())).await;
    assert!(said.contains("`creds`"), "{said}");
    let said = refusal(&format!("{}?nkey=/nowhere/user.nk", nats.url())).await;
    assert!(said.contains("`nkey`"), "{said}");
    let said = refusal(&format!("{}?ca=/nowhere/ca.pem", nats.url())).await;
    assert!(said.contains("`ca`"), "{said}");
}

/// A server that greets with `info` and then agrees with everything.
async fn greeting(info: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (read, mut write) = stream.into_split();
            let mut lines = BufReader::new(read).lines();
            write.write_all(format!("INFO {info}\r\n").as_bytes()).await.unwrap();
            while let Ok(Some(line)) = lines.next_line().await {
                if line.starts_with("PING") {
                    write.write_all(b"PONG\r\n").await.unwrap();
                }
            }
        }
    });
    format!("nats://{address}")
}

#[tokio::test]
async fn a_server_that_is_too_old_or_has_no_jetstream_is_refused() {
    let old = greeting(r#"{"server_id":"x","version":"2.8.4","max_payload":1048576,"headers":true,"jetstream":true}"#);
    let said = refusal(&old.await).await;
    assert!(said.contains("nats-server 2.8.4 is too old: install 2.9.0"), "{said}");
    let plain = greeting(r#"{"server_id":"x","version":"2.9.10","max_payload":1048576,"headers":true}"#);
    let said = refusal(&plain.await).await;
    assert!(said.contains("has no JetStream"), "{said}");
}

#[tokio::test]
async fn a_stream_that_is_configured_otherwise_is_put_right_where_the_server_can() {
    let nats = Nats::start();
    let log = Uuid::from_u128(1);
    let asked = Config {
        name: server::STREAM.to_owned(),
        description: Some(format!("Events of the log {log}")),
        subjects: vec!["soconnective.events.>".to_owned()],
        storage: StorageType::Memory,
        max_age: Duration::from_mins(1),
        duplicate_window: Duration::from_secs(10),
        ..Config::default()
    };
    server::jetstream(&nats.url())
        .await
        .create_stream(&asked)
        .await
        .unwrap();

    works(&format!("{}?max_mb=16", nats.url())).await;
    let kept = server::stream(&nats.url()).await.cached_info().config.clone();
    assert_eq!(
        (kept.storage, kept.max_age),
        (StorageType::Memory, Duration::from_mins(1)),
        "no server moves it"
    );

    server::delete(&nats.url()).await;
    let asked = Config {
        storage: StorageType::File,
        ..asked
    };
    server::jetstream(&nats.url())
        .await
        .create_stream(&asked)
        .await
        .unwrap();
    works(&format!("{}?max_mb=16&max_age_s=3600", nats.url())).await;
    let changed = server::stream(&nats.url()).await.cached_info().config.clone();
    assert_eq!(
        (changed.max_bytes, changed.max_age),
        (16 * 1024 * 1024, Duration::from_hours(1))
    );
}
