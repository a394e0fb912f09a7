use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread;
use std::time::Duration;

use anyhow::Result;

/// How long a node may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(2);

/// One address for several nodes, as a load balancer gives it: each connection goes to the next node that accepts it.
pub struct Gateway {
    address: SocketAddr,
    nodes: Arc<RwLock<Vec<SocketAddr>>>,
}

impl Gateway {
    /// Listens on a free port.
    ///
    /// # Errors
    /// When there is none.
    pub fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let gateway = Self {
            address: listener.local_addr()?,
            nodes: Arc::default(),
        };
        let nodes = Arc::clone(&gateway.nodes);
        thread::spawn(move || {
            for (turn, client) in listener.incoming().flatten().enumerate() {
                let nodes = Arc::clone(&nodes);
                // A client without a node sees its connection end, as behind any gateway.
                thread::spawn(move || node(&nodes, turn).and_then(|node| join(&client, &node)));
            }
        });
        Ok(gateway)
    }

    /// Where it listens, such as `http://127.0.0.1:41234`.
    #[must_use]
    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on connections go to these nodes, which are named by their `http://` addresses.
    ///
    /// # Errors
    /// When one is no address.
    pub fn lead_to(&self, bases: &[&str]) -> Result<()> {
        let nodes: Result<Vec<SocketAddr>, _> = bases
            .iter()
            .map(|base| base.trim_start_matches("http://").parse())
            .collect();
        *self.nodes.write().unwrap_or_else(PoisonError::into_inner) = nodes?;
        Ok(())
    }
}

/// A connection to the node whose turn it is, or to the next one that accepts it.
fn node(nodes: &RwLock<Vec<SocketAddr>>, turn: usize) -> io::Result<TcpStream> {
    let nodes = nodes.read().unwrap_or_else(PoisonError::into_inner).clone();
    let mut refused = io::Error::from(io::ErrorKind::NotConnected);
    for next in 0..nodes.len() {
        match TcpStream::connect_timeout(&nodes[(turn + next) % nodes.len()], CONNECT) {
            Ok(node) => return Ok(node),
            Err(error) => refused = error,
        }
    }
    Err(refused)
}

/// Carries bytes both ways until both sides have ended.
fn join(client: &TcpStream, node: &TcpStream) -> io::Result<()> {
    thread::scope(|both| {
        both.spawn(|| carry(client, node));
        carry(node, client)
    })
}

fn carry(mut from: &TcpStream, mut to: &TcpStream) -> io::Result<()> {
    let carried = io::copy(&mut from, &mut to).map(drop);
    // The other side has said all that it had to say, or is gone.
    let _ = to.shutdown(Shutdown::Write);
    carried
}
