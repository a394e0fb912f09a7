use std::time::Duration;

use postgres_url::PostgresUrl;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::LogError;

/// The schema of the log; the read models and the vault have others, so that all may share a database.
pub(super) const SCHEMA: &str = "soconnective_log";
/// The channel on which the database tells of a commit.
pub(super) const CHANNEL: &str = "soconnective_log";
/// How many connections read.
pub(super) const READERS: u32 = 8;
/// How long a reader waits for a connection, while a server restarts say.
const ACQUIRE: Duration = Duration::from_secs(5);

/// What every session of the log asks of the server.
const SETTINGS: [(&str, &str); 12] = [
    ("search_path", SCHEMA),
    // A writer that stands still or is gone must not hold the head for long: the server lets go of it by itself. Whoever
    // waits for the head waits longer than that.
    ("idle_in_transaction_session_timeout", "5s"),
    ("lock_timeout", "15s"),
    ("statement_timeout", "30s"),
    // The server notices within half a minute that a client's machine is gone.
    ("tcp_keepalives_idle", "10"),
    ("tcp_keepalives_interval", "5"),
    ("tcp_keepalives_count", "3"),
    // The plans of the log are index look-ups, whatever the statistics say of a table that grows all the time; an old
    // plan for a small table must never be used for a large one.
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("plan_cache_mode", "force_generic_plan"),
    ("jit", "off"),
];

/// How to connect to the server of a URL. No error repeats what the URL holds.
pub(super) fn from_url(url: &str) -> Result<PgConnectOptions, LogError> {
    let url = PostgresUrl::parse(url).map_err(|wrong| {
        let what = format!("the URL of the log cannot be used: {wrong}");
        LogError::Unavailable(what.into())
    })?;
    let options = url.options().clone();
    let options = match options.get_application_name() {
        Some(_) => options,
        None => options.application_name("soconnective log"),
    };
    Ok(options.options(SETTINGS))
}

/// The connections that read. They are made when they are needed.
pub(super) fn readers(options: PgConnectOptions) -> PgPool {
    PgPoolOptions::new()
        .max_connections(READERS)
        .acquire_timeout(ACQUIRE)
        // It would cost every read a round trip; a read that meets a dead connection is repeated on another.
        .test_before_acquire(false)
        .connect_lazy_with(options)
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;

    #[test]
    fn a_url_that_cannot_be_used_is_refused_without_being_repeated() {
        let table = [
            ("postgres://role:12/canary@localhost/db", "names no database"),
            ("postgres://role@localhost/db?pasword=canary", "a parameter"),
            ("postgres://role@localhost/db?options[canary]=off", "a parameter"),
            (
                "postgres://role:canary@localhost/db?sslmode=verify-ca",
                "sslmode=verify-full",
            ),
        ];
        for (url, reason) in table {
            let refused = from_url(url).err();
            let source = refused.as_ref().and_then(Error::source).map(ToString::to_string);
            assert!(
                source.as_ref().is_some_and(|text| text.contains(reason)),
                "{url}: {source:?}"
            );
            assert!(!format!("{refused:?}").contains("canary"), "{refused:?}");
        }
    }
}
