//! What happens when a commit fails, and when another version of the program was there before.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::{Position, StreamId};
use eventlog::{EventLog, MemoryLog};
use projections::{ProjectionName, Projections, State};

use crate::doubles::Shared;
use crate::home::Home;
use crate::story::{chosen, opened};
use crate::support::{PATIENCE, Reading, Writer, account};

/// The time of some attempts to commit, one a second.
const SEVERAL_ATTEMPTS: Duration = Duration::from_millis(3500);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_without_their_checkpoint_are_never_there() {
    let home = Home::new();
    let mut writer = Writer::new();
    let reading = Reading::start(&home, &writer.log).await;
    reading.settle().await;
    home.forbid_commits().await;
    let position = writer
        .append(&StreamId::Account(account("agency")), opened("Agency", None))
        .await;
    reading
        .projections
        .wait_for(&[ProjectionName::Catalog], position, PATIENCE)
        .await
        .unwrap();
    assert_eq!(home.count("accounts_v1").await, 0);
    assert_eq!(home.count("history_v1").await, 0);
    assert_eq!(
        reading.projections.accounts().get(&account("agency")).await.unwrap(),
        None
    );

    home.allow_commits().await;
    reading
        .projections
        .wait_for(&ProjectionName::ALL, position, PATIENCE)
        .await
        .unwrap();
    assert_eq!(home.count("accounts_v1").await, 1);
    assert_eq!(home.count("history_v1").await, 1, "applied again, and once");
    reading.assert_verified().await;
    reading.stop().await;
}

/// Batches wait for a projection in a queue that is short.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_projection_that_cannot_write_keeps_no_other_from_going_on() {
    let home = Home::new();
    let mut writer = Writer::new();
    let reading = Reading::start(&home, &writer.log).await;
    reading.settle().await;
    home.forbid_rows("accounts_v1").await;
    for number in 0..40 {
        let stream = StreamId::Account(account(&format!("a{number}")));
        let position = writer.append(&stream, opened("A", None)).await;
        let others = [ProjectionName::History, ProjectionName::Integrations];
        let waited = reading.projections.wait_for(&others, position, PATIENCE);
        waited.await.unwrap_or_else(|error| panic!("event {number}: {error}"));
    }
    assert_eq!(home.count("accounts_v1").await, 0);

    home.allow_rows("accounts_v1").await;
    reading.settle().await;
    assert_eq!(home.count("accounts_v1").await, 40);
    reading.assert_verified().await;
    reading.stop().await;
}

