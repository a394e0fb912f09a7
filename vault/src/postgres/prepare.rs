use sqlx::migrate::Migrator;
use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection, Row};

use super::{PostgresUrl, bounded, refused};
use crate::VaultError;

/// How long the start waits for another node that is starting, and for the server to bring its tables up to date.
const STATEMENT: &str = "60s";
/// The lock that a node holds while it starts, on the database of the keystore: `soconn-v`, in ASCII.
const START_LOCK: i64 = 0x736f_636f_6e6e_2d76;

/// Opens a database for the start, checks that it keeps accounts apart, and brings the tables of `store` up to date. As
/// long as the connection is open no other node starts on this database.
pub(crate) async fn prepare(
    url: &PostgresUrl,
    store: &'static str,
    migrations: &Migrator,
) -> Result<PgConnection, VaultError> {
    let failed = refused(store);
    let mut connection = bounded(url.options(), STATEMENT).connect().await.map_err(failed)?;
    check_role(&mut connection, store).await?;
    if store == crate::keystore::STORE {
        let query = sqlx::query("SELECT pg_advisory_lock($1)").bind(START_LOCK);
        query.execute(&mut connection).await.map_err(failed)?;
    }
    make_schema(&mut connection, store).await.map_err(failed)?;
    let mut migrator = Migrator {
        migrations: migrations.migrations.clone(),
        ..Migrator::DEFAULT
    };
    migrator.dangerous_set_table_name(format!("{store}._migrations"));
    migrator
        .run(&mut connection)
        .await
        .map_err(|error| failed(error.into()))?;
    let open = unforced(&mut connection, store).await.map_err(failed)?;
    if let Some(table) = open.into_iter().next() {
        return Err(VaultError::Unforced { table });
    }
    Ok(connection)
}

/// Refuses a role for which row-level security does not hold.
async fn check_role(connection: &mut PgConnection, store: &'static str) -> Result<(), VaultError> {
    let query = "SELECT rolname::text AS role, rolsuper OR rolbypassrls AS free FROM pg_roles \
                 WHERE rolname IN (current_user, session_user) ORDER BY free DESC LIMIT 1";
    let row = sqlx::query(query).fetch_one(connection).await.map_err(refused(store))?;
    let free: bool = row.try_get("free").map_err(refused(store))?;
    if free {
        let role: String = row.try_get("role").map_err(refused(store))?;
        return Err(VaultError::Role { store, role });
    }
    Ok(())
}

/// Makes the schema when it is not there. Asked first, because `IF NOT EXISTS` wants the right to make one all the same.
async fn make_schema(connection: &mut PgConnection, store: &'static str) -> Result<(), sqlx::Error> {
    let query = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1)").bind(store);
    let exists: bool = query.fetch_one(&mut *connection).await?;
    if !exists {
        let statement = AssertSqlSafe(format!("CREATE SCHEMA {store}"));
        sqlx::query(statement).execute(connection).await?;
    }
    Ok(())
}

/// The tables of a schema that say whose their rows are, and do not keep accounts apart for everybody, their owner
/// included: row-level security is not forced, or a policy lets rows through without asking for the account.
pub(crate) async fn unforced(connection: &mut PgConnection, schema: &str) -> Result<Vec<String>, sqlx::Error> {
    let query = "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c \
                 JOIN pg_namespace n ON n.oid = c.relnamespace \
                 JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'account' AND NOT a.attisdropped \
                 WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') \
                 AND (NOT c.relrowsecurity OR NOT c.relforcerowsecurity OR EXISTS ( \
                     SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid AND p.polpermissive \
                     AND coalesce(pg_get_expr(p.polqual, c.oid), pg_get_expr(p.polwithcheck, c.oid), '') \
                     NOT LIKE '%soconnective.account%')) \
                 ORDER BY 1";
    sqlx::query_scalar(query).bind(schema).fetch_all(connection).await
}
