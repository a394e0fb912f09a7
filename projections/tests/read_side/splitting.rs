//! A read model in a SQLite file is not split.

use std::sync::Arc;

use projections::{Parts, ProjectionError, ProjectionName};

use crate::home::Home;
use crate::support::{Reading, Writer};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_there_is_one_writer_a_split_is_refused_with_what_to_do_instead() {
    let writer = Writer::new();
    let home = Home::new();
    let reading = Reading::start(&home, &writer.log).await;
    reading.settle().await;
    let two = Parts::try_from(2).unwrap();
    let history = ProjectionName::History;
    let refused = reading
        .projections
        .split(history, two, Arc::clone(&writer.log), |_, _| {});
    let refused = refused.await.unwrap_err();
    assert!(matches!(refused, ProjectionError::OneWriter));
    assert!(refused.to_string().contains("PostgreSQL"), "{refused}");
    assert_eq!(reading.projections.status_of(history).parts.len(), 1);
    reading.assert_verified().await;
    reading.stop().await;
}
