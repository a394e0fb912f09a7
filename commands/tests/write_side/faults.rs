use commands::{CommandError, IfMatch};

use crate::faulty_log::Fault;
use crate::world::{World, account, code, default_connection, fields, mock};

#[tokio::test]
async fn an_append_that_fails_leaves_no_secret() {
    let world = World::installed().await;
    world.log.plan([Fault::Unavailable]);
    let failed = world.save("good-1").await;
    assert!(
        matches!(failed, Err(CommandError::Unavailable { what: "log", .. })),
        "{failed:?}"
    );
    assert!(world.versions().await.is_empty());
    assert_eq!(world.server.calls(), 0, "nothing is tested that is not saved");
    world.save("good-1").await.unwrap();
    assert_eq!(world.released().await.unwrap(), "good-1");
}

#[tokio::test]
async fn a_rotation_that_fails_leaves_the_working_key_alone() {
    let world = World::installed().await;
    world.save("good-1").await.unwrap();
    world.log.plan([Fault::Unavailable]);
    world.save("good-2").await.unwrap_err();
    assert_eq!(world.versions().await, [1]);
    assert_eq!(world.released().await.unwrap(), "good-1");
}

#[tokio::test]
async fn an_append_of_unknown_outcome_is_sent_again_whether_it_was_stored_or_lost() {
    for fault in [Fault::UnknownAndStored, Fault::UnknownAndLost] {
        let world = World::installed().await;
        world.log.plan([fault, fault]);
        let saved = world.save("good-1").await.unwrap();
        assert!(!saved.replayed);
        assert_eq!(
            world.kinds().await,
            ["CredentialConnected", "CredentialTested"],
            "{fault:?}"
        );
        assert_eq!((world.versions().await, world.pending().await), (vec![1], 0));
    }
}

#[tokio::test]
async fn an_outcome_that_stays_unknown_leaves_the_secret_to_the_sweeper() {
    let stored = World::installed().await;
    stored.log.plan([Fault::UnknownAndStored; 4]);
    assert!(matches!(stored.save("good-1").await, Err(CommandError::OutcomeUnknown)));
    let lost = World::installed().await;
    lost.log.plan([Fault::UnknownAndLost; 4]);
    assert!(matches!(lost.save("good-1").await, Err(CommandError::OutcomeUnknown)));
    for (world, made_live, removed) in [(&stored, 1, 0), (&lost, 0, 1)] {
        assert_eq!(world.pending().await, 1);
        assert_eq!(
            world.commands.sweep().await.unwrap(),
            commands::Swept::default(),
            "it may still be on its way"
        );
        world.wait(301);
        let swept = world.commands.sweep().await.unwrap();
        assert_eq!((swept.made_live, swept.removed), (made_live, removed));
        assert_eq!(world.pending().await, 0);
    }
    assert_eq!(stored.released().await.unwrap(), "good-1");
    assert!(lost.versions().await.is_empty());
    lost.save("good-1").await.unwrap();
}

#[tokio::test]
async fn an_append_that_may_be_stored_is_not_undone_because_the_log_cannot_be_reached_afterwards() {
    let world = World::installed().await;
    let gone = [Fault::Unavailable; 3];
    world.log.plan([Fault::UnknownAndStored].into_iter().chain(gone));
    let failed = world.save("good-1").await;
    assert!(matches!(failed, Err(CommandError::OutcomeUnknown)), "{failed:?}");
    assert_eq!(world.released().await.unwrap(), "good-1");

    world.log.plan([Fault::UnknownAndStored, Fault::Unavailable]);
    world.save("good-2").await.unwrap();
    assert_eq!(world.released().await.unwrap(), "good-2");
}

#[tokio::test]
async fn a_conflict_is_tried_again_at_most_three_times() {
    let world = World::installed().await;
    world.log.plan([Fault::Conflict; 3]);
    world.save("good-1").await.unwrap();
    assert_eq!((world.versions().await, world.pending().await), (vec![1], 0));
    world.log.plan([Fault::Conflict; 4]);
    assert!(matches!(world.save("good-2").await, Err(CommandError::Busy)));
    assert_eq!((world.versions().await, world.pending().await), (vec![1], 0));
    world.log.plan([Fault::Conflict; 4]);
    let busy = world.commands.retire(world.ctx(), mock(), IfMatch::Any).await;
    assert!(matches!(busy, Err(CommandError::Busy)));
}

#[tokio::test]
async fn a_test_that_cannot_be_noted_does_not_lose_the_key() {
    let world = World::installed().await;
    world.log.plan([Fault::None, Fault::Unavailable]);
    let saved = world.save("good-1").await.unwrap().value;
    assert_eq!(saved.test, None);
    assert_eq!(world.released().await.unwrap(), "good-1");
}

#[tokio::test]
async fn a_release_that_cannot_be_written_gives_no_key() {
    let world = World::installed().await;
    world.save("good-1").await.unwrap();
    world.log.plan([Fault::Unavailable]);
    let refused = world.released().await;
    assert!(matches!(refused, Err(CommandError::Unavailable { what: "log", .. })));
    world.log.plan([Fault::UnknownAndLost; 4]);
    let refused = world.released().await;
    assert!(matches!(refused, Err(CommandError::OutcomeUnknown)));
    assert_eq!(world.released().await.unwrap(), "good-1");
}

#[tokio::test]
async fn a_refusal_comes_from_the_log_and_not_from_memory() {
    let world = World::installed().await;
    world.save("good-1").await.unwrap();
    let elsewhere = world.another();
    elsewhere
        .disconnect(world.ctx(), account(), mock(), default_connection(), IfMatch::Any)
        .await
        .unwrap();
    // This side's memory still knows a key; the log knows better.
    let gone = world
        .commands
        .disconnect(world.ctx(), account(), mock(), default_connection(), IfMatch::Any)
        .await;
    assert_eq!(code(gone), "disconnected");
    elsewhere
        .uninstall(world.ctx(), account(), mock(), IfMatch::Any)
        .await
        .unwrap();
    world
        .commands
        .install(world.ctx(), account(), mock(), Some(fields("good-2")))
        .await
        .unwrap();
    assert_eq!(world.released().await.unwrap(), "good-2");
}
