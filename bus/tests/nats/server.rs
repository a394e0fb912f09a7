//! What an operator, or a mishap, does to the server behind the back of the bus.

use async_nats::jetstream::{self, Context, stream::Stream};
use futures::TryStreamExt;

pub(crate) const STREAM: &str = "soconnective-events";

pub(crate) async fn jetstream(url: &str) -> Context {
    jetstream::new(async_nats::connect(url).await.unwrap())
}

pub(crate) async fn stream(url: &str) -> Stream {
    jetstream(url).await.get_stream(STREAM).await.unwrap()
}

pub(crate) async fn purge(url: &str) {
    stream(url).await.purge().await.unwrap();
}

pub(crate) async fn delete(url: &str) {
    jetstream(url).await.delete_stream(STREAM).await.unwrap();
}

/// The stream is deleted and made again, empty, before anybody notices.
pub(crate) async fn replace(url: &str) {
    let (jetstream, config) = (jetstream(url).await, stream(url).await.cached_info().config.clone());
    jetstream.delete_stream(STREAM).await.unwrap();
    jetstream.create_stream(config).await.unwrap();
}

/// The server loses all consumers, as the one does that held them in its memory when it ends.
pub(crate) async fn forget_consumers(url: &str) {
    let stream = stream(url).await;
    let names: Vec<String> = stream.consumer_names().try_collect().await.unwrap();
    assert!(!names.is_empty(), "nobody reads the stream");
    for name in names {
        stream.delete_consumer(&name).await.unwrap();
    }
}

/// Who holds the relay's lease, and for which term; none while nobody does.
pub(crate) async fn leader(url: &str) -> Option<(String, u64)> {
    let store = jetstream(url).await.get_key_value("soconnective-relay").await.ok()?;
    let value = store.get("lease").await.ok()??;
    let claim: serde_json::Value = serde_json::from_slice(&value).unwrap();
    Some((claim["holder"].as_str()?.to_owned(), claim["term"].as_u64()?))
}
