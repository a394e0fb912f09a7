use crate::log_lines;
use crate::world::World;

#[tokio::test]
async fn an_address_that_is_too_long_is_refused_before_anything_looks_at_it() {
    let world = World::new().await;
    let long = "canary-of-an-address-".repeat(400);
    for path in [
        format!("/{long}"),
        format!("/v1/catalog?q={long}"),
        format!("/v1/accounts/{long}/integrations"),
        format!("/marketplace?q={long}"),
        format!("/healthz?{long}"),
    ] {
        for token in ["", &world.owner] {
            let refused = world.app.get(token, &path).await.problem(414, "uri-too-long");
            assert!(!refused.header("soconnective-correlation-id").is_empty());
            assert!(!refused.contains("canary"), "{}", refused.text());
        }
    }
    assert!(!log_lines::all().contains("canary-of-an-address"));
    let fits = format!("/{}", "a".repeat(8191));
    world.app.get("", &fits).await.problem(404, "no-such-route");
}

#[tokio::test]
async fn headers_that_are_too_large_together_are_refused() {
    let world = World::new().await;
    let (half, more) = ("a".repeat(16 * 1024), "canary-of-a-header-".repeat(1000));
    for path in ["/v1/catalog", "/marketplace", "/nothing"] {
        let headers = [("x-one", half.as_str()), ("cookie", more.as_str())];
        let refused = world.app.call(&world.owner, "GET", path, None, &headers).await;
        let refused = refused.problem(431, "headers-too-large");
        assert!(!refused.contains("canary"), "{}", refused.text());
    }
    assert!(!log_lines::all().contains("canary-of-a-header"));
    let headers = [("x-one", half.as_str())];
    let fits = world.app.call(&world.owner, "GET", "/v1/catalog", None, &headers).await;
    fits.expect(200);
}
