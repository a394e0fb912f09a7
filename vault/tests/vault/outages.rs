//! PostgreSQL that refuses, is slow, goes away and comes back, or is killed in the middle of something.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use servers::Postgres;
use tokio::sync::mpsc;
use tokio::time::Instant;
use vault::{SealedSecret, SecretContext, Vault, VaultError, VaultPlace};

use crate::support::{Place, context, noon, open_key, seal};

/// An error and its causes, in every form in which somebody may print it.
fn whole(error: &VaultError) -> String {
    let mut text = format!("{error} {error:?}");
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text} {error} {error:?}");
        cause = error.source();
    }
    text
}

fn own_server() -> &'static Postgres {
    Box::leak(Box::new(Postgres::start()))
}

#[tokio::test]
async fn a_role_that_sees_every_row_is_refused_with_what_to_do() {
    let place = Place::on_postgres();
    let (role, _) = place.url()["postgres://".len()..].split_once(':').unwrap();
    for (grant, revoke) in [("SUPERUSER", "NOSUPERUSER"), ("BYPASSRLS", "NOBYPASSRLS")] {
        place.sql(&[&format!("ALTER ROLE {role} {grant}")]);
        let message = place.refused().await;
        assert!(
            message.contains(role) && message.contains("CREATE ROLE soconnective"),
            "{message}"
        );
        let made = "SELECT count(*) FROM pg_namespace WHERE nspname IN ('vault', 'keystore')";
        assert_eq!(place.vault().await.number(made).await, 0, "nothing was made");
        place.sql(&[&format!("ALTER ROLE {role} {revoke}")]);
    }
    place.open().await;
}

#[tokio::test]
async fn no_error_repeats_the_password() {
    let place = Place::on_postgres();
    let (user, rest) = place.url()["postgres://".len()..].split_once(':').unwrap();
    let (password, host) = rest.split_once('@').unwrap();
    let wrong = format!("postgres://{user}:not-{password}@{host}");
    let nowhere = format!("postgres://{user}:{password}@127.0.0.1:1/nowhere");
    let unresolved = format!("postgres://{user}:{password}@nobody.invalid/nowhere");
    for url in [&wrong, &nowhere, &unresolved] {
        let stores = VaultPlace::postgres(url, None).unwrap();
        assert!(!format!("{stores:?}").contains(password));
        let ring = Arc::new(vault::keyring::KeyringFile::new(&place.paths.keyring));
        let error = Vault::connect(&stores, ring).await.map(drop).unwrap_err();
        assert!(matches!(error, VaultError::Database { .. }), "{error}");
        assert!(!whole(&error).contains(password), "{error}");
    }
}

#[tokio::test]
async fn an_error_of_the_database_repeats_no_row() {
    let place = Place::on_postgres();
    let vault = place.open().await;
    place.sql(&["ALTER TABLE vault.secret ADD CHECK (provider <> 'mailchimp')"]);
    let error = seal(&vault, &context("acme", 1, 1), "key").await.map(drop).unwrap_err();
    let text = whole(&error);
    assert!(text.contains("check constraint"), "{text}");
    // PostgreSQL's own detail shows the whole row: the account, the envelope, the hints.
    assert!(
        !text.contains("acme") && !text.contains("1234") && !text.contains("\\\\x"),
        "{text}"
    );
}

