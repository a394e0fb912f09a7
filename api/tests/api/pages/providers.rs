use std::io::Cursor;

use axum::body::Body;
use axum::http::Request;
use image::{DynamicImage, ImageFormat};
use serde_json::{Value, json};

use super::visitor::{Visitor, hidden};
use crate::answer::Answer;
use crate::log_lines;
use crate::mock_provider::{BAD, GOOD};
use crate::test_app::TestApp;
use crate::world::World;

const NEW: &str = "/admin/providers/-/new";

/// A form that is fine, for a row with this key; the fields that differ take the place of its own.
fn filled<'a>(key: &'a str, others: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut form = vec![
        ("key", key),
        ("name", "Mailbird"),
        ("category", "Email"),
        ("description", "Letters by bird."),
        ("auth", "bearer"),
        ("label", "API key"),
        ("hint", "Starts with mb-"),
        ("help_url", "https://mailbird.example.com/keys"),
        ("instructions", "Profile → **Keys**"),
        ("by", "guided"),
        ("base_url", "https://api.mailbird.example.com/v1"),
        ("send", "bearer"),
        ("method", "GET"),
        ("path", "/me"),
        ("accept", "200"),
        ("reject", "401, 403"),
        ("identity", "/login"),
        ("yaml", ""),
    ];
    for (name, value) in others {
        form.retain(|(known, _)| known != name);
        form.push((name, value));
    }
    form
}

