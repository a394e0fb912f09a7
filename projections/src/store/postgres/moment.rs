use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Postgres, raw_sql};

use crate::store::Scope;

/// How long a question takes at most, the wait for a connection included: longer than the server works on a statement. A
/// connection can fall silent without an end.
pub(super) const LIMIT: Duration = Duration::from_secs(15);

/// A connection for one question.
///
/// It goes back to the others when the question came to its end. Otherwise it is closed: nobody knows what the server still has
/// to say on it, and whoever looked whether it is of use would wait for that.
pub(super) struct Moment {
    /// None when it has gone back.
    connection: Option<PoolConnection<Postgres>>,
}

impl Moment {
    /// For one statement, about what is everybody's.
    pub(super) async fn plain(readers: &PgPool) -> Result<Self, sqlx::Error> {
        let connection = Some(readers.acquire().await?);
        Ok(Self { connection })
    }

    /// A transaction that sees the rows of this scope. An account's id has no character that means anything in SQL.
    pub(super) async fn of(readers: &PgPool, scope: Scope<'_>) -> Result<Self, sqlx::Error> {
        let account = match scope {
            Scope::Public => "",
            Scope::Account(account) => account.as_str(),
            Scope::Everything => "*",
        };
        let begin =
            format!("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL soconnective.account = '{account}'");
        let mut moment = Self::plain(readers).await?;
        raw_sql(AssertSqlSafe(begin)).execute(moment.db()?).await?;
        Ok(moment)
    }

    /// What the question is asked on.
    pub(super) fn db(&mut self) -> Result<&mut PgConnection, sqlx::Error> {
        self.connection.as_deref_mut().ok_or(sqlx::Error::PoolClosed)
    }

    /// Ends the transaction.
    pub(super) async fn end(mut self) -> Result<(), sqlx::Error> {
        raw_sql("COMMIT").execute(self.db()?).await?;
        self.give_back();
        Ok(())
    }

    /// All that was asked has been answered.
    pub(super) fn give_back(mut self) {
        drop(self.connection.take());
    }
}

impl Drop for Moment {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            drop(connection.detach());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use futures::future::join;
    use servers::Postgres as Server;
    use sqlx::Connection;
    use uuid::Uuid;

    use super::*;
    use crate::ProjectionName;
    use crate::part::Parts;
    use crate::store::postgres::PostgresStore;
    use crate::store::{DocumentSelect, Generation, Store};

    const TABLE: &str = "accounts_v1_g1";

    /// A store, and a connection that keeps the readers of [`TABLE`] waiting.
    async fn blocked(server: &Server) -> (PostgresStore, PgConnection) {
        let url = server.database();
        let store = PostgresStore::open(&url).await.unwrap();
        Generation::start(&store, ProjectionName::Accounts, 1, Uuid::nil(), Parts::ONE, None)
            .await
            .unwrap();
        assert_eq!(ask(&store).await.unwrap(), Vec::<String>::new());
        let mut other = PgConnection::connect(&url).await.unwrap();
        let lock = format!("BEGIN; LOCK TABLE soconnective_read.{TABLE} IN ACCESS EXCLUSIVE MODE");
        raw_sql(AssertSqlSafe(lock)).execute(&mut other).await.unwrap();
        (store, other)
    }

    async fn ask(store: &PostgresStore) -> Result<Vec<String>, sqlx::Error> {
        store
            .documents(Scope::Everything, TABLE, DocumentSelect::Key("a"))
            .await
    }

    /// Until the server works on the question.
    async fn until_it_waits(other: &mut PgConnection) {
        loop {
            let waiting = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)");
            if waiting.fetch_one(&mut *other).await.unwrap() {
                return;
            }
        }
    }

    fn assert_none_is_out(store: &PostgresStore) {
        let readers = &store.pools.readers;
        assert_eq!(readers.size() as usize, readers.num_idle());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_question_on_which_the_server_falls_silent_is_given_up_with_its_connection() {
        let server = Server::start();
        let (mut store, mut other) = blocked(&server).await;
        store.limit = Duration::from_secs(1);
        let pausing = async {
            until_it_waits(&mut other).await;
            server.pause();
        };
        let asking = join(ask(&store), pausing);
        let asked = tokio::time::timeout(Duration::from_secs(20), asking).await;
        assert_none_is_out(&store);
        server.resume();
        let error = asked.unwrap().0.unwrap_err();
        assert!(
            matches!(&error, sqlx::Error::Io(error) if error.kind() == io::ErrorKind::TimedOut),
            "{error}"
        );
        raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
        store.limit = LIMIT;
        assert_eq!(ask(&store).await.unwrap(), Vec::<String>::new());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_question_that_nobody_waits_for_any_more_takes_its_connection_with_it() {
        let (store, mut other) = blocked(Server::shared()).await;
        tokio::select! {
            answer = ask(&store) => panic!("{answer:?}"),
            () = until_it_waits(&mut other) => {}
        }
        assert_none_is_out(&store);
        raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
        assert_eq!(ask(&store).await.unwrap(), Vec::<String>::new());
    }
}
