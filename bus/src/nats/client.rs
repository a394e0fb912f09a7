use std::sync::Arc;
use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream::context::ContextBuilder;
use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event};
use eventlog::{Causes, certificate_advice};
use tokio::sync::watch;

use super::Context;
use super::error::NatsError;
use super::tls;
use super::url::{Login, NatsUrl};

/// The oldest server that does all that is asked of it.
const OLDEST: (u64, u64) = (2, 9);
/// The first server that can write to the disk before it acknowledges.
const SYNCS: (u64, u64) = (2, 10);
/// How long an answer may take. Whoever waits for more looks at the log meanwhile.
pub(super) const ANSWER: Duration = Duration::from_secs(2);
/// How often a quiet connection is tried; it is given up after two tries without an answer.
const PING: Duration = Duration::from_secs(5);
/// The longest wait before another try to connect.
const MAX_PAUSE: Duration = Duration::from_secs(1);
/// How many publications may be under way.
const IN_FLIGHT: usize = 4096;

/// The connection to NATS, which is made again by itself for as long as this lives.
pub(super) struct Connection {
    client: Client,
    context: Context,
    disconnections: watch::Receiver<u64>,
}

impl Connection {
    /// Connects. When no server answers, it goes on trying in the background; what will not get better is an error.
    pub(super) async fn open(url: &NatsUrl) -> Result<Self, NatsError> {
        let (lost, disconnections) = watch::channel(0);
        let lost = Arc::new(lost);
        let client = match options(url, &lost).await?.connect(url.servers.as_slice()).await {
            Ok(client) => client,
            Err(error) => match error.kind() {
                ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => {
                    return Err(NatsError::Refused);
                }
                ConnectErrorKind::ServerParse | ConnectErrorKind::Tls => {
                    return Err(NatsError::Tls(Causes(&error).to_string()));
                }
                kind => {
                    if let Some(advice) = certificate_advice(&error, "ca") {
                        return Err(NatsError::Tls(advice));
                    }
                    tracing::warn!(reason = %kind, "no NATS server answers; events are read from the log until one does");
                    let options = options(url, &lost).await?.retry_on_initial_connect();
                    let connecting = options.connect(url.servers.as_slice()).await;
                    connecting.map_err(NatsError::of("take a connection"))?
                }
            },
        };
        let context = ContextBuilder::new()
            .timeout(ANSWER)
            .ack_timeout(ANSWER)
            .max_ack_inflight(IN_FLIGHT)
            .build(client.clone());
        Ok(Self {
            client,
            context: Arc::new(context),
            disconnections,
        })
    }

    pub(super) fn context(&self) -> Context {
        Arc::clone(&self.context)
    }

    pub(super) const fn client(&self) -> &Client {
        &self.client
    }

    /// Changes whenever the connection is lost.
    pub(super) fn disconnections(&self) -> watch::Receiver<u64> {
        let mut receiver = self.disconnections.clone();
        receiver.mark_unchanged();
        receiver
    }

    /// How large a message with its headers may be.
    pub(super) fn max_payload(&self) -> usize {
        self.client.max_payload()
    }

    /// An error while there is no connection, so that nobody waits for an answer that cannot come.
    pub(super) fn is_up(&self) -> Result<(), NatsError> {
        match self.client.connection_state() {
            State::Connected => self.check().map(drop),
            State::Pending | State::Disconnected => Err(NatsError::Disconnected),
        }
    }

    /// Whether there is a server; an error if it will not do.
    pub(super) fn check(&self) -> Result<bool, NatsError> {
        let Some(info) = self.client.try_server_info() else {
            return Ok(false);
        };
        match version(&info.version) {
            Some(version) if version < OLDEST => Err(NatsError::TooOld(info.version)),
            _ if !info.jetstream => Err(NatsError::NoJetStream),
            _ => Ok(true),
        }
    }

    /// Says what an operator should know about this server's durability. The protocol tells nobody whether
    /// `sync_interval: always` is set, but an older server does not even have it.
    pub(super) fn tell_durability(&self) {
        let Some(info) = self.client.try_server_info() else {
            return;
        };
        match version(&info.version) {
            Some(version) if version < SYNCS => tracing::warn!(
                version = info.version,
                "this nats-server acknowledges before it writes to the disk, and has no `sync_interval: always`: after a \
                 power failure the newest messages may be gone, and come from the log instead"
            ),
            _ => tracing::info!(
                version = info.version,
                "connected to NATS; `sync_interval: always` in its configuration keeps every message through a power failure"
            ),
        }
    }
}

async fn options(url: &NatsUrl, lost: &Arc<watch::Sender<u64>>) -> Result<ConnectOptions, NatsError> {
    let lost = Arc::clone(lost);
    let options = ConnectOptions::new()
        .name("soconnective")
        .tls_client_config(tls::config(url.ca.as_deref())?)
        .require_tls(url.tls)
        .request_timeout(Some(ANSWER))
        .ping_interval(PING)
        .reconnect_delay_callback(|attempts| match attempts {
            0 | 1 => Duration::ZERO,
            2..8 => Duration::from_millis(10) * (1 << (attempts - 2)),
            _ => MAX_PAUSE,
        })
        .event_callback(move |event| {
            if event == Event::Disconnected {
                lost.send_modify(|count| *count += 1);
            }
            std::future::ready(())
        });
    Ok(match &url.login {
        Login::Nobody => options,
        Login::User { name, password } => options.user_and_password(name.clone(), password.clone()),
        Login::Token(token) => options.token(token.clone()),
        Login::Nkey(path) => {
            let seed = tokio::fs::read_to_string(path).await;
            let seed = seed.map_err(|error| NatsError::File {
                parameter: "nkey",
                source: error.kind().to_string().into(),
            })?;
            options.nkey(seed.trim().to_owned())
        }
        Login::File(path) => {
            let with_file = options.credentials_file(path).await;
            with_file.map_err(|error| NatsError::File {
                parameter: "creds",
                // Its kind alone: what it says of the content may repeat it.
                source: error.kind().to_string().into(),
            })?
        }
    })
}

/// The first two numbers of a version such as `2.10.4-beta.1`.
fn version(text: &str) -> Option<(u64, u64)> {
    let mut parts = text.trim_start_matches('v').split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(version("2.8.4").unwrap() < OLDEST);
        assert!(version("2.9.0").unwrap() >= OLDEST);
        assert!(version("2.10.4-beta.1").unwrap() >= SYNCS);
        assert!(version("v3.0.0").unwrap() >= SYNCS);
        assert_eq!(version("unknown"), None);
    }
}