#[tokio::test]
async fn a_lock_that_somebody_holds_ends_a_change_after_some_seconds() {
    let place = Place::on_postgres();
    let vault = place.open().await;
    let mut behind = place.vault().await;
    behind.run("BEGIN").await;
    behind.run("LOCK TABLE secret IN EXCLUSIVE MODE").await;
    let start = Instant::now();

    let error = seal(&vault, &context("acme", 1, 1), "key").await.map(drop).unwrap_err();

    assert!(whole(&error).contains("statement timeout"), "{}", whole(&error));
    assert!(start.elapsed() < Duration::from_secs(14));
    behind.run("ROLLBACK").await;
    seal(&vault, &context("acme", 1, 1), "key").await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vault_goes_on_after_its_server_was_away() {
    let server = own_server();
    let place = Place::on(server);
    let vault = place.open().await;
    let ctx = context("acme", 1, 1);
    let sealed = seal(&vault, &ctx, "key").await.unwrap();

    server.restart();
    // The connections of before are gone, and nobody notices.
    for number in 2..6 {
        seal(&vault, &context("acme", number, 1), "key").await.unwrap();
    }
    server.stop();
    let start = Instant::now();
    let error = seal(&vault, &context("acme", 7, 1), "key").await.map(drop).unwrap_err();
    assert!(matches!(error, VaultError::Database { .. }), "{error}");
    assert!(start.elapsed() < Duration::from_secs(15));

    server.restart();
    assert_eq!(open_key(&vault, &ctx, &sealed).await.unwrap(), "key");
    vault.erase(ctx.credential, &[1]).await.unwrap();
}

/// What somebody did to a secret, and whether the vault said that it was done.
struct Story {
    ctx: SecretContext,
    sealed: SealedSecret,
    kind: u32,
    done: bool,
}

/// Seals secrets, makes some live, discards some, erases some, until the server is gone.
async fn work(vault: Arc<Vault>, worker: u32, told: mpsc::UnboundedSender<()>) -> Vec<Story> {
    let mut stories = Vec::new();
    for number in 0_u32.. {
        let ctx = context(
            &format!("account-{}", worker % 3),
            u128::from(worker) * 1000 + u128::from(number),
            1,
        );
        let Ok(sealed) = seal(&vault, &ctx, "key").await else {
            break;
        };
        let kind = (worker + number) % 3;
        let outcome = match kind {
            0 => vault.make_live(&ctx, sealed.dek).await,
            1 => vault.discard(&ctx, sealed.dek).await,
            _ => vault.erase(ctx.credential, &[1]).await,
        };
        let done = outcome.is_ok();
        stories.push(Story {
            ctx,
            sealed,
            kind,
            done,
        });
        if !done {
            break;
        }
        let _ = told.send(());
    }
    stories
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_is_killed_in_the_middle_leaves_nothing_half_saved() {
    let server = own_server();
    for after in [3, 17, 40] {
        let place = Place::on(server);
        let vault = Arc::new(place.open().await);
        let (told, mut steps) = mpsc::unbounded_channel();
        let workers: Vec<_> = (0..6)
            .map(|worker| tokio::spawn(work(vault.clone(), worker, told.clone())))
            .collect();
        for _ in 0..after {
            steps.recv().await.unwrap();
        }
        server.kill();
        let stories: Vec<Story> = join_all(workers).await.into_iter().flat_map(Result::unwrap).collect();
        assert!(stories.iter().filter(|story| story.done).count() >= after);
        server.restart();
        place.age().await;
        check(&place, &stories).await;
    }
}

async fn check(place: &Place, stories: &[Story]) {
    let vault = place.open().await;
    for story in stories {
        let opened = open_key(&vault, &story.ctx, &story.sealed).await;
        let gone = matches!(opened, Err(VaultError::Missing { .. }));
        match (story.kind, story.done) {
            // Sealed and acknowledged: it opens, live or still pending.
            (0, _) => assert_eq!(opened.unwrap(), "key"),
            (_, true) => assert!(gone),
            (_, false) => assert!(gone || opened.unwrap() == "key"),
        }
    }
    // What the sweeper and the erasure's repetition make of the rest.
    for pending in vault.pending(noon() + chrono::Duration::days(1)).await.unwrap() {
        vault.discard(&pending.context, pending.dek).await.unwrap();
    }
    for story in stories.iter().filter(|story| story.kind == 2) {
        vault.erase(story.ctx.credential, &[1]).await.unwrap();
    }
    let keys = "SELECT count(*) FROM wrapped_key WHERE purpose = 'credential'";
    let keys = place.keystore().await.number(keys).await;
    let rows = place.vault().await.number("SELECT count(*) FROM secret").await;
    assert_eq!(keys, rows, "each envelope has its key, and each key its envelope");
    for ctx in vault.all(None, 1000).await.unwrap() {
        let known = stories.iter().find(|story| story.ctx == ctx);
        assert!(
            known.is_some_and(|story| story.kind == 0),
            "only what was made live is left"
        );
    }
}
