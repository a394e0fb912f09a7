use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Result, bail};

use super::Address;

/// Where the log is.
#[derive(Debug, Clone)]
pub enum LogPlace {
    /// In a file; without a path, in the data folder.
    Sqlite(Option<PathBuf>),
    /// In PostgreSQL.
    Postgres(Address),
    /// In `EventStoreDB`.
    EventStoreDb(Address),
}

/// How events get from the log to the read models.
#[derive(Debug, Clone)]
pub enum BusPlace {
    /// Within the process.
    Local,
    /// Over NATS `JetStream`.
    Nats(Address),
}

/// Where the vault and the read models are.
#[derive(Debug, Clone)]
pub enum DbPlace {
    /// In files of the data folder.
    Sqlite,
    /// In PostgreSQL.
    Postgres(Address),
}

impl FromStr for LogPlace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("sqlite", "")) => Ok(Self::Sqlite(None)),
            Some(("sqlite", path)) => Ok(Self::Sqlite(Some(path.strip_prefix("//").unwrap_or(path).into()))),
            Some(("postgres" | "postgresql", _)) => Address::postgres(text).map(Self::Postgres),
            Some((scheme, _)) if scheme.starts_with("esdb") || scheme.starts_with("kurrentdb") => {
                Address::parse(text, &["esdb", "esdb+discover"]).map(Self::EventStoreDb)
            }
            _ => Err("name a log by sqlite:, postgres://… or esdb://…".to_owned()),
        }
    }
}

impl FromStr for BusPlace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "local" => Ok(Self::Local),
            Some(("nats" | "tls", _)) => Address::parse(text, &["nats", "tls"]).map(Self::Nats),
            _ => Err("name a bus by local or nats://…".to_owned()),
        }
    }
}

impl FromStr for DbPlace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("sqlite", "")) => Ok(Self::Sqlite),
            Some(("sqlite", _)) => Err("the files lie in the data folder: give sqlite: alone, and --data".to_owned()),
            Some(("postgres" | "postgresql", _)) => Address::postgres(text).map(Self::Postgres),
            _ => Err("name a database by sqlite: or postgres://…".to_owned()),
        }
    }
}

/// A combination that makes sense.
#[derive(Debug, Clone)]
pub struct Stores {
    /// The log.
    pub log: LogPlace,
    /// The bus.
    pub bus: BusPlace,
    /// The vault and the read models.
    pub db: DbPlace,
    /// Another database for the vault's keys, so that they are guarded and backed up apart from what they open.
    pub(super) keystore: Option<Address>,
}

impl Stores {
    /// Everything in the data folder, and no other process.
    #[must_use]
    pub const fn embedded() -> Self {
        Self {
            log: LogPlace::Sqlite(None),
            bus: BusPlace::Local,
            db: DbPlace::Sqlite,
            keystore: None,
        }
    }

    /// Puts three places together.
    ///
    /// # Errors
    /// When log and database are not both of one machine or both shared, with what to change.
    pub fn new(log: LogPlace, bus: BusPlace, db: DbPlace, keystore: Option<DbPlace>) -> Result<Self> {
        match (&log, &db) {
            (LogPlace::Sqlite(_), DbPlace::Sqlite)
            | (LogPlace::Postgres(_) | LogPlace::EventStoreDb(_), DbPlace::Postgres(_)) => {}
            (LogPlace::Sqlite(_), DbPlace::Postgres(_)) => bail!(
                "the vault and the read models would be shared, but the log is a file of this machine, so that another \
                 node could not know what they belong to: give --log postgres://… or esdb://… too (`soconnective log \
                 copy` moves the events), or leave --db out"
            ),
            (_, DbPlace::Sqlite) => bail!(
                "the log is shared, but the keys would lie in files of this machine, so that no other node could open \
                 them: give --db postgres://… too, or leave --log out"
            ),
        }
        let keystore = match (&db, keystore) {
            (_, None) => None,
            (DbPlace::Postgres(_), Some(DbPlace::Postgres(address))) => Some(address),
            _ => bail!("--keystore names another PostgreSQL database for the vault's keys: give --db postgres://… too"),
        };
        Ok(Self { log, bus, db, keystore })
    }

    /// Whether several nodes can use it at the same time.
    #[must_use]
    pub const fn are_shared(&self) -> bool {
        matches!(self.db, DbPlace::Postgres(_))
    }
}

impl fmt::Display for LogPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(None) => f.write_str("sqlite, in the data folder"),
            Self::Sqlite(Some(path)) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(address) | Self::EventStoreDb(address) => address.fmt(f),
        }
    }
}

impl fmt::Display for BusPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("local, within the process"),
            Self::Nats(address) => address.fmt(f),
        }
    }
}

impl fmt::Display for DbPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite => f.write_str("sqlite, in the data folder"),
            Self::Postgres(address) => address.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stores(log: &str, bus: &str, db: &str) -> Result<Stores> {
        Stores::new(log.parse().unwrap(), bus.parse().unwrap(), db.parse().unwrap(), None)
    }

    #[test]
    fn places_are_told_by_their_urls() {
        assert!(matches!("sqlite:".parse(), Ok(LogPlace::Sqlite(None))));
        assert!(
            matches!("sqlite:data/log.db".parse(), Ok(LogPlace::Sqlite(Some(path))) if path.ends_with("data/log.db"))
        );
        assert!(matches!("postgres://a@b/c".parse(), Ok(LogPlace::Postgres(_))));
        assert!(matches!(
            "esdb+discover://a:b@c:2113?tls=true".parse(),
            Ok(LogPlace::EventStoreDb(_))
        ));
        assert!(matches!("local".parse(), Ok(BusPlace::Local)));
        assert!(matches!("nats://a:4222".parse(), Ok(BusPlace::Nats(_))));
        for wrong in [
            "",
            "mysql://a/b",
            "data/log.db",
            "postgres",
            "postgres://a/b?sslmode=verify-ca",
            "postgres://a/b?pasword=c",
            "postgres://a/b?options=-cd",
            "postgres://a",
        ] {
            assert!(
                wrong.parse::<LogPlace>().is_err() && wrong.parse::<DbPlace>().is_err(),
                "{wrong}"
            );
        }
    }

    #[test]
    fn what_one_node_has_is_not_mixed_with_what_all_share() {
        stores("sqlite:", "local", "sqlite:").unwrap();
        stores("sqlite:", "nats://n", "sqlite:").unwrap();
        stores("postgres://a/b", "local", "postgres://a/b").unwrap();
        stores("esdb://a:2113", "nats://n", "postgres://a/b").unwrap();
        let refused = stores("esdb://a:2113", "nats://n", "sqlite:").unwrap_err().to_string();
        assert!(refused.contains("--db postgres://"), "{refused}");
        let refused = stores("sqlite:", "local", "postgres://a/b").unwrap_err().to_string();
        assert!(refused.contains("--log postgres://"), "{refused}");
    }
}
