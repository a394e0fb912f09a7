//! A log that was restored from a backup under a node that remembers what it said before.

use domain::integration::SaveOptions;

use crate::world::{World, account, default_connection, fields, mock};

/// A node remembers a key that was saved, and released on a lease; then the log is set back to before it, and another node saves
/// another key: the stream has the same revision again.
async fn a_node_that_remembers_what_never_happened() -> World {
    let world = World::installed().await;
    let before = world.events().await.last().unwrap().position;
    world.save("good-1").await.unwrap();
    let remembered = revision(&world).await;
    assert_eq!(world.released().await.unwrap(), "good-1");
    world.log.set_back(before).await;
    let other = world.another();
    let saving = other.save_credential(
        world.ctx(),
        account(),
        mock(),
        default_connection(),
        fields("good-2"),
        SaveOptions::default(),
    );
    saving.await.unwrap();
    assert_eq!(revision(&world).await, remembered);
    world
}

/// The revision of the integration's stream.
async fn revision(world: &World) -> u64 {
    world.events().await.last().unwrap().revision
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_read_to_its_end_is_not_taken_for_what_it_was_though_its_revision_is_the_same() {
    let world = a_node_that_remembers_what_never_happened().await;
    // The lease is over: the log is read.
    world.wait(120);
    assert_eq!(world.released().await.unwrap(), "good-2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_told_to_forget_decides_on_what_the_log_says() {
    let world = a_node_that_remembers_what_never_happened().await;
    world.commands.forget().await.unwrap();
    assert_eq!(world.released().await.unwrap(), "good-2");
}
