//! The same log gives the same model, whatever the database.

use std::sync::Arc;

use domain::StreamId;
use projections::{AuditFilter, ProjectionName, Projections};

use crate::home::Home;
use crate::story::{Teller, opened};
use crate::support::{Reading, Writer, account};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_model_has_the_digest_that_it_has_in_sqlite() {
    let home = Home::new();
    let mut writer = Writer::new();
    let log = Arc::clone(&writer.log);
    let mut teller = Teller::default();
    // More than one statement writes at once.
    for number in 0..1100_u32 {
        let [_, who, place, what] = number.wrapping_mul(2_654_435_761).to_be_bytes();
        let (stream, event) = teller.tell([who, place, what]);
        writer.append(&stream, event).await;
    }
    let nobody = "no\0body \\0";
    let stream = StreamId::Account(account("strange"));
    let mut strange = writer.next(&stream, &opened("A name with \0 and \\", None).into());
    nobody.clone_into(&mut strange.metadata.actor.id);
    writer.append_raw(&stream, strange).await;

    let reading = Reading::start(&home, &log).await;
    reading.settle().await;
    let folder = tempfile::tempdir().unwrap();
    let file = format!("sqlite:{}", folder.path().join("read.db").display());
    let sqlite = Projections::connect(&file).await.unwrap();
    sqlite
        .rebuild(&ProjectionName::ALL, Arc::clone(&log), |_, _| {})
        .await
        .unwrap();
    // What was written event by event is written once more, in large pieces.
    let built = reading
        .projections
        .rebuild(&[ProjectionName::History], Arc::clone(&log), |_, _| {});
    built.await.unwrap();
    for name in ProjectionName::ALL {
        let here = reading.projections.verify(name, Arc::clone(&log)).await.unwrap();
        let there = sqlite.verify(name, Arc::clone(&log)).await.unwrap();
        assert!(here.holds() && there.holds(), "{name}");
        assert_eq!((here.live, here.position), (there.live, there.position), "{name}");
    }
    let filter = AuditFilter {
        actor: Some(nobody.to_owned()),
        limit: 10,
        ..AuditFilter::default()
    };
    let found = reading.projections.history().events(&filter).await.unwrap();
    let actors: Vec<_> = found.events.iter().map(|event| event.actor.id.as_str()).collect();
    assert_eq!(actors, [nobody]);
    let strange = reading.projections.accounts().get(&account("strange")).await.unwrap();
    assert_eq!(strange.unwrap().account.name, "A name with \0 and \\");
    reading.stop().await;
}
