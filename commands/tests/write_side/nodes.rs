//! Two nodes: two write sides over one log and one vault, each with its own memory and its own locks.

use std::sync::Arc;

use commands::{KeyPlace, Swept};
use domain::integration::SaveOptions;

use crate::faulty_log::Fault;
use crate::world::{World, account, code, default_connection, fields, mock, soon};

/// One node is about to append a saved key, and is held there, while another one closes the account.
async fn a_save_that_another_node_overtakes(fault: Fault) -> (Arc<World>, tokio::task::JoinHandle<String>) {
    let world = Arc::new(World::installed().await);
    let other = world.another();
    world.log.plan([fault]);
    let saving = tokio::spawn({
        let world = Arc::clone(&world);
        async move { code(world.save("good-1").await) }
    });
    soon(world.log.held()).await;
    let closed = other.close_account(world.ctx(), account()).await.unwrap();
    assert!(closed.value.complete, "nothing was there to erase yet");
    (world, saving)
}

async fn assert_taken_back(world: &World) {
    assert!(world.versions().await.is_empty(), "a key is left in a closed account");
    let kinds = world.kinds().await;
    let end: Vec<&str> = kinds.iter().rev().take(2).map(String::as_str).collect();
    assert_eq!(end, ["CredentialErased", "CredentialDisconnected"], "{kinds:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_saved_while_another_node_closes_the_account_is_taken_back_and_refused() {
    let (world, saving) = a_save_that_another_node_overtakes(Fault::Held).await;
    world.log.let_go();
    assert_eq!(soon(saving).await.unwrap(), "account-closed");
    assert_taken_back(&world).await;
    assert_eq!(world.server.calls(), 0, "a key that was taken back is not tested");
    assert_eq!(world.commands.sweep().await.unwrap(), Swept::default());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sweeper_of_any_node_takes_it_back_when_the_saving_one_ends_first() {
    let (world, saving) = a_save_that_another_node_overtakes(Fault::HeldThenCrash).await;
    world.log.let_go();
    soon(world.log.crashed()).await;
    saving.abort();
    assert_eq!(world.kinds().await.last().unwrap(), "CredentialConnected");
    let other = world.another();
    assert_eq!(other.sweep().await.unwrap().erased, 1);
    assert_taken_back(&world).await;
    assert_eq!(other.sweep().await.unwrap(), Swept::default());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sweeper_that_is_done_with_a_closed_account_looks_again_when_a_key_arrives_late() {
    let (world, saving) = a_save_that_another_node_overtakes(Fault::HeldThenCrash).await;
    let sweeping = world.another();
    assert_eq!(sweeping.sweep().await.unwrap(), Swept::default());
    world.log.let_go();
    soon(world.log.crashed()).await;
    saving.abort();
    assert_eq!(sweeping.sweep().await.unwrap().erased, 1);
    assert_taken_back(&world).await;
}

/// Saves with the idempotency key `k`.
async fn save_keyed(
    world: &World,
    key: &str,
) -> Result<commands::Receipt<commands::KeyReport>, commands::CommandError> {
    let (ctx, options) = (world.keyed("k", 1), SaveOptions::default());
    let saving = world
        .commands
        .save_credential(ctx, account(), mock(), default_connection(), fields(key), options);
    saving.await
}

/// A node stands still between sealing and appending, for so long that the sweeper of another one clears the sealed row
/// away. Then it wakes up.
async fn a_save_that_a_sweeper_overtakes(world: World, key: &'static str) -> (Arc<World>, String) {
    let world = Arc::new(world);
    world.log.plan([Fault::Held]);
    let saving = tokio::spawn({
        let world = Arc::clone(&world);
        async move { code(save_keyed(&world, key).await) }
    });
    soon(world.log.held()).await;
    world.wait(301);
    assert_eq!(world.another().sweep().await.unwrap().removed, 1);
    world.log.let_go();
    let answer = soon(saving).await.unwrap();
    (world, answer)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_a_sweeper_cleared_away_before_its_event_is_not_called_connected() {
    let (world, answer) = a_save_that_a_sweeper_overtakes(World::installed().await, "good-1").await;
    assert_eq!(answer, "key-lost");
    assert_eq!(
        world.kinds().await,
        ["CredentialConnected", "CredentialDisconnected", "CredentialErased"]
    );
    assert_eq!(code(world.released().await), "disconnected");
    assert_eq!(world.server.calls(), 0, "a key that is lost is not tested");
    assert_eq!(
        code(save_keyed(&world, "good-1").await),
        "key-lost",
        "the same request again"
    );
    world.save("good-2").await.unwrap();
    assert_eq!(world.released().await.unwrap(), "good-2");
    assert_eq!(world.commands.sweep().await.unwrap(), Swept::default());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_that_is_lost_that_way_leaves_the_working_key_alone() {
    let world = World::installed().await;
    world.save("good-1").await.unwrap();
    let (world, answer) = a_save_that_a_sweeper_overtakes(world, "good-2").await;
    assert_eq!(answer, "key-lost");
    assert_eq!(world.released().await.unwrap(), "good-1");
    assert_eq!(
        code(save_keyed(&world, "good-2").await),
        "key-lost",
        "the same request again"
    );
    let saved = world.save("good-3").await.unwrap();
    assert_eq!(saved.value.place, KeyPlace::Current);
    assert_eq!(world.released().await.unwrap(), "good-3");
}
