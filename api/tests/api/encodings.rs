use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn a_body_that_comes_packed_is_refused_for_that_and_not_called_broken() {
    let world = World::new().await;
    let app = &world.app;
    let body = json!({"id": "packed", "name": "Packed Ltd"});
    for coding in ["gzip", "BR", "identity, gzip"] {
        let headers = [("content-encoding", coding)];
        let refused = app
            .call(&app.admin, "POST", "/v1/accounts", Some(&body), &headers)
            .await;
        let refused = refused.problem(415, "unsupported-media-type");
        assert_eq!(refused.header("accept-encoding"), "identity");
        assert!(refused.contains("without `Content-Encoding`"), "{}", refused.text());
    }
    let headers = [("content-encoding", "Identity")];
    app.call(&app.admin, "POST", "/v1/accounts", Some(&body), &headers)
        .await
        .expect(201);
}
