//! Several processes on one database: one of them writes a projection, and all of them see it.

use std::sync::Arc;
use std::time::Duration;

use domain::token::{TokenEvent, TokenRevoked};
use domain::{Position, Sha256Digest, StreamId};
use projections::{AuditFilter, ProjectionName, State};
use tokio::time::{Instant, sleep};

use crate::home::Home;
use crate::story::{added, issued, opened, row};
use crate::support::{PATIENCE, Reading, Writer, account, provider};

/// Within this every process is to see what changed.
const SOON: Duration = Duration::from_secs(1);

async fn open_account(writer: &mut Writer, number: usize) -> Position {
    let id = account(&format!("account-{number}"));
    writer.append(&StreamId::Account(id), opened("One", None)).await
}

/// How many events the history has, as this process reads it.
async fn remembered(reading: &Reading) -> u64 {
    let everything = AuditFilter {
        limit: 10_000,
        ..AuditFilter::default()
    };
    let page = reading.projections.history().events(&everything).await.unwrap();
    page.events.len() as u64
}

/// Whether all projections are doing this, as the process shows it.
fn all(reading: &Reading, state: &State) -> bool {
    reading.projections.status().iter().all(|status| status.state == *state)
}

async fn until(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < PATIENCE, "{what}");
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_process_applies_events_and_the_other_sees_them_within_a_second() {
    let home = Home::new();
    let mut writer = Writer::new();
    let log = Arc::clone(&writer.log);
    let (stripe, token) = (provider("stripe"), "00000000-0000-0000-0000-000000000001");
    let token = StreamId::Token(token.parse().unwrap());
    let digest = Sha256Digest::of(b"token");
    writer
        .append(&StreamId::Provider(stripe.clone()), added(row(&stripe)))
        .await;
    writer.append(&token, issued("T", digest)).await;
    let one = Reading::start(&home, &log).await;
    one.settle().await;
    let other = Reading::start(&home, &log).await;
    other.settle().await;
    until("one applies", || all(&one, &State::Running)).await;
    until("the other follows", || all(&other, &State::Following)).await;
    // The other process remembers what it has read.
    let tokens = other.projections.tokens();
    assert!(tokens.by_sha256(digest).await.unwrap().unwrap().revoked_at.is_none());
    assert_eq!(other.projections.catalog().providers().await.unwrap().len(), 1);
    assert!(
        other
            .projections
            .accounts()
            .get(&account("account-1"))
            .await
            .unwrap()
            .is_none()
    );
    let before = ProjectionName::ALL.map(|name| other.projections.changed(name));

    writer.append(&token, TokenEvent::from(TokenRevoked {})).await;
    open_account(&mut writer, 1).await;
    let mailchimp = provider("mailchimp");
    let last = writer
        .append(&StreamId::Provider(mailchimp.clone()), added(row(&mailchimp)))
        .await;
    other
        .projections
        .wait_for(&ProjectionName::ALL, last, SOON)
        .await
        .unwrap();
    assert!(tokens.by_sha256(digest).await.unwrap().unwrap().revoked_at.is_some());
    assert_eq!(other.projections.catalog().providers().await.unwrap().len(), 2);
    assert!(
        other
            .projections
            .accounts()
            .get(&account("account-1"))
            .await
            .unwrap()
            .is_some()
    );
    for name in ProjectionName::ALL {
        let unchanged = name == ProjectionName::Integrations;
        assert_eq!(
            other.projections.changed(name) == before[name.index()],
            unchanged,
            "{name}"
        );
    }
    other.assert_verified().await;
    one.stop().await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_is_gone_is_replaced_and_nothing_is_applied_twice_or_left_out() {
    let home = Home::new();
    let mut writer = Writer::new();
    let log = Arc::clone(&writer.log);
    let one = Reading::start(&home, &log).await;
    let other = Reading::start(&home, &log).await;
    for number in 0..40 {
        open_account(&mut writer, number).await;
    }
    one.settle().await;
    // It gives nothing back: the lease has to run out.
    one.kill().await;
    for number in 40..80 {
        open_account(&mut writer, number).await;
    }
    other.settle().await;
    until("it applies", || all(&other, &State::Running)).await;
    assert_eq!(remembered(&other).await, writer.events);
    other.assert_verified().await;
    // One that stops in order gives its leases back at once.
    let third = Reading::start(&home, &log).await;
    third.settle().await;
    other.stop().await;
    let last = open_account(&mut writer, 80).await;
    third
        .projections
        .wait_for(&ProjectionName::ALL, last, Duration::from_secs(2))
        .await
        .unwrap();
    assert_eq!(remembered(&third).await, writer.events);
    third.assert_verified().await;
    third.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_whose_lease_was_taken_stops_applying_and_follows() {
    let home = Home::new();
    let mut writer = Writer::new();
    let log = Arc::clone(&writer.log);
    let one = Reading::start(&home, &log).await;
    open_account(&mut writer, 0).await;
    one.settle().await;
    // As if it had been paused for longer than its leases last, and another process had come.
    home.tamper("UPDATE projection_lease SET owner = '\\x00', epoch = epoch + 1")
        .await;
    let last = open_account(&mut writer, 1).await;
    until("it follows", || all(&one, &State::Following)).await;
    // What it had in hand when it found out is not written: nobody applies anything now.
    assert_eq!(remembered(&one).await, 1);
    let behind = one
        .projections
        .wait_for(&ProjectionName::ALL, last, Duration::ZERO)
        .await;
    assert!(behind.is_err());
    // The other one never comes back, and its leases run out.
    one.settle().await;
    until("it applies again", || all(&one, &State::Running)).await;
    assert_eq!(remembered(&one).await, writer.events);
    assert!(home.number("SELECT min(epoch) FROM projection_lease").await >= 3);
    one.assert_verified().await;
    one.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_by_another_process_is_noticed_by_those_who_apply_and_those_who_follow() {
    let home = Home::new();
    let mut writer = Writer::new();
    let log = Arc::clone(&writer.log);
    open_account(&mut writer, 0).await;
    let (one, other) = (Reading::start(&home, &log).await, Reading::start(&home, &log).await);
    one.settle().await;
    other.settle().await;
    home.tamper("UPDATE accounts_v1 SET document = replace(document, 'One', 'Forged')")
        .await;
    let name = async |reading: &Reading| {
        let found = reading.projections.accounts().get(&account("account-0")).await.unwrap();
        found.unwrap().account.name
    };
    assert_eq!(
        (name(&one).await.as_str(), name(&other).await.as_str()),
        ("Forged", "Forged")
    );
    let tool = projections::Projections::connect(home.url()).await.unwrap();
    tool.rebuild(&[ProjectionName::Accounts], Arc::clone(&log), |_, _| {})
        .await
        .unwrap();
    for reading in [&one, &other] {
        until("the new model is seen", || {
            reading.projections.status_of(ProjectionName::Accounts).generation == 2
        })
        .await;
        assert_eq!(name(reading).await, "One");
    }
    let last = open_account(&mut writer, 1).await;
    for reading in [&one, &other] {
        reading
            .projections
            .wait_for(&ProjectionName::ALL, last, PATIENCE)
            .await
            .unwrap();
        reading.assert_verified().await;
    }
    one.stop().await;
    other.stop().await;
}

/// A commit that takes long keeps the lease from being renewed, and from being taken.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_that_runs_out_under_a_commit_is_not_lost() {
    let home = Home::new();
    let mut writer = Writer::new();
    let reading = Reading::start(&home, &writer.log).await;
    reading.settle().await;
    let epoch = "SELECT epoch FROM projection_lease WHERE name = 'history'";
    let taken = home.number(epoch).await;
    let mut committing = home.connection().await;
    let lock = "BEGIN; SELECT FROM projection_lease WHERE name = 'history' FOR SHARE";
    sqlx::raw_sql(lock).execute(&mut committing).await.unwrap();
    // Looked at by whoever renews leases once more, since it ran out.
    let looked = "SELECT (h.expires_at + interval '2 seconds' < clock_timestamp())::int::bigint
                  FROM projection_lease h WHERE name = 'history'";
    let start = Instant::now();
    while home.number(looked).await == 0 {
        assert!(all(&reading, &State::Running), "the lease was given up");
        assert!(start.elapsed() < PATIENCE, "the lease does not run out");
        sleep(Duration::from_millis(20)).await;
    }
    let done =
        "UPDATE projection_lease SET expires_at = clock_timestamp() + interval '5 seconds' WHERE name = 'history';
                COMMIT";
    sqlx::raw_sql(done).execute(&mut committing).await.unwrap();
    open_account(&mut writer, 1).await;
    reading.settle().await;
    assert!(all(&reading, &State::Running));
    assert_eq!(home.number(epoch).await, taken, "it was taken anew");
    reading.stop().await;
}
