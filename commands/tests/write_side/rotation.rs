use commands::{IfMatch, KeyPlace};
use domain::integration::{ConnectionStatus, Placement, SaveOptions};

use crate::world::{World, account, code, default_connection, mock};

fn overlap(overlap_seconds: u32) -> SaveOptions {
    SaveOptions {
        placement: Placement::WhenAccepted,
        overlap_seconds,
    }
}

#[tokio::test]
async fn a_rejected_paste_never_breaks_a_working_connection() {
    let world = World::installed().await;
    world.save("good-1").await.unwrap();
    let saved = world.save("bad-2").await.unwrap().value;
    assert_eq!(
        (saved.version, saved.place, saved.status),
        (2, KeyPlace::Candidate, ConnectionStatus::Connected)
    );
    assert_eq!(world.released().await.unwrap(), "good-1");
    assert_eq!(world.versions().await, [1, 2]);
    let saved = world.save("good-3").await.unwrap().value;
    assert_eq!((saved.version, saved.place), (3, KeyPlace::Current));
    assert_eq!(world.released().await.unwrap(), "good-3");
    assert_eq!(world.versions().await, [3], "what is retired is erased");
}

#[tokio::test]
async fn an_accepted_rotation_retires_and_erases_the_old_key() {
    let world = World::installed().await;
    world.save("good-1").await.unwrap();
    world.save("good-2").await.unwrap();
    assert_eq!(
        world.kinds().await[2..],
        [
            "CredentialRotated",
            "CredentialTested",
            "CredentialRetired",
            "CredentialErased"
        ]
    );
    assert_eq!((world.versions().await, world.pending().await), (vec![2], 0));
}

#[tokio::test]
async fn an_overlap_keeps_the_old_key_until_it_is_over() {
    let world = World::installed().await;
    world.save("good-1").await.unwrap();
    world.save_with("good-2", overlap(600)).await.unwrap();
    assert_eq!(world.released().await.unwrap(), "good-2");
    assert_eq!(world.versions().await, [1, 2]);
    world.wait(599);
    assert_eq!(world.commands.sweep().await.unwrap().retired, 0);
    world.wait(1);
    let swept = world.commands.sweep().await.unwrap();
    assert_eq!((swept.retired, swept.erased), (1, 1));
    assert_eq!(world.versions().await, [2]);
    assert_eq!(world.commands.sweep().await.unwrap(), commands::Swept::default());
}

#[tokio::test]
async fn a_leaked_key_is_replaced_at_once() {
    let world = World::installed().await;
    world.save("good-1").await.unwrap();
    let now = SaveOptions {
        placement: Placement::Now,
        overlap_seconds: 0,
    };
    let saved = world.save_with("bad-2", now).await.unwrap().value;
    assert_eq!(
        (saved.place, saved.status),
        (KeyPlace::Current, ConnectionStatus::Rejected)
    );
    assert_eq!(world.versions().await, [2]);
    let both = SaveOptions {
        overlap_seconds: 1,
        ..now
    };
    assert_eq!(
        code(world.save_with("good-3", both).await),
        "/overlap_seconds: overlap-with-replace"
    );
}

#[tokio::test]
async fn a_key_that_waits_is_the_one_that_is_tested() {
    let world = World::installed().await;
    world.save("good-1").await.unwrap();
    world.save("outage-2").await.unwrap();
    let tested = world
        .commands
        .test_connection(world.ctx(), account(), mock(), default_connection(), IfMatch::Any)
        .await
        .unwrap();
    assert_eq!((tested.value.version, tested.value.place), (2, KeyPlace::Candidate));
    assert_eq!(tested.value.status, ConnectionStatus::Connected);
    assert_eq!(world.released().await.unwrap(), "good-1");
}

#[tokio::test]
async fn a_refused_candidate_does_not_hide_that_the_key_in_use_was_refused_since() {
    let world = World::installed().await;
    world.save("good-1").await.unwrap();
    world.save("bad-2").await.unwrap();
    world.server.revoke("good-1");
    let tested = world
        .commands
        .test_connection(world.ctx(), account(), mock(), default_connection(), IfMatch::Any)
        .await
        .unwrap();
    assert_eq!((tested.value.version, tested.value.place), (1, KeyPlace::Current));
    assert_eq!(tested.value.status, ConnectionStatus::Rejected);
    assert_eq!(code(world.released().await), "credential-rejected");
}
