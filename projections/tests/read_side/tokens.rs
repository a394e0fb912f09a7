//! Questions about API tokens.

use chrono::TimeDelta;
use domain::token::{TokenEvent, TokenRevoked};
use domain::{Sha256Digest, StreamId, TokenId};
use uuid::Uuid;

use crate::home::Home;
use crate::story::issued;
use crate::support::{Reading, Writer, start};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_recognised_by_its_digest_until_it_is_revoked() {
    let home = Home::new();
    let mut writer = Writer::new();
    let id = TokenId::new(Uuid::from_u128(1));
    let digest = Sha256Digest::of(b"token");
    let reading = Reading::start(&home, &writer.log).await;
    reading.settle().await;
    let tokens = reading.projections.tokens();
    assert_eq!(tokens.by_sha256(digest).await.unwrap(), None);

    writer.append(&StreamId::Token(id), issued("CI", digest)).await;
    reading.settle().await;
    let token = tokens
        .by_sha256(digest)
        .await
        .unwrap()
        .expect("what was not there before is found");
    assert!(token.valid_at(start()));
    assert_eq!(
        (token.id, token.name.as_str(), token.issued_by.id.as_str()),
        (id, "CI", "ada")
    );
    assert_eq!(tokens.by_sha256(Sha256Digest::of(b"other")).await.unwrap(), None);

    writer
        .append(&StreamId::Token(id), TokenEvent::from(TokenRevoked {}))
        .await;
    reading.settle().await;
    let token = tokens.by_sha256(digest).await.unwrap().unwrap();
    assert!(!token.valid_at(start()));
    assert_eq!(token.revoked_at, Some(start() + TimeDelta::seconds(1)));
    reading.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_are_listed_in_pages_without_their_digests() {
    let home = Home::new();
    let mut writer = Writer::new();
    for number in 1..=3 {
        let id = TokenId::new(Uuid::from_u128(number));
        writer
            .append(
                &StreamId::Token(id),
                issued("T", Sha256Digest::of(&number.to_be_bytes())),
            )
            .await;
    }
    let reading = Reading::start(&home, &writer.log).await;
    reading.settle().await;
    let tokens = reading.projections.tokens();
    let first = tokens.list(None, 2).await.unwrap();
    assert_eq!(first.items.len(), 2);
    let rest = tokens.list(first.next, 2).await.unwrap();
    assert_eq!((rest.items.len(), rest.next), (1, None));
    let shown = serde_json::to_string(&first).unwrap();
    assert!(!shown.contains(&Sha256Digest::of(&1_u128.to_be_bytes()).to_string()));
    reading.stop().await;
}
