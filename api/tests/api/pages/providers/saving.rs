use serde_json::json;

use super::{NEW, filled, row};
use crate::pages::visitor::{Visitor, hidden};
use crate::test_app::TestApp;
use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_is_added_with_the_form_and_is_live_at_once() {
    let app = TestApp::new().await;
    let mut admin = Visitor::with(&app, &app.admin).await;
    let form = admin.page(NEW).await;
    let once = hidden(&form, "once").to_owned();
    let sent = filled("mailbird", &[("do", "publish"), ("once", &once)]);
    let page = admin.submit_and_follow(NEW, &sent).await;
    assert!(page.contains("Mailbird is in the marketplace."), "{page}");
    let saved = row(&app, "mailbird").await;
    assert_eq!(saved["status"], "published");
    assert_eq!(
        saved["recipe"],
        json!({
            "request": {"base_url": "https://api.mailbird.example.com/v1", "auth": {"bearer": "{api_key}"}},
            "test": {
                "method": "GET", "path": "/me", "accept": [{"status": 200}], "reject": [{"status": [401, 403]}],
                "identity": {"pointer": "/login"}
            }
        })
    );
    assert!(admin.page("/marketplace?q=mailbird").await.contains("Letters by bird."));
    // A double click is one command.
    admin.submit(NEW, &sent).await.expect(303);
    assert_eq!(row(&app, "mailbird").await["revision"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draft_is_revised_and_published_from_its_page() {
    let app = TestApp::new().await;
    let mut admin = Visitor::with(&app, &app.admin).await;
    let page = admin
        .submit_and_follow(NEW, &filled("mailbird", &[("do", "draft")]))
        .await;
    assert!(page.contains("Draft") && page.contains("Save and publish"), "{page}");
    assert!(!admin.page("/marketplace").await.contains("Mailbird"));
    let revision = hidden(&page, "revision").to_owned();
    let changes = [
        ("name", "Mail & Bird"),
        ("revision", &revision),
        ("do", "publish"),
        ("by", "yaml"),
        (
            "yaml",
            "request:\r\n  base_url: https://api.mailbird.example.com/v2\r\n  auth: { bearer: '{api_key}' }\r\n",
        ),
    ];
    let page = admin
        .submit_and_follow("/admin/providers/mailbird", &filled("", &changes))
        .await;
    assert!(page.contains("Mail &#38; Bird is saved."), "{page}");
    let saved = row(&app, "mailbird").await;
    assert_eq!(saved["status"], "published");
    assert_eq!(saved["name"], "Mail & Bird");
    assert_eq!(
        saved["recipe"],
        json!({"request": {"base_url": "https://api.mailbird.example.com/v2", "auth": {"bearer": "{api_key}"}}})
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_linter_finds_stands_beside_its_field_and_nothing_typed_is_lost() {
    let app = TestApp::new().await;
    let mut admin = Visitor::with(&app, &app.admin).await;
    let wrong = filled(
        "Not A Key",
        &[
            ("name", ""),
            ("help_url", "http://mailbird.example.com"),
            ("base_url", "http://api.mailbird.example.com"),
            ("accept", "okay"),
            ("do", "publish"),
        ],
    );
    let answer = admin.submit(NEW, &wrong).await.expect(422);
    let page = String::from_utf8(answer.bytes).unwrap();
    for field in ["key", "name", "help_url", "accept"] {
        let (_, beside) = page
            .split_once(&format!("id=\"{field}-wrong\" data-findings>"))
            .unwrap();
        assert!(beside.starts_with("<p>"), "{field}: {page}");
    }
    for kept in [
        "Not A Key",
        "Letters by bird.",
        "http://api.mailbird.example.com",
        "value=\"okay\"",
    ] {
        assert!(page.contains(kept), "{kept}: {page}");
    }
    // What cannot be read is found first; then the linter looks at the rest.
    let wrong = filled(
        "mailbird",
        &[("base_url", "http://api.mailbird.example.com"), ("do", "publish")],
    );
    let answer = admin.submit(NEW, &wrong).await.expect(422);
    let page = String::from_utf8(answer.bytes).unwrap();
    let (_, beside) = page.split_once("id=\"base_url-wrong\" data-findings>").unwrap();
    assert!(beside.starts_with("<p>"), "{page}");
    app.get(&app.admin, "/v1/providers/mailbird").await.expect(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_was_used_before_is_refused_at_its_field() {
    let world = World::new().await;
    let mut admin = Visitor::with(&world.app, &world.app.admin).await;
    let answer = admin.submit(NEW, &filled("mock", &[("do", "draft")])).await.expect(422);
    let page = String::from_utf8(answer.bytes).unwrap();
    let (_, beside) = page.split_once("id=\"key-wrong\" data-findings>").unwrap();
    assert!(beside.starts_with("<p>A provider has this key already"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recipe_that_says_more_than_the_form_is_edited_as_yaml() {
    let world = World::new().await;
    let mut admin = Visitor::with(&world.app, &world.app.admin).await;
    let page = admin.page("/admin/providers/mock").await;
    assert!(page.contains("This recipe says more than a form can"), "{page}");
    assert!(!page.contains("name=\"base_url\""), "{page}");
    let before = row(&world.app, "mock").await;
    let revision = hidden(&page, "revision").to_owned();
    // A form that claims to be guided and was not on the page changes no recipe.
    let (_, yaml) = page.split_once("<textarea class=\"mono code\" id=\"yaml\"").unwrap();
    let (_, yaml) = yaml.split_once('>').unwrap();
    let yaml = yaml.split("</textarea>").next().unwrap();
    let yaml = yaml
        .replace("&#34;", "\"")
        .replace("&#39;", "'")
        .replace("&#38;", "&")
        .replace("&#62;", ">");
    let mut sent = filled(
        "",
        &[
            ("by", "guided"),
            ("label", ""),
            ("hint", ""),
            ("revision", &revision),
            ("yaml", &yaml),
        ],
    );
    sent.retain(|(name, _)| *name != "base_url");
    admin.submit("/admin/providers/mock", &sent).await.expect(303);
    let after = row(&world.app, "mock").await;
    assert_eq!(after["recipe"], before["recipe"]);
    assert_eq!(after["name"], "Mailbird");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_changed_meanwhile_is_not_overwritten_unseen() {
    let world = World::new().await;
    let app = &world.app;
    let mut admin = Visitor::with(app, &app.admin).await;
    let page = admin.page("/admin/providers/mock").await;
    let revision = hidden(&page, "revision").to_owned();
    let change = json!({"description": "Theirs."});
    app.call(&app.admin, "PATCH", "/v1/providers/mock", Some(&change), &[])
        .await
        .expect(200);
    // Whoever puts a mistake right first has still not seen it.
    let mistaken = filled("", &[("name", ""), ("revision", &revision)]);
    let again = admin.submit("/admin/providers/mock", &mistaken).await.expect(422);
    assert!(again.contains(&format!("name=\"revision\" value=\"{revision}\"")));
    let mine = filled("", &[("description", "Mine."), ("revision", &revision)]);
    let answer = admin.submit("/admin/providers/mock", &mine).await.expect(422);
    let page = String::from_utf8(answer.bytes).unwrap();
    assert!(
        page.contains("Somebody else changed this row") && page.contains("Mine."),
        "{page}"
    );
    assert_eq!(row(app, "mock").await["description"], "Theirs.");
    assert!(
        page.contains("description: Theirs.") && page.contains("description: Mine."),
        "{page}"
    );
    // Who has seen that may insist.
    let revision = hidden(&page, "revision").to_owned();
    let mine = filled("", &[("description", "Mine."), ("revision", &revision)]);
    admin.submit("/admin/providers/mock", &mine).await.expect(303);
    assert_eq!(row(app, "mock").await["description"], "Mine.");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_whose_key_is_the_name_of_a_page_has_a_page_of_its_own() {
    let app = TestApp::new().await;
    let mut admin = Visitor::with(&app, &app.admin).await;
    for key in ["new", "preview"] {
        let page = admin.submit_and_follow(NEW, &filled(key, &[("do", "draft")])).await;
        assert_eq!(hidden(&page, "of"), key);
        let revision = hidden(&page, "revision").to_owned();
        let (_, action) = page
            .split_once("<form class=\"stack\" method=\"post\" action=\"")
            .unwrap();
        let action = action.split('"').next().unwrap();
        assert_eq!(action, format!("/admin/providers/{key}"));
        let sent = filled("", &[("description", "Again."), ("revision", &revision)]);
        admin.submit(action, &sent).await.expect(303);
        assert_eq!(row(&app, key).await["description"], "Again.");
    }
}
