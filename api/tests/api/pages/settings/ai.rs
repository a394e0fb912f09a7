use serde_json::json;

use super::{AI, send};
use crate::pages::visitor::{Visitor, hidden};
use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ai_settings_are_chosen_and_what_is_wrong_stands_beside_its_field() {
    let world = World::connected().await;
    let app = &world.app;
    app.post(&app.admin, "/v1/providers", &app.provider.row("other"))
        .await
        .expect(201);
    let mut owner = Visitor::with(app, &world.owner).await;
    let asked = owner.page(AI).await;
    assert!(asked.contains("never hidden by another"), "{asked}");
    let stale = hidden(&asked, "revision").to_owned();
    let wanted = [
        ("provider", "other"),
        ("provider", ""),
        ("provider", "mock"),
        ("model", "m-2"),
        ("inherit", "1"),
    ];
    let page = send(&mut owner, AI, &wanted).await;
    assert!(page.contains("The AI settings are saved"), "{page}");
    let chosen = app.get(&world.owner, "/v1/accounts/acme/ai-settings").await.expect(200);
    let expected = json!({"providers": ["other", "mock"], "model": "m-2", "inherit": true});
    assert_eq!(chosen.body, expected);
    assert!(
        page.contains("value=\"m-2\"") && page.contains("value=\"other\" selected"),
        "{page}"
    );
    let revision = hidden(&page, "revision").to_owned();
    for (field, value, words) in [
        ("provider", "mock", "listed twice"),
        ("provider", "nothing-here", "no provider with this key"),
        ("model", "two words", "no blanks"),
    ] {
        let fields = [("revision", revision.as_str()), ("provider", "mock"), (field, value)];
        let refused = owner.submit(AI, &fields).await.expect(422);
        assert!(
            refused.contains(words) && refused.contains("Nothing was saved"),
            "{}",
            refused.text()
        );
    }
    // Somebody chose meanwhile.
    let page = owner.submit_and_follow(AI, &[("revision", &stale)]).await;
    assert!(page.contains("changed meanwhile"), "{page}");
    let chosen = app.get(&world.owner, "/v1/accounts/acme/ai-settings").await.expect(200);
    assert_eq!(chosen.body, expected);
}
