//! Questions about what happened last, and between two times.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{AccountId, StreamId};
use projections::{AuditFilter, HistoryEntry, HistoryQuery};

use crate::home::Home;
use crate::story::{installed, issued, opened};
use crate::support::{Reading, Writer, account, provider, start};

/// Every event that fits, page by page.
async fn all_newest(history: &HistoryQuery, filter: &AuditFilter) -> Vec<HistoryEntry> {
    let (mut before, mut all) = (None, Vec::new());
    loop {
        let page = history.newest(filter, before).await.unwrap();
        all.extend(page.events);
        before = Some(page.next);
        if !page.more {
            return all;
        }
    }
}

/// The same in the order of the log.
async fn all_oldest(history: &HistoryQuery, filter: &AuditFilter) -> Vec<HistoryEntry> {
    let (mut filter, mut all) = (filter.clone(), Vec::new());
    loop {
        let page = history.events(&filter).await.unwrap();
        all.extend(page.events);
        filter.after = page.next;
        if !page.more {
            return all;
        }
    }
}

fn streams(events: &[HistoryEntry]) -> Vec<&str> {
    events.iter().map(|event| event.stream.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_newest_events_come_first_in_pages_that_leave_nothing_out() {
    let home = Home::new();
    let mut writer = Writer::new();
    for number in 0..10 {
        let id = account(&format!("account-{}", number % 3));
        writer.append(&StreamId::Account(id.clone()), opened("A", None)).await;
        writer
            .append(&StreamId::Integration(id, provider("stripe")), installed())
            .await;
    }
    let reading = Reading::start(&home, &writer.log).await;
    reading.settle().await;
    let history = reading.projections.history();
    let all = AuditFilter {
        limit: 3,
        ..AuditFilter::default()
    };
    let of_one = AuditFilter {
        account: Some(account("account-1")),
        ..all.clone()
    };
    let of_a_kind = AuditFilter {
        kind: Some("IntegrationInstalled".to_owned()),
        ..all.clone()
    };
    for (filter, count) in [(all.clone(), 20), (of_one, 6), (of_a_kind, 10)] {
        let newest = all_newest(history, &filter).await;
        let mut oldest = all_oldest(history, &filter).await;
        oldest.reverse();
        assert_eq!((newest.len(), streams(&newest)), (count, streams(&oldest)));
    }
    // What comes meanwhile belongs to no later page.
    let first = history.newest(&all, None).await.unwrap();
    writer
        .append(&StreamId::Account(account("late")), opened("L", None))
        .await;
    reading.settle().await;
    let second = history.newest(&all, Some(first.next)).await.unwrap();
    let both = [streams(&first.events), streams(&second.events)].concat();
    let fresh = all_newest(history, &all).await;
    assert_eq!(both, streams(&fresh)[1..7]);
    reading.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_backwards_looks_at_so_many_events_and_says_where_to_go_on() {
    let home = Home::new();
    let mut writer = Writer::new();
    let token = StreamId::Token("00000000-0000-0000-0000-000000000001".parse().unwrap());
    writer.append(&token, issued("T", domain::Sha256Digest::of(b"t"))).await;
    for number in 0..10_100 {
        let id = account(&format!("account-{number}"));
        writer.append(&StreamId::Account(id), opened("A", None)).await;
    }
    let reading = Reading::start(&home, &writer.log).await;
    reading.settle().await;
    let filter = AuditFilter {
        kind: Some("TokenIssued".to_owned()),
        limit: 3,
        ..AuditFilter::default()
    };
    let history = reading.projections.history();
    let first = history.newest(&filter, None).await.unwrap();
    assert!(first.events.is_empty() && first.more);
    let second = history.newest(&filter, Some(first.next)).await.unwrap();
    assert_eq!((second.events.len(), second.more), (1, false));
    reading.stop().await;
}

/// An account is opened at each of these hours after the start of the story.
async fn opened_at(hours: &[f64]) -> Writer {
    let mut writer = Writer::new();
    for (number, hours) in hours.iter().enumerate() {
        let id = account(&format!("a{number}-{}", number % 2));
        let stream = StreamId::Account(id);
        let mut event = writer.next(&stream, &opened("A", None).into());
        event.recorded_at = hour(*hours);
        writer.append_raw(&stream, event).await;
    }
    writer
}

#[expect(clippy::cast_possible_truncation, reason = "some days at most")]
fn hour(hours: f64) -> DateTime<Utc> {
    start() + TimeDelta::seconds((hours * 3600.0) as i64)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_found_by_their_time_although_the_clocks_of_nodes_differ() {
    let home = Home::new();
    // Most clocks agree; some nodes are late or early by up to half an hour.
    let hours = [
        0.0, 1.0, 0.6, 2.0, 2.4, 2.1, 24.0, 24.0, 23.7, 30.0, 30.4, 30.1, 48.0, 72.0, 72.5, 72.2, 100.0,
    ];
    let writer = opened_at(&hours).await;
    let reading = Reading::start(&home, &writer.log).await;
    reading.settle().await;
    let history = reading.projections.history();
    let bounds = [
        None,
        Some(-1.0),
        Some(0.6),
        Some(2.1),
        Some(23.9),
        Some(24.0),
        Some(30.1),
        Some(72.3),
        Some(200.0),
    ];
    for (from, to) in bounds.iter().flat_map(|from| bounds.iter().map(move |to| (*from, *to))) {
        let filter = AuditFilter {
            from: from.map(hour),
            to: to.map(hour),
            limit: 4,
            ..AuditFilter::default()
        };
        let expected: Vec<_> = (0..hours.len())
            .filter(|number| from.is_none_or(|from| hours[*number] >= from) && to.is_none_or(|to| hours[*number] < to))
            .map(|number| format!("account-a{number}-{}", number % 2))
            .collect();
        assert_eq!(
            streams(&all_oldest(history, &filter).await),
            expected,
            "{from:?} {to:?}"
        );
        let mut newest = all_newest(history, &filter).await;
        newest.reverse();
        assert_eq!(streams(&newest), expected, "{from:?} {to:?}");
    }
    reading.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn times_that_are_out_of_reach_leave_nothing_or_everything() {
    let home = Home::new();
    let writer = opened_at(&[0.0, 50.0]).await;
    let reading = Reading::start(&home, &writer.log).await;
    let count = async |from, to, account: Option<AccountId>| {
        let filter = AuditFilter {
            from,
            to,
            account,
            limit: 10,
            ..AuditFilter::default()
        };
        reading.settle().await;
        let history = reading.projections.history();
        let oldest = all_oldest(history, &filter).await.len();
        assert_eq!(all_newest(history, &filter).await.len(), oldest);
        oldest
    };
    let (first, last) = (Some(DateTime::<Utc>::MIN_UTC), Some(DateTime::<Utc>::MAX_UTC));
    assert_eq!(count(first, last, None).await, 2);
    assert_eq!(count(last, None, None).await, 0);
    assert_eq!(count(None, first, None).await, 0);
    assert_eq!(count(first, last, Some(account("a1-1"))).await, 1);
    assert_eq!(count(first, last, Some(account("nobody"))).await, 0);
    reading.stop().await;
}
