//! Whatever happens, in whatever pieces it arrives: a read model is the fold of the log.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::home::{FEWER, Home};
use crate::story::Teller;
use crate::support::{PATIENCE, Reading, Writer};
use domain::integration::{Connection, Integration};
use domain::{Aggregate, Event, StreamId};
use eventlog::{EventLog, MemoryLog};
use projections::{AsOf, CatalogFilter, ProjectionName, Projections, QueryError};
use proptest::collection::vec;
use proptest::prelude::*;

/// Runs a test of the read side over random stories.
fn with_stories<F, T>(cases: u32, length: usize, test: T)
where
    T: Fn(Vec<(StreamId, Event)>) -> F,
    F: Future<Output = ()>,
{
    let config = ProptestConfig {
        cases: cases / FEWER,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    proptest!(config, |(numbers in vec(any::<[u8; 3]>(), 1..length))| {
        let mut teller = Teller::default();
        let story: Vec<_> = numbers.into_iter().map(|number| teller.tell(number)).collect();
        runtime.block_on(test(story));
    });
}

#[test]
fn a_model_that_grew_in_pieces_equals_one_that_was_folded_at_once() {
    with_stories(12, 300, async |story| {
        let home = Home::new();
        let mut writer = Writer::new();
        let log = Arc::clone(&writer.log);
        // The first third is there before the read side, the second arrives while it runs, and the last after a restart.
        let third = story.len() / 3;
        for (stream, event) in &story[..third] {
            writer.append(stream, event.clone()).await;
        }
        let reading = Reading::start(&home, &log).await;
        for (stream, event) in &story[third..2 * third] {
            writer.append(stream, event.clone()).await;
        }
        reading.settle().await;
        reading.kill().await;
        for (stream, event) in &story[2 * third..] {
            writer.append(stream, event.clone()).await;
        }
        let reading = Reading::start(&home, &log).await;
        reading.settle().await;
        reading.assert_verified().await;
        reading.stop().await;
    });
}

#[test]
fn what_an_account_reads_is_what_its_aggregate_says() {
    with_stories(12, 300, async |story| {
        let home = Home::new();
        let mut writer = Writer::new();
        let log = Arc::clone(&writer.log);
        let mut streams = BTreeSet::new();
        for (stream, event) in story {
            writer.append(&stream, event).await;
            streams.insert(stream);
        }
        let reading = Reading::start(&home, &log).await;
        reading.settle().await;
        for stream in &streams {
            let StreamId::Integration(account, provider) = stream else {
                continue;
            };
            let state = aggregate(&*log, stream).await;
            let view = reading.projections.integrations().get(account, provider).await.unwrap();
            let Integration::Installed(installation) = state else {
                assert_eq!(view, None);
                continue;
            };
            let view = view.expect("it is installed");
            assert_eq!(view.connections.len(), installation.connections.len());
            for (seen, (name, connection)) in view.connections.iter().zip(&installation.connections) {
                assert_eq!(&seen.name, name);
                assert_eq!(seen.status, installation.status(name));
                if let Connection::Keyed(key) = connection {
                    assert_eq!(seen.credential, Some(key.id));
                    assert_eq!(seen.version, Some(key.current.number));
                    let candidate = key.candidate.as_ref().map(|candidate| candidate.version.number);
                    assert_eq!(seen.candidate.as_ref().map(|candidate| candidate.version), candidate);
                }
            }
        }
        reading.stop().await;
    });
}

async fn aggregate(log: &dyn EventLog, stream: &StreamId) -> Integration {
    let events = log.read_stream(stream, 1, 10_000).await.unwrap();
    events
        .iter()
        .fold(Integration::default(), |state, event| match event.event().unwrap() {
            Event::Integration(event) => state.evolve(&event),
            other => panic!("{other:?} in an integration's stream"),
        })
}

#[test]
fn the_past_is_answered_as_it_was_answered_then() {
    with_stories(8, 120, async |story| {
        let home = Home::new();
        let mut writer = Writer::new();
        let log = Arc::clone(&writer.log);
        let reading = Reading::start(&home, &log).await;
        let everything = CatalogFilter {
            limit: 100,
            ..CatalogFilter::default()
        };
        let somebody = crate::support::account("account_1");
        let mut then = Vec::new();
        for (stream, event) in story {
            let position = writer.append(&stream, event).await;
            reading
                .projections
                .wait_for(&ProjectionName::ALL, position, PATIENCE)
                .await
                .unwrap();
            let catalog = reading.projections.catalog().list(&everything).await.unwrap();
            let list = reading.projections.integrations().list(&somebody).await.unwrap();
            then.push((position, catalog, list));
        }
        for (position, catalog, list) in then {
            let as_of = AsOf::Position(position);
            let projections = &reading.projections;
            assert_eq!(
                projections
                    .catalog()
                    .list_as_of(&*log, &everything, as_of)
                    .await
                    .unwrap(),
                catalog
            );
            assert_eq!(
                projections
                    .integrations()
                    .list_as_of(&*log, &somebody, as_of)
                    .await
                    .unwrap(),
                list
            );
        }
        reading.stop().await;
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_time_of_the_past_includes_what_was_recorded_by_then() {
    let home = Home::new();
    let mut writer = Writer::new();
    let key = crate::support::provider("mailchimp");
    let stream = StreamId::Provider(key.clone());
    writer
        .append(
            &stream,
            domain::Event::from(crate::story::added(crate::story::row(&key))),
        )
        .await;
    let retired = domain::provider::ProviderEvent::from(domain::provider::ProviderRetired {});
    writer.append(&stream, retired).await;
    let reading = Reading::start(&home, &writer.log).await;
    reading.settle().await;
    let at = |second| AsOf::Time(crate::support::start() + chrono::TimeDelta::seconds(second));
    let catalog = reading.projections.catalog();
    assert!(catalog.get_as_of(&*writer.log, &key, at(-1)).await.unwrap().is_none());
    assert!(catalog.get_as_of(&*writer.log, &key, at(0)).await.unwrap().is_some());
    assert!(catalog.get_as_of(&*writer.log, &key, at(1)).await.unwrap().is_none());
    reading.stop().await;
}

#[tokio::test]
async fn an_empty_log_gives_empty_models_that_can_be_asked() {
    let home = Home::new();
    let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new());
    let before = Projections::connect(home.url()).await.unwrap();
    let answer = before.catalog().providers().await;
    assert!(matches!(answer, Err(QueryError::NotReady(ProjectionName::Catalog))));
    drop(before);
    let reading = Reading::start(&home, &log).await;
    reading.settle().await;
    assert!(reading.projections.status().iter().all(|status| status.live));
    assert!(reading.projections.catalog().providers().await.unwrap().is_empty());
    reading.stop().await;
}
