use commands::{IfMatch, Swept};
use domain::integration::{Placement, SaveOptions};
use domain::recipe::FieldValues;
use domain::{CredentialId, DekId};
use uuid::Uuid;
use vault::SecretContext;

use crate::faulty_log::Fault;
use crate::world::{World, account, default_connection, fields, mock, plain};

fn secret(credential: CredentialId, version: u32) -> SecretContext {
    SecretContext {
        account: account(),
        credential,
        version,
        provider: mock(),
    }
}

async fn seal(world: &World, secret: &SecretContext) -> DekId {
    let values = FieldValues::from_pairs([("api_key".to_owned(), "x".into())]);
    let none = std::collections::BTreeMap::new;
    world
        .vault
        .seal(secret, &values, none(), none(), world.now())
        .await
        .unwrap()
        .dek
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
        .disconnect(world.ctx(), account(), mock(), default_connection(), IfMatch::Any)
        .await
        .unwrap();
    let erased = secret(saved.credential, 1);
    let dek = seal(&world, &erased).await;
    world.vault.make_live(&erased, dek).await.unwrap();
    assert_eq!(world.another().sweep().await.unwrap().erased, 1);
    assert!(world.versions().await.is_empty());
}

#[tokio::test]
async fn a_live_secret_that_the_log_does_not_know_is_left_alone() {
    let world = World::installed().await;
    let unknown = secret(CredentialId::new(Uuid::from_u128(9)), 1);
    let dek = seal(&world, &unknown).await;
    world.vault.make_live(&unknown, dek).await.unwrap();
    world.wait(301);
    assert_eq!(
        world.another().sweep().await.unwrap(),
        Swept {
            unknown: 1,
            ..Swept::default()
        }
    );
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

#[tokio::test]
async fn what_cannot_be_swept_keeps_nothing_else_from_it_and_is_swept_the_next_time() {
    let world = World::installed().await;
    world
        .commands
        .install(world.ctx(), account(), plain(), None)
        .await
        .unwrap();
    let overlap = SaveOptions {
        placement: Placement::WhenAccepted,
        overlap_seconds: 60,
    };
    for provider in [mock(), plain()] {
        for key in ["good-1", "good-2"] {
            let (ctx, place) = (world.ctx(), default_connection());
            let commands = &world.commands;
            commands
                .save_credential(ctx, account(), provider.clone(), place, fields(key), overlap)
                .await
                .unwrap();
        }
    }
    assert_eq!(world.versions().await, [1, 1, 2, 2]);
    world.wait(60);
    world.log.plan([Fault::Unavailable]);
    world.commands.sweep().await.unwrap_err();
    assert_eq!(world.versions().await, [1, 2, 2]);
    let swept = world.commands.sweep().await.unwrap();
    assert_eq!((swept.retired, swept.erased), (1, 1));
    assert_eq!(world.versions().await, [2, 2]);
}
