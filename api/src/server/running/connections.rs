use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use rustix::process::{Resource, getrlimit};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, Sleep, sleep};
use tower::{Service, service_fn};

use super::activity::{Activity, Busy, Watched};

/// What a caller may take of the server without sending a request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Connections at a time. Who comes beyond them waits until one ends.
    pub(super) connections: u32,
    /// How long the header of a request may take; on a new connection from its start, later from its first byte.
    pub(super) head: Duration,
    /// How long a connection may rest between two requests, and an answer may wait for a caller who takes none of it.
    /// Longer than proxies in front keep theirs, so that it is they who close.
    pub(super) idle: Duration,
    /// How long a request that has begun to come in may take to be one, after the sign to stop.
    pub(super) grace: Duration,
}

/// As many connections as anybody needs who does not run several nodes.
const MOST: u64 = 8192;

/// The least number of connections, however few files the process may open.
const LEAST: u64 = 16;

/// How long to wait when no connection can be accepted, for want of files or memory.
const PAUSE: Duration = Duration::from_secs(1);

/// How often the log is told that all connections are taken.
const REMINDER: Duration = Duration::from_mins(1);

impl Limits {
    /// Those of this process: a quarter of the files that it may open is kept for its databases and its own calls.
    pub(super) fn of_this_process() -> Self {
        let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        let connections = (files / 4).saturating_mul(3).clamp(LEAST, MOST);
        Self {
            connections: u32::try_from(connections).unwrap_or(u32::MAX),
            head: Duration::from_secs(10),
            idle: Duration::from_secs(75),
            grace: Duration::from_secs(1),
        }
    }
}

/// Answers requests over HTTP/1.1 until `stopped` is true, and returns when all that were under way have been answered.
///
/// A request that is being handled, and an answer that is being streamed, is never cut short here.
pub(super) async fn serve(listener: TcpListener, router: Router, limits: Limits, stopped: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(limits.connections as usize));
    let accepting = async {
        let mut reminded = None;
        loop {
            let place = place(&places, &mut reminded).await;
            let Some(stream) = accepted(&listener).await else {
                continue;
            };
            tokio::spawn(connection(stream, router.clone(), limits, stopped.clone(), place));
        }
    };
    let mut stopping = stopped.clone();
    tokio::select! {
        () = accepting => {}
        _ = stopping.wait_for(|stop| *stop) => {}
    }
    drop(listener);
    // All places are free when all connections have ended.
    let _ = places.acquire_many(limits.connections).await;
}

/// A place for one more connection, as soon as there is one.
async fn place(places: &Arc<Semaphore>, reminded: &mut Option<Instant>) -> Option<OwnedSemaphorePermit> {
    if let Ok(place) = Arc::clone(places).try_acquire_owned() {
        return Some(place);
    }
    if reminded.is_none_or(|at| at.elapsed() >= REMINDER) {
        tracing::warn!("all connections are taken: new ones wait. Allow the process more open files, or add a node");
        *reminded = Some(Instant::now());
    }
    Arc::clone(places).acquire_owned().await.ok()
}

/// The next connection; none when there was one that is gone already.
async fn accepted(listener: &TcpListener) -> Option<TcpStream> {
    match listener.accept().await {
        Ok((stream, _)) => {
            // Answers are written in one piece; the pieces of a stream must not wait for one another.
            let _ = stream.set_nodelay(true);
            Some(stream)
        }
        Err(error) if is_of_the_caller(&error) => None,
        Err(error) => {
            tracing::error!(%error, "no connection can be accepted now");
            sleep(PAUSE).await;
            None
        }
    }
}

