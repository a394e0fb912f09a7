use std::sync::Arc;

use commands::{Commands, IfMatch, KeyPlace};
use domain::integration::{ConnectionStatus, SaveOptions};

use crate::faulty_log::Fault;
use crate::world::{World, account, default_connection, fields, mock, soon};

/// Sends the save of idempotency key `k`, and lets the process end where `faults` say.
async fn crash_while_saving(world: &World, faults: impl IntoIterator<Item = Fault>) {
    world.log.plan(faults);
    let saving = tokio::spawn(save_again(world, world.commands.clone()));
    soon(world.log.crashed()).await;
    saving.abort();
}

/// Sends the save of idempotency key `k`.
fn save_again(
    world: &World,
    commands: Commands,
) -> impl Future<Output = Result<commands::Receipt<commands::KeyReport>, commands::CommandError>> + use<> {
    let (ctx, options) = (world.keyed("k", 1), SaveOptions::default());
    async move {
        commands
            .save_credential(ctx, account(), mock(), default_connection(), fields("good-1"), options)
            .await
    }
}

#[tokio::test]
async fn a_crash_between_sealing_and_the_log_is_swept_away() {
    let world = World::installed().await;
    crash_while_saving(&world, [Fault::CrashBefore]).await;
    assert_eq!(world.pending().await, 1);
    let after = world.another();
    world.wait(301);
    assert_eq!(after.sweep().await.unwrap().removed, 1);
    assert!(world.versions().await.is_empty());
    assert_eq!(after.sweep().await.unwrap(), commands::Swept::default());
}

#[tokio::test]
async fn a_save_that_crashed_before_the_log_is_carried_out_when_it_comes_again() {
    let world = World::installed().await;
    crash_while_saving(&world, [Fault::CrashBefore]).await;
    let saved = save_again(&world, world.another()).await.unwrap();
    assert!(!saved.replayed);
    assert_eq!(saved.value.status, ConnectionStatus::Connected);
    world.wait(301);
    assert_eq!(
        world.another().sweep().await.unwrap().removed,
        1,
        "the sealed row of the first attempt"
    );
    assert_eq!(world.versions().await, [1]);
}

#[tokio::test]
async fn a_crash_between_the_log_and_making_live_is_mended() {
    let world = World::installed().await;
    crash_while_saving(&world, [Fault::CrashAfter]).await;
    assert_eq!(world.pending().await, 1);
    let after = world.another();
    world.wait(301);
    assert_eq!(after.sweep().await.unwrap().made_live, 1);
    assert_eq!((world.versions().await, world.pending().await), (vec![1], 0));
}

#[tokio::test]
async fn a_save_that_crashed_before_its_test_is_tested_when_it_comes_again() {
    for faults in [vec![Fault::CrashAfter], vec![Fault::None, Fault::CrashBefore]] {
        let world = World::installed().await;
        crash_while_saving(&world, faults).await;
        let saved = save_again(&world, world.another()).await.unwrap();
        assert!(saved.replayed);
        assert_eq!(
            (saved.value.place, saved.value.status),
            (KeyPlace::Current, ConnectionStatus::Connected)
        );
        assert_eq!(world.kinds().await, ["CredentialConnected", "CredentialTested"]);
        assert_eq!((world.versions().await, world.pending().await), (vec![1], 0));
    }
}

#[tokio::test]
async fn an_installation_that_crashed_before_its_key_gets_it_when_it_comes_again() {
    let world = World::new().await;
    let send = |commands: Commands| {
        let ctx = world.keyed("i", 1);
        async move { commands.install(ctx, account(), mock(), Some(fields("good-1"))).await }
    };
    world.log.plan([Fault::CrashAfter]);
    let installing = tokio::spawn(send(world.commands.clone()));
    soon(world.log.crashed()).await;
    installing.abort();
    let installed = send(world.another()).await.unwrap();
    assert_eq!(installed.value.key.unwrap().status, ConnectionStatus::Connected);
    let again = send(world.another()).await.unwrap();
    assert!(again.replayed);
    assert_eq!(world.kinds().await, ["CredentialConnected", "CredentialTested"]);
}

#[tokio::test]
async fn a_crash_between_erasing_and_saying_so_is_said_by_the_sweeper() {
    let world = Arc::new(World::installed().await);
    world.save("good-1").await.unwrap();
    world.log.plan([Fault::None, Fault::CrashBefore]);
    let taking = {
        let world = Arc::clone(&world);
        tokio::spawn(async move {
            let (commands, ctx) = (world.commands.clone(), world.ctx());
            commands
                .disconnect(ctx, account(), mock(), default_connection(), IfMatch::Any)
                .await
        })
    };
    soon(world.log.crashed()).await;
    taking.abort();
    let after = world.another();
    assert_eq!(after.sweep().await.unwrap().erased, 1);
    assert_eq!(world.kinds().await[2..], ["CredentialDisconnected", "CredentialErased"]);
    assert_eq!(after.sweep().await.unwrap(), commands::Swept::default());
}

#[tokio::test]
async fn a_crash_while_an_account_is_closed_is_finished_by_the_sweeper() {
    for faults in [
        vec![Fault::CrashAfter],
        vec![Fault::None, Fault::CrashBefore],
        vec![Fault::None, Fault::CrashAfter],
    ] {
        let world = Arc::new(World::installed().await);
        world.save("good-1").await.unwrap();
        world.log.plan(faults);
        let closing = {
            let world = Arc::clone(&world);
            tokio::spawn(async move {
                let (commands, ctx) = (world.commands.clone(), world.ctx());
                commands.close_account(ctx, account()).await
            })
        };
        soon(world.log.crashed()).await;
        closing.abort();
        assert_eq!(world.versions().await, [1]);
        let after = world.another();
        assert_eq!(after.sweep().await.unwrap().erased, 1);
        assert!(world.versions().await.is_empty());
        assert_eq!(
            world.kinds().await[2..],
            ["AccountClosed", "CredentialDisconnected", "CredentialErased"]
        );
        assert_eq!(after.sweep().await.unwrap(), commands::Swept::default());
    }
}
