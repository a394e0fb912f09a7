use std::collections::BTreeSet;

use commands::NewToken;
use domain::token::{AccountScope, Role};
use domain::{KekId, Sha256Digest};

use crate::world::{World, account, code};

fn token(accounts: AccountScope, text: &[u8]) -> NewToken {
    NewToken {
        name: "CI".to_owned(),
        sha256: Sha256Digest::of(text),
        role: Role::Service,
        accounts,
        expires_at: None,
    }
}

#[tokio::test]
async fn a_token_is_issued_and_revoked() {
    let world = World::new().await;
    let issued = world
        .commands
        .issue_token(world.ctx(), token(AccountScope::All, b"1"))
        .await
        .unwrap();
    world.commands.revoke_token(world.ctx(), issued.value.id).await.unwrap();
    world.commands.revoke_token(world.ctx(), issued.value.id).await.unwrap();
    assert_eq!(world.kinds().await, ["TokenIssued", "TokenRevoked"]);
    let unknown = domain::TokenId::new(uuid::Uuid::from_u128(1));
    assert_eq!(
        code(world.commands.revoke_token(world.ctx(), unknown).await),
        "no token"
    );
}

#[tokio::test]
async fn a_token_that_is_issued_again_is_the_first_one() {
    let world = World::new().await;
    let first = world
        .commands
        .issue_token(world.keyed("k", 1), token(AccountScope::All, b"1"))
        .await
        .unwrap();
    let again = world
        .commands
        .issue_token(world.keyed("k", 1), token(AccountScope::All, b"2"))
        .await
        .unwrap();
    assert_eq!((again.replayed, again.value), (true, first.value));
    world.commands.revoke_token(world.ctx(), first.value.id).await.unwrap();
    let again = world
        .commands
        .issue_token(world.keyed("k", 1), token(AccountScope::All, b"3"))
        .await
        .unwrap();
    assert_eq!(
        again.value, first.value,
        "it is the first result, whatever happened since"
    );
}

#[tokio::test]
async fn a_token_is_for_accounts_that_exist_and_stands_in_their_audit() {
    let world = World::new().await;
    let only = |id: &str| AccountScope::Only(BTreeSet::from([id.parse().unwrap()]));
    let refused = world
        .commands
        .issue_token(world.ctx(), token(only("nobody"), b"1"))
        .await;
    assert_eq!(code(refused), "/accounts/0: account-unknown");
    let issued = world
        .commands
        .issue_token(world.ctx(), token(only("acme"), b"1"))
        .await
        .unwrap();
    world.commands.revoke_token(world.ctx(), issued.value.id).await.unwrap();
    let events = world.events().await;
    let about = events.iter().filter(|event| event.metadata.account == Some(account()));
    let kinds: Vec<String> = about.map(|event| event.kind.to_string()).collect();
    assert_eq!(kinds, ["AccountOpened", "TokenIssued", "TokenRevoked"]);
}

#[tokio::test]
async fn no_token_is_issued_for_an_account_that_is_closed_and_one_that_was_can_be_revoked() {
    let world = World::new().await;
    world.open("open", None).await.unwrap();
    let only = |ids: &[&str]| AccountScope::Only(ids.iter().map(|id| id.parse().unwrap()).collect());
    let before = world
        .commands
        .issue_token(world.keyed("before", 1), token(only(&["acme"]), b"1"))
        .await
        .unwrap();
    world.commands.close_account(world.ctx(), account()).await.unwrap();
    for (accounts, refusal) in [
        (&["acme"][..], "/accounts/0: account-closed"),
        (&["acme", "open"], "/accounts/0: account-closed"),
        (&["open", "nobody"], "/accounts/0: account-unknown"),
    ] {
        let refused = world.commands.issue_token(world.ctx(), token(only(accounts), b"2"));
        assert_eq!(code(refused.await), refusal, "{accounts:?}");
    }
    let again = world
        .commands
        .issue_token(world.keyed("before", 1), token(only(&["acme"]), b"3"))
        .await
        .unwrap();
    assert_eq!((again.replayed, again.value), (true, before.value));
    world.commands.revoke_token(world.ctx(), before.value.id).await.unwrap();
}

#[tokio::test]
async fn the_key_ring_is_noted_once() {
    let world = World::new().await;
    for _ in 0..2 {
        world.commands.note_key_added(world.ctx(), KekId(1)).await.unwrap();
        world.commands.note_key_promoted(world.ctx(), KekId(1)).await.unwrap();
    }
    world
        .commands
        .note_rewrap_completed(world.ctx(), KekId(1), 3)
        .await
        .unwrap();
    assert_eq!(
        code(world.commands.note_key_promoted(world.ctx(), KekId(2)).await),
        "unknown-key"
    );
    assert_eq!(world.kinds().await, ["KeyAdded", "KeyPromoted", "RewrapCompleted"]);
}
