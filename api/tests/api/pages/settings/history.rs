use serde_json::json;

use super::HISTORY;
use crate::mock_provider::GOOD;
use crate::pages::visitor::Visitor;
use crate::world::{MOCK, World};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_history_tells_in_sentences_who_did_what_and_leads_to_what_was_before() {
    let world = World::connected().await;
    let app = &world.app;
    app.get(&world.service, "/v1/accounts/acme/ai-config/mock?purpose=summaries")
        .await
        .expect(200);
    app.settle().await;
    let mut owner = Visitor::with(app, &world.owner).await;
    let page = owner.page(HISTORY).await;
    for words in [
        "The integration was installed.",
        "A key was saved as version 1.",
        "Key version 1 was tested: the provider accepted it as mocky.",
        "Key version 1 was released to “service of a test” for “summaries”, until <time",
        "by “account_owner of a test”",
    ] {
        assert!(page.contains(words), "{words} is not in {page}");
    }
    let (released, installed) = (page.find("was released to"), page.find("was installed."));
    assert!(released < installed, "{page}");
    assert!(!page.contains(">Older<") && !page.contains(GOOD), "{page}");
    // Each takes the place of the one before, which is retired and erased.
    for _ in 0..20 {
        let body = json!({"fields": {"api_key": GOOD}});
        app.put(&world.owner, &format!("{MOCK}/connections/default/credential"), &body)
            .await
            .expect(200);
    }
    app.settle().await;
    let page = owner.page(HISTORY).await;
    assert!(!page.contains("The integration was installed."), "{page}");
    let (_, older) = page.split_once("rel=\"next\" href=\"").unwrap();
    let older = older.split('"').next().unwrap().to_owned();
    let page = owner.page(&older).await;
    assert!(
        page.contains("The integration was installed.") && page.contains(">Newest<"),
        "{page}"
    );
    owner.open(&format!("{HISTORY}?before=x")).await.expect(404);
}
