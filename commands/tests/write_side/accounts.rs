use commands::{CommandError, IfMatch};
use domain::account::{Account, AiSettings};

use crate::world::{World, account, code, default_connection, fields, mock, plain};

#[tokio::test]
async fn an_account_needs_an_open_parent() {
    let world = World::new().await;
    assert_eq!(
        code(world.open("child", Some("nobody")).await),
        "/parent: parent-unknown"
    );
    assert_eq!(code(world.open("self", Some("self")).await), "/parent: parent-unknown");
    world.open("child", Some("acme")).await.unwrap();
    world
        .commands
        .close_account(world.ctx(), "child".parse().unwrap())
        .await
        .unwrap();
    assert_eq!(
        code(world.open("grandchild", Some("child")).await),
        "/parent: parent-unknown"
    );
}

#[tokio::test]
async fn the_tree_of_accounts_is_at_most_ten_deep() {
    let world = World::new().await;
    let mut parent = "acme".to_owned();
    for depth in 2..=10 {
        let child = format!("depth-{depth}");
        world.open(&child, Some(&parent)).await.unwrap();
        parent = child;
    }
    assert_eq!(code(world.open("too-deep", Some(&parent)).await), "/parent: too-deep");
}

#[tokio::test]
async fn ai_settings_name_providers_that_exist() {
    let world = World::new().await;
    let choose = |providers: &[&str]| {
        let settings = AiSettings {
            providers: providers.iter().map(|key| key.parse().unwrap()).collect(),
            model: None,
            inherit: true,
        };
        world
            .commands
            .choose_ai_settings(world.ctx(), account(), settings, IfMatch::Any)
    };
    assert_eq!(
        code(choose(&["mock", "nothing"]).await),
        "/providers/1: provider-unknown"
    );
    assert_eq!(code(choose(&["mock", "mock"]).await), "/providers: duplicate-provider");
    let chosen = choose(&["mock", "plain"]).await.unwrap();
    assert!(matches!(chosen.value, Account::Open(profile) if profile.ai.inherit && profile.ai.providers.len() == 2));
}

#[tokio::test]
async fn closing_an_account_takes_back_and_erases_every_key() {
    let world = World::installed().await;
    world.save("good-1").await.unwrap();
    world
        .commands
        .install(world.ctx(), account(), plain(), Some(fields("something")))
        .await
        .unwrap();
    assert_eq!(world.versions().await, [1, 1]);
    let closed = world.commands.close_account(world.ctx(), account()).await.unwrap();
    assert!(closed.value.complete);
    assert!(world.versions().await.is_empty());
    let kinds = world.kinds().await;
    let count = |kind: &str| kinds.iter().filter(|found| *found == kind).count();
    assert_eq!(
        (
            count("AccountClosed"),
            count("CredentialDisconnected"),
            count("CredentialErased")
        ),
        (1, 2, 2)
    );
    let again = world.commands.close_account(world.ctx(), account()).await.unwrap();
    assert!(again.value.complete);
    assert_eq!(world.kinds().await, kinds, "closing twice is closing once");
}

#[tokio::test]
async fn nothing_can_be_done_in_a_closed_account() {
    let world = World::installed().await;
    world.save("good-1").await.unwrap();
    world.commands.close_account(world.ctx(), account()).await.unwrap();
    assert_eq!(code(world.save("good-2").await), "account-closed");
    assert_eq!(code(world.released().await), "account-closed");
    assert_eq!(
        code(world.commands.install(world.ctx(), account(), plain(), None).await),
        "account-closed"
    );
    let tested = world
        .commands
        .test_connection(world.ctx(), account(), mock(), default_connection(), IfMatch::Any)
        .await;
    assert_eq!(code(tested), "account-closed");
    assert_eq!(
        code(
            world
                .commands
                .uninstall(world.ctx(), account(), mock(), IfMatch::Any)
                .await
        ),
        "account-closed"
    );
    assert!(world.versions().await.is_empty());
}

#[tokio::test]
async fn an_unknown_account_is_not_found() {
    let world = World::new().await;
    let nobody = "nobody".parse::<domain::AccountId>().unwrap();
    assert_eq!(
        code(world.commands.install(world.ctx(), nobody.clone(), mock(), None).await),
        "no account"
    );
    let closed = world.commands.close_account(world.ctx(), nobody).await;
    assert!(matches!(closed, Err(CommandError::NotFound("account"))));
}
