//! What parts bring with them: several processes apply one model, and what becomes of one part is no matter of the others.

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::operation::{OperationEvent, ProjectionEventSkipped};
use domain::{AccountId, Position, StreamId};
use projections::{AuditFilter, Parts, ProjectionError, ProjectionName, Projections, State};
use tokio::time::sleep;

use crate::home::Home;
use crate::story::{Teller, installed, opened};
use crate::support::{PATIENCE, Reading, Writer, account, provider};

const HISTORY: ProjectionName = ProjectionName::History;
const SPLIT: [ProjectionName; 3] = [ProjectionName::Integrations, ProjectionName::AiConfig, HISTORY];

/// One part of a model stays with a process that is not there.
const TAKE_AWAY: &str = "UPDATE projection_lease SET owner = '\\x00', epoch = epoch + 1, expires_at = 'infinity'";

/// A database whose models are not split yet.
fn whole() -> Home {
    Home::on(servers::Postgres::shared())
}

async fn split(reading: &Reading, name: ProjectionName, parts: u32) {
    let parts = Parts::try_from(parts).unwrap();
    let built = reading
        .projections
        .split(name, parts, Arc::clone(&reading.log), |_, _| {});
    built.await.unwrap();
    let start = Instant::now();
    while reading.projections.status_of(name).parts.len() != parts.get() as usize {
        assert!(start.elapsed() < PATIENCE, "{name} is not in {parts} parts");
        sleep(Duration::from_millis(10)).await;
    }
}

/// Appends events of many accounts.
async fn tell(writer: &mut Writer, teller: &mut Teller, numbers: std::ops::Range<u32>) {
    for number in numbers {
        let [_, who, place, what] = number.wrapping_mul(2_654_435_761).to_be_bytes();
        let (stream, event) = teller.tell([who, place, what]);
        writer.append(&stream, event).await;
    }
}

async fn open_account(writer: &mut Writer, id: &AccountId) -> Position {
    let stream = StreamId::Account(id.clone());
    writer.append(&stream, opened("One", None)).await
}

/// The positions of the events that an auditor reads.
async fn read(reading: &Reading, account: Option<&AccountId>, after: Position) -> Vec<Position> {
    let filter = AuditFilter {
        account: account.cloned(),
        after,
        limit: 10_000,
        ..AuditFilter::default()
    };
    let page = reading.projections.history().events(&filter).await.unwrap();
    page.events.iter().map(|event| event.position).collect()
}

/// How many parts of a model each process holds, of those whose leases last.
async fn shares(home: &Home, name: ProjectionName) -> Vec<i64> {
    let sql = |order: &str| {
        format!(
            "SELECT coalesce((SELECT count(*) FROM projection_lease
             WHERE name = '{name}' AND expires_at > clock_timestamp() GROUP BY owner ORDER BY 1 {order} LIMIT 1), 0)"
        )
    };
    let owners = format!(
        "SELECT count(DISTINCT owner) FROM projection_lease WHERE name = '{name}' AND expires_at > clock_timestamp()"
    );
    vec![
        home.number(&owners).await,
        home.number(&sql("ASC")).await,
        home.number(&sql("DESC")).await,
    ]
}

async fn until_shares_are(home: &Home, name: ProjectionName, wanted: [i64; 3]) {
    let start = Instant::now();
    loop {
        let found = shares(home, name).await;
        if found == wanted {
            return;
        }
        assert!(start.elapsed() < PATIENCE, "{name} is shared as {found:?}");
        sleep(Duration::from_millis(20)).await;
    }
}