async fn row(app: &TestApp, key: &str) -> Value {
    app.get(&app.admin, &format!("/v1/providers/{key}"))
        .await
        .expect(200)
        .body
}

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
async fn the_preview_shows_the_card_the_form_and_the_findings_and_saves_nothing() {
    let app = TestApp::new().await;
    let mut admin = Visitor::with(&app, &app.admin).await;
    let sent = filled(
        "mailbird",
        &[("name", "<b>Bird"), ("description", "As it will be."), ("accept", "")],
    );
    let answer = admin.submit("/admin/providers/-/preview", &sent).await.expect(200);
    let page = String::from_utf8(answer.bytes).unwrap();
    let (_, preview) = page.split_once("id=\"preview\"").unwrap();
    for shown in [
        "&#60;b&#62;Bird",
        "As it will be.",
        "Starts with mb-",
        "<strong>Keys</strong>",
        "recipe → test → accept",
    ] {
        assert!(preview.contains(shown), "{shown}: {preview}");
    }
    // The other way to write the recipe says the same.
    assert!(page.contains("base_url: https://api.mailbird.example.com/v1"), "{page}");
    app.get(&app.admin, "/v1/providers/mailbird").await.expect(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn suggestions_are_made_for_a_page_and_not_for_every_pause_of_typing() {
    let world = World::new().await;
    let mut admin = Visitor::with(&world.app, &world.app.admin).await;
    let sent = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(filled("mailbird", &[]))
        .finish();
    let suggested = "<option value=\"Email\"></option>";
    for (mode, is_page) in [("navigate", true), ("cors", false)] {
        let request = Request::post("/admin/providers/-/preview")
            .header("sec-fetch-site", "same-origin")
            .header("sec-fetch-mode", mode)
            .header("content-type", "application/x-www-form-urlencoded");
        let answer = admin.send(request, sent.clone().into()).await.expect(200);
        let page = String::from_utf8(answer.bytes).unwrap();
        assert_eq!(page.contains(suggested), is_page, "{mode}: {page}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_shows_every_row_and_is_narrowed_by_text_and_status() {
    let world = World::new().await;
    let app = &world.app;
    let mut admin = Visitor::with(app, &app.admin).await;
    admin
        .submit(
            NEW,
            &filled("mailbird", &[("do", "draft"), ("base_url", ""), ("path", "")]),
        )
        .await
        .expect(303);
    let shows = |page: &str| {
        [
            page.contains("/admin/providers/mock\""),
            page.contains("/admin/providers/mailbird\""),
        ]
    };
    let all = admin.page("/admin/providers").await;
    assert_eq!(shows(&all), [true, true]);
    assert!(
        all.contains("Untested") && all.contains("Draft") && all.contains("Published"),
        "{all}"
    );
    assert_eq!(shows(&admin.page("/admin/providers?status=draft").await), [false, true]);
    assert_eq!(
        shows(&admin.page("/admin/providers?status=published").await),
        [true, false]
    );
    assert_eq!(shows(&admin.page("/admin/providers?q=BIRD+email").await), [false, true]);
    assert!(admin.page("/admin/providers?q=zzz").await.contains("Nothing fits that"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_is_retired_after_a_question_and_comes_back() {
    let world = World::connected().await;
    let app = &world.app;
    let mut admin = Visitor::with(app, &app.admin).await;
    let asked = admin.page("/admin/providers/mock/retire").await;
    assert!(asked.contains("Retire Mock Mail?"), "{asked}");
    assert!(asked.contains("<strong>1 account</strong> has it installed"), "{asked}");
    assert_eq!(row(app, "mock").await["status"], "published");
    let page = admin
        .submit_and_follow("/admin/providers/mock/retire", &[("once", hidden(&asked, "once"))])
        .await;
    assert!(page.contains("has left the marketplace"), "{page}");
    assert_eq!(row(app, "mock").await["status"], "retired");
    let page = admin.submit_and_follow("/admin/providers/mock/reinstate", &[]).await;
    assert!(page.contains("is back in the marketplace"), "{page}");
    // A draft cannot be retired: it says why.
    admin
        .submit(NEW, &filled("mailbird", &[("do", "draft")]))
        .await
        .expect(303);
    let page = admin.submit_and_follow("/admin/providers/mailbird/retire", &[]).await;
    assert!(page.contains("This provider is a draft"), "{page}");
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

/// Sends a form with a file, as a browser does.
async fn upload(visitor: &mut Visitor<'_>, path: &str, fields: &[(&str, &str)], file: &[u8]) -> Answer {
    let mut body = Vec::new();
    for (name, value) in fields {
        let part = format!("--border\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    let head = "--border\r\nContent-Disposition: form-data; name=\"logo\"; filename=\"logo.png\"\r\nContent-Type: \
                image/png\r\n\r\n";
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(file);
    body.extend_from_slice(b"\r\n--border--\r\n");
    let request = Request::post(path)
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "multipart/form-data; boundary=border");
    visitor.send(request, Body::from(body)).await
}

fn picture() -> Vec<u8> {
    let mut file = Vec::new();
    let image = DynamicImage::new_luma8(64, 64);
    image.write_to(&mut Cursor::new(&mut file), ImageFormat::Png).unwrap();
    file
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_logo_comes_with_the_form_is_previewed_and_can_be_removed() {
    let app = TestApp::new().await;
    let mut admin = Visitor::with(&app, &app.admin).await;
    let seen = upload(
        &mut admin,
        "/admin/providers/-/preview",
        &filled("mailbird", &[]),
        &picture(),
    )
    .await;
    let seen = String::from_utf8(seen.expect(200).bytes).unwrap();
    assert!(seen.contains("src=\"data:image/png;base64,"), "{seen}");
    let once = "0123456789abcdef0123456789abcdef";
    let new = filled("mailbird", &[("do", "publish"), ("once", once)]);
    upload(&mut admin, NEW, &new, &picture()).await.expect(303);
    // A double click is one command, with a file as without.
    upload(&mut admin, NEW, &new, &picture()).await.expect(303);
    let saved = row(&app, "mailbird").await;
    let url = saved["logo"]["url"].as_str().unwrap();
    assert!(admin.page("/marketplace").await.contains(&format!("src=\"{url}\"")));
    let page = admin.page("/admin/providers/mailbird").await;
    let revision = hidden(&page, "revision").to_owned();
    // An empty file input changes nothing.
    let same = filled("", &[("revision", &revision), ("description", "Other.")]);
    upload(&mut admin, "/admin/providers/mailbird", &same, b"")
        .await
        .expect(303);
    let saved = row(&app, "mailbird").await;
    assert_eq!(
        (&saved["logo"]["url"], &saved["description"]),
        (&json!(url), &json!("Other."))
    );
    let revision = saved["revision"].to_string();
    let without = filled(
        "",
        &[
            ("revision", &revision),
            ("remove_logo", "yes"),
            ("description", "Last."),
        ],
    );
    admin.submit("/admin/providers/mailbird", &without).await.expect(303);
    let saved = row(&app, "mailbird").await;
    assert_eq!((&saved["logo"], &saved["description"]), (&Value::Null, &json!("Last.")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_no_logo_is_refused_at_its_field() {
    let app = TestApp::new().await;
    let mut admin = Visitor::with(&app, &app.admin).await;
    let too_large = [600 * 1024, 5 * 1024 * 1024].map(|bytes| vec![0x89; bytes]);
    for file in [b"MZ no picture".as_slice(), &too_large[0], &too_large[1]] {
        let refused = upload(&mut admin, NEW, &filled("mailbird", &[("do", "publish")]), file).await;
        let page = String::from_utf8(refused.expect(422).bytes).unwrap();
        let (_, beside) = page.split_once("id=\"logo-wrong\" data-findings>").unwrap();
        assert!(beside.starts_with("<p>The file cannot be used"), "{page}");
        assert!(page.contains("Letters by bird."), "{page}");
    }
    app.get(&app.admin, "/v1/providers/mailbird").await.expect(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draft_is_tried_with_a_key_that_no_page_repeats() {
    const CANARY: &str = "key-canary-0815081508150815";
    let app = TestApp::new().await;
    let mut draft = app.provider.row("mock");
    draft["publish"] = json!(false);
    app.post(&app.admin, "/v1/providers", &draft).await.expect(201);
    let mut admin = Visitor::with(&app, &app.admin).await;
    let page = admin.page("/admin/providers/mock").await;
    assert!(
        page.contains("action=\"/admin/providers/mock/try\"") && page.contains("id=\"try-api_key\""),
        "{page}"
    );
    let path = "/admin/providers/mock/try";
    admin.page(path).await;
    for (key, said) in [
        (GOOD, "Mock Mail took the key, which is that of mocky"),
        (BAD, "Mock Mail refused the key"),
        (CANARY, "Mock Mail refused the key"),
    ] {
        let answer = admin.submit(path, &[("field.api_key", key)]).await.expect(200);
        let page = String::from_utf8(answer.bytes).unwrap();
        assert!(page.contains(said), "{page}");
        assert!(!page.contains(key), "{page}");
    }
    let answer = admin
        .submit(path, &[("field.api_key", "sk-canary-0815")])
        .await
        .expect(422);
    let page = String::from_utf8(answer.bytes).unwrap();
    assert!(
        page.contains("A key starts with key-.") && !page.contains("sk-canary"),
        "{page}"
    );
    assert!(
        !log_lines::all().contains("canary-0815"),
        "a pasted key stands in the log lines"
    );
    assert_eq!(row(&app, "mock").await["revision"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_changed_in_a_row_is_shown_line_by_line_with_who_did_it() {
    let world = World::new().await;
    let app = &world.app;
    let mut admin = Visitor::with(app, &app.admin).await;
    let page = admin.page("/admin/providers/mock").await;
    assert!(page.contains("href=\"/admin/providers/mock/revisions\""), "{page}");
    let first = admin.page("/admin/providers/mock/revisions").await;
    assert!(first.contains("It was the first"), "{first}");
    let change = json!({"description": "New <words>.", "recipe": {"request": {"base_url": "https://api.example.com", "auth": {"bearer": "{api_key}"}}}, "credential": {"label": "Key"}});
    app.call(&app.admin, "PATCH", "/v1/providers/mock", Some(&change), &[])
        .await
        .expect(200);
    app.post(&app.admin, "/v1/providers/mock/retire", &json!({}))
        .await
        .expect(200);
    let page = admin.page("/admin/providers/mock/revisions?at=3").await;
    for shown in [
        "<span class=\"line gone\"><span class=\"sign\" aria-hidden=\"true\">-</span><span class=\"visually-hidden\">Before: </span>description: Mail for tests.",
        "description: New &#60;words&#62;.",
        "The provider left the marketplace",
        "“platform_admin of a test”",
        "/revisions?at=4",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let last = admin.page("/admin/providers/mock/revisions").await;
    assert!(
        last.contains("# Status: Retired") && !last.contains("New &#60;words"),
        "{last}"
    );
    admin.open("/admin/providers/nothing/revisions").await.expect(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn these_pages_are_for_platform_admins_alone() {
    let world = World::new().await;
    let mut owner = Visitor::with(&world.app, &world.owner).await;
    for path in [
        "/admin/providers",
        NEW,
        "/admin/providers/mock",
        "/admin/providers/mock/retire",
        "/admin/providers/mock/try",
        "/admin/providers/mock/revisions",
    ] {
        owner.open(path).await.expect(403);
    }
    for path in [
        NEW,
        "/admin/providers/-/preview",
        "/admin/providers/mock",
        "/admin/providers/mock/retire",
    ] {
        owner.submit(path, &filled("mailbird", &[])).await.expect(403);
    }
    let mut admin = Visitor::with(&world.app, &world.app.admin).await;
    for path in [
        "/admin/providers/nothing",
        "/admin/providers/No%20Key",
        "/admin/providers/nothing/retire",
    ] {
        admin.open(path).await.expect(404);
    }
}
