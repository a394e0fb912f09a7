use axum::body::Body;
use axum::http::Request;

use super::visitor::{Visitor, hidden};
use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_cannot_be_read_leads_to_a_page_that_leads_on() {
    let world = World::connected().await;
    let mut owner = Visitor::with(&world.app, &world.owner).await;
    for (path, status) in [
        ("/marketplace?q=a&q=b", 404),
        ("/marketplace/%ff", 404),
        ("/settings/integrations/mock/history?before=18446744073709551615", 404),
        ("/settings/integrations/mock/history?before=soon", 404),
        ("/sign-out", 405),
        ("/nothing/here", 404),
    ] {
        let request = Request::get(path).header("accept", "text/html,*/*;q=0.8");
        let page = owner.send(request, Body::empty()).await.expect(status);
        assert!(page.contains("href=\"/\">To the start</a>"), "{path}: {}", page.text());
        assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draft_is_published_as_its_reader_saw_it_or_not_at_all() {
    let world = World::new().await;
    let app = &world.app;
    let mut row = app.provider.row("later");
    row["publish"] = false.into();
    app.post(&app.admin, "/v1/providers", &row).await.expect(201);
    let mut admin = Visitor::with(app, &app.admin).await;
    let page = admin.page("/admin/providers/later").await;
    let seen = hidden(&page, "revision").to_owned();
    let change = serde_json::json!({"name": "Something else"});
    app.call(&app.admin, "PATCH", "/v1/providers/later", Some(&change), &[])
        .await
        .expect(200);
    let publish = "/admin/providers/later/publish";
    let page = admin.submit_and_follow(publish, &[("revision", &seen)]).await;
    assert!(page.contains("Somebody else changed"), "{page}");
    let view = app.get(&app.admin, "/v1/providers/later").await.expect(200);
    assert_eq!(view.body["status"], "draft");
    let now = hidden(&page, "revision").to_owned();
    admin.submit(publish, &[("revision", &now)]).await.expect(303);
    let view = app.get(&app.admin, "/v1/providers/later").await.expect(200);
    assert_eq!(view.body["status"], "published");
}
