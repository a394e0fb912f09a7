use serde_json::json;

use crate::pages::visitor::Visitor;
use crate::world::World;

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
