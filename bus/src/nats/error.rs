use std::error::Error;
use std::time::Duration;

use eventlog::Causes;

/// Why NATS cannot deliver now. Nothing in it repeats the URL, which may hold credentials.
#[derive(Debug, thiserror::Error)]
pub(super) enum NatsError {
    #[error("the URL of NATS cannot be used: {0}")]
    Url(String),
    #[error("the file that the URL of NATS names in `{parameter}` cannot be used")]
    File {
        parameter: &'static str,
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    #[error("no TLS connection can be made: {0}")]
    Tls(String),
    #[error("the NATS server refuses the credentials: check user, password, token, `creds` or `nkey` of its URL")]
    Refused,
    #[error("nats-server {0} is too old: install 2.9.0 or later")]
    TooOld(String),
    #[error("the NATS server has no JetStream: start it with `-js`, or with `jetstream` in its configuration")]
    NoJetStream,
    #[error("there is no connection to a NATS server")]
    Disconnected,
    #[error("NATS has been silent for {0:?}")]
    Silent(Duration),
    #[error("the connection to NATS was lost")]
    ConnectionLost,
    #[error(
        "the stream `{0}` holds the events of another log; the relay replaces it when nobody publishes it any more"
    )]
    OtherLog(&'static str),
    #[error("somebody else has published meanwhile")]
    Overtaken,
    #[error("the stream was not in the order of the log, and has been made again")]
    Disorder,
    #[error("NATS does not {what}")]
    Request {
        what: &'static str,
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
}

impl NatsError {
    /// For `map_err`: what could not be done, in words that go on after "NATS does not".
    pub(super) fn of<E: Error + Send + Sync + 'static>(what: &'static str) -> impl FnOnce(E) -> Self {
        move |source| Self::Request {
            what,
            source: Box::new(source),
        }
    }

    /// Tells it to whoever reads the log of this process.
    pub(super) fn warn(&self, message: &'static str) {
        tracing::warn!(cause = %Causes(self), "{message}");
    }
}