/// On one thread, whose lines are kept.
#[tokio::test]
async fn that_nothing_can_be_applied_is_told_once_with_its_cause_and_so_is_its_end() {
    let kept = tempfile::NamedTempFile::new().unwrap();
    let keeping = tracing_subscriber::fmt()
        .with_writer(Mutex::new(kept.reopen().unwrap()))
        .with_ansi(false);
    let _keeping = tracing::subscriber::set_default(keeping.finish());
    // With one subscriber, `tracing` asks that of the thread which comes by a line first whether anybody wants it, and other tests
    // have none; with two, it asks both.
    let _second = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::new());
    let home = Home::new();
    let mut writer = Writer::new();
    let reading = Reading::start(&home, &writer.log).await;
    reading.settle().await;

    home.forbid_commits().await;
    let agency = StreamId::Account(account("agency"));
    let position = writer.append(&agency, opened("Agency", None)).await;
    let accounts = [ProjectionName::Accounts];
    let waited = reading.projections.wait_for(&accounts, position, SEVERAL_ATTEMPTS);
    assert!(waited.await.is_err(), "nothing was written");
    home.allow_commits().await;
    reading.settle().await;
    reading.stop().await;

    let lines = std::fs::read_to_string(kept.path()).unwrap();
    let told = |what| {
        let of_accounts = lines.lines().filter(|line| line.contains("projection=accounts"));
        of_accounts.filter(|line| line.contains(what)).count()
    };
    assert_eq!(told("no events can be applied now"), 1, "{lines}");
    let cause = "cause=the read database could not be used: error returned from database: ";
    assert_eq!(told(cause), 1, "{lines}");
    assert_eq!(told("events are applied again"), 1, "{lines}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_that_hold_nothing_of_ours_are_passed_over_also_after_a_commit_that_failed() {
    let home = Home::new();
    let log: Arc<dyn EventLog> = Arc::new(Shared(Arc::new(MemoryLog::new())));
    let mut writer = Writer::on(Arc::clone(&log));
    let names: Vec<String> = (0..20).map(|number| format!("a{number}")).collect();
    for name in &names[..10] {
        writer
            .append(&StreamId::Account(account(name)), opened(name, None))
            .await;
    }
    let reading = Reading::start(&home, &log).await;
    reading.settle().await;
    assert_eq!(home.count("accounts_v1").await, 10);

    home.forbid_commits().await;
    for name in &names[10..] {
        writer
            .append(&StreamId::Account(account(name)), opened(name, None))
            .await;
    }
    let refused = reading.projections.wait_for(
        &[ProjectionName::Accounts],
        log.read_all(Position::START, 1).await.unwrap().head,
        SEVERAL_ATTEMPTS,
    );
    assert!(refused.await.is_err(), "nothing is shown that is not stored");
    home.allow_commits().await;
    reading.settle().await;
    assert_eq!(home.count("accounts_v1").await, 20);
    assert_eq!(home.count("history_v1").await, 20);
    reading.assert_verified().await;
    reading.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_version_takes_over_and_the_old_one_stays_until_it_is_dropped() {
    let home = Home::new();
    let mut writer = Writer::new();
    let log = Arc::clone(&writer.log);
    writer
        .append(&StreamId::Account(account("agency")), opened("Agency", None))
        .await;
    let reading = Reading::start(&home, &log).await;
    reading.settle().await;
    reading.stop().await;
    // As a program with an older version of the accounts would have left it.
    let older = "DROP INDEX accounts_v1_g1_lookup; ALTER TABLE accounts_v1 RENAME TO accounts_v0;
         UPDATE projection SET version = 0 WHERE name = 'accounts'";
    home.tamper(older).await;

    let projections = Projections::connect(home.url()).await.unwrap();
    assert!(
        !projections.status_of(ProjectionName::Accounts).live,
        "the older form is not read"
    );
    drop(projections);
    let reading = Reading::start(&home, &log).await;
    reading.settle().await;
    let status = reading.projections.status_of(ProjectionName::Accounts);
    assert_eq!(
        (status.version, status.generation, status.state),
        (1, 1, State::Running)
    );
    assert!(
        reading
            .projections
            .accounts()
            .get(&account("agency"))
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(
        home.count("accounts_v0").await,
        1,
        "an older program still finds its model"
    );

    reading
        .projections
        .drop_retired(ProjectionName::Accounts)
        .await
        .unwrap();
    assert!(!home.has_table("accounts_v0").await);
    reading.assert_verified().await;
    reading.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_model_that_a_newer_program_has_replaced_is_kept_up_while_its_own_program_runs() {
    let home = Home::new();
    let mut writer = Writer::new();
    let log = Arc::clone(&writer.log);
    let open = |id| StreamId::Account(account(id));
    writer.append(&open("agency"), opened("Agency", None)).await;
    let reading = Reading::start(&home, &log).await;
    reading.settle().await;
    // As a program with a newer version of the accounts leaves it.
    home.tamper("UPDATE projection SET state = 'retired' WHERE name = 'accounts'")
        .await;
    writer.append(&open("shop"), opened("Shop", None)).await;
    reading.settle().await;
    let shop = reading.projections.accounts().get(&account("shop")).await.unwrap();
    assert!(shop.is_some());
    assert_eq!(home.count("accounts_v1").await, 2);
    reading.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_failed_while_not_even_the_checkpoint_could_be_read_is_not_left_out() {
    let home = Home::new();
    let mut writer = Writer::new();
    let reading = Reading::start(&home, &writer.log).await;
    reading.settle().await;
    home.tamper("ALTER TABLE projection RENAME TO hidden").await;
    let agency = StreamId::Account(account("agency"));
    let position = writer.append(&agency, opened("Agency", None)).await;
    // Long enough for several attempts, each of which may take what was not written for written.
    let accounts = [ProjectionName::Accounts];
    let waited = reading
        .projections
        .wait_for(&accounts, position, SEVERAL_ATTEMPTS)
        .await;
    assert!(waited.is_err(), "nothing was written");
    home.tamper("ALTER TABLE hidden RENAME TO projection").await;
    writer.append(&agency, chosen(&[], None, true)).await;
    reading.settle().await;
    assert_eq!(home.count("accounts_v1").await, 1);
    reading.assert_verified().await;
    reading.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commits_that_a_killed_server_lost_are_applied_again_and_stop_nobody() {
    let home = Home::new();
    let mut writer = Writer::new();
    let log = Arc::clone(&writer.log);
    let agency = StreamId::Account(account("agency"));
    let mut last = writer.append(&agency, opened("Agency", None)).await;
    let reading = Reading::start(&home, &log).await;
    reading.settle().await;
    // So many others that the agency is not in the projector's memory any more.
    for number in 0..1100 {
        let id = account(&format!("account-{number}"));
        last = writer.append(&StreamId::Account(id), opened("One", None)).await;
    }
    reading.settle().await;
    // The server comes back without its newest commits, the agency's among them.
    home.tamper("UPDATE projection SET position = 0 WHERE name = 'accounts'; DELETE FROM accounts_v1")
        .await;
    let next = writer.append(&agency, chosen(&[], None, true)).await;
    assert!(next > last);
    reading.settle().await;
    assert_eq!(home.count("accounts_v1").await, 1101);
    reading.assert_verified().await;
    reading.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_model_that_is_ahead_of_a_restored_log_is_built_anew() {
    let home = Home::new();
    let mut writer = Writer::new();
    let log = Arc::clone(&writer.log);
    writer
        .append(&StreamId::Account(account("agency")), opened("Agency", None))
        .await;
    let reading = Reading::start(&home, &log).await;
    reading.settle().await;
    reading.stop().await;
    // The log came back from a backup that is older than the models.
    let ahead = "UPDATE projection SET position = 1000000; DELETE FROM accounts_v1";
    home.tamper(ahead).await;
    let reading = Reading::start(&home, &log).await;
    reading.settle().await;
    assert!(
        reading
            .projections
            .accounts()
            .get(&account("agency"))
            .await
            .unwrap()
            .is_some()
    );
    reading.assert_verified().await;
    reading.stop().await;
}
