use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use futures::stream;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tonic::transport::Server;

use crate::connection::{Connection, Cut, Transport};
use crate::faults::Faults;
use crate::features::About;
use crate::protocol::event_store::client::gossip::gossip_server::GossipServer;
use crate::protocol::event_store::client::server_features::server_features_server::ServerFeaturesServer;
use crate::protocol::event_store::client::streams::streams_server::StreamsServer;
use crate::store::Store;
use crate::streams::Service;
use crate::tls::Tls;

/// The largest message that the server takes: 16 MiB.
const MAX_MESSAGE: usize = 16 * 1024 * 1024;

/// How a double is set up.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whether it speaks TLS, with a certificate of its own.
    pub tls: bool,
    /// User and password that every caller must give.
    pub login: Option<(String, String)>,
    /// The most bytes that one append may hold: the server's `MaxAppendSize`.
    pub max_append: usize,
}

impl Default for Options {
    /// As a fresh server, without TLS and users; but it takes appends of 8 MiB, as the product wants it.
    fn default() -> Self {
        Self {
            tls: false,
            login: None,
            max_append: 8 * 1024 * 1024,
        }
    }
}

/// A running server. What it stores lives as long as this value, through any number of restarts.
pub struct Double {
    address: SocketAddr,
    service: Service,
    tls: Option<Arc<Tls>>,
    connections: Arc<Mutex<Vec<Cut>>>,
    server: Option<JoinHandle<()>>,
}

impl Double {
    /// Starts one on a free local port.
    ///
    /// # Errors
    /// When no port can be had or no certificate made.
    pub async fn start(options: Options) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no free port")?;
        let mut double = Self {
            address: listener.local_addr()?,
            service: Service {
                store: Arc::new(Store::new(options.max_append)),
                faults: Arc::default(),
                login: options.login.map(|(user, password)| format!("{user}:{password}")),
            },
            tls: options.tls.then(Tls::new).transpose()?.map(Arc::new),
            connections: Arc::default(),
            server: None,
        };
        double.serve(listener);
        Ok(double)
    }

    /// Its host and port.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// How a client without credentials reaches it. Discovery is quick, as nothing needs to be waited for here.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_for("")
    }

    /// The same for a user: `login` is `user:password@`, encoded as a URL wants it.
    #[must_use]
    pub fn url_for(&self, login: &str) -> String {
        let authority = self.tls.as_ref().map(|tls| tls.authority.path().display());
        let tls = authority.map_or_else(|| "tls=false".to_owned(), |path| format!("tls=true&tlsCaFile={path}"));
        format!("esdb://{login}{}?{tls}&discoveryInterval=5", self.address)
    }

    /// What it stores.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.service.store
    }

    /// What goes wrong.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.service.faults
    }

    /// Cuts all connections and takes no new ones.
    pub async fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            server.abort();
            // It ends as cancelled.
            let _ = server.await;
        }
        self.cut();
    }

    /// Starts again, at the same address and with all that is stored.
    ///
    /// # Errors
    /// When somebody else has taken the port.
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        self.stop().await;
        let listener = TcpListener::bind(self.address).await.context("the port is taken")?;
        self.serve(listener);
        Ok(())
    }

    fn cut(&self) {
        let mut connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        for connection in connections.drain(..) {
            connection.cut();
        }
    }

    fn serve(&mut self, listener: TcpListener) {
        let accepting = Accepting {
            listener,
            tls: self.tls.clone(),
            connections: Arc::clone(&self.connections),
        };
        let incoming = stream::unfold(accepting, |accepting| async {
            let connection = accepting.next().await;
            Some((Ok::<_, std::io::Error>(connection), accepting))
        });
        let about = About { address: self.address };
        let server = Server::builder()
            .add_service(StreamsServer::new(self.service.clone()).max_decoding_message_size(MAX_MESSAGE))
            .add_service(ServerFeaturesServer::new(about.clone()))
            .add_service(GossipServer::new(about))
            .serve_with_incoming(incoming);
        self.server = Some(tokio::spawn(async {
            // It ends with its task; what a connection meets is told to its client.
            let _ = server.await;
        }));
    }
}

impl Drop for Double {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            server.abort();
        }
        self.cut();
    }
}

struct Accepting {
    listener: TcpListener,
    tls: Option<Arc<Tls>>,
    connections: Arc<Mutex<Vec<Cut>>>,
}

impl Accepting {
    /// The next connection. One that fails to greet is as good as none.
    async fn next(&self) -> Connection {
        loop {
            let Ok((stream, _)) = self.listener.accept().await else {
                tokio::task::yield_now().await;
                continue;
            };
            if let Ok(transport) = self.greet(stream).await {
                let cut = Cut::default();
                let mut connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
                connections.push(cut.clone());
                return Connection::new(transport, cut);
            }
        }
    }

    async fn greet(&self, stream: TcpStream) -> std::io::Result<Transport> {
        stream.set_nodelay(true)?;
        match &self.tls {
            None => Ok(Transport::Plain(stream)),
            Some(tls) => Ok(Transport::Tls(Box::new(tls.acceptor.accept(stream).await?))),
        }
    }
}
