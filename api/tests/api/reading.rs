use serde_json::json;

use crate::world::{MOCK, World};

#[tokio::test]
async fn a_query_sees_the_write_whose_position_it_names() {
    let world = World::connected().await;
    let saved = world
        .app
        .post(&world.owner, &format!("{MOCK}/connections/default/test"), &json!({}))
        .await
        .expect(200);
    let seen = world.app.get_after(&world.owner, MOCK, &saved).await.expect(200);
    assert_eq!(seen.body["connections"][0]["last_test"]["verdict"], "accepted");
}

#[tokio::test]
async fn a_position_that_never_comes_is_503_with_retry_after_and_never_a_stale_answer() {
    let world = World::new().await;
    let far = [("soconnective-min-position", "999999999")];
    for path in ["/v1/catalog", "/v1/accounts/acme/integrations"] {
        let late = world
            .app
            .call(&world.owner, "GET", path, None, &far)
            .await
            .problem(503, "read-model-behind");
        assert_eq!(late.header("retry-after"), "1");
    }
}

#[tokio::test]
async fn what_is_no_position_is_refused() {
    let world = World::new().await;
    let wrong = ["", "x", "-1", "1.5", "99999999999999999999999"];
    let position = |text| ("soconnective-min-position", text);
    let mut cases: Vec<_> = wrong.into_iter().map(|text| vec![position(text)]).collect();
    cases.push(vec![position("1"), position("2")]);
    for headers in cases {
        let answer = world.app.call(&world.owner, "GET", "/v1/catalog", None, &headers).await;
        let refused = answer.problem(400, "invalid-parameter");
        assert_eq!(refused.pointer(), "/header/soconnective-min-position");
    }
}
