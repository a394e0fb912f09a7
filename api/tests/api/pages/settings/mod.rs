//! What an account has installed: its list, its connections and their keys.

mod ai;
mod history;

use domain::token::Role;
use serde_json::json;

use super::visitor::{Visitor, hidden};
use crate::mock_provider::{BAD, GOOD, OTHER};
use crate::world::{INTEGRATIONS, MOCK, World};

const LIST: &str = "/settings/integrations";
const PAGE: &str = "/settings/integrations/mock";
const KEY: &str = "/settings/integrations/mock/connections/default/key";
const TEST: &str = "/settings/integrations/mock/connections/default/test";
const DISCONNECT: &str = "/settings/integrations/mock/connections/default/disconnect";
const UNINSTALL: &str = "/settings/integrations/mock/uninstall";
const FURTHER: &str = "/settings/integrations/mock/connections";
const HISTORY: &str = "/settings/integrations/mock/history";
const AI: &str = "/settings/ai";

/// Whether a page shows that there is a key, and nothing of it: keys as short as these have no hint.
fn masked(page: &str) -> bool {
    page.contains("<code>…</code>") && [GOOD, OTHER, BAD].iter().all(|key| !page.contains(key))
}

/// Sends the form of a page: with the hidden fields that stand on it.
async fn send(visitor: &mut Visitor<'_>, asked: &str, fields: &[(&str, &str)]) -> String {
    let page = visitor.page(asked).await;
    let mut all = vec![("once", hidden(&page, "once"))];
    if page.contains("name=\"revision\"") {
        all.push(("revision", hidden(&page, "revision")));
    }
    all.extend(fields);
    visitor.submit_and_follow(asked, &all).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_installed_is_listed_with_its_state_and_a_masked_key() {
    let world = World::new().await;
    let mut owner = Visitor::with(&world.app, &world.owner).await;
    let empty = owner.page(LIST).await;
    assert!(
        empty.contains("Nothing is installed yet") && empty.contains("href=\"/marketplace\""),
        "{empty}"
    );
    let body = json!({"provider": "mock", "credential": {"api_key": GOOD}});
    world.app.post(&world.owner, INTEGRATIONS, &body).await.expect(201);
    for path in [LIST, PAGE] {
        let page = owner.page(path).await;
        for words in ["Mock Mail", "badge good\">Connected", "mocky", "<time datetime="] {
            assert!(page.contains(words), "{words} is not in {page}");
        }
        assert!(masked(&page), "{page}");
    }
    let page = owner.page(PAGE).await;
    assert!(
        page.contains("API key") && page.contains("Default connection"),
        "{page}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_tested_and_the_verdict_is_told() {
    let world = World::connected().await;
    let mut owner = Visitor::with(&world.app, &world.owner).await;
    let calls = world.app.provider.calls();
    let page = owner.page(PAGE).await;
    let once = hidden(&page, "once").to_owned();
    let told = owner.submit_and_follow(TEST, &[("once", &once)]).await;
    assert!(
        told.contains("notice good") && told.contains("Connected as mocky"),
        "{told}"
    );
    assert_eq!(world.app.provider.calls(), calls + 1);
    // The second click of a double click is the first one again.
    owner.submit(TEST, &[("once", &once)]).await.expect(303);
    let history = owner.page(HISTORY).await;
    assert_eq!(history.matches("was tested").count(), 2, "{history}");
    // An outage says nothing of the key: it stays connected.
    world.app.provider.set_down(true);
    let told = owner.submit_and_follow(TEST, &[]).await;
    assert!(
        told.contains("notice caution") && told.contains("badge good\">Connected"),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_key_waits_beside_the_working_one_and_an_accepted_one_takes_its_place() {
    let world = World::connected().await;
    let mut owner = Visitor::with(&world.app, &world.owner).await;
    let page = send(&mut owner, KEY, &[("field.api_key", BAD), ("before", "retire")]).await;
    assert!(page.contains("A newer key waits: version 2"), "{page}");
    assert!(
        page.contains("refused") && page.contains("badge good\">Connected"),
        "{page}"
    );
    assert!(masked(&page), "{page}");
    let keep = [("field.api_key", OTHER), ("before", "keep"), ("minutes", "30")];
    let page = send(&mut owner, KEY, &keep).await;
    assert!(
        page.contains("Version 1") && page.contains("stays valid until"),
        "{page}"
    );
    assert!(
        page.contains("<dd>3, saved ") && !page.contains("A newer key waits"),
        "{page}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_that_is_sent_from_where_it_stands_gets_the_verdict_alone_and_the_way_to_try_again() {
    let world = World::connected().await;
    let mut owner = Visitor::with(&world.app, &world.owner).await;
    let page = owner.page(FURTHER).await;
    let fields = [
        ("once", hidden(&page, "once")),
        ("connection", "store-eu"),
        ("field.api_key", BAD),
        ("dialog", "1"),
    ];
    let said = owner.submit(FURTHER, &fields).await.expect(200);
    let said = String::from_utf8(said.bytes).unwrap();
    assert!(
        said.contains("data-said=\"bad\"") && said.contains("Mock Mail refused this key"),
        "{said}"
    );
    assert!(!said.contains(BAD), "{said}");
    let next = format!("{FURTHER}/store-eu/key");
    assert!(said.contains(&format!("data-action=\"{next}\"")), "{said}");
    let (_, rest) = said.split_once("data-once=\"").unwrap();
    let once = rest.split('"').next().unwrap();
    let fields = [("once", once), ("field.api_key", OTHER), ("dialog", "1")];
    let said = owner.submit(&next, &fields).await.expect(200);
    let said = String::from_utf8(said.bytes).unwrap();
    assert!(said.contains("data-said=\"good\""), "{said}");
    // It was said there: the next page does not say it again.
    let page = owner.page(PAGE).await;
    assert!(!page.contains("role=\"status\""), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leaked_key_is_replaced_at_once_whatever_the_test_says() {
    let world = World::connected().await;
    let mut owner = Visitor::with(&world.app, &world.owner).await;
    let page = send(&mut owner, KEY, &[("field.api_key", BAD), ("before", "now")]).await;
    assert!(
        page.contains("badge bad\">Key rejected") && !page.contains("A newer key waits"),
        "{page}"
    );
    let history = owner.page(HISTORY).await;
    assert!(history.contains("Erased for good: key version 1."), "{history}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_that_is_refused_says_why_and_keeps_no_secret() {
    let world = World::connected().await;
    let mut owner = Visitor::with(&world.app, &world.owner).await;
    let wrong = "nonsense-secret-1234";
    let refused = owner
        .submit(KEY, &[("field.api_key", wrong), ("before", "keep"), ("minutes", "5")])
        .await
        .expect(422);
    assert!(refused.contains("A key starts with key-.") && refused.contains("aria-invalid"));
    assert!(
        refused.contains("value=\"5\"") && !refused.contains(wrong),
        "{}",
        refused.text()
    );
    for minutes in ["0", "43201", "an hour", "-5"] {
        let fields = [("field.api_key", OTHER), ("before", "keep"), ("minutes", minutes)];
        let refused = owner.submit(KEY, &fields).await.expect(422);
        assert!(
            refused.contains("from 1 to 43200") && !refused.contains(OTHER),
            "{}",
            refused.text()
        );
    }
    let page = owner.page(PAGE).await;
    assert!(!page.contains("version 2") && masked(&page), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_taken_back_after_a_question_and_only_as_it_was_seen() {
    let world = World::connected().await;
    let mut owner = Visitor::with(&world.app, &world.owner).await;
    let asked = owner.page(DISCONNECT).await;
    assert!(asked.contains("erased for good"), "{asked}");
    let seen = [
        ("once", hidden(&asked, "once")),
        ("revision", hidden(&asked, "revision")),
    ];
    // Somebody rotates it meanwhile: the question was about another key.
    world.save(OTHER).await.expect(200);
    let page = owner.submit_and_follow(DISCONNECT, &seen).await;
    assert!(
        page.contains("changed meanwhile") && page.contains("Connected"),
        "{page}"
    );
    let page = send(&mut owner, DISCONNECT, &[]).await;
    assert!(
        page.contains("badge quiet\">Not connected") && page.contains("Add the key"),
        "{page}"
    );
    assert!(page.contains("erased for good"), "{page}");
    owner.open(DISCONNECT).await.expect(404);
    let page = send(&mut owner, KEY, &[("field.api_key", GOOD)]).await;
    assert!(page.contains("badge good\">Connected") && masked(&page), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_uninstalled_is_erased_and_keeps_its_history() {
    let world = World::connected().await;
    let mut owner = Visitor::with(&world.app, &world.owner).await;
    let asked = owner.page(UNINSTALL).await;
    assert!(asked.contains("Every key of it is erased"), "{asked}");
    // A form that names no state of it is none of ours.
    let page = owner.submit_and_follow(UNINSTALL, &[]).await;
    assert!(page.contains("changed meanwhile"), "{page}");
    let page = send(&mut owner, UNINSTALL, &[]).await;
    assert!(
        page.contains("Mock Mail was uninstalled") && page.contains("Nothing is installed yet"),
        "{page}"
    );
    owner.open(PAGE).await.expect(404);
    let history = owner.page(HISTORY).await;
    for words in [
        "was uninstalled",
        "Erased for good: key version 1",
        "not installed any more",
    ] {
        assert!(history.contains(words), "{words} is not in {history}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_further_connection_has_a_name_of_its_own() {
    let world = World::connected().await;
    let mut owner = Visitor::with(&world.app, &world.owner).await;
    for name in ["", "Store EU", "-eu", "default", "a/b"] {
        let fields = [("connection", name), ("field.api_key", OTHER)];
        let refused = owner.submit(FURTHER, &fields).await.expect(422);
        assert!(
            refused.contains("aria-invalid") && !refused.contains(OTHER),
            "{}",
            refused.text()
        );
    }
    let page = send(
        &mut owner,
        FURTHER,
        &[("connection", "store-eu"), ("field.api_key", OTHER)],
    )
    .await;
    let (first, second) = (page.find("Default connection"), page.find(">store-eu</h2>"));
    assert!(first.is_some() && first < second, "{page}");
    assert!(page.matches("<code>…</code>").count() == 2 && masked(&page), "{page}");
    let history = owner.page(HISTORY).await;
    assert!(
        history.contains("A key of the connection “store-eu” was saved as version 1."),
        "{history}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_finds_nothing_of_another() {
    let world = World::connected().await;
    let app = &world.app;
    let rival = app.token(Role::AccountOwner, Some("rival")).await;
    let mut rival = Visitor::with(app, &rival).await;
    assert!(rival.page(LIST).await.contains("Nothing is installed yet"));
    for path in [PAGE, HISTORY, KEY, DISCONNECT, UNINSTALL, FURTHER] {
        let foreign = rival.open(path).await.expect(404);
        let missing = rival.open(&path.replace("mock", "nothing")).await.expect(404);
        assert_eq!(foreign.bytes, missing.bytes, "{path}");
    }
    for path in [KEY, TEST, FURTHER, DISCONNECT, UNINSTALL] {
        let fields = [("field.api_key", GOOD), ("connection", "x"), ("revision", "1")];
        let answer = rival.submit(path, &fields).await;
        assert!(
            answer.status == 404 || answer.status == 303,
            "{path}: {}",
            answer.text()
        );
        assert!(!answer.contains("mocky"));
    }
    let still = app.get(&world.owner, MOCK).await.expect(200);
    assert_eq!(still.body["connections"][0]["status"], "connected");
    assert_eq!(still.body["connections"][0]["version"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_viewer_sees_everything_and_changes_nothing() {
    let world = World::connected().await;
    let viewer = world.app.token(Role::AccountViewer, Some("acme")).await;
    let mut viewer = Visitor::with(&world.app, &viewer).await;
    for path in [LIST, PAGE, HISTORY, AI] {
        let page = viewer.page(path).await;
        let (_, main) = page.split_once("<main").unwrap();
        assert!(
            !main.contains("<form") && !main.contains("/uninstall\""),
            "{path}: {main}"
        );
    }
    assert!(masked(&viewer.page(PAGE).await));
    for path in [KEY, DISCONNECT, UNINSTALL, FURTHER] {
        viewer.open(path).await.expect(403);
    }
    for path in [KEY, TEST, DISCONNECT, UNINSTALL, FURTHER, AI] {
        viewer.submit(path, &[("field.api_key", GOOD)]).await.expect(403);
    }
    // Who belongs to no account has no settings.
    let mut admin = Visitor::with(&world.app, &world.app.admin).await;
    admin.open(LIST).await.expect(403);
}
