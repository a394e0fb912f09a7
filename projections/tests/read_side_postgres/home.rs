use std::thread;

use projections::Projections;
use servers::Postgres;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// By how much the random cases of a property are fewer than where a database costs nothing.
pub(crate) const FEWER: u32 = 4;

/// A read database of one's own on a PostgreSQL server, and whatever a test does to it past the product.
pub(crate) struct Home {
    url: String,
    /// The same database, for a superuser: row-level security does not hold for it.
    superuser: String,
}

impl Home {
    pub(crate) fn new() -> Self {
        let home = Self::on(Postgres::shared());
        if let Some(parts) = crate::next_parts() {
            home.split(parts);
        }
        home
    }

    /// An older version of the models that can be split was split: every model that is built here is, too.
    fn split(&self, parts: u32) {
        let older = format!(
            "INSERT INTO projection (name, version, generation, state, log_id, position, part, parts)
             SELECT name, 0, 1, 'retired', '\\x00000000000000000000000000000000', 0, part, {parts}
             FROM unnest(ARRAY['integrations', 'ai_config', 'history']) AS name, generate_series(0, {parts} - 1) AS part"
        );
        let made = async {
            let projections = Projections::connect(&self.url).await.unwrap();
            projections.close().await;
            self.tamper(&older).await;
        };
        let run = || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(made);
        };
        thread::scope(|scope| scope.spawn(run).join().unwrap());
    }

    pub(crate) fn on(server: &Postgres) -> Self {
        let url = server.database();
        let database = url.rsplit_once('/').unwrap().1;
        let superuser = server.superuser_url(database);
        Self { url, superuser }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The same database, for a superuser.
    pub(crate) fn superuser_url(&self) -> &str {
        &self.superuser
    }

    /// Changes the database as somebody might who is not the product.
    pub(crate) async fn tamper(&self, sql: &str) {
        let mut database = open(&self.superuser).await;
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
            .execute(&mut database)
            .await
            .unwrap();
        database.close().await.unwrap();
    }

    /// How many rows a table has.
    pub(crate) async fn count(&self, table: &str) -> i64 {
        self.number(&format!("SELECT count(*) FROM {table}")).await
    }

    /// Whether there is such a table.
    pub(crate) async fn has_table(&self, table: &str) -> bool {
        self.number(&format!("SELECT count(*) FROM pg_class WHERE relname = '{table}'"))
            .await
            > 0
    }

    /// From now on no checkpoint can be moved: every commit fails after all its rows are written.
    pub(crate) async fn forbid_commits(&self) {
        self.tamper(
            "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
             CREATE TRIGGER fail BEFORE UPDATE OF position ON projection FOR EACH ROW EXECUTE FUNCTION fail()",
        )
        .await;
    }

    pub(crate) async fn allow_commits(&self) {
        self.tamper("DROP TRIGGER fail ON projection").await;
    }

    /// From now on nothing can be added to a table.
    pub(crate) async fn forbid_rows(&self, table: &str) {
        self.tamper(&format!(
            "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no room'; END $$;
             CREATE TRIGGER no_room BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION no_room()"
        ))
        .await;
    }

    pub(crate) async fn allow_rows(&self, table: &str) {
        self.tamper(&format!("DROP TRIGGER no_room ON {table}")).await;
    }

    /// A connection with the role of the product.
    pub(crate) async fn connection(&self) -> PgConnection {
        open(&self.url).await
    }

    pub(crate) async fn number(&self, sql: &str) -> i64 {
        let mut database = open(&self.superuser).await;
        let number = sqlx::query_scalar(AssertSqlSafe(sql.to_owned()))
            .fetch_one(&mut database)
            .await
            .unwrap();
        database.close().await.unwrap();
        number
    }
}

async fn open(url: &str) -> PgConnection {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::query("SET search_path = soconnective_read")
        .execute(&mut connection)
        .await
        .unwrap();
    connection
}
