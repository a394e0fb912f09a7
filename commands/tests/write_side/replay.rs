use commands::{CommandError, IfMatch, KeyPlace};
use domain::integration::{ConnectionStatus, SaveOptions, Verdict};
use domain::provider::Provider;

use crate::world::{World, account, default_connection, fields, mock, plain, plain_row};

async fn save(world: &World, request: u8, key: &str) -> Result<commands::Receipt<commands::KeyReport>, CommandError> {
    let (ctx, options) = (world.keyed("k", request), SaveOptions::default());
    world
        .commands
        .save_credential(ctx, account(), mock(), default_connection(), fields(key), options)
        .await
}

#[tokio::test]
async fn a_save_that_comes_again_gives_its_first_result_also_after_a_restart() {
    let mut world = World::installed().await;
    let first = save(&world, 1, "good-1").await.unwrap();
    let events = world.events().await;
    for round in 0..2 {
        let again = save(&world, 1, "good-1").await.unwrap();
        assert!(again.replayed, "round {round}");
        assert_eq!(
            (&again.value, again.position, again.revision),
            (&first.value, first.position, first.revision),
            "round {round}"
        );
        assert_eq!(world.events().await, events);
        assert_eq!(world.server.calls(), 1, "the provider is not asked again");
        world = world.restarted().await;
    }
}

#[tokio::test]
async fn a_key_for_another_request_is_refused_also_after_a_restart() {
    let world = World::installed().await;
    save(&world, 1, "good-1").await.unwrap();
    assert!(matches!(
        save(&world, 2, "good-2").await,
        Err(CommandError::IdempotencyKeyReused)
    ));
    let world = world.restarted().await;
    assert!(matches!(
        save(&world, 2, "good-2").await,
        Err(CommandError::IdempotencyKeyReused)
    ));
    assert_eq!(world.released().await.unwrap(), "good-1");
}

#[tokio::test]
async fn a_first_result_is_given_whatever_happened_since() {
    let world = World::installed().await;
    save(&world, 1, "bad-1").await.unwrap();
    world.save("good-2").await.unwrap();
    world
        .commands
        .disconnect(world.ctx(), account(), mock(), default_connection(), IfMatch::Any)
        .await
        .unwrap();
    world.commands.close_account(world.ctx(), account()).await.unwrap();
    let again = save(&world, 1, "bad-1").await.unwrap().value;
    assert_eq!(
        (again.version, again.place, again.status),
        (1, KeyPlace::Current, ConnectionStatus::Rejected)
    );
    assert_eq!(again.test.map(|test| test.verdict), Some(Verdict::Rejected));
    assert!(world.versions().await.is_empty());
}

#[tokio::test]
async fn a_test_that_comes_again_does_not_call_the_provider_again() {
    let world = World::installed().await;
    world.save("good-1").await.unwrap();
    let test = || {
        world.commands.test_connection(
            world.keyed("t", 1),
            account(),
            mock(),
            default_connection(),
            IfMatch::Any,
        )
    };
    let first = test().await.unwrap();
    let again = test().await.unwrap();
    assert!(again.replayed);
    assert_eq!((again.value, again.position), (first.value, first.position));
    assert_eq!(world.server.calls(), 2);
}

#[tokio::test]
async fn every_command_that_comes_again_gives_its_first_result() {
    let mut world = World::new().await;
    for round in 0..3 {
        let replayed = round > 0;
        let mut row = plain_row();
        row.key = "again".parse().unwrap();
        let added = world
            .commands
            .add_provider(world.keyed("a", 1), row, None, true)
            .await
            .unwrap();
        assert_eq!(added.replayed, replayed);
        assert!(matches!(added.value, Provider::Published(_)), "as it was then");
        let retired = world
            .commands
            .retire(world.keyed("b", 1), "again".parse().unwrap(), IfMatch::Any)
            .await
            .unwrap();
        assert_eq!(retired.replayed, replayed);
        let installed = world
            .commands
            .install(world.keyed("c", 1), account(), plain(), Some(fields("x")))
            .await;
        let installed = installed.unwrap();
        assert_eq!(
            (installed.replayed, installed.value.key.unwrap().version),
            (replayed, 1)
        );
        let gone = world
            .commands
            .disconnect(
                world.keyed("d", 1),
                account(),
                plain(),
                default_connection(),
                IfMatch::Any,
            )
            .await;
        let gone = gone.unwrap();
        assert_eq!((gone.replayed, gone.value.complete), (replayed, true));
        let gone = world
            .commands
            .uninstall(world.keyed("e", 1), account(), plain(), IfMatch::Any)
            .await
            .unwrap();
        assert_eq!(gone.replayed, replayed);
        let renamed = world
            .commands
            .rename_account(world.keyed("f", 1), account(), "New".to_owned())
            .await
            .unwrap();
        assert_eq!(renamed.replayed, replayed);
        if round == 1 {
            world = world.restarted().await;
        }
    }
}

#[tokio::test]
async fn a_key_for_another_request_is_refused_also_when_that_concerns_something_else() {
    let world = World::new().await;
    let install = |request: u8, provider| {
        let ctx = world.keyed("k", request);
        world.commands.install(ctx, account(), provider, None)
    };
    install(1, mock()).await.unwrap();
    let refused = install(2, plain()).await;
    assert!(
        matches!(refused, Err(CommandError::IdempotencyKeyReused)),
        "{refused:?}"
    );
    assert!(install(1, mock()).await.unwrap().replayed);

    world
        .commands
        .install(world.ctx(), account(), plain(), None)
        .await
        .unwrap();
    let save = |request: u8, provider| {
        let (ctx, options) = (world.keyed("s", request), SaveOptions::default());
        world.commands.save_credential(
            ctx,
            account(),
            provider,
            default_connection(),
            fields("good-1"),
            options,
        )
    };
    save(1, mock()).await.unwrap();
    let refused = save(2, plain()).await;
    assert!(
        matches!(refused, Err(CommandError::IdempotencyKeyReused)),
        "{refused:?}"
    );
    assert_eq!(world.pending().await, 0, "what was sealed for it is discarded");
}
