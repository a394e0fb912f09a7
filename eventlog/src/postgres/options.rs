use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};

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

/// The parameters of a URL that are understood. Any other one is refused, since sqlx would pass over it, and write its
/// value, which may be a misspelt password, to the log of the program.
const PARAMETERS: [&str; 18] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
];

/// How to connect to the server of a URL. No error repeats what the URL holds.
pub(super) fn from_url(url: &str) -> Result<PgConnectOptions, LogError> {
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(wrong("it does not begin with postgres://"));
    }
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let known = |key: &str| PARAMETERS.contains(&key) || key.starts_with("options[");
    if !query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .all(|pair| known(pair.split('=').next().unwrap_or_default()))
    {
        return Err(wrong(
            "it has a parameter that PostgreSQL does not know, or is not supported",
        ));
    }
    let options: PgConnectOptions = url
        .parse()
        .map_err(|_| wrong("it is not of the form postgres://user:password@host:port/database"))?;
    // What stands behind a `/` that a password holds is taken for the name of the database, and servers repeat that.
    if options.get_database().is_none_or(|name| name.contains('@')) {
        return Err(wrong(
            "it names no database; characters such as @ : / ? # in a password are written as %40 %3A %2F %3F %23",
        ));
    }
    // Its verifier looks for a process-wide provider of rustls, which there is none of, and panics.
    if matches!(options.get_ssl_mode(), PgSslMode::VerifyCa) {
        return Err(wrong(
            "sslmode=verify-ca is not supported: write sslmode=verify-full, and a host that the server's certificate names",
        ));
    }
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

fn wrong(what: &str) -> LogError {
    LogError::Unavailable(format!("the URL of the log cannot be used: {what}").into())
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;

    #[test]
    fn a_url_that_cannot_be_used_is_refused_without_being_repeated() {
        let table = [
            ("mysql://role:canary@localhost/db", "begin with postgres://"),
            ("postgres://role:canary@localhost", "names no database"),
            ("postgres://role:12/canary@localhost/db", "names no database"),
            ("postgres://role:canary/1@localhost/db", "of the form"),
            ("postgres://role@localhost/db?pasword=canary", "a parameter"),
            ("postgres://role@localhost:canary/db", "of the form"),
            ("postgres://role@localhost/db?sslmode=canary", "of the form"),
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

    #[test]
    fn a_url_of_any_known_form_is_taken() {
        for url in [
            "postgres://role:p%40ss@localhost/db",
            "postgresql://role@db.example:6432/db?sslmode=verify-full&sslrootcert=/etc/ca.pem",
            "postgres:///db?host=/run/postgresql&user=role&options[geqo]=off",
        ] {
            assert!(from_url(url).is_ok(), "{url}");
        }
    }
}
