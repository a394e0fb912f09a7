//! The runner: order, once each, in the same transaction, whatever comes from the bus; a poison event stops one projection.

use std::sync::Arc;
use std::time::Duration;

use crate::doubles::{Gate, Unreliable};
use crate::home::Home;
use crate::story::{Teller, added, installed, issued, opened, row};
use crate::support::{PATIENCE, Reading, Writer, account, provider};
use bus::LocalBus;
use domain::{Event, Position, StreamId};
use projections::{Behind, ProjectionError, ProjectionName, Projections, State};
use tokio::sync::watch;

const NO_TIME: Duration = Duration::ZERO;

/// Some events of every kind.
async fn tell(writer: &mut Writer, events: usize, seed: u64) {
    let mut teller = Teller::default();
    let mut number = seed;
    for _ in 0..events {
        // The multiplier of Knuth's MMIX: any sequence does that is not a circle.
        number = number
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let [who, place, what, ..] = number.to_be_bytes();
        let (stream, event) = teller.tell([who, place, what]);
        writer.append(&stream, event).await;
    }
}

/// An event in a stream, as a newer program would write it.
async fn append_unreadable(writer: &mut Writer, stream: &StreamId, event: impl Into<Event>) -> Position {
    let mut unreadable = writer.next(stream, &event.into());
    unreadable.schema = 99;
    writer.append_raw(stream, unreadable).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_cannot_be_read_stops_the_projections_that_it_concerns_and_no_others() {
    let home = Home::new();
    let mut writer = Writer::new();
    let log = Arc::clone(&writer.log);
    let reading = Reading::start(&home, &log).await;
    let token = StreamId::Token("00000000-0000-0000-0000-000000000001".parse().unwrap());
    let before = writer
        .append(&StreamId::Account(account("agency")), opened("Agency", None))
        .await;
    let poison = append_unreadable(&mut writer, &token, issued("T", domain::Sha256Digest::of(b"t"))).await;
    let after = writer
        .append(&StreamId::Account(account("shop")), opened("Shop", None))
        .await;

    let others = [
        ProjectionName::Catalog,
        ProjectionName::Integrations,
        ProjectionName::AiConfig,
        ProjectionName::Accounts,
    ];
    reading.projections.wait_for(&others, after, PATIENCE).await.unwrap();
    for name in [ProjectionName::Tokens, ProjectionName::History] {
        let behind = reading
            .projections
            .wait_for(&[name], after, PATIENCE)
            .await
            .unwrap_err();
        assert_eq!(
            behind,
            Behind {
                name,
                applied: before,
                wanted: after,
                stopped: true
            }
        );
        let State::Stopped { at, reason } = reading.projections.status_of(name).state else {
            panic!("{name} is not stopped");
        };
        assert_eq!(at, poison);
        assert!(reason.contains("schema version 99"), "{reason}");
    }
    let history = reading.projections.history().events(&all_events()).await.unwrap();
    assert_eq!(
        history.events.len(),
        1,
        "what came before the event is there, and nothing after it"
    );
    reading.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn neither_a_restart_nor_a_rebuild_gets_past_an_event_that_cannot_be_read() {
    let home = Home::new();
    let mut writer = Writer::new();
    let log = Arc::clone(&writer.log);
    writer
        .append(&StreamId::Account(account("agency")), opened("Agency", None))
        .await;
    let shop = StreamId::Account(account("shop"));
    let poison = append_unreadable(&mut writer, &shop, opened("Shop", None)).await;
    for _ in 0..2 {
        let reading = Reading::start(&home, &log).await;
        let history = [ProjectionName::History];
        let behind = reading
            .projections
            .wait_for(&history, poison, PATIENCE)
            .await
            .unwrap_err();
        assert!(behind.stopped);
        let rebuilt = reading.projections.rebuild(&history, Arc::clone(&log), |_, _| {}).await;
        assert!(matches!(rebuilt, Err(ProjectionError::Poison { position, .. }) if position == poison));
        let before = reading.projections.history().events(&all_events()).await.unwrap();
        assert_eq!(before.events.len(), 1, "what came before the event can be read");
        reading.stop().await;
    }
}

fn all_events() -> projections::AuditFilter {
    projections::AuditFilter {
        limit: 1000,
        ..projections::AuditFilter::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_cannot_follow_stops_its_projection_after_all_that_came_before() {
    let home = Home::new();
    let mut writer = Writer::new();
    let key = provider("mailchimp");
    writer.append(&StreamId::Provider(key.clone()), added(row(&key))).await;
    let shop = account("shop");
    let orphan = StreamId::Integration(shop.clone(), key.clone());
    let poison = writer
        .append(
            &orphan,
            crate::story::connected(&domain::ConnectionName::default(), crate::support::credential(1)),
        )
        .await;
    writer.append(&orphan, installed()).await;
    let reading = Reading::start(&home, &writer.log).await;
    reading
        .projections
        .wait_for(&[ProjectionName::Catalog], poison, PATIENCE)
        .await
        .unwrap();
    let behind = reading
        .projections
        .wait_for(&[ProjectionName::Integrations], poison, PATIENCE)
        .await
        .unwrap_err();
    assert!(behind.stopped);
    assert!(matches!(
        reading.projections.status_of(ProjectionName::Integrations).state,
        State::Stopped { at, .. } if at == poison
    ));
    reading.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_bus_repeats_and_loses_makes_no_difference() {
    let home = Home::new();
    let mut writer = Writer::new();
    let log = Arc::clone(&writer.log);
    let projections = Projections::connect(home.url()).await.unwrap();
    let bus = Arc::new(Unreliable { inner: LocalBus::new() });
    let (stop, stopped) = watch::channel(false);
    let mut tasks = projections
        .spawn(Arc::clone(&log), bus.clone(), stopped.clone())
        .await
        .unwrap();
    tasks.spawn(bus::Relay::new(Arc::clone(&log), bus).run(stopped));
    for seed in 0..5 {
        tell(&mut writer, 40, seed * 1000).await;
        projections.settle(&*log).await.unwrap();
    }
    for name in ProjectionName::ALL {
        assert!(
            projections.verify(name, Arc::clone(&log)).await.unwrap().holds(),
            "{name}"
        );
    }
    let history = projections.history().events(&all_events()).await.unwrap();
    assert_eq!(history.events.len() as u64, writer.events, "each event once");
    stop.send_replace(true);
    while tasks.join_next().await.is_some() {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_beside_the_live_model_takes_over_without_a_gap_while_events_arrive() {
    let home = Home::new();
    let mut writer = Writer::new();
    let log = Arc::clone(&writer.log);
    tell(&mut writer, 500, 1).await;
    let reading = Reading::start(&home, &log).await;
    reading.settle().await;
    // The rebuild reads through a gate, and stands before it while the live models go on.
    let gate = Gate::before(&log);
    let closed = gate.all.lock().await;
    let rebuild = tokio::spawn({
        let (projections, gate) = (Arc::clone(&reading.projections), Arc::clone(&gate));
        async move { projections.rebuild(&ProjectionName::ALL, gate, |_, _| {}).await }
    });
    tell(&mut writer, 300, 2).await;
    reading.settle().await;
    drop(closed);
    tell(&mut writer, 300, 3).await;
    rebuild.await.unwrap().unwrap();
    tell(&mut writer, 100, 4).await;
    reading.settle().await;
    for status in reading.projections.status() {
        assert_eq!(
            (status.generation, status.state),
            (2, State::Running),
            "{}",
            status.name
        );
    }
    reading.assert_verified().await;
    reading.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_repairs_a_model_that_was_tampered_with() {
    let home = Home::new();
    let mut writer = Writer::new();
    let log = Arc::clone(&writer.log);
    writer
        .append(&StreamId::Account(account("agency")), opened("Agency", None))
        .await;
    let reading = Reading::start(&home, &log).await;
    reading.settle().await;
    reading.stop().await;

    home.tamper("UPDATE accounts_v1 SET document = replace(document, 'Agency', 'Forged')")
        .await;

    let projections = Projections::connect(home.url()).await.unwrap();
    assert!(
        !projections
            .verify(ProjectionName::Accounts, Arc::clone(&log))
            .await
            .unwrap()
            .holds()
    );
    projections
        .rebuild(&[ProjectionName::Accounts], Arc::clone(&log), |_, _| {})
        .await
        .unwrap();
    assert!(
        projections
            .verify(ProjectionName::Accounts, Arc::clone(&log))
            .await
            .unwrap()
            .holds()
    );
    let agency = projections.accounts().get(&account("agency")).await.unwrap().unwrap();
    assert_eq!(agency.account.name, "Agency");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_model_of_another_log_is_never_shown() {
    let home = Home::new();
    let mut first = Writer::new();
    tell(&mut first, 50, 1).await;
    let reading = Reading::start(&home, &first.log).await;
    reading.settle().await;
    reading.stop().await;

    let mut second = Writer::new();
    second
        .append(&StreamId::Account(account("other")), opened("Other", None))
        .await;
    let reading = Reading::start(&home, &second.log).await;
    reading.settle().await;
    let accounts = reading.projections.accounts().list(None, None, 10).await.unwrap().items;
    assert_eq!(accounts.iter().map(|a| a.id.as_str()).collect::<Vec<_>>(), ["other"]);
    reading.assert_verified().await;
    reading.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_waits_for_what_is_not_there_is_told_how_far_the_model_is() {
    let home = Home::new();
    let mut writer = Writer::new();
    let position = writer
        .append(&StreamId::Account(account("agency")), opened("Agency", None))
        .await;
    let reading = Reading::start(&home, &writer.log).await;
    reading
        .projections
        .wait_for(&[ProjectionName::Accounts], position, PATIENCE)
        .await
        .unwrap();
    let later = Position::from_stored(position.to_stored() + 1);
    let behind = reading
        .projections
        .wait_for(&[ProjectionName::Accounts], later, NO_TIME)
        .await
        .unwrap_err();
    assert_eq!(
        behind,
        Behind {
            name: ProjectionName::Accounts,
            applied: position,
            wanted: later,
            stopped: false
        }
    );
    reading.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_counts_as_a_change_for_the_models_that_it_concerns_alone() {
    let home = Home::new();
    let mut writer = Writer::new();
    let reading = Reading::start(&home, &writer.log).await;
    reading.settle().await;
    let changes = |name| reading.projections.changed(name);
    let before = ProjectionName::ALL.map(changes);
    writer
        .append(&StreamId::Account(account("agency")), opened("Agency", None))
        .await;
    reading.settle().await;
    for name in ProjectionName::ALL {
        let concerned = matches!(
            name,
            ProjectionName::Accounts | ProjectionName::AiConfig | ProjectionName::History
        );
        assert_eq!(changes(name) > before[name.index()], concerned, "{name}");
    }
    reading.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkpoint_that_somebody_else_moved_is_taken_up_again_and_nothing_is_applied_twice() {
    let home = Home::new();
    let mut writer = Writer::new();
    let log = Arc::clone(&writer.log);
    // Two programs on one file: an error of the operator's, that must not spoil the models.
    let one = Reading::start(&home, &log).await;
    one.settle().await;
    let other = Reading::start(&home, &log).await;
    other.settle().await;
    tell(&mut writer, 60, 1).await;
    one.settle().await;
    other.settle().await;
    one.assert_verified().await;
    let history = other.projections.history().events(&all_events()).await.unwrap();
    assert_eq!(history.events.len() as u64, writer.events);
    one.stop().await;
    other.stop().await;
}
