use commands::Swept;
use domain::CredentialId;
use domain::recipe::FieldValues;
use uuid::Uuid;
use vault::SecretContext;

use crate::world::{World, account, default_connection, mock};

fn secret(credential: CredentialId, version: u32) -> SecretContext {
    SecretContext {
        account: account(),
        credential,
        version,
        provider: mock(),
    }
}

async fn seal(world: &World, secret: &SecretContext) {
    let values = FieldValues::from_pairs([("api_key".to_owned(), "x".into())]);
    let none = std::collections::BTreeMap::new;
    world
        .vault
        .seal(secret, &values, none(), none(), world.now())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_vault_write_without_its_event_is_swept() {
    let world = World::installed().await;
    seal(&world, &secret(CredentialId::new(Uuid::from_u128(9)), 1)).await;
    assert_eq!(
        world.commands.sweep().await.unwrap(),
        Swept::default(),
        "whoever saves it may not be done"
    );
    world.wait(301);
    assert_eq!(world.commands.sweep().await.unwrap().removed, 1);
    assert!(world.versions().await.is_empty());
}

#[tokio::test]
async fn a_secret_that_a_restored_backup_brought_back_is_erased_again() {
    let world = World::installed().await;
    let saved = world.save("good-1").await.unwrap().value;
    world
        .commands
        .disconnect(world.ctx(), account(), mock(), default_connection())
        .await
        .unwrap();
    let erased = secret(saved.credential, 1);
    seal(&world, &erased).await;
    world.vault.make_live(erased.credential, 1).await.unwrap();
    assert_eq!(world.another().sweep().await.unwrap().erased, 1);
    assert!(world.versions().await.is_empty());
}

#[tokio::test]
async fn a_live_secret_that_the_log_does_not_know_is_left_alone() {
    let world = World::installed().await;
    let unknown = secret(CredentialId::new(Uuid::from_u128(9)), 1);
    seal(&world, &unknown).await;
    world.vault.make_live(unknown.credential, 1).await.unwrap();
    world.wait(301);
    assert_eq!(world.another().sweep().await.unwrap(), Swept::default());
    assert_eq!(world.versions().await, [1], "the log may be the one that was restored");
}

#[tokio::test]
async fn a_sweep_of_a_world_in_order_does_nothing() {
    let world = World::installed().await;
    world.save("good-1").await.unwrap();
    world.save("good-2").await.unwrap();
    let events = world.events().await;
    world.wait(301);
    for commands in [world.commands.clone(), world.another()] {
        assert_eq!(commands.sweep().await.unwrap(), Swept::default());
        assert_eq!(commands.sweep().await.unwrap(), Swept::default());
    }
    assert_eq!(world.events().await, events);
    assert_eq!(world.released().await.unwrap(), "good-2");
}
