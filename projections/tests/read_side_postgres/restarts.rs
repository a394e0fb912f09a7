//! A server that is killed in the middle of commits, and comes back.

use std::sync::Arc;
use std::time::Duration;

use domain::StreamId;
use projections::{AuditFilter, ProjectionName, QueryError};
use servers::Postgres;

use crate::home::Home;
use crate::story::{Teller, opened};
use crate::support::{Reading, Writer, account};

async fn tell(writer: &mut Writer, teller: &mut Teller, count: u32) {
    for _ in 0..count {
        let number = u32::try_from(writer.events).unwrap().wrapping_mul(2_654_435_761);
        let [who, place, what, _] = number.to_be_bytes();
        let (stream, event) = teller.tell([who, place, what]);
        writer.append(&stream, event).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_or_restarted_in_the_middle_of_commits_costs_nothing_but_time() {
    let server = Postgres::start();
    let home = Home::on(&server);
    let mut writer = Writer::new();
    let log = Arc::clone(&writer.log);
    let (one, other) = (Reading::start(&home, &log).await, Reading::start(&home, &log).await);
    let mut teller = Teller::default();
    tell(&mut writer, &mut teller, 100).await;
    for round in 0..3 {
        // Commits are on their way when it happens.
        tell(&mut writer, &mut teller, 150).await;
        if round == 1 {
            server.restart();
        } else {
            server.kill();
            tell(&mut writer, &mut teller, 50).await;
            server.restart();
        }
        tell(&mut writer, &mut teller, 50).await;
    }
    let everything = AuditFilter {
        limit: 10_000,
        ..AuditFilter::default()
    };
    for reading in [&one, &other] {
        reading.settle().await;
        let page = reading.projections.history().events(&everything).await.unwrap();
        assert_eq!(page.events.len() as u64, writer.events, "each event once");
        for name in ProjectionName::ALL {
            assert!(
                reading
                    .projections
                    .verify(name, Arc::clone(&log))
                    .await
                    .unwrap()
                    .holds(),
                "{name}"
            );
        }
    }
    one.stop().await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stands_still_keeps_no_question_for_ever_and_is_asked_again() {
    let server = Postgres::start();
    let home = Home::on(&server);
    let mut writer = Writer::new();
    let agency = account("agency");
    writer
        .append(&StreamId::Account(agency.clone()), opened("Agency", None))
        .await;
    let reading = Reading::start(&home, &writer.log).await;
    reading.settle().await;
    let history = reading.projections.history();
    let everything = AuditFilter {
        limit: 10,
        ..AuditFilter::default()
    };
    server.pause();
    let asked = tokio::time::timeout(Duration::from_secs(40), history.events(&everything)).await;
    server.resume();
    let error = asked.unwrap().unwrap_err();
    assert!(matches!(error, QueryError::Unanswered(_)), "{error:?}");
    assert!(error.to_string().contains("did not answer in time"), "{error}");
    let page = history.events(&everything).await.unwrap();
    assert_eq!(page.events.len(), 1);
    reading.stop().await;
}
