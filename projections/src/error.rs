use std::io;

use domain::Position;
use eventlog::LogError;
use postgres_url::InvalidPostgresUrl;

use crate::ProjectionName;

/// Why the read side could not be opened, run, rebuilt or verified.
#[derive(Debug, thiserror::Error)]
pub enum ProjectionError {
    /// The URL of the read database is not one. It is not repeated: it may hold a password.
    #[error(
        "the read database is named as sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE; what was given is neither"
    )]
    Url,
    /// The URL of a read database on PostgreSQL cannot be used.
    #[error("the URL of the read database cannot be used: {0}")]
    PostgresUrl(#[from] InvalidPostgresUrl),
    /// Row-level security does not hold for the role.
    #[error(
        "the role `{role}` of the read database is a superuser or has BYPASSRLS, so that row-level security would keep no \
         account from another's rows: give it up with `ALTER ROLE \"{role}\" NOSUPERUSER NOBYPASSRLS`, or make a role that \
         owns the database and is nobody special, `CREATE ROLE soconnective LOGIN PASSWORD '…'`, and use that"
    )]
    PrivilegedRole {
        /// The role.
        role: String,
    },
    /// The read database said no.
    #[error("the read database could not be used")]
    Database(#[from] sqlx::Error),
    /// The file of the read database is damaged, or none.
    #[error(
        "the read database is damaged, or no database at all; it is disposable: stop what serves it, remove read.db, and start again"
    )]
    Damaged(#[source] sqlx::Error),
    /// The read database could not be brought to its current form.
    #[error(
        "the read database could not be brought to its current form; it is disposable: remove read.db, or drop the schema soconnective_read, and start again"
    )]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The log could not be read.
    #[error("the log could not be read")]
    Log(#[from] LogError),
    /// An event that this program cannot read or apply stands in the way.
    #[error("the projection {name} cannot be built past position {position}: {reason}")]
    Poison {
        /// The projection.
        name: ProjectionName,
        /// The event's position.
        position: Position,
        /// Why, without the event's data.
        reason: String,
    },
    /// Somebody else moved the checkpoint: another process works on the same read model.
    #[error("another process took over the projection {0}")]
    Superseded(ProjectionName),
    /// The log no longer holds the event that the projection has come to.
    #[error("the log was set back: the event that the projection {0} has come to is not in it any more")]
    SetBack(ProjectionName),
    /// A row of the read model is not of its form.
    #[error("a row of the projection {0} is not of its form; `soconnective projections rebuild {0}` repairs it")]
    Corrupt(ProjectionName),
    /// The projection does not stand still before this event, or not any more.
    #[error(
        "the projection {name} does not stand still before an event at position {position}; `soconnective projections status` says where it is"
    )]
    NotStopped {
        /// The projection.
        name: ProjectionName,
        /// The position that was named.
        position: Position,
    },
    /// Read models in a SQLite file are not split.
    #[error(
        "a read model in a SQLite file has one writer, so that parts of it would wait for each other; read models are split in PostgreSQL, where several nodes share the work: see docs/operating.md for how to move there"
    )]
    OneWriter,
    /// This read model is not split.
    #[error(
        "the read model {0} is not split: it is small, or changes seldom; integrations, ai_config and history can be"
    )]
    Undivided(ProjectionName),
    /// There is no live model to compare with.
    #[error("the projection {0} has not been built yet")]
    NotBuilt(ProjectionName),
    /// A read model did not get as far as it was asked to.
    #[error(transparent)]
    Behind(#[from] Behind),
    /// A task of the read side ended before its time.
    #[error("a task of the read side ended before its time")]
    Interrupted,
}

/// Why a query has no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The read model is being built for the first time. It will be there soon: ask again.
    #[error("the read model {0} is being built; ask again in a moment")]
    NotReady(ProjectionName),
    /// The read database said no.
    #[error("the read model could not be read")]
    Database(#[source] sqlx::Error),
    /// The read database did not answer in time.
    #[error(
        "the read database did not answer in time: it stands still, cannot be reached, or has too much to do; ask again in a moment"
    )]
    Unanswered(#[source] sqlx::Error),
    /// The log could not be read for an answer about the past.
    #[error("the log could not be read")]
    Log(#[source] LogError),
    /// A row of the read model is not of its form: rebuild the projection.
    #[error("a row of the read model {0} is not of its form; `soconnective projections rebuild {0}` repairs it")]
    Corrupt(ProjectionName),
    /// The cursor is not one that an earlier answer gave.
    #[error("the cursor is not one that an earlier answer gave")]
    InvalidCursor,
}

impl QueryError {
    /// What a failure of the read database means to whoever asked.
    pub(crate) fn database(error: sqlx::Error) -> Self {
        let late = match &error {
            sqlx::Error::PoolTimedOut => true,
            sqlx::Error::Io(error) => error.kind() == io::ErrorKind::TimedOut,
            _ => false,
        };
        if late {
            Self::Unanswered(error)
        } else {
            Self::Database(error)
        }
    }
}

/// A read model is not as far as it was asked to be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the read model {name} is at position {applied}, before {wanted}{}", if *.stopped { ", and has stopped" } else { "" })]
pub struct Behind {
    /// The first of those that were waited for.
    pub name: ProjectionName,
    /// Up to where it has applied the log.
    pub applied: Position,
    /// Up to where it was asked to be.
    pub wanted: Position,
    /// Whether it has stopped at an event, so that waiting is of no use.
    pub stopped: bool,
}
