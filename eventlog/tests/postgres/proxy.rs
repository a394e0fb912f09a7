use std::io;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What a proxy does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// It passes everything on.
    Pass,
    /// It keeps each `COMMIT`, until the mode is another one.
    HoldCommit,
    /// It passes each `COMMIT` on, and keeps the answer until the mode is another one; then it cuts the connection.
    HoldReply,
    /// It cuts each connection.
    Refuse,
}

/// Stands between a log and its server, and knows when a transaction is committed: from the outside, a network that fails
/// at the worst moment. (PostgreSQL documentation, "Frontend/Backend Protocol".)
pub(crate) struct Proxy {
    port: u16,
    mode: watch::Sender<Mode>,
    held: watch::Sender<usize>,
    /// How many connections there are.
    open: watch::Sender<usize>,
}

impl Proxy {
    /// A proxy of the server at this port of 127.0.0.1.
    pub(crate) async fn start(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Self {
            port: listener.local_addr().unwrap().port(),
            mode: watch::Sender::new(Mode::Pass),
            held: watch::Sender::new(0),
            open: watch::Sender::new(0),
        };
        let (mode, held, open) = (proxy.mode.clone(), proxy.held.clone(), proxy.open.clone());
        tokio::spawn(async move {
            loop {
                let Ok((client, _)) = listener.accept().await else {
                    return;
                };
                let (mode, held, open) = (mode.subscribe(), held.clone(), open.clone());
                open.send_modify(|open| *open += 1);
                tokio::spawn(async move {
                    let mut refused = mode.clone();
                    tokio::select! {
                        biased;
                        _ = refused.wait_for(|mode| *mode == Mode::Refuse) => {}
                        _ = connection(client, server, mode, held) => {}
                    }
                    open.send_modify(|open| *open -= 1);
                });
            }
        });
        proxy
    }

    /// A URL of the server, as one of this proxy.
    pub(crate) fn url(&self, direct: &str) -> String {
        let (who, rest) = direct.split_once("@127.0.0.1:").unwrap();
        let (_, database) = rest.split_once('/').unwrap();
        // Without a try for TLS, whose first message has another form.
        format!("{who}@127.0.0.1:{}/{database}?sslmode=disable", self.port)
    }

    pub(crate) fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }

    /// Refuses connections, and waits until there is none.
    pub(crate) async fn refuse(&self) {
        self.set(Mode::Refuse);
        self.open.subscribe().wait_for(|open| *open == 0).await.unwrap();
    }

    /// Waits until this many commits have been held up.
    pub(crate) async fn has_held(&self, count: usize) {
        let mut held = self.held.subscribe();
        let waiting = held.wait_for(|held| *held >= count);
        tokio::time::timeout(super::support::PATIENCE, waiting)
            .await
            .unwrap()
            .unwrap();
    }
}

/// Passes on what a client says, message by message, until it ends or the proxy cuts it.
async fn connection(
    client: TcpStream,
    server: u16,
    mut mode: watch::Receiver<Mode>,
    held: watch::Sender<usize>,
) -> io::Result<()> {
    let server = TcpStream::connect(("127.0.0.1", server)).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut from_client, to_client) = client.into_split();
    let (from_server, mut to_server) = server.into_split();
    let mute = Arc::new(watch::Sender::new(false));
    let (answered, mut answer) = watch::channel(false);
    let answers = tokio::spawn(pass_answers(from_server, to_client, mute.subscribe(), answered));
    // Whichever end is cut, the other one sees it.
    let _ends_with_the_connection = AbortOnDrop(answers.abort_handle());
    // The first message has no type.
    let mut message = read_message(&mut from_client, 0).await?;
    loop {
        let is_commit = message.starts_with(b"Q") && message[5..].starts_with(b"COMMIT");
        let wanted = *mode.borrow_and_update();
        if is_commit && wanted == Mode::HoldCommit {
            held.send_modify(|held| *held += 1);
            let goes_on = mode.wait_for(|mode| *mode != Mode::HoldCommit).await;
            if goes_on.is_ok_and(|mode| *mode == Mode::Refuse) {
                return Ok(());
            }
        }
        mute.send_replace(is_commit && wanted == Mode::HoldReply);
        to_server.write_all(&message).await?;
        if is_commit && wanted == Mode::HoldReply {
            let _ = answer.wait_for(|answered| *answered).await;
            held.send_modify(|held| *held += 1);
            let _ = mode.wait_for(|mode| *mode != Mode::HoldReply).await;
            return Ok(());
        }
        message = tokio::select! {
            message = read_message(&mut from_client, 1) => message?,
            // The server is gone.
            _ = answer.changed() => return Ok(()),
        };
    }
}

struct AbortOnDrop(tokio::task::AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Passes on what the server says; while it is muted, it only says that there was an answer.
async fn pass_answers(
    mut from_server: OwnedReadHalf,
    mut to_client: OwnedWriteHalf,
    mute: watch::Receiver<bool>,
    answered: watch::Sender<bool>,
) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let length = from_server.read(&mut buffer).await?;
        if length == 0 {
            return Ok(());
        }
        if *mute.borrow() {
            answered.send_replace(true);
        } else {
            to_client.write_all(&buffer[..length]).await?;
        }
    }
}

/// A message: a type of `kind` bytes, four bytes that are its length with themselves, and the rest.
async fn read_message(from: &mut OwnedReadHalf, kind: usize) -> io::Result<Vec<u8>> {
    let mut message = vec![0; kind + 4];
    from.read_exact(&mut message).await?;
    let length = u32::from_be_bytes([message[kind], message[kind + 1], message[kind + 2], message[kind + 3]]);
    message.resize(kind + length as usize, 0);
    from.read_exact(&mut message[kind + 4..]).await?;
    Ok(message)
}
