use serde_json::json;

use super::row;
use crate::log_lines;
use crate::mock_provider::{BAD, GOOD};
use crate::pages::visitor::Visitor;
use crate::test_app::TestApp;

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
