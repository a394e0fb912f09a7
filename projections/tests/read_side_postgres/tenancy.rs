//! What keeps accounts apart when a statement does not: row-level security, forced, on every table with anything of an
//! account.

use domain::StreamId;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::home::Home;
use crate::story::{added, chosen, connected, installed, issued, opened, row};
use crate::support::{Reading, Writer, account, connection, credential, provider};

/// What needs no row-level security: the bookkeeping, and the marketplace, which is the same for everybody. Whatever is not
/// named here holds something of an account until somebody shows that it does not.
const OPEN: &str =
    "'_sqlx_migrations', 'projection', 'projection_lease', 'projection_stop', 'projection_node', 'catalog_v1'";

/// Tables that hold, or may hold, something of an account, and where row-level security is not forced, or a policy does not
/// ask for the account.
async fn unprotected(home: &Home) -> Vec<String> {
    let sql = format!(
        "SELECT c.relname::text FROM pg_class c
         JOIN pg_namespace n ON n.oid = c.relnamespace
         LEFT JOIN pg_policy p ON p.polrelid = c.oid
         WHERE n.nspname = 'soconnective_read' AND c.relkind IN ('r', 'p', 'm', 'f')
           AND (c.relname NOT IN ({OPEN})
                OR EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname ~ 'account'))
         GROUP BY c.oid, c.relname, c.relrowsecurity, c.relforcerowsecurity
         HAVING NOT (c.relrowsecurity AND c.relforcerowsecurity)
            OR NOT coalesce(bool_and(pg_get_expr(p.polqual, p.polrelid) ~ 'soconnective.account'
                                     AND pg_get_expr(p.polwithcheck, p.polrelid) ~ 'soconnective.account'), false)
         ORDER BY 1"
    );
    let mut database = PgConnection::connect(home.superuser_url()).await.unwrap();
    let found = sqlx::query_scalar(AssertSqlSafe(sql))
        .fetch_all(&mut database)
        .await
        .unwrap();
    database.close().await.unwrap();
    found
}

