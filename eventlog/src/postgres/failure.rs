use std::io;
use std::time::Duration;

/// How long an answer of the server is awaited. Longer than the server's own limits for a statement: it says what went
/// wrong, if it can.
const PATIENCE: Duration = Duration::from_secs(40);

/// Waits for an answer of the server, but not for ever: a machine that is cut off says nothing, not even that it is gone.
pub(super) async fn patiently<T>(answer: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    tokio::time::timeout(PATIENCE, answer).await.unwrap_or_else(|_| {
        let silent = "the server of the log does not answer";
        Err(sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, silent)))
    })
}

/// Whether it is the connection or the server that failed, and not what was asked: another connection may do better.
pub(super) fn is_passing(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| is_passing_code(&code)),
        _ => false,
    }
}

/// By the codes of PostgreSQL's documentation, appendix A.
fn is_passing_code(code: &str) -> bool {
    match code {
        // The server stops, stopped, or starts; it has ended this session, since it stood idle with the head locked.
        "57P01" | "57P02" | "57P03" | "25P03" |
        // It is a standby, for now: the one that was connected to before has failed.
        "25006" |
        // Too many connections; a deadlock.
        "53300" | "40P01" => true,
        // Connection exceptions.
        _ => code.starts_with("08"),
    }
}
