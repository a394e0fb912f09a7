use std::sync::Arc;

use commands::KeyPlace;
use domain::integration::SaveOptions;

use crate::world::{World, account, default_connection, fields, mock, soon};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_double_click_leaves_one_working_key_and_no_orphan() {
    let world = Arc::new(World::installed().await);
    let saves = (0..8).map(|_| {
        let world = Arc::clone(&world);
        tokio::spawn(async move { world.save("good-1").await })
    });
    let mut versions = Vec::new();
    for save in saves.collect::<Vec<_>>() {
        let receipt = soon(save).await.unwrap().unwrap();
        versions.push(receipt.value.version);
    }
    versions.sort_unstable();
    assert_eq!(versions, [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(world.released().await.unwrap(), "good-1");
    assert_eq!(world.pending().await, 0);
    let left = world.versions().await;
    assert_eq!(left.len(), 1, "only the current key is left: {left:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_command_sent_twice_at_once_is_one_command() {
    let world = Arc::new(World::installed().await);
    let sends = (0..4).map(|_| {
        let world = Arc::clone(&world);
        tokio::spawn(async move {
            let (ctx, options) = (world.keyed("k", 1), SaveOptions::default());
            let commands = world.commands.clone();
            commands
                .save_credential(ctx, account(), mock(), default_connection(), fields("good-1"), options)
                .await
        })
    });
    for send in sends.collect::<Vec<_>>() {
        let saved = soon(send).await.unwrap().unwrap();
        assert_eq!((saved.value.version, saved.value.place), (1, KeyPlace::Current));
    }
    assert_eq!(world.versions().await, [1]);
    let kinds = world.kinds().await;
    assert_eq!(kinds.iter().filter(|kind| *kind == "CredentialConnected").count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn saving_and_disconnecting_at_once_leaves_no_orphan() {
    let world = Arc::new(World::installed().await);
    for round in 0..5 {
        let saving = {
            let world = Arc::clone(&world);
            tokio::spawn(async move { world.save("good-1").await })
        };
        let taking = {
            let world = Arc::clone(&world);
            tokio::spawn(async move {
                let (commands, ctx) = (world.commands.clone(), world.ctx());
                commands.disconnect(ctx, account(), mock(), default_connection()).await
            })
        };
        soon(saving).await.unwrap().unwrap();
        let _ = soon(taking).await.unwrap();
        let (live, pending) = (world.versions().await.len(), world.pending().await);
        assert!(
            live <= 1 && pending == 0,
            "round {round}: {live} secrets, {pending} pending"
        );
        assert_eq!(live == 1, world.released().await.is_ok(), "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_save_never_slips_through_while_its_account_is_closed() {
    for _ in 0..5 {
        let world = Arc::new(World::installed().await);
        let saving = {
            let world = Arc::clone(&world);
            tokio::spawn(async move { world.save("good-1").await })
        };
        world.commands.close_account(world.ctx(), account()).await.unwrap();
        let _ = soon(saving).await.unwrap();
        assert!(world.versions().await.is_empty());
        assert_eq!(world.commands.sweep().await.unwrap(), commands::Swept::default());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_taken_back_while_it_is_tested_stays_gone() {
    let world = Arc::new(World::installed().await);
    world.server.set_open(false);
    let saving = {
        let world = Arc::clone(&world);
        tokio::spawn(async move { world.save("good-1").await })
    };
    soon(world.server.arrived(1)).await;
    world
        .commands
        .disconnect(world.ctx(), account(), mock(), default_connection())
        .await
        .unwrap();
    world.server.set_open(true);
    let saved = soon(saving).await.unwrap().unwrap().value;
    assert_eq!(saved.place, KeyPlace::Superseded);
    assert!(world.versions().await.is_empty());
    assert!(!world.kinds().await.contains(&"CredentialTested".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_hangs_up_leaves_nothing_half_done() {
    let world = Arc::new(World::installed().await);
    world.server.set_open(false);
    let saving = {
        let world = Arc::clone(&world);
        tokio::spawn(async move { world.save("good-1").await })
    };
    soon(world.server.arrived(1)).await;
    saving.abort();
    assert!(soon(saving).await.unwrap_err().is_cancelled());
    world.server.set_open(true);
    let mut wakeups = eventlog::EventLog::wakeups(world.log.as_ref());
    soon(async {
        while !world.kinds().await.contains(&"CredentialTested".to_owned()) {
            wakeups.changed().await.unwrap();
        }
    })
    .await;
    assert_eq!(world.released().await.unwrap(), "good-1");
}
