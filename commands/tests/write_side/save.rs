use commands::{CommandError, IfMatch, KeyPlace};
use domain::integration::{ConnectionStatus, Verdict};
use secrecy::SecretString;

use crate::world::{World, account, code, default_connection, fields, mock, plain};

fn verdict(report: &commands::KeyReport) -> Option<Verdict> {
    report.test.as_ref().map(|test| test.verdict)
}

#[tokio::test]
async fn a_good_key_is_saved_tested_and_connected() {
    let world = World::installed().await;
    let saved = world.save("good-1").await.unwrap().value;
    assert_eq!(
        (saved.version, saved.place, saved.status),
        (1, KeyPlace::Current, ConnectionStatus::Connected)
    );
    assert_eq!(saved.test.unwrap().identity.as_deref(), Some("acct-1"));
    assert_eq!(world.kinds().await, ["CredentialConnected", "CredentialTested"]);
    assert_eq!((world.versions().await, world.pending().await), (vec![1], 0));
    assert_eq!(world.released().await.unwrap(), "good-1");
}

#[tokio::test]
async fn a_bad_key_is_rejected_and_still_saved() {
    let world = World::installed().await;
    let saved = world.save("bad-1").await.unwrap().value;
    assert_eq!(
        (saved.place, saved.status),
        (KeyPlace::Current, ConnectionStatus::Rejected)
    );
    assert_eq!(world.versions().await, [1]);
    assert_eq!(code(world.released().await), "credential-rejected");
}

#[tokio::test]
async fn connecting_while_the_provider_is_down_saves_the_key_and_says_unverified() {
    let world = World::installed().await;
    let saved = world.save("outage").await.unwrap().value;
    assert_eq!(
        (verdict(&saved), saved.status),
        (Some(Verdict::Unreachable), ConnectionStatus::Unverified)
    );
    assert_eq!(world.released().await.unwrap(), "outage");
}

#[tokio::test]
async fn a_row_without_a_test_never_says_connected() {
    let world = World::new().await;
    let installed = world
        .commands
        .install(world.ctx(), account(), plain(), Some(fields("anything")))
        .await
        .unwrap();
    let key = installed.value.key.unwrap();
    assert_eq!((key.status, key.test), (ConnectionStatus::Unverified, None));
    let tested = world
        .commands
        .test_connection(world.ctx(), account(), plain(), default_connection(), IfMatch::Any)
        .await
        .unwrap();
    assert_eq!(
        (tested.value.status, verdict(&tested.value)),
        (ConnectionStatus::Unverified, Some(Verdict::Untestable))
    );
    assert_eq!(world.kinds().await, ["CredentialConnected"]);
}

#[tokio::test]
async fn an_integration_is_installed_with_a_key_or_without() {
    let world = World::new().await;
    let later = world
        .commands
        .install(world.ctx(), account(), plain(), None)
        .await
        .unwrap();
    assert_eq!(later.value.key, None);
    assert_eq!(
        code(world.commands.install(world.ctx(), account(), plain(), None).await),
        "already-installed"
    );
    let now = world
        .commands
        .install(world.ctx(), account(), mock(), Some(fields("good-1")))
        .await
        .unwrap();
    assert_eq!(now.value.key.unwrap().status, ConnectionStatus::Connected);
}

#[tokio::test]
async fn wrong_fields_are_refused_before_anything_happens() {
    let world = World::new().await;
    let before = world.events().await.len();
    let refused = world
        .commands
        .install(world.ctx(), account(), mock(), Some(fields("two words")))
        .await;
    let Err(CommandError::Invalid(problems)) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(problems[0].pointer, "/fields/api_key");
    assert!(!problems[0].message.contains("two words"));
    assert_eq!(world.events().await.len(), before);

    world
        .commands
        .install(world.ctx(), account(), mock(), None)
        .await
        .unwrap();
    let mut unknown = fields("good-1");
    unknown.insert("colour".to_owned(), SecretString::from("red"));
    let options = domain::integration::SaveOptions::default();
    let refused = world
        .commands
        .save_credential(world.ctx(), account(), mock(), default_connection(), unknown, options)
        .await;
    assert!(matches!(refused, Err(CommandError::Invalid(_))), "{refused:?}");
    assert!(world.versions().await.is_empty());
}

