//! Two nodes: two write sides over one log and one vault, each with its own memory and its own locks.

use std::sync::Arc;

use commands::Swept;

use crate::faulty_log::Fault;
use crate::world::{World, account, code, soon};

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
