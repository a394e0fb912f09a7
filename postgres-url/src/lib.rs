//! How a database on PostgreSQL is named. The log, the vault and the read models may each be in one, and all of them take the
//! same URLs, so that what one store refuses does not make another panic, or go unencrypted.

use std::fmt;
use std::str::FromStr;

use sqlx::postgres::{PgConnectOptions, PgSslMode};

/// The parameters that are understood. Any other one is refused, since the driver would pass over it, and write its value,
/// which may be a misspelt password, to the log of the program. `options` is not among them: what a session is set to, such as
/// whose rows it sees, is decided by the store.
const PARAMETERS: [&str; 17] = [
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
];

/// How a database is reached: `postgres://user:password@host:port/database`, with the parameters of libpq that say where it is
/// and that concern TLS, such as `?sslmode=verify-full` (PostgreSQL documentation, "Connection URIs"). Nothing shows the
/// password.
#[derive(Clone)]
pub struct PostgresUrl(Box<PgConnectOptions>);

/// Why a URL names no database that can be used. It is not repeated: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidPostgresUrl(&'static str);

impl InvalidPostgresUrl {
    /// What is wrong, and what to write instead.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        self.0
    }
}

impl PostgresUrl {
    /// Reads a URL.
    ///
    /// # Errors
    /// [`InvalidPostgresUrl`] when it is of another form, has a parameter that is not known, names no database, or asks for
    /// `sslmode=verify-ca`.
    pub fn parse(url: &str) -> Result<Self, InvalidPostgresUrl> {
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(InvalidPostgresUrl("it does not begin with postgres://"));
        }
        if !parameters(url).all(|name| PARAMETERS.contains(&name)) {
            return Err(InvalidPostgresUrl(
                "it has a parameter that is not supported: sslmode, sslrootcert, sslcert, sslkey, host, hostaddr, port, dbname, \
                 user, password, application_name and statement-cache-capacity are",
            ));
        }
        // What the driver says of a URL may repeat a part of it.
        let options = PgConnectOptions::from_str(url).map_err(|_| {
            InvalidPostgresUrl(
                "it is not of the form postgres://user:password@host:port/database; characters such as @ : / ? # % in a \
                 password are written as %40 %3A %2F %3F %23 %25",
            )
        })?;
        // What stands behind a `/` that a password holds is taken for the name of the database, and servers repeat that.
        if options.get_database().is_none_or(|name| name.contains('@')) {
            return Err(InvalidPostgresUrl(
                "it names no database; characters such as @ : / ? # in a password are written as %40 %3A %2F %3F %23",
            ));
        }
        // Its verifier looks for a process-wide provider of rustls, which there is none of, and panics.
        if matches!(options.get_ssl_mode(), PgSslMode::VerifyCa) {
            return Err(InvalidPostgresUrl(
                "sslmode=verify-ca is not supported: write sslmode=verify-full, and a host that the server's certificate names",
            ));
        }
        Ok(Self(Box::new(options)))
    }

    /// How to connect.
    #[must_use]
    pub fn options(&self) -> &PgConnectOptions {
        &self.0
    }

    /// Whether both lead to one database, as far as the URLs tell.
    #[must_use]
    pub fn same_database(&self, other: &Self) -> bool {
        let parts = |url: &Self| {
            let options = &url.0;
            let database = options.get_database().map(str::to_owned);
            (options.get_host().to_owned(), options.get_port(), database)
        };
        parts(self) == parts(other)
    }
}

/// The names of the parameters, as they are written.
fn parameters(url: &str) -> impl Iterator<Item = &str> {
    let without_fragment = url.split_once('#').map_or(url, |(before, _)| before);
    let parameters = without_fragment.split_once('?').map_or("", |(_, all)| all);
    let parameters = parameters.split('&').filter(|parameter| !parameter.is_empty());
    parameters.map(|parameter| parameter.split_once('=').map_or(parameter, |(name, _)| name))
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (user, host) = (self.0.get_username(), self.0.get_host());
        let database = self.0.get_database().unwrap_or_default();
        write!(out, "postgres://{user}:…@{host}:{}/{database}", self.0.get_port())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_that_cannot_be_used_is_refused_without_being_repeated() {
        for (url, reason) in [
            ("canary", "begin with postgres://"),
            ("mysql://role:canary@localhost/db", "begin with postgres://"),
            ("postgres://role:canary@localhost", "names no database"),
            ("postgres://role:12/canary@localhost/db", "names no database"),
            ("postgres://role:canary/1@localhost/db", "of the form"),
            ("postgres://role:canary@localhost:port/db", "of the form"),
            ("postgres://role@localhost:canary/db", "of the form"),
            ("postgres://role@localhost/db?sslmode=canary", "of the form"),
            ("postgres://role@localhost/db?port=canary", "of the form"),
            ("postgres://role@localhost/db?pasword=canary", "a parameter"),
            ("postgres://role@localhost/db?options=-ccanary", "a parameter"),
            ("postgres://role@localhost/db?options[canary]=*", "a parameter"),
            (
                "postgres://role@localhost/db?sslmode=require&ssl%6Dode=canary",
                "a parameter",
            ),
            (
                "postgres://role:canary@localhost/db?sslmode=verify-ca",
                "sslmode=verify-full",
            ),
            (
                "postgres://role:canary@localhost/db?ssl-mode=verify-ca",
                "sslmode=verify-full",
            ),
        ] {
            let refused = PostgresUrl::parse(url).map(drop).unwrap_err();
            assert!(refused.reason().contains(reason), "{url}: {refused}");
            assert!(!format!("{refused} {refused:?}").contains("canary"), "{refused:?}");
        }
    }

    #[test]
    fn a_url_of_any_known_form_is_taken_and_shown_without_its_password() {
        for url in [
            "postgres://user:p%40canary@host/db",
            "postgresql://user@host:6432/db?sslmode=verify-full&sslrootcert=/etc/ca.pem",
            "postgres://user@host/db?password=canary&sslmode=require&statement-cache-capacity=0",
            "postgres:///db?host=/run/postgresql&user=user",
            "postgres://host/?dbname=db&user=user#canary",
        ] {
            let shown = format!("{:?}", PostgresUrl::parse(url).unwrap());
            assert!(shown.contains("user") && !shown.contains("canary"), "{shown}");
        }
    }

    #[test]
    fn one_database_is_told_from_another() {
        let of = |url| PostgresUrl::parse(url).unwrap();
        let one = of("postgres://a:b@host/db");
        assert!(one.same_database(&of("postgres://c:d@host:5432/db?sslmode=require")));
        for other in [
            "postgres://a:b@host/other",
            "postgres://a:b@host:6432/db",
            "postgres://a:b@elsewhere/db",
        ] {
            assert!(!one.same_database(&of(other)), "{other}");
        }
    }
}
