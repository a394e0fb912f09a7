use std::path::PathBuf;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, SqlitePool};
use tempfile::TempDir;

/// By how much the random cases of a property are fewer than where a database costs nothing.
pub(crate) const FEWER: u32 = 1;

/// A read database of one's own: a SQLite file, and whatever a test does to it past the product.
pub(crate) struct Home {
    folder: TempDir,
    url: String,
}

impl Home {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("read.db").display());
        Self { folder, url }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Changes the database as somebody might who is not the product.
    pub(crate) async fn tamper(&self, sql: &str) {
        let database = self.database().await;
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
            .execute(&database)
            .await
            .unwrap();
        database.close().await;
    }

    /// How many rows a table has.
    pub(crate) async fn count(&self, table: &str) -> i64 {
        self.number(&format!("SELECT count(*) FROM {table}")).await
    }

    /// Whether there is such a table.
    pub(crate) async fn has_table(&self, table: &str) -> bool {
        self.number(&format!("SELECT count(*) FROM sqlite_schema WHERE name = '{table}'"))
            .await
            > 0
    }

    /// From now on no checkpoint can be moved: every commit fails after all its rows are written.
    pub(crate) async fn forbid_commits(&self) {
        self.tamper("CREATE TRIGGER fail BEFORE UPDATE OF position ON projection BEGIN SELECT RAISE(ABORT, 'no'); END")
            .await;
    }

    pub(crate) async fn allow_commits(&self) {
        self.tamper("DROP TRIGGER fail").await;
    }

    /// From now on nothing can be added to a table.
    pub(crate) async fn forbid_rows(&self, table: &str) {
        self.tamper(&format!(
            "CREATE TRIGGER no_room BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'no room'); END"
        ))
        .await;
    }

    pub(crate) async fn allow_rows(&self, _table: &str) {
        self.tamper("DROP TRIGGER no_room").await;
    }

    async fn number(&self, sql: &str) -> i64 {
        let database = self.database().await;
        let number = sqlx::query_scalar(AssertSqlSafe(sql.to_owned()))
            .fetch_one(&database)
            .await;
        database.close().await;
        number.unwrap()
    }

    async fn database(&self) -> SqlitePool {
        let file: PathBuf = self.folder.path().join("read.db");
        SqlitePool::connect_with(SqliteConnectOptions::new().filename(file))
            .await
            .unwrap()
    }
}