fn is_of_the_caller(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Serves one connection to its end.
async fn connection(
    stream: TcpStream,
    router: Router,
    limits: Limits,
    mut stopped: watch::Receiver<bool>,
    _place: Option<OwnedSemaphorePermit>,
) {
    let activity = Arc::new(Activity::default());
    let counted = Arc::clone(&activity);
    let service = service_fn(move |request: Request<_>| {
        let busy = Busy::new(&counted);
        let answer = router.clone().call(request);
        async move { answer.await.map(|answer| busy.until_sent(answer)) }
    });
    let io = TokioIo::new(Watched {
        stream,
        activity: Arc::clone(&activity),
    });
    // Without looking for HTTP/2 first: that would be one more wait without an end.
    let http = Builder::new(TokioExecutor::new()).http1_only();
    let mut http = pin!(http.serve_connection(io, TowerToHyperService::new(service)));
    let mut look = pin!(sleep(limits.head / 4));
    let mut patience = Patience::new(Instant::now());
    let mut stopping = false;
    loop {
        tokio::select! {
            biased;
            // Callers that hang up in the middle are nobody's fault.
            _ = http.as_mut() => return,
            () = look.as_mut() => {
                if patience.is_over(&activity, &limits, stopping) {
                    return;
                }
                again(look.as_mut(), if stopping { limits.grace } else { limits.head / 4 });
            }
            _ = stopped.wait_for(|stop| *stop), if !stopping => {
                stopping = true;
                http.as_mut().graceful_shutdown();
                activity.take_moved();
                again(look.as_mut(), limits.grace);
            }
        }
    }
}

fn again(look: Pin<&mut Sleep>, after: Duration) {
    look.reset(Instant::now() + after);
}

/// How long a connection has been waited for. It is looked at now and then: a timer for each request would cost each
/// request.
struct Patience {
    /// Since when nothing has happened.
    quiet: Instant,
    /// Since when the header of a request is on its way, and which request it is.
    head: Option<(Instant, u64)>,
}

impl Patience {
    const fn new(now: Instant) -> Self {
        Self {
            quiet: now,
            head: Some((now, 0)),
        }
    }

    /// Whether the connection is to be closed.
    fn is_over(&mut self, activity: &Activity, limits: &Limits, stopping: bool) -> bool {
        let now = Instant::now();
        let moved = activity.take_moved();
        if activity.is_busy() {
            self.quiet = now;
            self.head = None;
            return false;
        }
        let requests = activity.requests();
        let waits_for_head = activity.has_begun() || requests == 0;
        if stopping {
            return waits_for_head || !moved;
        }
        if moved {
            self.quiet = now;
        }
        self.head = match self.head {
            _ if !waits_for_head => None,
            Some((since, request)) if request == requests => Some((since, request)),
            _ => Some((now, requests)),
        };
        let slow = self.head.is_some_and(|(since, _)| now - since >= limits.head);
        slow || now - self.quiet >= limits.idle
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::net::SocketAddr;

    use axum::body::Body;
    use axum::routing::get;
    use bytes::Bytes;
    use futures::StreamExt;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::Notify;
    use tokio::task::JoinHandle;
    use tokio::time::timeout;

    use super::*;

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: here\r\n\r\n";

    const PATIENCE: Duration = Duration::from_secs(20);

    fn limits() -> Limits {
        Limits {
            connections: 8,
            head: Duration::from_millis(200),
            idle: Duration::from_millis(400),
            grace: Duration::from_millis(100),
        }
    }

    struct Server {
        address: SocketAddr,
        stop: watch::Sender<bool>,
        /// Lets the handlers that wait go on.
        go: Arc<Notify>,
        serving: JoinHandle<()>,
    }

    impl Server {
        async fn start(limits: Limits) -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let (stop, stopped) = watch::channel(false);
            let go = Arc::new(Notify::new());
            let (waits, streams) = (Arc::clone(&go), Arc::clone(&go));
            let slow = get(move || async move {
                waits.notified().await;
                "slow"
            });
            let stream = get(move || async move {
                let pieces =
                    futures::stream::once(std::future::ready("first ")).chain(futures::stream::once(async move {
                        streams.notified().await;
                        "last"
                    }));
                Body::from_stream(pieces.map(|piece| Ok::<_, Infallible>(Bytes::from_static(piece.as_bytes()))))
            });
            let router = Router::new()
                .route("/", get(|| async { "hello" }))
                .route("/slow", slow)
                .route("/stream", stream);
            let serving = tokio::spawn(serve(listener, router, limits, stopped));
            Self {
                address,
                stop,
                go,
                serving,
            }
        }

        async fn connect(&self) -> TcpStream {
            TcpStream::connect(self.address).await.unwrap()
        }
    }

    async fn until(stream: &mut TcpStream, text: &str) -> String {
        let mut read = Vec::new();
        let reading = async {
            while !String::from_utf8_lossy(&read).contains(text) {
                assert!(stream.read_buf(&mut read).await.unwrap() > 0, "closed after {read:?}");
            }
        };
        timeout(PATIENCE, reading).await.unwrap();
        String::from_utf8(read).unwrap()
    }

    async fn closed(stream: &mut TcpStream) {
        let mut rest = Vec::new();
        // A connection that is cut while something is unread is reset.
        let _ = timeout(PATIENCE, stream.read_to_end(&mut rest)).await.unwrap();
    }

    #[tokio::test]
    async fn a_connection_that_sends_nothing_or_a_header_without_an_end_is_closed() {
        let server = Server::start(limits()).await;
        let mut silent = server.connect().await;
        closed(&mut silent).await;
        let mut drip = server.connect().await;
        let (mut answers, mut sends) = drip.split();
        let dripping = async {
            // A byte now and then is no progress.
            while sends.write_all(b"G").await.is_ok() {
                sleep(Duration::from_millis(20)).await;
            }
        };
        let mut rest = Vec::new();
        let ended = async {
            tokio::select! {
                () = dripping => {}
                _ = answers.read_to_end(&mut rest) => {}
            }
        };
        timeout(PATIENCE, ended).await.unwrap();
    }

    #[tokio::test]
    async fn a_connection_may_rest_between_requests_for_longer_than_a_header_may_take_and_not_for_ever() {
        let server = Server::start(limits()).await;
        let mut stream = server.connect().await;
        stream.write_all(REQUEST).await.unwrap();
        until(&mut stream, "hello").await;
        sleep(limits().head + limits().head / 4).await;
        stream.write_all(REQUEST).await.unwrap();
        until(&mut stream, "hello").await;
        closed(&mut stream).await;
    }

    #[tokio::test]
    async fn no_limit_cuts_a_request_that_is_handled_or_an_answer_that_is_streamed() {
        let server = Server::start(limits()).await;
        for (path, first, last) in [("/slow", "", "slow"), ("/stream", "first", "last")] {
            let mut stream = server.connect().await;
            let request = format!("GET {path} HTTP/1.1\r\nhost: here\r\n\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
            if !first.is_empty() {
                until(&mut stream, first).await;
            }
            sleep(limits().idle * 2).await;
            server.go.notify_one();
            until(&mut stream, last).await;
        }
    }

    #[tokio::test]
    async fn who_comes_when_all_places_are_taken_is_answered_as_soon_as_one_is_free() {
        let server = Server::start(Limits {
            connections: 2,
            ..limits()
        })
        .await;
        let _taken = (server.connect().await, server.connect().await);
        let mut waiting = server.connect().await;
        waiting.write_all(REQUEST).await.unwrap();
        until(&mut waiting, "hello").await;
    }

    #[tokio::test]
    async fn half_a_header_does_not_hold_up_the_end_and_a_request_under_way_does() {
        let server = Server::start(Limits {
            head: PATIENCE,
            idle: PATIENCE,
            ..limits()
        })
        .await;
        let mut half = server.connect().await;
        half.write_all(b"GET / HT").await.unwrap();
        let mut slow = server.connect().await;
        slow.write_all(b"GET /slow HTTP/1.1\r\nhost: here\r\n\r\n")
            .await
            .unwrap();
        let mut rests = server.connect().await;
        rests.write_all(REQUEST).await.unwrap();
        until(&mut rests, "hello").await;
        server.stop.send(true).unwrap();
        closed(&mut half).await;
        closed(&mut rests).await;
        assert!(!server.serving.is_finished());
        server.go.notify_one();
        until(&mut slow, "slow").await;
        timeout(PATIENCE, server.serving).await.unwrap().unwrap();
    }
}
