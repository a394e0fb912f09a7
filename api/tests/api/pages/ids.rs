//! A label, a hint and a link to a part of a page work by an id, and an id works when one element alone has it.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use super::visitor::Visitor;
use crate::mock_provider::GOOD;
use crate::world::{INTEGRATIONS, World};

/// Names that are parts of ids elsewhere: of fields, of which a row has so many at most, and of connections.
const NAMES: &[&str] = &[
    "title",
    "name",
    "once",
    "hint",
    "wrong",
    "key",
    "connection",
    "minutes",
    "before",
    "main",
    "provider",
    "account",
    "uninstall",
    "preview",
    "results",
    "api_key",
];

const FIELDS: &str = "/marketplace/hostile/connect";

/// A row whose fields have all these names, and everything that gives a field parts with ids of their own.
fn hostile(world: &World) -> Value {
    let mut row = world.app.provider.row("hostile");
    let named = |name: &&str| {
        let optional = *name != "api_key";
        let mut field = json!({"name": name, "label": name, "hint": "A hint", "optional": optional});
        if optional {
            field["prefix"] = "a".into();
            field["suffix"] = "z".into();
        } else {
            field["secret"] = true.into();
        }
        field
    };
    row["recipe"]["fields"] = NAMES.iter().map(named).collect();
    let used = NAMES.iter().filter(|name| **name != "api_key");
    row["recipe"]["request"]["query"] = used
        .map(|name| ((*name).to_owned(), Value::from(format!("{{{name}}}"))))
        .collect::<serde_json::Map<_, _>>()
        .into();
    row
}

async fn with_hostile() -> World {
    let world = World::new().await;
    let row = hostile(&world);
    let app = &world.app;
    app.post(&app.admin, "/v1/providers", &row).await.expect(201);
    world
}

/// The values of an attribute on a page, each of them, in order.
fn values<'a>(page: &'a str, attribute: &str) -> Vec<&'a str> {
    let before = format!(" {attribute}=\"");
    let rest = page.split(before.as_str()).skip(1);
    rest.map(|rest| rest.split('"').next().unwrap()).collect()
}

/// Every id is one element's alone, and whatever names an id finds it.
fn assert_ids(page: &str, of: &str) {
    let ids = values(page, "id");
    let mut seen = BTreeSet::new();
    for id in &ids {
        assert!(!id.is_empty() && !id.contains(char::is_whitespace), "{of}: {id:?}");
        assert!(seen.insert(*id), "{of}: {id} is there twice");
    }
    for attribute in ["for", "list", "aria-describedby", "aria-labelledby", "aria-controls"] {
        for named in values(page, attribute).iter().flat_map(|value| value.split(' ')) {
            assert!(
                seen.contains(named),
                "{of}: {attribute} names {named}, which is not there"
            );
        }
    }
}

/// What a dialog takes of the page that it shows.
fn dialog(page: &str) -> &str {
    let (_, body) = page.split_once("data-dialog-body").unwrap();
    body.split("</section>").next().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_that_a_row_makes_shares_no_id_with_its_page_whatever_its_fields_are_called() {
    let world = with_hostile().await;
    let mut owner = Visitor::with(&world.app, &world.owner).await;
    let connect = owner.page(FIELDS).await;
    assert!(values(&connect, "id").len() > NAMES.len());
    assert_ids(&connect, FIELDS);
    let missing = owner.submit(FIELDS, &[("field.title", "x")]).await.expect(422);
    assert_ids(&missing.text(), "the same, refused");
    // Over these it opens as a dialog.
    for beneath in ["/marketplace", "/marketplace/hostile"] {
        let both = owner.page(beneath).await + dialog(&connect);
        assert_ids(&both, beneath);
    }
    let mut admin = Visitor::with(&world.app, &world.app.admin).await;
    for path in ["/admin/providers/hostile", "/admin/providers/-/new"] {
        assert_ids(&admin.page(path).await, path);
    }
    let tried = admin.submit("/admin/providers/hostile/try", &[]).await.expect(422);
    assert_ids(&tried.text(), "the trial");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_integration_shares_no_id_with_the_dialogs_over_it_whatever_its_connections_are_called() {
    let world = with_hostile().await;
    let app = &world.app;
    let body = json!({"provider": "hostile", "credential": {"api_key": GOOD}});
    app.post(&world.owner, INTEGRATIONS, &body).await.expect(201);
    for name in NAMES.iter().filter(|name| !name.contains('_')) {
        let path = format!("{INTEGRATIONS}/hostile/connections/{name}/credential");
        app.put(&world.owner, &path, &json!({"fields": {"api_key": GOOD}}))
            .await;
    }
    let mut owner = Visitor::with(app, &world.owner).await;
    let place = "/settings/integrations/hostile";
    let page = owner.page(place).await;
    assert!(page.contains("/connections/hint/key"), "{page}");
    assert_ids(&page, place);
    for over in [
        "connections",
        "connections/default/key",
        "connections/hint/disconnect",
        "uninstall",
    ] {
        let shown = owner.page(&format!("{place}/{over}")).await;
        assert_ids(&shown, over);
        assert_ids(&format!("{page}{}", dialog(&shown)), &format!("{over} over the page"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_has_each_id_once() {
    let world = World::connected().await;
    let app = &world.app;
    let member = [
        "/settings/integrations",
        "/settings/integrations/mock/history",
        "/settings/ai",
        "/marketplace?q=none",
    ];
    let staff = [
        "/admin/providers",
        "/admin/providers/mock",
        "/admin/providers/mock/revisions",
        "/admin/providers/mock/retire",
        "/admin/accounts",
        "/admin/accounts/acme",
        "/admin/accounts/acme/close",
        "/admin/tokens",
        "/admin/tokens/new",
    ];
    for (token, paths) in [
        (&world.owner, member.as_slice()),
        (&app.admin, &staff),
        (&world.auditor, &["/audit", "/audit?account=%2F&from=soon"]),
    ] {
        let mut visitor = Visitor::with(app, token).await;
        for path in paths {
            let answer = visitor.send(Request::get(*path), Body::empty()).await;
            assert!(
                answer.status == 200 || answer.status == 422,
                "{path}: {}",
                answer.status
            );
            assert_ids(&answer.text(), path);
        }
    }
}
