use std::sync::Arc;

use commands::{CommandError, IfMatch};
use domain::account::AiSettings;
use domain::integration::{CredentialDisconnected, IntegrationEvent};
use secrecy::ExposeSecret;

use crate::faulty_log::Fault;
use crate::world::{World, account, code, default_connection, fields, mock, plain, request, soon};

async fn releases(world: &World) -> usize {
    world
        .kinds()
        .await
        .iter()
        .filter(|kind| *kind == "CredentialReleased")
        .count()
}

#[tokio::test]
async fn a_release_is_ready_to_use() {
    let world = World::installed().await;
    world.save("good-1").await.unwrap();
    let released = world.commands.release(|| world.ctx(), &request(&mock())).await.unwrap();
    let request = released.request.unwrap();
    assert_eq!(request.base_url, format!("http://127.0.0.1:{}", world.server.port));
    assert_eq!(*request.headers["authorization"], "Bearer good-1");
    assert_eq!(released.version, 1);
}

#[tokio::test]
async fn a_row_without_a_request_gives_the_fields_alone() {
    let world = World::new().await;
    world
        .commands
        .install(world.ctx(), account(), plain(), Some(fields("anything")))
        .await
        .unwrap();
    let released = world
        .commands
        .release(|| world.ctx(), &request(&plain()))
        .await
        .unwrap();
    assert!(released.request.is_none());
    assert_eq!(released.fields.get("api_key").unwrap().expose_secret(), "anything");
}

