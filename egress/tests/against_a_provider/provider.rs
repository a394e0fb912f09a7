//! The double of a provider: it answers what it was told to, and remembers every request exactly as it arrived.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use axum::extract::connect_info::Connected;
use axum::http::{Request, Response};
use axum::serve::{IncomingStream, Listener};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::server::TlsStream;

/// A running double. It stops with the test's runtime.
pub(crate) struct Provider {
    host: String,
    address: SocketAddr,
    authority: String,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    answer: Mutex<Answer>,
    received: Mutex<Vec<Received>>,
    arrivals: watch::Sender<()>,
    connections: AtomicUsize,
}

/// What the double answers to every request from now on.
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: AnswerBody,
}

#[derive(Clone)]
pub(crate) enum AnswerBody {
    /// These bytes.
    Bytes(Vec<u8>),
    /// No answer at all, not even a status.
    Never,
    /// A status, and then a body that never comes.
    Stalled,
    /// A body without an end.
    Endless,
}

/// A request as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) sni: Option<String>,
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Default for Answer {
    fn default() -> Self {
        Self::new(200, "{}")
    }
}

impl Answer {
    pub(crate) fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: AnswerBody::Bytes(body.into()),
        }
    }

    pub(crate) fn redirect(location: &str) -> Self {
        Self {
            headers: vec![("location".to_owned(), location.to_owned())],
            ..Self::new(302, "")
        }
    }

    pub(crate) fn with_body(status: u16, body: AnswerBody) -> Self {
        Self {
            body,
            ..Self::new(status, "")
        }
    }
}

impl Provider {
    /// A double of `host` that speaks TLS, with a certificate for that host.
    pub(crate) async fn start(host: &str) -> Self {
        Self::start_as(host, host).await
    }

    /// A double of `host` whose certificate is for `certified`.
    pub(crate) async fn start_as(host: &str, certified: &str) -> Self {
        let (tls, authority) = certified_by_a_new_authority(certified);
        let (tcp, address) = bind().await;
        let shared = Arc::<Shared>::default();
        let listener = TlsListener {
            tcp,
            tls: TlsAcceptor::from(Arc::new(tls)),
            shared: Arc::clone(&shared),
        };
        let router = router(&shared).into_make_service_with_connect_info::<Sni>();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            host: host.to_owned(),
            address,
            authority,
            shared,
        }
    }

    /// A double that speaks plain http at an address of its own.
    pub(crate) async fn start_plain() -> Self {
        let (tcp, address) = bind().await;
        let shared = Arc::<Shared>::default();
        let listener = PlainListener {
            tcp,
            shared: Arc::clone(&shared),
        };
        let router = router(&shared).into_make_service_with_connect_info::<Sni>();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            host: address.ip().to_string(),
            address,
            authority: String::new(),
            shared,
        }
    }

    pub(crate) fn answers(&self, answer: Answer) {
        *self.shared.answer.lock().unwrap() = answer;
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The certificate of its authority, as PEM.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// The requests that arrived since it was last asked.
    pub(crate) fn take_received(&self) -> Vec<Received> {
        std::mem::take(&mut *self.shared.received.lock().unwrap())
    }

    /// Changes with every request that arrives from now on.
    pub(crate) fn arrivals(&self) -> watch::Receiver<()> {
        self.shared.arrivals.subscribe()
    }

    /// How many TCP connections were made to it.
    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }
}

async fn bind() -> (TcpListener, SocketAddr) {
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = tcp.local_addr().unwrap();
    (tcp, address)
}

fn certified_by_a_new_authority(host: &str) -> (ServerConfig, String) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec![host.to_owned()])
        .unwrap()
        .signed_by(&key, &authority)
        .unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    (config, authority.pem())
}

fn router(shared: &Arc<Shared>) -> Router {
    let shared = Arc::clone(shared);
    Router::new().fallback(move |ConnectInfo(sni): ConnectInfo<Sni>, request: Request<Body>| {
        let shared = Arc::clone(&shared);
        async move { respond(&shared, sni, request).await }
    })
}

async fn respond(shared: &Shared, Sni(sni): Sni, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1024 * 1024).await.unwrap();
    let mut headers = BTreeMap::new();
    for (name, value) in &parts.headers {
        let twice = headers.insert(name.to_string(), value.to_str().unwrap().to_owned());
        assert!(twice.is_none(), "{name} arrived twice");
    }
    shared.received.lock().unwrap().push(Received {
        sni,
        method: parts.method.to_string(),
        target: parts.uri.to_string(),
        headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    });
    shared.arrivals.send_replace(());
    let answer = shared.answer.lock().unwrap().clone();
    let body = match answer.body {
        AnswerBody::Bytes(bytes) => Body::from(bytes),
        AnswerBody::Never => std::future::pending().await,
        AnswerBody::Stalled => Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>()),
        AnswerBody::Endless => {
            let chunk = Bytes::from_static(&[b' '; 4096]);
            Body::from_stream(futures::stream::repeat_with(move || {
                Ok::<_, std::io::Error>(chunk.clone())
            }))
        }
    };
    let mut response = Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        response = response.header(name, value);
    }
    response.body(body).unwrap()
}

/// The name that the client asked for in its TLS handshake (RFC 6066, section 3); none without TLS.
#[derive(Clone)]
struct Sni(Option<String>);

struct TlsListener {
    tcp: TcpListener,
    tls: TlsAcceptor,
    shared: Arc<Shared>,
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, address) = self.tcp.accept().await.unwrap();
            self.shared.connections.fetch_add(1, Ordering::SeqCst);
            // A client that does not trust the certificate ends the handshake; the next one may come.
            if let Ok(stream) = self.tls.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.tcp.local_addr()
    }
}

impl Connected<IncomingStream<'_, TlsListener>> for Sni {
    fn connect_info(stream: IncomingStream<'_, TlsListener>) -> Self {
        Self(stream.io().get_ref().1.server_name().map(str::to_owned))
    }
}

struct PlainListener {
    tcp: TcpListener,
    shared: Arc<Shared>,
}

impl Listener for PlainListener {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let accepted = self.tcp.accept().await.unwrap();
        self.shared.connections.fetch_add(1, Ordering::SeqCst);
        accepted
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.tcp.local_addr()
    }
}

impl Connected<IncomingStream<'_, PlainListener>> for Sni {
    fn connect_info(_: IncomingStream<'_, PlainListener>) -> Self {
        Self(None)
    }
}
