use domain::token::Role;
use serde_json::json;

use super::visitor::{Visitor, hidden};
use crate::world::{AI_CONFIG, MOCK, World};

/// A form of the administration, with its hidden field.
async fn once(visitor: &mut Visitor<'_>, page: &str) -> String {
    hidden(&visitor.page(page).await, "once").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_admin_opens_accounts_below_one_another_and_finds_them() {
    let world = World::new().await;
    let mut admin = Visitor::with(&world.app, &world.app.admin).await;
    let form = admin.page("/admin/accounts?below=acme").await;
    assert!(form.contains("name=\"parent\" value=\"acme\""), "{form}");
    let once = hidden(&form, "once").to_owned();
    let fields = [
        ("once", once.as_str()),
        ("id", "shop"),
        ("name", "The <b>Shop</b>"),
        ("parent", "acme"),
    ];
    let page = admin.submit_and_follow("/admin/accounts", &fields).await;
    assert!(page.contains("The account shop is open"), "{page}");
    assert!(
        page.contains("<a href=\"/admin/accounts/acme\">acme</a> / shop"),
        "{page}"
    );
    assert!(!page.contains("<b>Shop"), "{page}");
    // The same click again is the same account, and no second attempt.
    admin.submit("/admin/accounts", &fields).await.expect(303);
    let list = admin.page("/admin/accounts").await;
    assert!(
        list.contains("/admin/accounts/shop") && list.contains("below=acme"),
        "{list}"
    );
    let below = admin.page("/admin/accounts?below=acme").await;
    assert!(
        below.contains("/admin/accounts/shop") && !below.contains("/admin/accounts/rival"),
        "{below}"
    );
    let found = admin.open("/admin/accounts?find=shop").await.expect(303);
    assert_eq!(found.header("location"), "/admin/accounts/shop");
    let nobody = admin.page("/admin/accounts?find=SHOP").await;
    assert!(nobody.contains("There is no account with the id"), "{nobody}");
    let above = admin.page("/admin/accounts/acme").await;
    assert!(above.contains("href=\"/admin/accounts/shop\""), "{above}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_an_account_is_said_beside_its_field_and_what_was_typed_stays() {
    let world = World::new().await;
    let mut admin = Visitor::with(&world.app, &world.app.admin).await;
    for (fields, told) in [
        (
            [("id", "no spaces"), ("name", "Some name"), ("parent", "")],
            "account id",
        ),
        (
            [("id", "acme"), ("name", "Some name"), ("parent", "")],
            "Choose another id",
        ),
        ([("id", "shop"), ("name", ""), ("parent", "")], "1 to 200 characters"),
        (
            [("id", "shop"), ("name", "Some name"), ("parent", "nobody")],
            "no open account with this id",
        ),
        ([("id", "shop"), ("name", "Some name"), ("parent", "a b")], "account id"),
    ] {
        let answer = admin.submit("/admin/accounts", &fields).await.expect(422);
        assert!(answer.contains(told), "{told}: {}", answer.text());
        let typed = format!("name=\"id\" value=\"{}\"", fields[0].1);
        assert!(
            answer.contains(&typed) && answer.contains("aria-invalid=\"true\""),
            "{}",
            answer.text()
        );
    }
    admin.open("/admin/accounts/shop").await.expect(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_are_listed_in_pages() {
    let world = World::new().await;
    let app = &world.app;
    for number in 0..60 {
        let body = json!({"id": format!("n{number:02}"), "name": format!("Number {number}")});
        app.post(&app.admin, "/v1/accounts", &body).await.expect(201);
    }
    let mut admin = Visitor::with(app, &app.admin).await;
    let first = admin.page("/admin/accounts").await;
    let (_, rest) = first.split_once("href=\"/admin/accounts?after=").unwrap();
    let next = format!("/admin/accounts?after={}", rest.split('"').next().unwrap());
    let second = admin.page(&next).await;
    let listed = |page: &str, id: &str| page.contains(&format!("<a href=\"/admin/accounts/{id}\">"));
    for number in 0..60 {
        let id = format!("n{number:02}");
        assert!(listed(&first, &id) != listed(&second, &id), "{id}");
    }
    admin.open("/admin/accounts?after=%2F").await.expect(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_is_renamed() {
    let world = World::new().await;
    let mut admin = Visitor::with(&world.app, &world.app.admin).await;
    let once = once(&mut admin, "/admin/accounts/acme").await;
    let fields = [("once", once.as_str()), ("name", "Acme International")];
    let page = admin.submit_and_follow("/admin/accounts/acme/rename", &fields).await;
    assert!(page.contains("<h1>Acme International</h1>"), "{page}");
    let refused = admin.submit("/admin/accounts/acme/rename", &[("name", "")]).await;
    assert!(refused.expect(422).contains("1 to 200 characters"));
    admin
        .submit("/admin/accounts/nobody/rename", &[("name", "A")])
        .await
        .expect(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_is_closed_only_by_who_types_its_id_and_its_keys_are_gone() {
    let world = World::connected().await;
    let app = &world.app;
    app.settle().await;
    app.get(&world.service, AI_CONFIG).await.expect(200);
    let mut admin = Visitor::with(app, &app.admin).await;
    let asked = admin.page("/admin/accounts/acme/close").await;
    assert!(
        asked.contains("cannot be undone") && asked.contains("one key") && asked.contains("mock"),
        "{asked}"
    );
    let once = hidden(&asked, "once").to_owned();
    for typed in ["", "rival", "ACME"] {
        let fields = [("once", once.as_str()), ("confirm", typed)];
        let refused = admin.submit("/admin/accounts/acme/close", &fields).await.expect(422);
        assert!(refused.contains("Nothing was changed"));
    }
    app.get(&world.service, AI_CONFIG).await.expect(200);
    let fields = [("once", once.as_str()), ("confirm", "acme")];
    let page = admin.submit_and_follow("/admin/accounts/acme/close", &fields).await;
    assert!(page.contains("every key of it is erased"), "{page}");
    assert!(!page.contains("/close\"") && !page.contains("/rename\""), "{page}");
    app.settle().await;
    app.get(&world.service, AI_CONFIG).await.expect(409);
    let shown = app.get(&world.owner, MOCK).await;
    assert!(!shown.contains("\"connected\""), "{}", shown.text());
    let closed = admin.open("/admin/accounts/acme/close").await.expect(303);
    assert_eq!(closed.header("location"), "/admin/accounts/acme");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_and_tokens_are_for_platform_admins_alone() {
    let world = World::new().await;
    let app = &world.app;
    let viewer = app.token(Role::AccountViewer, Some("acme")).await;
    for token in [&world.owner, &world.auditor, &viewer] {
        let mut visitor = Visitor::with(app, token).await;
        for path in [
            "/admin/accounts",
            "/admin/accounts/acme",
            "/admin/accounts/acme/close",
            "/admin/tokens",
            "/admin/tokens/new",
        ] {
            visitor.open(path).await.expect(403);
        }
        for (path, fields) in [
            ("/admin/accounts", vec![("id", "shop"), ("name", "Shop")]),
            ("/admin/accounts/acme/rename", vec![("name", "Mine")]),
            ("/admin/accounts/acme/close", vec![("confirm", "acme")]),
            (
                "/admin/tokens/new",
                vec![("name", "T"), ("role", "platform_admin"), ("expires", "never")],
            ),
        ] {
            visitor.submit(path, &fields).await.expect(403);
        }
    }
    app.settle().await;
    let accounts = app.get(&app.admin, "/v1/accounts").await.expect(200);
    let names: Vec<_> = accounts.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|account| (account["name"].as_str().unwrap(), account["status"].as_str().unwrap()))
        .collect();
    assert_eq!(names, [("Acme Ltd", "open"), ("Rival Ltd", "open")]);
    let mut nobody = Visitor::new(app);
    nobody.open("/admin/tokens").await.expect(303);
}
