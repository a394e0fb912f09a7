use std::fmt;

use postgres_url::PostgresUrl;
use secrecy::{ExposeSecret, SecretString};

/// The URL of a server, which may hold a password: it is shown without user, password and parameters.
#[derive(Clone)]
pub struct Address {
    url: SecretString,
    shown: String,
}

impl Address {
    /// Takes a URL whose scheme is one of `schemes`, and which names at least one host. Several hosts, separated by commas,
    /// are no URL by the standard, but what NATS and `EventStoreDB` use; the adapter reads the rest.
    ///
    /// # Errors
    /// What is wrong with it, without repeating it.
    pub(super) fn parse(text: &str, schemes: &[&str]) -> Result<Self, String> {
        let form = || format!("it has the form {}://user:password@host:port/…", schemes[0]);
        let (scheme, rest) = text.split_once("://").ok_or_else(form)?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let hosts = authority.rsplit_once('@').map_or(authority, |(_, hosts)| hosts);
        let named = hosts.split(',').all(|host| !host.is_empty() && !host.starts_with(':'));
        let plain = hosts
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-_:,[]".contains(&byte));
        if !schemes.contains(&scheme) || !named || !plain {
            return Err(form());
        }
        let path = path.split(['?', '#']).next().unwrap_or_default();
        Ok(Self {
            url: SecretString::from(text),
            shown: format!("{scheme}://{hosts}{path}"),
        })
    }

    /// Takes the URL of a database on PostgreSQL.
    ///
    /// # Errors
    /// What is wrong with it, without repeating it.
    pub(super) fn postgres(text: &str) -> Result<Self, String> {
        let address = Self::parse(text, &["postgres", "postgresql"])?;
        PostgresUrl::parse(text).map_err(|wrong| wrong.to_string())?;
        Ok(address)
    }

    /// The whole of it, for the adapter that connects.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.url.expose_secret()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_shown_without_what_is_secret() {
        let address = Address::parse(
            "postgres://me:hunter2@db.internal:5433/so?sslkey=hunter3",
            &["postgres"],
        )
        .unwrap();
        assert_eq!(
            format!("{address} {address:?}"),
            "postgres://db.internal:5433/so postgres://db.internal:5433/so"
        );
        assert!(address.expose().contains("hunter2"));
    }

    #[test]
    fn it_may_name_several_hosts() {
        let address = Address::parse("nats://me:hunter2@a:4222,b:4222?creds=x", &["nats"]).unwrap();
        assert_eq!(address.to_string(), "nats://a:4222,b:4222");
        let address = Address::parse("postgres://me:hun@ter2@[::1]:5433/so", &["postgres"]).unwrap();
        assert_eq!(address.to_string(), "postgres://[::1]:5433/so");
    }

    #[test]
    fn a_refusal_does_not_repeat_it() {
        for text in [
            "hunter2",
            "mysql://me:hunter2@db/so",
            "postgres://me:hunter2@:5432/so",
            "postgres:hunter2",
        ] {
            let refusal = Address::parse(text, &["postgres"]).unwrap_err();
            assert!(
                !refusal.contains("hunter2") && refusal.contains("postgres://"),
                "{refusal}"
            );
        }
    }
}
