//! The rows of the catalog, as platform admins see and edit them.

mod logo;
mod preview;
mod retiring;
mod revisions;
mod saving;
mod trying;

use serde_json::Value;

use super::visitor::Visitor;
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
