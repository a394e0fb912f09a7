//! What is said of failures: all of their causes, since the outermost sentence tells nobody what to change.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bus::{Bus, BusError, Follower, Message, Relay, Subscription};
use domain::Position;
use eventlog::contract::{events, stream};
use eventlog::{EventLog, Expected, MemoryLog};
use tokio::sync::watch;
use tokio::time::timeout;

/// A failure with a cause of its own.
#[derive(Debug, thiserror::Error)]
#[error("the stream cannot be shown")]
struct Outer(#[source] std::io::Error);

/// A bus that can do nothing.
struct Broken;

fn broken() -> BusError {
    BusError(Box::new(Outer(std::io::Error::other("the disk is gone"))))
}

#[async_trait]
impl Bus for Broken {
    async fn publish(&self, _messages: Vec<Message>) -> Result<(), BusError> {
        Err(broken())
    }

    async fn last(&self) -> Result<Position, BusError> {
        Err(broken())
    }

    async fn subscribe(&self, _after: Position) -> Result<Box<dyn Subscription>, BusError> {
        Err(broken())
    }
}

/// What is logged by this thread.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Lines {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn relay_and_reader_tell_every_cause() {
    let lines = Lines::default();
    let written = lines.clone();
    let logged = tracing_subscriber::fmt()
        .with_writer(move || written.clone())
        .with_ansi(false)
        .finish();
    let _logging = tracing::subscriber::set_default(logged);
    let log = Arc::new(MemoryLog::new());
    log.append(&stream("a"), Expected::Any, events("a", 0..3))
        .await
        .unwrap();

    let (stop, stopped) = watch::channel(false);
    let relay = tokio::spawn(Relay::new(log.clone(), Arc::new(Broken)).run(stopped));
    let mut reader = Follower::new(log, Arc::new(Broken), Position::START);
    let read = async { while reader.next().await.is_ok() {} };
    let _for_a_while = timeout(Duration::from_secs(10), read).await;
    stop.send_replace(true);
    relay.await.unwrap();

    let text = lines.text();
    for said in ["the relay pauses", "the log is read instead"] {
        let line = text.lines().find(|line| line.contains(said));
        let causes = "the bus cannot be reached: the stream cannot be shown: the disk is gone";
        assert!(line.is_some_and(|line| line.contains(causes)), "{text}");
    }
}
