//! What happens when a commit fails, and when another version of the program was there before.

use std::path::Path;
use std::sync::Arc;

use domain::StreamId;
use projections::{ProjectionName, Projections, State};
use sqlx::SqlitePool;
use sqlx::sqlite::SqliteConnectOptions;

use crate::story::opened;
use crate::support::{PATIENCE, Reading, Writer, account, folder};

async fn database(file: &Path) -> SqlitePool {
    SqlitePool::connect_with(SqliteConnectOptions::new().filename(file))
        .await
        .unwrap()
}

async fn count(database: &SqlitePool, table: &'static str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
        .fetch_one(database)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_without_their_checkpoint_are_never_there() {
    let folder = folder();
    let file = folder.path().join("read.db");
    let mut writer = Writer::new();
    let reading = Reading::start(&file, &writer.log).await;
    reading.settle().await;
    // The checkpoint cannot be moved: the commit fails after all rows are written.
    let database = database(&file).await;
    let fail = "CREATE TRIGGER fail BEFORE UPDATE OF position ON projection BEGIN SELECT RAISE(ABORT, 'no'); END";
    sqlx::query(fail).execute(&database).await.unwrap();
    let position = writer
        .append(&StreamId::Account(account("agency")), opened("Agency", None))
        .await;
    reading
        .projections
        .wait_for(&[ProjectionName::Catalog], position, PATIENCE)
        .await
        .unwrap();
    assert_eq!(count(&database, "accounts_v1").await, 0);
    assert_eq!(count(&database, "history_v1").await, 0);
    assert_eq!(
        reading.projections.accounts().get(&account("agency")).await.unwrap(),
        None
    );

    sqlx::query("DROP TRIGGER fail").execute(&database).await.unwrap();
    reading
        .projections
        .wait_for(&ProjectionName::ALL, position, PATIENCE)
        .await
        .unwrap();
    assert_eq!(count(&database, "accounts_v1").await, 1);
    assert_eq!(count(&database, "history_v1").await, 1, "applied again, and once");
    reading.assert_verified().await;
    database.close().await;
    reading.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_version_takes_over_and_the_old_one_stays_until_it_is_dropped() {
    let folder = folder();
    let file = folder.path().join("read.db");
    let mut writer = Writer::new();
    let log = Arc::clone(&writer.log);
    writer
        .append(&StreamId::Account(account("agency")), opened("Agency", None))
        .await;
    let reading = Reading::start(&file, &log).await;
    reading.settle().await;
    reading.stop().await;
    // As a program with an older version of the accounts would have left it.
    let database = database(&file).await;
    let older = "DROP INDEX accounts_v1_g1_lookup; ALTER TABLE accounts_v1 RENAME TO accounts_v0;
         UPDATE projection SET version = 0 WHERE name = 'accounts'";
    sqlx::raw_sql(older).execute(&database).await.unwrap();

    let projections = Projections::open(&file).await.unwrap();
    assert!(
        !projections.status_of(ProjectionName::Accounts).live,
        "the older form is not read"
    );
    drop(projections);
    let reading = Reading::start(&file, &log).await;
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
        count(&database, "accounts_v0").await,
        1,
        "an older program still finds its model"
    );

    reading
        .projections
        .drop_retired(ProjectionName::Accounts)
        .await
        .unwrap();
    let tables = "SELECT count(*) FROM sqlite_schema WHERE name = 'accounts_v0'";
    assert_eq!(
        sqlx::query_scalar::<_, i64>(tables).fetch_one(&database).await.unwrap(),
        0
    );
    reading.assert_verified().await;
    database.close().await;
    reading.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_model_that_is_ahead_of_a_restored_log_is_built_anew() {
    let folder = folder();
    let file = folder.path().join("read.db");
    let mut writer = Writer::new();
    let log = Arc::clone(&writer.log);
    writer
        .append(&StreamId::Account(account("agency")), opened("Agency", None))
        .await;
    let reading = Reading::start(&file, &log).await;
    reading.settle().await;
    reading.stop().await;
    // The log came back from a backup that is older than the models.
    let database = database(&file).await;
    let ahead = "UPDATE projection SET position = 1000000; DELETE FROM accounts_v1";
    sqlx::raw_sql(ahead).execute(&database).await.unwrap();
    database.close().await;
    let reading = Reading::start(&file, &log).await;
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
