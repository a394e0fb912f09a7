//! Reads and subscriptions.

use std::sync::Arc;

use futures::stream::{self, BoxStream, StreamExt};
use tokio::sync::{mpsc, watch};
use tonic::Status;

use crate::messages::{event, read_response, stream_name};
use crate::protocol::event_store::client::StreamIdentifier;
use crate::protocol::event_store::client::streams::ReadResp;
use crate::protocol::event_store::client::streams::read_req::Options;
use crate::protocol::event_store::client::streams::read_req::options::all_options::AllOption;
use crate::protocol::event_store::client::streams::read_req::options::stream_options::RevisionOption;
use crate::protocol::event_store::client::streams::read_req::options::{
    AllOptions, CountOption, ReadDirection, StreamOption, StreamOptions,
};
use crate::protocol::event_store::client::streams::read_resp::{
    CaughtUp, Checkpoint, Content, StreamNotFound, SubscriptionConfirmation,
};
use crate::store::{Record, Store};

pub(crate) type Answers = BoxStream<'static, Result<ReadResp, Status>>;

/// How many messages may wait for a slow reader.
const WAITING: usize = 64;
/// How many records a subscriber gets before it is told how far it is.
const CHECKPOINT_EVERY: usize = 32;

/// Answers a read.
pub(crate) fn read(store: &Arc<Store>, options: Options, ends: watch::Receiver<usize>) -> Result<Answers, Status> {
    let backwards = options.read_direction == ReadDirection::Backwards as i32;
    let count = options.count_option.ok_or_else(|| refused("how many"))?;
    match (options.stream_option.ok_or_else(|| refused("what"))?, count) {
        (StreamOption::Stream(stream), CountOption::Count(count)) => one(store, stream, backwards, limit(count)),
        (StreamOption::All(all), CountOption::Count(count)) => every(store, &all, backwards, limit(count)),
        (StreamOption::All(all), CountOption::Subscription(_)) => subscription(store, &all, ends),
        (StreamOption::Stream(_), CountOption::Subscription(_)) => Err(Status::unimplemented(
            "the double has subscriptions to all streams alone",
        )),
    }
}

fn refused(what: &str) -> Status {
    Status::invalid_argument(format!("the read does not say {what} to read"))
}

fn limit(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

fn answers(records: Vec<Record>) -> Answers {
    stream::iter(records).map(|record| Ok(event(&record))).boxed()
}

fn one(store: &Store, options: StreamOptions, backwards: bool, count: usize) -> Result<Answers, Status> {
    let name = stream_name(options.stream_identifier)?;
    let Some(mut records) = store.stream(&name) else {
        let missing = Content::StreamNotFound(StreamNotFound {
            stream_identifier: Some(StreamIdentifier {
                stream_name: name.into_bytes(),
            }),
        });
        return Ok(stream::iter([Ok(read_response(missing))]).boxed());
    };
    match (options.revision_option, backwards) {
        (Some(RevisionOption::Revision(revision)), false) => records.retain(|record| record.revision >= revision),
        (Some(RevisionOption::Revision(revision)), true) => records.retain(|record| record.revision <= revision),
        (Some(RevisionOption::Start(())), true) => records.truncate(1),
        (Some(RevisionOption::End(())), false) => records.clear(),
        _ => {}
    }
    if backwards {
        records.reverse();
    }
    records.truncate(count);
    Ok(answers(records))
}

fn every(store: &Store, options: &AllOptions, backwards: bool, count: usize) -> Result<Answers, Status> {
    let position = place(store, options)?;
    Ok(answers(if backwards {
        store.backwards(position, count)
    } else {
        store.forwards(position, count)
    }))
}

/// Where a read of all streams starts. The server reads its file there, and fails where no record stands.
fn place(store: &Store, options: &AllOptions) -> Result<u64, Status> {
    match options.all_option {
        Some(AllOption::Start(())) | None => Ok(0),
        Some(AllOption::End(())) => Ok(u64::MAX),
        Some(AllOption::Position(position)) if store.is_boundary(position.commit_position) => {
            Ok(position.commit_position)
        }
        Some(AllOption::Position(_)) => Err(Status::unknown("Unexpected ReadAllResult: InvalidPosition")),
    }
}

/// What is stored after the given place, then what comes, until the subscription is ended or its reader is gone.
fn subscription(store: &Arc<Store>, options: &AllOptions, ends: watch::Receiver<usize>) -> Result<Answers, Status> {
    // A subscription starts behind its position, where a read starts at it.
    let next = match options.all_option {
        Some(AllOption::Position(_)) => place(store, options)?.saturating_add(1),
        Some(AllOption::End(())) => store.backwards(u64::MAX, 1).first().map_or(0, |last| last.position + 1),
        _ => 0,
    };
    let (sender, mut receiver) = mpsc::channel(WAITING);
    let store = Arc::clone(store);
    tokio::spawn(async move {
        let mut ends = ends;
        ends.mark_unchanged();
        tokio::select! {
            _ = ends.changed() => {}
            _ = follow(&store, next, &sender) => {}
        }
    });
    Ok(stream::poll_fn(move |cx| receiver.poll_recv(cx)).boxed())
}

async fn follow(
    store: &Store,
    mut next: u64,
    sender: &mpsc::Sender<Result<ReadResp, Status>>,
) -> Result<(), mpsc::error::SendError<Result<ReadResp, Status>>> {
    let mut news = store.changes();
    let confirmation = SubscriptionConfirmation {
        subscription_id: "subscription".to_owned(),
    };
    sender
        .send(Ok(read_response(Content::Confirmation(confirmation))))
        .await?;
    let mut live = false;
    loop {
        news.mark_unchanged();
        let records = store.forwards(next, CHECKPOINT_EVERY);
        for record in &records {
            sender.send(Ok(event(record))).await?;
            next = record.position + 1;
        }
        if let Some(last) = records.get(CHECKPOINT_EVERY - 1) {
            let checkpoint = Checkpoint {
                commit_position: last.position,
                prepare_position: last.transaction,
            };
            sender.send(Ok(read_response(Content::Checkpoint(checkpoint)))).await?;
            continue;
        }
        if !live {
            live = true;
            sender.send(Ok(read_response(Content::CaughtUp(CaughtUp {})))).await?;
        }
        tokio::select! {
            () = sender.closed() => return Ok(()),
            changed = news.changed() => if changed.is_err() { return Ok(()) },
        }
    }
}
