//! What the client does wrong, shown with the client alone, and what the log makes of it.

use std::time::{Duration, Instant};

use esdb_double::{Call, Fault};
use eventlog::contract::{event, events, stream};
use eventlog::{EventStoreDbLog, Expected};
use eventstore::{AppendToStreamOptions, Client, EventData, SubscribeToAllOptions, SubscriptionEvent};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::process::{alone, processor_time};
use super::{double, open};

/// Longer than anything here takes on a slow machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// So much processor time, in hundredths of a second, only something that never waits uses while nothing happens.
const SPINNING: u64 = 200;

fn client(url: &str) -> Client {
    Client::new(url.parse().unwrap()).unwrap()
}

#[test]
fn a_provider_of_cryptography_that_was_there_before_is_named_instead_of_a_closed_connection() {
    if alone("defects::a_provider_of_cryptography_that_was_there_before_is_named_instead_of_a_closed_connection")
        .is_some()
    {
        return;
    }
    let provider = rustls::crypto::ring::default_provider();
    provider.install_default().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let double = double().await;
        let Err(error) = EventStoreDbLog::connect(&double.url()).await else {
            panic!("it cannot connect");
        };
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.contains("CryptoProvider::install_default"), "{source}");

        // The client alone panics on a task, and says nothing of it to its caller.
        let closed = client(&double.url()).server_info().await;
        assert!(matches!(closed, Err(eventstore::Error::ConnectionClosed)));
    });
}

#[test]
fn the_log_rests_where_a_subscription_that_was_ended_would_never_wait_again() {
    if alone("defects::the_log_rests_where_a_subscription_that_was_ended_would_never_wait_again").is_some() {
        return;
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let double = double().await;
        let log = open(&double.url()).await;
        let other = open(&double.url()).await;

        // The log: subscriptions end, and it costs next to nothing to learn of another node's events all the same.
        double.faults().end_subscriptions();
        let mut wakeups = log.wakeups();
        let appended = other
            .append(&stream("a"), Expected::Any, events("a", 0..1))
            .await
            .unwrap();
        // Not kept in a variable: what `wait_for` gives holds up whoever would tell of more.
        let woken = timeout(PATIENCE, wakeups.wait_for(|position| *position >= appended.position))
            .await
            .is_ok();
        assert!(woken, "the reader is woken");
        let used = processor_time();
        let looks = double.faults().calls(Call::Read);
        let looked = timeout(PATIENCE, async {
            while double.faults().calls(Call::Read) < looks + 40 {
                let _ = timeout(Duration::from_millis(10), std::future::pending::<()>()).await;
            }
        });
        assert!(looked.await.is_ok(), "the logs do not look at the end");
        let used = processor_time() - used;
        assert!(
            used < SPINNING / 2,
            "two idle logs use {used} hundredths of a second for 40 looks"
        );

        // The client: its subscription takes a whole processor, and nobody can stop it, not even a timeout around it.
        let url = double.url();
        let (caught_up, is_caught_up) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let mut subscription = client(&url).subscribe_to_all(&SubscribeToAllOptions::default()).await;
                let following = async {
                    while let Ok(event) = subscription.next_subscription_event().await {
                        if matches!(event, SubscriptionEvent::CaughtUp) {
                            caught_up.send("caught up").unwrap();
                        }
                    }
                };
                let _ = timeout(Duration::from_secs(5), following).await;
                caught_up.send("stopped").unwrap();
            });
        });
        assert_eq!(is_caught_up.recv_timeout(PATIENCE).unwrap(), "caught up");
        double.faults().end_subscriptions();
        drop((log, other));
        // However busy the machine is: it goes on using the processor, and the timeout around it never ends it.
        let used = processor_time();
        let spinning = timeout(PATIENCE, async {
            while processor_time() < used + SPINNING {
                let _ = timeout(Duration::from_millis(10), std::future::pending::<()>()).await;
            }
        });
        assert!(spinning.await.is_ok(), "it rests: the client may be better than it was");
        assert!(is_caught_up.try_recv().is_err(), "it was stopped after all");
    });
    // The thread cannot be joined. It ends with the process.
    runtime.shutdown_background();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_is_stored_once_where_the_client_without_ids_stores_it_twice() {
    let double = double().await;
    let log = open(&double.url()).await;
    let client = client(&double.url());
    for _ in 0..2 {
        let nameless = EventData::json("Nameless", &1).unwrap();
        let any = AppendToStreamOptions::default();
        client.append_to_stream("nameless", &any, nameless).await.unwrap();
    }
    assert_eq!(double.store().stream("nameless").unwrap().len(), 2);

    for duplicate in [false, true] {
        let appended = log
            .append(&stream("a"), Expected::Any, events("a", 0..2))
            .await
            .unwrap();
        assert_eq!((appended.revision, appended.duplicate), (2, duplicate));
    }
    assert_eq!(double.store().stream("soconnective-provider-a").unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn appends_to_different_streams_do_not_wait_for_each_other() {
    const WRITERS: usize = 16;
    let delay = Duration::from_millis(300);
    let double = double().await;
    let log = open(&double.url()).await;
    for _ in 0..WRITERS {
        double.faults().next(Call::Append, Fault::Delay(delay));
    }
    let started = Instant::now();
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let log = log.clone();
        writers.spawn(async move {
            let name = format!("w-{writer}");
            log.append(&stream(&name), Expected::NoStream, vec![event(&name)])
                .await
                .unwrap();
        });
    }
    timeout(PATIENCE, writers.join_all()).await.unwrap();
    let most = delay * u32::try_from(WRITERS).unwrap() / 2;
    assert!(started.elapsed() < most, "{:?} for all of them", started.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_whose_server_was_away_goes_on_by_itself_where_the_client_is_dead_for_ever() {
    let mut double = double().await;
    let log = open(&double.url()).await;
    let first = log
        .append(&stream("a"), Expected::NoStream, events("a", 0..2))
        .await
        .unwrap();
    double.stop().await;
    let client = client(&double.url());
    assert!(client.server_info().await.is_err());
    let away = log.append(&stream("a"), Expected::Exact(2), events("b", 0..1)).await;
    assert!(away.is_err(), "{away:?}");
    assert!(log.read_stream(&stream("a"), 1, 10).await.is_err());

    double.restart().await.unwrap();

    assert!(matches!(
        client.server_info().await,
        Err(eventstore::Error::ConnectionClosed)
    ));
    let again = timeout(PATIENCE, async {
        loop {
            match log.append(&stream("a"), Expected::Exact(2), events("b", 0..1)).await {
                Ok(appended) => return appended,
                Err(_) => tokio::task::yield_now().await,
            }
        }
    });
    let second = again.await.unwrap();
    assert_eq!((second.revision, second.duplicate), (3, false));
    assert!(second.position > first.position);
    assert_eq!(log.read_stream(&stream("a"), 1, 10).await.unwrap().len(), 3);
}
