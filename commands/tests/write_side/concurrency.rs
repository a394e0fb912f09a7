use std::sync::Arc;

use commands::{IfMatch, KeyPlace};
use domain::integration::{ConnectionStatus, SaveOptions};

use crate::faulty_log::Fault;
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
                commands
                    .disconnect(ctx, account(), mock(), default_connection(), IfMatch::Any)
                    .await
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
        .disconnect(world.ctx(), account(), mock(), default_connection(), IfMatch::Any)
        .await
        .unwrap();
    world.server.set_open(true);
    let saved = soon(saving).await.unwrap().unwrap().value;
    assert_eq!(saved.place, KeyPlace::Superseded);
    assert!(world.versions().await.is_empty());
    assert!(!world.kinds().await.contains(&"CredentialTested".to_owned()));
}

/// All connections of an integration share a stream: their verdicts arrive at the same instant and want to be appended to it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verdicts_that_arrive_together_are_all_noted() {
    const CONNECTIONS: usize = 16;
    let world = Arc::new(World::installed().await);
    world.server.set_open(false);
    let saves: Vec<_> = (0..CONNECTIONS)
        .map(|number| {
            let world = Arc::clone(&world);
            let connection = format!("c{number}").parse().unwrap();
            tokio::spawn(async move {
                let (ctx, commands, options) = (world.ctx(), world.commands.clone(), SaveOptions::default());
                commands
                    .save_credential(ctx, account(), mock(), connection, fields("good-1"), options)
                    .await
            })
        })
        .collect();
    soon(world.server.arrived(CONNECTIONS)).await;
    world.server.set_open(true);
    for save in saves {
        let report = soon(save).await.unwrap().unwrap().value;
        assert!(report.test.is_some(), "{report:?}");
        assert_eq!(report.status, ConnectionStatus::Connected);
    }
    let kinds = world.kinds().await;
    let tested = kinds.iter().filter(|kind| *kind == "CredentialTested").count();
    assert_eq!(tested, CONNECTIONS);
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

/// Two nodes seal the same version at the same moment. The one that seals first gets its event into the log, the other
/// one ends in between.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_seal_the_same_version_at_once_never_take_each_others_place() {
    let world = Arc::new(World::installed().await);
    world.save("good-1").await.unwrap();
    world.log.plan([Fault::Held, Fault::CrashBefore]);
    let first = {
        let world = Arc::clone(&world);
        tokio::spawn(async move { world.save("good-2").await })
    };
    soon(world.log.held()).await;
    let second = {
        let (commands, ctx, options) = (world.another(), world.ctx(), SaveOptions::default());
        tokio::spawn(async move {
            commands
                .save_credential(ctx, account(), mock(), default_connection(), fields("good-3"), options)
                .await
        })
    };
    soon(world.log.crashed()).await;
    second.abort();
    world.log.let_go();

    assert_eq!(soon(first).await.unwrap().unwrap().value.place, KeyPlace::Current);
    assert_eq!(world.released().await.unwrap(), "good-2");
    assert_eq!(world.pending().await, 1, "what the other node sealed");
    world.wait(301);
    let after = world.another();
    assert_eq!(after.sweep().await.unwrap().removed, 1);
    assert_eq!((world.versions().await, world.pending().await), (vec![2], 0));
    assert_eq!(world.released().await.unwrap(), "good-2");
}

/// One node's append is lost, and while it waits to send it again another node is sent the same command.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_command_on_two_nodes_is_one_command_also_when_an_append_is_lost() {
    let world = Arc::new(World::installed().await);
    let send = |commands: commands::Commands| {
        let (ctx, options) = (world.keyed("k", 1), SaveOptions::default());
        async move {
            commands
                .save_credential(ctx, account(), mock(), default_connection(), fields("good-1"), options)
                .await
        }
    };
    world.log.plan([Fault::UnknownAndLost, Fault::Held]);
    let first = tokio::spawn(send(world.commands.clone()));
    soon(world.log.held()).await;
    let other = soon(send(world.another())).await.unwrap();
    world.log.let_go();

    let first = soon(first).await.unwrap().unwrap();
    assert_eq!((other.replayed, first.replayed), (false, true));
    assert_eq!(first.value, other.value);
    assert_eq!(world.pending().await, 0, "what was sealed in vain is discarded");
    assert_eq!(world.released().await.unwrap(), "good-1");
}