#[tokio::test]
async fn a_release_is_written_once_per_principal_version_and_lease() {
    let world = World::installed().await;
    world.save("good-1").await.unwrap();
    for _ in 0..3 {
        world.released().await.unwrap();
    }
    assert_eq!(releases(&world).await, 1);
    world.wait(59);
    world.released().await.unwrap();
    assert_eq!(releases(&world).await, 1);
    world.wait(1);
    world.released().await.unwrap();
    assert_eq!(releases(&world).await, 2);
    let mut other = request(&mock());
    other.principal = "another-service".to_owned();
    world.commands.release(|| world.ctx(), &other).await.unwrap();
    assert_eq!(releases(&world).await, 3);
    world.save("good-2").await.unwrap();
    assert_eq!(world.released().await.unwrap(), "good-2");
    assert_eq!(releases(&world).await, 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_at_the_start_of_a_lease_is_one_release() {
    let world = Arc::new(World::installed().await);
    world.save("good-1").await.unwrap();
    let burst = (0..16).map(|_| {
        let world = Arc::clone(&world);
        tokio::spawn(async move { world.released().await })
    });
    for released in burst.collect::<Vec<_>>() {
        soon(released).await.unwrap().unwrap();
    }
    assert_eq!(releases(&world).await, 1);
}

#[tokio::test]
async fn what_is_taken_back_is_refused_at_once_even_within_a_lease() {
    let world = World::installed().await;
    world.save("good-1").await.unwrap();
    world.released().await.unwrap();
    // Another node does it: this one learns of it from the log.
    let elsewhere = world.another();
    elsewhere
        .disconnect(world.ctx(), account(), mock(), default_connection(), IfMatch::Any)
        .await
        .unwrap();
    assert_eq!(code(world.released().await), "disconnected");
    assert_eq!(releases(&world).await, 1);
}

#[tokio::test]
async fn a_refusal_leaves_no_trace_of_a_release() {
    let world = World::installed().await;
    assert_eq!(code(world.released().await), "disconnected");
    world.save("bad-1").await.unwrap();
    assert_eq!(code(world.released().await), "credential-rejected");
    let mut asked = request(&mock());
    asked.purpose = Some("x".repeat(201));
    assert_eq!(
        code(world.commands.release(|| world.ctx(), &asked).await),
        "/purpose: invalid-purpose"
    );
    asked.purpose = None;
    asked.account = "nobody".parse().unwrap();
    assert_eq!(code(world.commands.release(|| world.ctx(), &asked).await), "no account");
    assert_eq!(releases(&world).await, 0);
}

#[tokio::test]
async fn an_inherited_key_is_released_only_to_those_who_want_to_inherit() {
    let world = World::installed().await;
    world.save("good-1").await.unwrap();
    world.open("agency", Some("acme")).await.unwrap();
    world.open("client", Some("agency")).await.unwrap();
    world.open("stranger", None).await.unwrap();
    let inherit = |id: &str, inherit: bool| {
        let settings = AiSettings {
            inherit,
            ..AiSettings::default()
        };
        world
            .commands
            .choose_ai_settings(world.ctx(), id.parse().unwrap(), settings, IfMatch::Any)
    };
    let ask = async |id: &str| {
        let mut asked = request(&mock());
        asked.on_behalf_of = Some(id.parse().unwrap());
        world.commands.release(|| world.ctx(), &asked).await
    };
    assert_eq!(code(ask("client").await), "not-installed", "it is off by default");
    inherit("client", true).await.unwrap();
    assert_eq!(
        code(ask("client").await),
        "not-installed",
        "the agency inherits nothing itself"
    );
    inherit("agency", true).await.unwrap();
    ask("client").await.unwrap();
    ask("agency").await.unwrap();
    inherit("stranger", true).await.unwrap();
    assert_eq!(code(ask("stranger").await), "not-installed");
    inherit("agency", false).await.unwrap();
    assert_eq!(code(ask("client").await), "not-installed", "also within a lease");
    world
        .commands
        .close_account(world.ctx(), "client".parse().unwrap())
        .await
        .unwrap();
    assert_eq!(code(ask("client").await), "account-closed");
    assert_eq!(releases(&world).await, 2);
}

#[tokio::test]
async fn no_key_leaves_without_a_release_of_its_own_in_the_log() {
    let world = World::installed().await;
    world.save("good-1").await.unwrap();
    world
        .commands
        .install(world.ctx(), account(), plain(), Some(fields("anything")))
        .await
        .unwrap();
    let ctx = world.ctx();
    world.commands.release(|| ctx.clone(), &request(&mock())).await.unwrap();
    // The log takes the same id for the same event.
    let other = world.commands.release(|| ctx.clone(), &request(&plain())).await;
    assert!(matches!(other, Err(CommandError::IdempotencyKeyReused)));
    assert_eq!(releases(&world).await, 1);
}

#[tokio::test]
async fn a_key_that_is_taken_back_while_its_release_is_written_is_not_given() {
    let world = Arc::new(World::installed().await);
    let saved = world.save("good-1").await.unwrap().value;
    world.log.plan([Fault::Held]);
    let asking = {
        let world = Arc::clone(&world);
        tokio::spawn(async move { world.released().await })
    };
    soon(world.log.held()).await;
    // Another node takes the key back, and has not come to erasing it.
    let disconnected = CredentialDisconnected {
        connection: default_connection(),
        credential: saved.credential,
    };
    world.append(IntegrationEvent::from(disconnected)).await;
    world.log.let_go();
    assert_eq!(code(soon(asking).await.unwrap()), "disconnected");
}

#[tokio::test]
async fn a_caller_names_twenty_purposes_a_minute_for_a_key_and_no_more() {
    let world = World::installed().await;
    world.save("good-1").await.unwrap();
    let ask = async |purpose: String| {
        let mut asked = request(&mock());
        asked.purpose = Some(purpose);
        world.commands.release(|| world.ctx(), &asked).await
    };
    for number in 0..20 {
        ask(format!("purpose {number}")).await.unwrap();
    }
    let before = world.events().await.len();
    assert_eq!(code(ask("one more".to_owned()).await), "too-many-purposes");
    ask("purpose 3".to_owned()).await.unwrap();
    assert_eq!(world.events().await.len(), before);
    world.wait(61);
    ask("one more".to_owned()).await.unwrap();
}
