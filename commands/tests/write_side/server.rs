use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A provider on this machine. It takes keys that contain `good`, is out of order for keys that contain `outage`, and
/// refuses all others.
pub(crate) struct Server {
    pub(crate) port: u16,
    calls: Arc<AtomicUsize>,
    arrived: Arc<watch::Sender<usize>>,
    open: Arc<watch::Sender<bool>>,
    revoked: Arc<watch::Sender<Option<&'static str>>>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            calls: Arc::default(),
            arrived: Arc::new(watch::Sender::new(0)),
            open: Arc::new(watch::Sender::new(true)),
            revoked: Arc::default(),
        };
        let (calls, arrived, open, revoked) = (
            Arc::clone(&server.calls),
            Arc::clone(&server.arrived),
            Arc::clone(&server.open),
            Arc::clone(&server.revoked),
        );
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (calls, arrived, open) = (Arc::clone(&calls), Arc::clone(&arrived), open.subscribe());
                let revoked = *revoked.borrow();
                tokio::spawn(async move {
                    calls.fetch_add(1, Ordering::SeqCst);
                    answer(socket, &arrived, open, revoked).await;
                });
            }
        });
        server
    }

    /// How often it was called.
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// Lets calls wait from here on, or lets them go.
    pub(crate) fn set_open(&self, open: bool) {
        self.open.send_replace(open);
    }

    /// Refuses this key from here on.
    pub(crate) fn revoke(&self, key: &'static str) {
        self.revoked.send_replace(Some(key));
    }

    /// Waits until so many calls have arrived in all.
    pub(crate) async fn arrived(&self, calls: usize) {
        self.arrived
            .subscribe()
            .wait_for(|arrived| *arrived >= calls)
            .await
            .unwrap();
    }
}

async fn answer(
    mut socket: TcpStream,
    arrived: &watch::Sender<usize>,
    mut open: watch::Receiver<bool>,
    revoked: Option<&str>,
) {
    let mut request = Vec::new();
    while !request.windows(4).any(|window| window == b"\r\n\r\n") {
        let mut chunk = [0; 1024];
        match socket.read(&mut chunk).await {
            Ok(0) | Err(_) => return,
            Ok(length) => request.extend_from_slice(&chunk[..length]),
        }
    }
    arrived.send_modify(|calls| *calls += 1);
    if open.wait_for(|open| *open).await.is_err() {
        return;
    }
    let request = String::from_utf8_lossy(&request).to_ascii_lowercase();
    let key = request
        .lines()
        .find_map(|line| line.strip_prefix("authorization: bearer "))
        .unwrap_or_default();
    let (status, body) = match key {
        key if revoked == Some(key) => ("401 Unauthorized", "{}"),
        key if key.contains("good") => ("200 OK", r#"{"id":"acct-1"}"#),
        key if key.contains("outage") => ("500 Internal Server Error", "{}"),
        _ => ("401 Unauthorized", "{}"),
    };
    let response = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let _ = socket.write_all(response.as_bytes()).await;
    let _ = socket.shutdown().await;
}
