use commands::{CommandError, IfMatch};
use domain::ProviderKey;
use domain::provider::{AuthType, Provider, Revision};

use crate::world::{World, account, code, plain, plain_row};

fn described(text: &str) -> Revision {
    Revision {
        description: Some(text.to_owned()),
        ..Revision::default()
    }
}

#[tokio::test]
async fn a_key_is_never_used_again() {
    let world = World::new().await;
    assert_eq!(
        code(world.commands.add_provider(world.ctx(), plain_row(), None, true).await),
        "provider-key-taken"
    );
    world.commands.retire(world.ctx(), plain(), IfMatch::Any).await.unwrap();
    assert_eq!(
        code(world.commands.add_provider(world.ctx(), plain_row(), None, true).await),
        "provider-key-taken"
    );
}

#[tokio::test]
async fn what_the_linter_finds_is_refused_and_nothing_is_saved() {
    let world = World::new().await;
    let before = world.events().await.len();
    let mut row = plain_row();
    row.key = "broken".parse().unwrap();
    row.name = String::new();
    let refused = world.commands.add_provider(world.ctx(), row, None, true).await;
    assert!(
        matches!(&refused, Err(CommandError::Invalid(problems)) if problems[0].pointer == "/name"),
        "{refused:?}"
    );
    let revision = Revision {
        name: Some(String::new()),
        ..Revision::default()
    };
    let refused = world
        .commands
        .revise_provider(world.ctx(), plain(), revision, IfMatch::Any)
        .await;
    assert!(matches!(refused, Err(CommandError::Invalid(_))), "{refused:?}");
    assert_eq!(world.events().await.len(), before);
}

#[tokio::test]
async fn a_revision_is_made_on_the_revision_that_was_read() {
    let world = World::new().await;
    let revise = |text: &str, if_match| {
        world
            .commands
            .revise_provider(world.ctx(), plain(), described(text), if_match)
    };
    let first = revise("One.", IfMatch::OneOf(vec![1])).await.unwrap();
    assert_eq!(first.revision, 2);
    let late = revise("Two.", IfMatch::OneOf(vec![1])).await;
    assert!(
        matches!(late, Err(CommandError::PreconditionFailed { current: 2 })),
        "{late:?}"
    );
    assert_eq!(revise("Two.", IfMatch::OneOf(vec![7, 2])).await.unwrap().revision, 3);
}

#[tokio::test]
async fn a_revision_that_changes_nothing_leaves_no_event() {
    let world = World::new().await;
    let before = world.events().await.len();
    let receipt = world
        .commands
        .revise_provider(world.ctx(), plain(), Revision::to(plain_row()), IfMatch::Any)
        .await
        .unwrap();
    assert_eq!((receipt.revision, world.events().await.len()), (1, before));
}

#[tokio::test]
async fn an_unknown_provider_is_not_found() {
    let world = World::new().await;
    let unknown: ProviderKey = "unknown".parse().unwrap();
    assert_eq!(
        code(world.commands.publish(world.ctx(), unknown.clone(), IfMatch::Any).await),
        "no provider"
    );
    assert_eq!(
        code(world.commands.install(world.ctx(), account(), unknown, None).await),
        "no provider"
    );
}

#[tokio::test]
async fn drafts_and_retired_rows_are_not_installed() {
    let world = World::new().await;
    let mut draft = plain_row();
    draft.key = "draft".parse().unwrap();
    world
        .commands
        .add_provider(world.ctx(), draft.clone(), None, false)
        .await
        .unwrap();
    let install = |key: ProviderKey| world.commands.install(world.ctx(), account(), key, None);
    assert_eq!(code(install(draft.key.clone()).await), "provider-not-published");
    world.commands.retire(world.ctx(), plain(), IfMatch::Any).await.unwrap();
    assert_eq!(code(install(plain()).await), "provider-retired");
    world
        .commands
        .reinstate(world.ctx(), plain(), IfMatch::Any)
        .await
        .unwrap();
    install(plain()).await.unwrap();
}

#[tokio::test]
async fn seeds_are_added_once_and_a_start_that_was_interrupted_is_finished() {
    let world = World::new().await;
    let mut seed = plain_row();
    seed.key = "seed".parse().unwrap();
    assert_eq!(
        world.commands.seed(vec![(seed, None)]).await.unwrap(),
        0,
        "this log is not new"
    );

    let fresh = World::empty().await;
    let rows: Vec<_> = ["one", "two", "three"]
        .map(|key| {
            let mut row = plain_row();
            row.key = key.parse().unwrap();
            (row, None)
        })
        .to_vec();
    assert_eq!(fresh.commands.seed(rows[..2].to_vec()).await.unwrap(), 2);
    assert_eq!(fresh.commands.seed(rows.clone()).await.unwrap(), 1);
    let revision = Revision {
        auth: Some(AuthType::Bearer),
        ..Revision::default()
    };
    let revised = fresh
        .commands
        .revise_provider(fresh.ctx(), "one".parse().unwrap(), revision, IfMatch::Any)
        .await
        .unwrap();
    assert!(matches!(revised.value, Provider::Published(_)));
    let mut more = rows;
    more[0].0.key = "four".parse().unwrap();
    assert_eq!(
        fresh.commands.seed(more).await.unwrap(),
        0,
        "somebody works with it by now"
    );
}