/// Accounts of different parts of three, the first of them in the first.
async fn of_three_parts(home: &Home, reading: &Reading, writer: &mut Writer) -> [AccountId; 3] {
    let mut found: [Option<AccountId>; 3] = [None, None, None];
    for number in 0.. {
        let id = account(&format!("account-{number}"));
        let at = open_account(writer, &id).await;
        reading.projections.wait_for(&[HISTORY], at, PATIENCE).await.unwrap();
        // Whose checkpoint was stored at the event has applied it.
        let sql = format!("SELECT part FROM projection WHERE name = 'history' AND state = 'live' AND position = {at}");
        let part = home.number(&sql).await;
        found[usize::try_from(part).unwrap()] = Some(id);
        if let [Some(a), Some(b), Some(c)] = &found {
            return [a.clone(), b.clone(), c.clone()];
        }
    }
    unreachable!()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_number_of_parts_changes_while_events_arrive_and_the_model_stays_what_the_log_says() {
    let home = whole();
    let mut writer = Writer::new();
    let mut teller = Teller::default();
    let log = Arc::clone(&writer.log);
    tell(&mut writer, &mut teller, 0..200).await;
    let (one, other) = (Reading::start(&home, &log).await, Reading::start(&home, &log).await);
    one.settle().await;
    for (round, parts) in (0..).zip([2, 5, 1]) {
        for name in SPLIT {
            let generation = one.projections.status_of(name).generation;
            let from = 200 + round * 150;
            let (log, telling) = (Arc::clone(&log), tell(&mut writer, &mut teller, from..from + 50));
            let built = one
                .projections
                .split(name, Parts::try_from(parts).unwrap(), log, |_, _| {});
            let ((), built) = futures::future::join(telling, built).await;
            built.unwrap();
            let start = Instant::now();
            while one.projections.status_of(name).parts.len() != parts as usize {
                assert!(start.elapsed() < PATIENCE, "{name} is not in {parts} parts");
                sleep(Duration::from_millis(10)).await;
            }
            assert!(one.projections.status_of(name).generation > generation, "{name}");
        }
        for reading in [&one, &other] {
            reading.settle().await;
            reading.assert_verified().await;
            let positions = read(reading, None, Position::START).await;
            assert_eq!(positions.len() as u64, writer.events);
        }
    }
    assert_eq!(
        home.number("SELECT count(*) FROM projection WHERE state = 'building'")
            .await,
        0
    );
    one.stop().await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_share_the_parts_and_those_of_one_that_is_gone_are_taken_over() {
    let home = whole();
    let mut writer = Writer::new();
    let mut teller = Teller::default();
    let log = Arc::clone(&writer.log);
    let one = Reading::start(&home, &log).await;
    one.settle().await;
    for name in SPLIT {
        split(&one, name, 4).await;
    }
    until_shares_are(&home, HISTORY, [1, 4, 4]).await;
    let other = Reading::start(&home, &log).await;
    for name in SPLIT {
        until_shares_are(&home, name, [2, 2, 2]).await;
    }
    tell(&mut writer, &mut teller, 0..200).await;
    one.settle().await;
    other.settle().await;
    // Both apply events of one model at the same time.
    for reading in [&one, &other] {
        let parts = reading.projections.status_of(HISTORY).parts;
        let running = parts.iter().filter(|part| part.state == State::Running).count();
        let following = parts.iter().filter(|part| part.state == State::Following).count();
        assert_eq!((running, following), (2, 2));
    }
    // It gives nothing back: its leases have to run out.
    one.kill().await;
    tell(&mut writer, &mut teller, 200..400).await;
    other.settle().await;
    until_shares_are(&home, HISTORY, [1, 4, 4]).await;
    other.assert_verified().await;
    assert_eq!(read(&other, None, Position::START).await.len() as u64, writer.events);
    // One that stops in order gives its parts back at once.
    let third = Reading::start(&home, &log).await;
    until_shares_are(&home, HISTORY, [2, 2, 2]).await;
    other.stop().await;
    tell(&mut writer, &mut teller, 400..450).await;
    third.settle().await;
    third.assert_verified().await;
    third.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_auditor_never_reads_an_event_before_one_that_belongs_in_front_of_it() {
    let home = whole();
    let mut writer = Writer::new();
    let log = Arc::clone(&writer.log);
    let reading = Reading::start(&home, &log).await;
    split(&reading, HISTORY, 3).await;
    let [_, slow, fast] = of_three_parts(&home, &reading, &mut writer).await;
    reading.settle().await;
    let before = read(&reading, None, Position::START).await;
    assert_eq!(before.len() as u64, writer.events);

    // Whoever holds the second part stands still.
    home.tamper(&format!("{TAKE_AWAY} WHERE name = 'history' AND part = 1"))
        .await;
    let first = StreamId::Integration(fast.clone(), provider("stripe"));
    let shown = writer.append(&first, installed()).await;
    let hidden = StreamId::Integration(slow.clone(), provider("stripe"));
    let missing = writer.append(&hidden, installed()).await;
    let later = StreamId::Integration(fast.clone(), provider("mailchimp"));
    let last = writer.append(&later, installed()).await;
    let waited = reading.projections.wait_for_account(&fast, &[HISTORY], last, PATIENCE);
    waited.await.unwrap();
    assert_eq!(home.count("history_v1").await.cast_unsigned(), writer.events - 1);
    let start = Instant::now();
    while reading.projections.status_of(HISTORY).position != shown {
        assert!(
            start.elapsed() < PATIENCE,
            "the slowest part is not known to be as far as it can be"
        );
        sleep(Duration::from_millis(10)).await;
    }
    // The row behind the gap is there, and is read by its own account alone.
    let after = *before.last().unwrap();
    assert_eq!(read(&reading, None, after).await, [shown]);
    assert_eq!(read(&reading, Some(&fast), after).await, [shown, last]);
    assert!(read(&reading, Some(&slow), after).await.is_empty());
    let newest = AuditFilter {
        limit: 1,
        ..AuditFilter::default()
    };
    let newest = reading.projections.history().newest(&newest, None).await.unwrap();
    assert_eq!(newest.events[0].position, shown);
    let behind = reading.projections.wait_for(&[HISTORY], missing, Duration::ZERO).await;
    assert!(!behind.unwrap_err().stopped);
    // What is there is what the log says, as far as each part is.
    reading.assert_verified().await;

    home.tamper("UPDATE projection_lease SET expires_at = clock_timestamp() WHERE name = 'history' AND part = 1")
        .await;
    reading.settle().await;
    assert_eq!(read(&reading, None, shown).await, [missing, last]);
    reading.assert_verified().await;
    reading.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_cannot_be_applied_stops_its_part_alone() {
    let home = whole();
    let mut writer = Writer::new();
    let log = Arc::clone(&writer.log);
    let reading = Reading::start(&home, &log).await;
    split(&reading, HISTORY, 3).await;
    let [_, struck, well] = of_three_parts(&home, &reading, &mut writer).await;
    let stream = StreamId::Integration(struck.clone(), provider("stripe"));
    let mut unreadable = writer.next(&stream, &installed().into());
    unreadable.schema = 99;
    let poison = writer.append_raw(&stream, unreadable).await;
    let later = StreamId::Integration(well.clone(), provider("stripe"));
    let last = writer.append(&later, installed()).await;

    let projections = &reading.projections;
    let behind = projections.wait_for(&[HISTORY], last, PATIENCE).await.unwrap_err();
    assert!(behind.stopped && behind.applied < poison);
    projections
        .wait_for_account(&well, &[HISTORY], last, PATIENCE)
        .await
        .unwrap();
    let behind = projections.wait_for_account(&struck, &[HISTORY], last, PATIENCE).await;
    assert!(behind.unwrap_err().stopped);
    assert_eq!(read(&reading, Some(&well), Position::START).await.last(), Some(&last));
    assert!(
        read(&reading, None, Position::START)
            .await
            .iter()
            .all(|position| *position < poison)
    );
    let status = projections.status_of(HISTORY);
    assert!(matches!(status.state, State::Stopped { at, .. } if at == poison));
    let running: Vec<bool> = status.parts.iter().map(|part| part.state == State::Running).collect();
    assert_eq!(running, [true, false, true]);
    // Another process, which starts now, and a tool see it as well.
    let tool = Projections::connect(home.url()).await.unwrap();
    assert!(matches!(tool.status_of(HISTORY).state, State::Stopped { at, .. } if at == poison));
    assert!(tool.verify(HISTORY, Arc::clone(&log)).await.unwrap().holds());
    // Splitting it anew does not get past the event either, and leaves everything as it is.
    let four = Parts::try_from(4).unwrap();
    let refused = tool.split(HISTORY, four, Arc::clone(&log), |_, _| {}).await;
    assert!(matches!(refused, Err(ProjectionError::Poison { position, .. }) if position == poison));

    let event = tool.stopped_before(HISTORY, poison, &*log).await.unwrap();
    let skipped = ProjectionEventSkipped {
        projection: HISTORY.to_string(),
        event: Some(event.id),
        position: event.position,
        reason: "written by a test".to_owned(),
    };
    let noted = writer
        .append(&StreamId::Operations, OperationEvent::ProjectionEventSkipped(skipped))
        .await;
    tool.retry(HISTORY, poison).await.unwrap();
    let start = Instant::now();
    while projections.wait_for(&[HISTORY], noted, PATIENCE).await.is_err() {
        assert!(start.elapsed() < PATIENCE, "it does not go on");
        sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(
        read(&reading, None, Position::START).await.len() as u64,
        writer.events - 1
    );
    assert!(projections.verify(HISTORY, Arc::clone(&log)).await.unwrap().holds());
    reading.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_keeps_the_parts_and_a_model_that_is_small_is_not_split() {
    let home = whole();
    let mut writer = Writer::new();
    let mut teller = Teller::default();
    let log = Arc::clone(&writer.log);
    tell(&mut writer, &mut teller, 0..100).await;
    let reading = Reading::start(&home, &log).await;
    split(&reading, HISTORY, 3).await;
    home.tamper("DELETE FROM history_v1 WHERE position < 10").await;
    assert!(
        !reading
            .projections
            .verify(HISTORY, Arc::clone(&log))
            .await
            .unwrap()
            .holds()
    );
    let tool = Projections::connect(home.url()).await.unwrap();
    tool.rebuild(&[HISTORY], Arc::clone(&log), |_, _| {}).await.unwrap();
    tell(&mut writer, &mut teller, 100..200).await;
    reading.settle().await;
    assert_eq!(reading.projections.status_of(HISTORY).parts.len(), 3);
    reading.assert_verified().await;
    for name in ProjectionName::ALL.into_iter().filter(|name| !SPLIT.contains(name)) {
        let two = Parts::try_from(2).unwrap();
        let refused = tool.split(name, two, Arc::clone(&log), |_, _| {}).await;
        assert!(matches!(refused, Err(ProjectionError::Undivided(other)) if other == name));
    }
    reading.stop().await;
    // The parts are the database's: the next start finds them.
    let reading = Reading::start(&home, &log).await;
    reading.settle().await;
    assert_eq!(reading.projections.status_of(HISTORY).parts.len(), 3);
    reading.assert_verified().await;
    reading.stop().await;
}

/// The part that is behind what was lost sees nothing wrong.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_part_that_holds_what_the_log_does_not_has_all_of_the_model_built_anew() {
    let home = whole();
    let mut writer = Writer::new();
    let reading = Reading::start(&home, &writer.log).await;
    reading.settle().await;
    split(&reading, HISTORY, 3).await;
    of_three_parts(&home, &reading, &mut writer).await;
    reading.settle().await;
    let generation = reading.projections.status_of(HISTORY).generation;
    // Another process applied the last part, and the log was set back before this one takes it over.
    home.tamper(&format!("{TAKE_AWAY} WHERE name = 'history' AND part = 2"))
        .await;
    let start = Instant::now();
    while reading.projections.status_of(HISTORY).parts[2].state != State::Following {
        assert!(start.elapsed() < PATIENCE, "the part is still here");
        sleep(Duration::from_millis(10)).await;
    }
    home.tamper(
        "UPDATE projection SET landmark = replace(landmark, '\"recorded_at\":1', '\"recorded_at\":2')
         WHERE name = 'history' AND part = 2;
         UPDATE projection_lease SET expires_at = clock_timestamp() WHERE name = 'history' AND part = 2",
    )
    .await;
    let start = Instant::now();
    while reading.projections.status_of(HISTORY).generation == generation {
        assert!(start.elapsed() < PATIENCE, "the model is not built anew");
        sleep(Duration::from_millis(10)).await;
    }
    let last = open_account(&mut writer, &account("last")).await;
    let waited = reading.projections.wait_for(&[HISTORY], last, PATIENCE).await;
    waited.unwrap();
    assert_eq!(reading.projections.status_of(HISTORY).parts.len(), 3);
    assert_eq!(
        home.number("SELECT count(*) FROM projection WHERE name = 'history'")
            .await,
        3
    );
    reading.assert_verified().await;
    reading.stop().await;
}
