use std::time::Duration;

use axum::body::BodyDataStream;
use axum::response::Response;
use futures::StreamExt;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::visitor::Visitor;
use crate::world::World;

const STREAM: &str = "/live/catalog";

/// What a page says that it shows.
fn edition(page: &str) -> String {
    let (_, rest) = page.split_once("data-edition=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

/// The id of the next event of a stream.
async fn next(stream: &mut BodyDataStream) -> String {
    let chunk = timeout(Duration::from_secs(10), stream.next()).await;
    let event = String::from_utf8(chunk.unwrap().unwrap().unwrap().to_vec()).unwrap();
    assert!(event.contains("event: catalog\n"), "{event}");
    // It says nothing but that there is something new.
    assert!(event.contains("data: changed\n"), "{event}");
    let (_, rest) = event.split_once("id: ").unwrap();
    rest.lines().next().unwrap().to_owned()
}

fn stream(response: Response) -> BodyDataStream {
    assert_eq!(response.status(), 200);
    response.into_body().into_data_stream()
}

fn row(world: &World, key: &str, publish: bool) -> Value {
    let mut row = world.app.provider.row(key);
    row["publish"] = json!(publish);
    row
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_marketplace_hears_of_what_is_published_and_not_of_drafts() {
    let world = World::new().await;
    let app = &world.app;
    let mut owner = Visitor::with(app, &world.owner).await;
    let mut admin = Visitor::with(app, &app.admin).await;
    let before = edition(&owner.page("/marketplace").await);
    let rows = edition(&admin.page("/admin/providers").await);
    let mut followed = stream(owner.follow(&format!("{STREAM}?seen={before}")).await);
    let heard = tokio::spawn(async move { next(&mut followed).await });
    let mut followed = stream(admin.follow(&format!("{STREAM}?seen={rows}")).await);
    app.post(&app.admin, "/v1/providers", &row(&world, "draft", false))
        .await
        .expect(201);
    app.settle().await;
    assert_eq!(edition(&owner.page("/marketplace").await), before);
    assert_eq!(edition(&owner.page("/marketplace/mock").await), before);
    // Platform admins see drafts, and so does their list.
    let told = next(&mut followed).await;
    assert_eq!(edition(&admin.page("/admin/providers").await), told);
    assert_ne!(told, rows);
    app.post(&app.admin, "/v1/providers", &row(&world, "live", true))
        .await
        .expect(201);
    app.settle().await;
    let after = edition(&owner.page("/marketplace").await);
    assert_ne!(after, before);
    // The first that it heard: of the draft it heard nothing.
    assert_eq!(heard.await.unwrap(), after);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_changed_while_a_page_did_not_listen_is_told_at_once() {
    let world = World::new().await;
    let app = &world.app;
    let mut owner = Visitor::with(app, &world.owner).await;
    let before = edition(&owner.page("/marketplace").await);
    app.post(&app.admin, "/v1/providers", &row(&world, "live", true))
        .await
        .expect(201);
    app.settle().await;
    let after = edition(&owner.page("/marketplace").await);
    let mut late = stream(owner.follow(&format!("{STREAM}?seen={before}")).await);
    assert_eq!(next(&mut late).await, after);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_keeps_eight_streams_open_at_most() {
    let world = World::new().await;
    let owner = Visitor::with(&world.app, &world.owner).await;
    let mut open = Vec::new();
    for _ in 0..8 {
        open.push(stream(owner.follow(STREAM).await));
    }
    // A browser that gets this does not try again by itself.
    assert_eq!(owner.follow(STREAM).await.status(), 204);
    let other = Visitor::with(&world.app, &world.owner).await;
    assert_eq!(other.follow(STREAM).await.status(), 200);
    open.pop();
    assert_eq!(owner.follow(STREAM).await.status(), 200);
}
