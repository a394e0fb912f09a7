use std::fmt;
use std::str::FromStr;

use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use crate::VaultError;

/// The parameters of a URL that are understood. Others are refused here: the driver would write an unknown one into the
/// log, value and all, and a mistyped `password` must not get there.
const KNOWN: [&str; 16] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
];

/// How a database on PostgreSQL is reached: `postgres://user:password@host:port/database`, with the parameters of libpq
/// that concern TLS, such as `?sslmode=verify-full`. Nothing shows the password.
#[derive(Clone)]
pub struct PostgresUrl(Box<PgConnectOptions>);

impl PostgresUrl {
    /// Reads a URL.
    ///
    /// # Errors
    /// [`VaultError::Url`], which does not repeat it.
    pub fn parse(url: &str) -> Result<Self, VaultError> {
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(VaultError::Url("it does not begin with postgres://"));
        }
        let without_fragment = url.split_once('#').map_or(url, |(before, _)| before);
        let parameters = without_fragment
            .split_once('?')
            .map_or("", |(_, parameters)| parameters);
        let name_of = |parameter: &str| parameter.split_once('=').map_or(parameter, |(name, _)| name).to_owned();
        let mut names = parameters
            .split('&')
            .filter(|parameter| !parameter.is_empty())
            .map(name_of);
        if names.any(|name| !KNOWN.contains(&name.as_str())) {
            return Err(VaultError::Url(
                "it has a parameter that is not known: sslmode, sslrootcert, sslcert, sslkey, host, hostaddr, port, \
                 dbname, user, password and application_name are",
            ));
        }
        // What the driver says of a URL may repeat a part of it.
        let options = PgConnectOptions::from_str(url).map_err(|_| {
            VaultError::Url(
                "it cannot be read: write postgres://user:password@host:port/database, with % and two hexadecimal \
                 digits for every sign in the password that has a meaning in URLs",
            )
        })?;
        // Its verifier looks for a process-wide provider of rustls, which there is none of, and panics.
        if matches!(options.get_ssl_mode(), PgSslMode::VerifyCa) {
            return Err(VaultError::Url(
                "sslmode=verify-ca is not supported: write sslmode=verify-full, and a host that the server's certificate \
                 names",
            ));
        }
        Ok(Self(Box::new(options.disable_statement_logging())))
    }

    /// Whether both lead to one database, as far as the URLs tell.
    pub(crate) fn same_database(&self, other: &Self) -> bool {
        let parts = |url: &Self| {
            let options = &url.0;
            let database = options.get_database().unwrap_or(options.get_username());
            (options.get_host().to_owned(), options.get_port(), database.to_owned())
        };
        parts(self) == parts(other)
    }

    pub(super) fn options(&self) -> &PgConnectOptions {
        &self.0
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (user, host) = (self.0.get_username(), self.0.get_host());
        let database = self.0.get_database().unwrap_or(user);
        write!(out, "postgres://{user}:…@{host}:{}/{database}", self.0.get_port())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_message_and_no_debug_form_repeats_a_password() {
        for url in [
            "postgres://user:hunter2@host:5432/db",
            "postgres://user@host/db?password=hunter2&sslmode=require",
        ] {
            let shown = format!("{:?}", PostgresUrl::parse(url).unwrap());
            assert!(shown.contains("user") && !shown.contains("hunter2"), "{shown}");
        }
        for url in [
            "postgres://user:hunter2@host:port/db",
            "postgres://user:hunter2/@host/db",
            "postgres://user@host/db?pasword=hunter2",
            "postgres://user@host/db?sslmode=hunter2",
            "postgres://user:hunter2@host/db?sslmode=verify-ca",
            "postgres://user@host/db?port=hunter2",
            "postgres://user@host/db?options=-chunter2",
            "mysql://user:hunter2@host/db",
            "hunter2",
        ] {
            let error = PostgresUrl::parse(url).map(drop).unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }
}
