use axum::http::Request;

use super::filled;
use crate::pages::visitor::Visitor;
use crate::test_app::TestApp;
use crate::world::World;

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
