use super::visitor::Visitor;
use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_marketplace_shows_what_there_is_and_what_the_account_has() {
    let world = World::connected().await;
    let mut owner = Visitor::with(&world.app, &world.owner).await;
    let page = owner.page("/marketplace").await;
    assert!(page.contains("<span class=\"badge good\">Connected</span>"), "{page}");
    assert!(page.contains("href=\"/settings/integrations/mock\""), "{page}");
    let nothing = owner.page("/marketplace?q=zzzzzz").await;
    assert!(nothing.contains("Nothing fits that"), "{nothing}");
    // Who has no account sees the catalog, and nobody's state.
    let mut admin = Visitor::with(&world.app, &world.app.admin).await;
    let page = admin.page("/marketplace").await;
    assert!(!page.contains("badge good") && !page.contains("/connect\""), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_row_says_runs_in_the_direction_of_its_own_writing() {
    let world = World::new().await;
    let app = &world.app;
    let mut row = app.provider.row("barid");
    row["name"] = "بريد".into();
    row["description"] = "رسائل إخبارية".into();
    row["help"] = serde_json::json!({"instructions": "افتح **الإعدادات**"});
    row["recipe"]["fields"][0]["hint"] = "يبدأ بـ key-".into();
    app.post(&app.admin, "/v1/providers", &row).await.expect(201);
    let mut owner = Visitor::with(app, &world.owner).await;
    let market = owner.page("/marketplace").await;
    assert!(market.contains("<p class=\"card-text\" dir=\"auto\">رسائل"), "{market}");
    let form = owner.page("/marketplace/barid/connect").await;
    assert!(form.contains("dir=\"auto\"><p>افتح"), "{form}");
    assert!(form.contains("dir=\"auto\">يبدأ"), "{form}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn markup_in_a_row_and_in_a_search_is_shown_as_text() {
    let world = World::new().await;
    let app = &world.app;
    let mut row = app.provider.row("evil");
    row["name"] = "<script>alert(1)</script>".into();
    row["category"] = "\"><img src=x onerror=alert(2)>".into();
    row["description"] = "<svg onload=alert(3)>".into();
    app.post(&app.admin, "/v1/providers", &row).await.expect(201);
    let mut owner = Visitor::with(app, &world.owner).await;
    for path in [
        "/marketplace",
        "/marketplace?q=%22%3E%3Cscript%3Ealert(4)%3C%2Fscript%3E",
    ] {
        let page = owner.page(path).await;
        for markup in ["<script>alert", "<img src=x", "<svg onload"] {
            assert!(!page.contains(markup), "{markup} in {page}");
        }
    }
}
