use serde_json::json;

use super::{CONNECT, connection, field, fill_in};
use crate::mock_provider::{BAD, GOOD, OTHER};
use crate::pages::visitor::{Visitor, hidden};
use crate::world::{MOCK, World};

/// Sends the form from a dialog, and gives what the dialog shows.
async fn in_dialog(visitor: &mut Visitor<'_>, path: &str, key: &str) -> String {
    let fields = [("field.api_key", key), ("dialog", "1")];
    let answer = fill_in(visitor, path, &fields).await.expect(200);
    String::from_utf8(answer.bytes).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_good_key_is_connected_and_the_marketplace_shows_it() {
    let world = World::new().await;
    let mut owner = Visitor::with(&world.app, &world.owner).await;
    let answer = fill_in(&mut owner, CONNECT, &[("field.api_key", GOOD)])
        .await
        .expect(303);
    assert_eq!(answer.header("location"), "/settings/integrations/mock");
    let market = owner.page("/marketplace").await;
    assert!(market.contains("Connected as mocky."), "{market}");
    assert!(
        market.contains("<span class=\"badge good\">Connected</span>"),
        "{market}"
    );
    assert!(!market.contains(GOOD));
    assert_eq!(connection(&world).await["status"], "connected");
    let provider = owner.page("/marketplace/mock").await;
    assert!(
        provider.contains("badge good") && provider.contains("/settings/integrations/mock"),
        "{provider}"
    );
    let again = owner.page(CONNECT).await;
    assert!(
        again.contains("The key in use stays until a test accepts the new one"),
        "{again}"
    );
    assert!(!again.contains("name=\"later\""), "{again}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_key_is_saved_and_said_so_and_can_be_corrected() {
    let world = World::new().await;
    let mut owner = Visitor::with(&world.app, &world.owner).await;
    let said = in_dialog(&mut owner, CONNECT, BAD).await;
    assert!(
        said.contains("data-said=\"bad\"") && said.contains("Mock Mail refused this key"),
        "{said}"
    );
    assert!(said.contains("It is saved, but not used."), "{said}");
    assert!(!said.contains(BAD));
    assert_eq!(connection(&world).await["status"], "rejected");
    let page = owner.page(CONNECT).await;
    assert!(page.contains("The key that is saved was refused."), "{page}");
    let said = in_dialog(&mut owner, CONNECT, GOOD).await;
    assert!(
        said.contains("data-said=\"good\"") && said.contains("Connected as mocky"),
        "{said}"
    );
    // A key that works is not broken by one that does not.
    let said = in_dialog(&mut owner, CONNECT, BAD).await;
    assert!(said.contains("the key before it stays in use."), "{said}");
    assert_eq!(connection(&world).await["status"], "connected");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_whose_row_lost_its_test_is_not_called_unverified() {
    let world = World::connected().await;
    let app = &world.app;
    let mut recipe = app.provider.row("mock")["recipe"].take();
    recipe.as_object_mut().unwrap().remove("test");
    let change = json!({"recipe": recipe});
    app.call(&app.admin, "PATCH", "/v1/providers/mock", Some(&change), &[])
        .await
        .expect(200);
    let mut owner = Visitor::with(app, &world.owner).await;
    let page = owner.page(CONNECT).await;
    assert!(
        page.contains("It is connected. There is no test for its keys any more"),
        "{page}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_of_our_own_is_taken_for_no_key() {
    let world = World::new().await;
    let mut owner = Visitor::with(&world.app, &world.owner).await;
    let calls = world.app.provider.calls();
    let mistaken = format!(" {}\n", world.owner);
    let refused = fill_in(&mut owner, CONNECT, &[("field.api_key", &mistaken)])
        .await
        .expect(422);
    let page = String::from_utf8(refused.bytes).unwrap();
    let words = "This is a sign-in token of this product, not a key of Mock Mail.";
    assert!(field(&page, "api_key").contains(words), "{page}");
    assert!(!page.contains(&world.owner), "{page}");
    world.app.get(&world.owner, MOCK).await.expect(404);
    // Nor where it is saved later, nor where a row is tried.
    fill_in(&mut owner, CONNECT, &[("field.api_key", GOOD)])
        .await
        .expect(303);
    let key = "/settings/integrations/mock/connections/default/key";
    let refused = fill_in(&mut owner, key, &[("field.api_key", &mistaken)])
        .await
        .expect(422);
    assert!(String::from_utf8(refused.bytes).unwrap().contains(words));
    let mut admin = Visitor::with(&world.app, &world.app.admin).await;
    let refused = admin
        .submit("/admin/providers/mock/try", &[("field.api_key", &mistaken)])
        .await
        .expect(422);
    assert!(String::from_utf8(refused.bytes).unwrap().contains(words));
    assert_eq!(connection(&world).await["version"], 1);
    assert_eq!(world.app.provider.calls(), calls + 1, "the good key alone was tested");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_is_away_keeps_nobody_from_saving() {
    let world = World::new().await;
    world.app.provider.set_down(true);
    let mut owner = Visitor::with(&world.app, &world.owner).await;
    let said = in_dialog(&mut owner, CONNECT, GOOD).await;
    assert!(
        said.contains("data-said=\"caution\"") && said.contains("Mock Mail is out of order"),
        "{said}"
    );
    assert!(
        said.contains("The key is saved and in use as it is, not verified."),
        "{said}"
    );
    assert_eq!(connection(&world).await["status"], "unverified");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_can_be_added_later() {
    let world = World::new().await;
    let mut owner = Visitor::with(&world.app, &world.owner).await;
    fill_in(&mut owner, CONNECT, &[("later", "1"), ("field.api_key", "")])
        .await
        .expect(303);
    let market = owner.page("/marketplace").await;
    assert!(market.contains("Mock Mail is on your list, without a key."), "{market}");
    assert!(
        market.contains("<span class=\"badge quiet\">Not connected</span>"),
        "{market}"
    );
    assert_eq!(connection(&world).await["status"], "disconnected");
    assert_eq!(world.app.provider.calls(), 0);
    let page = owner.page(CONNECT).await;
    assert!(page.contains("It is on your list, without a key."), "{page}");
    fill_in(&mut owner, CONNECT, &[("field.api_key", GOOD)])
        .await
        .expect(303);
    assert_eq!(connection(&world).await["status"], "connected");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_double_click_saves_one_key() {
    let world = World::new().await;
    let mut owner = Visitor::with(&world.app, &world.owner).await;
    for key in [GOOD, OTHER] {
        let page = owner.page(CONNECT).await;
        let fields = [("once", hidden(&page, "once")), ("field.api_key", key)];
        let first = owner.submit(CONNECT, &fields).await.expect(303);
        let second = owner.submit(CONNECT, &fields).await.expect(303);
        assert_eq!(first.header("location"), second.header("location"));
    }
    assert_eq!(connection(&world).await["version"], 2, "one of each key");
    // Another page is another command, though the key is the same.
    fill_in(&mut owner, CONNECT, &[("field.api_key", OTHER)])
        .await
        .expect(303);
    assert_eq!(connection(&world).await["version"], 3);
}