#[tokio::test]
async fn a_key_for_what_is_not_installed_is_refused() {
    let world = World::new().await;
    assert_eq!(code(world.save("good-1").await), "not-installed");
    assert_eq!(code(world.released().await), "not-installed");
}

#[tokio::test]
async fn a_test_that_the_limits_refuse_is_answered_and_not_noted() {
    let world = World::installed().await;
    world.save("good-1").await.unwrap();
    let test = async || {
        let (ctx, commands) = (world.ctx(), world.commands.clone());
        let tested = commands.test_connection(ctx, account(), mock(), default_connection(), IfMatch::Any);
        tested.await.unwrap().value
    };
    let limited = loop {
        let report = test().await;
        if report.test.as_ref().unwrap().verdict == Verdict::RateLimited {
            break report;
        }
        assert!(world.server.calls() < 1000, "no limit holds");
    };
    assert_eq!(limited.test.unwrap().code.as_deref(), Some("too_many_tests"));
    assert_eq!(limited.status, ConnectionStatus::Connected);
    let tested = async || {
        world
            .kinds()
            .await
            .iter()
            .filter(|kind| *kind == "CredentialTested")
            .count()
    };
    assert_eq!(tested().await, world.server.calls());
}

#[tokio::test]
async fn a_test_says_what_the_provider_says_now() {
    let world = World::installed().await;
    world.save("good-1").await.unwrap();
    let tested = world
        .commands
        .test_connection(world.ctx(), account(), mock(), default_connection(), IfMatch::Any)
        .await
        .unwrap();
    assert_eq!(
        (tested.value.version, verdict(&tested.value)),
        (1, Some(Verdict::Accepted))
    );
    assert_eq!(world.server.calls(), 2);
}

#[tokio::test]
async fn disconnecting_takes_the_key_back_and_erases_it() {
    let world = World::installed().await;
    world.save("good-1").await.unwrap();
    assert_eq!(world.released().await.unwrap(), "good-1");
    let gone = world
        .commands
        .disconnect(world.ctx(), account(), mock(), default_connection(), IfMatch::Any)
        .await
        .unwrap();
    assert!(gone.value.complete);
    assert_eq!(code(world.released().await), "disconnected");
    assert!(world.versions().await.is_empty());
    assert_eq!(world.kinds().await[3..], ["CredentialDisconnected", "CredentialErased"]);
    let test = world
        .commands
        .test_connection(world.ctx(), account(), mock(), default_connection(), IfMatch::Any)
        .await;
    assert_eq!(code(test), "disconnected");
}

#[tokio::test]
async fn uninstalling_erases_and_installing_again_starts_anew() {
    let world = World::installed().await;
    let first = world.save("good-1").await.unwrap().value;
    world
        .commands
        .uninstall(world.ctx(), account(), mock(), IfMatch::Any)
        .await
        .unwrap();
    assert!(world.versions().await.is_empty());
    assert_eq!(code(world.released().await), "not-installed");
    let again = world
        .commands
        .install(world.ctx(), account(), mock(), Some(fields("good-2")))
        .await
        .unwrap();
    let key = again.value.key.unwrap();
    assert_eq!(key.version, 1);
    assert_ne!(key.credential, first.credential);
}

#[tokio::test]
async fn what_was_connected_goes_on_working_when_its_provider_is_retired() {
    let world = World::installed().await;
    world.save("good-1").await.unwrap();
    world.commands.retire(world.ctx(), mock(), IfMatch::Any).await.unwrap();
    assert_eq!(world.released().await.unwrap(), "good-1");
    assert_eq!(world.save("good-2").await.unwrap().value.place, KeyPlace::Current);
}