/// Two accounts with all that an account can have.
async fn two_accounts() -> (Home, Reading) {
    let home = Home::new();
    let mut writer = Writer::new();
    let key = provider("stripe");
    writer.append(&StreamId::Provider(key.clone()), added(row(&key))).await;
    for (number, id) in [(1, "shop"), (2, "shop-2")] {
        let id = account(id);
        writer.append(&StreamId::Account(id.clone()), opened("One", None)).await;
        writer
            .append(&StreamId::Account(id.clone()), chosen(&[&key], None, false))
            .await;
        let stream = StreamId::Integration(id, key.clone());
        writer.append(&stream, installed()).await;
        writer
            .append(&stream, connected(&connection("default"), credential(number)))
            .await;
    }
    let token = StreamId::Token("00000000-0000-0000-0000-000000000001".parse().unwrap());
    writer.append(&token, issued("T", domain::Sha256Digest::of(b"t"))).await;
    let reading = Reading::start(&home, &writer.log).await;
    reading.settle().await;
    (home, reading)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_table_with_anything_of_an_account_is_under_row_security_that_is_forced() {
    let (home, reading) = two_accounts().await;
    let log = std::sync::Arc::clone(&reading.log);
    // A model that is being built, and one of an older version, are tables as well.
    home.tamper(
        "UPDATE projection SET version = 0 WHERE name = 'accounts'; DROP INDEX accounts_v1_g1_lookup; ALTER TABLE accounts_v1 RENAME TO accounts_v0",
    )
    .await;
    reading
        .projections
        .rebuild(&[projections::ProjectionName::Accounts], log, |_, _| {})
        .await
        .unwrap();
    assert_eq!(unprotected(&home).await, Vec::<String>::new());

    // What it says when somebody forgets.
    let plants = [
        ("CREATE TABLE planted (key TEXT, account TEXT)", "planted"),
        (
            "DROP TABLE planted; CREATE TABLE planted_v1 (key TEXT, document TEXT)",
            "planted_v1",
        ),
        (
            "ALTER TABLE planted_v1 ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
            "planted_v1",
        ),
        ("CREATE POLICY all_of_it ON planted_v1 USING (true)", "planted_v1"),
        (
            "DROP TABLE planted_v1; ALTER TABLE history_v1 NO FORCE ROW LEVEL SECURITY",
            "history_v1",
        ),
        (
            "ALTER TABLE history_v1 FORCE ROW LEVEL SECURITY; ALTER TABLE catalog_v1 ADD COLUMN account TEXT",
            "catalog_v1",
        ),
    ];
    for (plant, found) in plants {
        home.tamper(plant).await;
        assert_eq!(unprotected(&home).await, [found], "after {plant}");
    }
    reading.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_any_condition_an_account_still_reads_its_own_rows_alone() {
    let (home, reading) = two_accounts().await;
    for (table, of_shop, of_all) in [
        ("integrations_v1", 1, 2),
        ("accounts_v1", 1, 2),
        // Two of each account, and a provider's.
        ("ai_config_v1", 2, 5),
        // Four of each account, a provider's and a token's.
        ("history_v1", 4, 10),
        ("tokens_v1", 0, 1),
    ] {
        let sees = async |scope: &str| seen(&home, table, scope).await;
        let shop = sees("shop").await;
        assert_eq!(shop.len(), of_shop, "{table}");
        assert!(shop.iter().all(|owner| owner.as_deref() == Some("shop")), "{table}");
        assert_eq!(sees("shop-2").await.len(), of_shop, "{table}");
        assert_eq!(sees("*").await.len(), of_all, "{table}");
        for nobody in ["", "nobody", "%", "shop%"] {
            assert_eq!(sees(nobody).await.len(), 0, "{table} as {nobody:?}");
        }
    }
    reading.stop().await;
}

/// The owners of all rows that a transaction sees which says that it is for this account.
async fn seen(home: &Home, table: &str, scope: &str) -> Vec<Option<String>> {
    let mut connection = home.connection().await;
    let mut tx = connection.begin().await.unwrap();
    sqlx::query("SELECT set_config('soconnective.account', $1, true)")
        .bind(scope)
        .execute(&mut *tx)
        .await
        .unwrap();
    let all = sqlx::query_scalar(AssertSqlSafe(format!("SELECT account FROM {table}")))
        .fetch_all(&mut *tx)
        .await
        .unwrap();
    tx.rollback().await.unwrap();
    let after: i64 = sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {table}")))
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(after, 0, "what one transaction may see, the next may not");
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_writes_no_row_of_another() {
    let (home, reading) = two_accounts().await;
    let mut connection = home.connection().await;
    let refused = [
        "INSERT INTO integrations_v1 (key, document) VALUES ('shop-2.mailchimp', '{}')",
        "INSERT INTO accounts_v1 (key, document) VALUES ('shop-3', '{}')",
        "INSERT INTO ai_config_v1 (key, document) VALUES ('provider:mailchimp', '{}')",
        "INSERT INTO tokens_v1 (key, document) VALUES ('t', '{}')",
        "UPDATE integrations_v1 SET key = 'shop-2.other'",
    ];
    for statement in refused {
        let mut tx = connection.begin().await.unwrap();
        sqlx::raw_sql("SET LOCAL soconnective.account = 'shop'")
            .execute(&mut *tx)
            .await
            .unwrap();
        let error = sqlx::raw_sql(statement).execute(&mut *tx).await.unwrap_err();
        let code = error
            .as_database_error()
            .and_then(|error| error.code().map(String::from));
        assert_eq!(code.as_deref(), Some("42501"), "{statement}: {error}");
        tx.rollback().await.unwrap();
    }
    for (statement, table) in [
        ("DELETE FROM integrations_v1", "integrations_v1"),
        (
            "UPDATE history_v1 SET actor = 'somebody else' WHERE account = 'shop-2'",
            "history_v1",
        ),
    ] {
        let mut tx = connection.begin().await.unwrap();
        sqlx::raw_sql("SET LOCAL soconnective.account = 'shop-3'")
            .execute(&mut *tx)
            .await
            .unwrap();
        let touched = sqlx::raw_sql(statement).execute(&mut *tx).await.unwrap();
        assert_eq!(touched.rows_affected(), 0, "{table}");
        tx.rollback().await.unwrap();
    }
    reading.stop().await;
}
