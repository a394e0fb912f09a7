//! A form that is larger than any that a person fills in is read to its end, so that the browser shows what is said of it.

use axum::body::Body;
use axum::http::Request;

use super::visitor::Visitor;
use crate::answer::Answer;
use crate::test_app::TestApp;
use crate::world::World;

const NEW: &str = "/admin/providers/-/new";
const KIB: usize = 1024;

async fn upload(visitor: &mut Visitor<'_>, texts: usize, file: usize) -> Answer {
    let mut body = b"--border\r\nContent-Disposition: form-data; name=\"yaml\"\r\n\r\n".to_vec();
    body.resize(body.len() + texts, b' ');
    let head = "\r\n--border\r\nContent-Disposition: form-data; name=\"logo\"; filename=\"logo.png\"\r\nContent-Type: \
                image/png\r\n\r\n";
    body.extend_from_slice(head.as_bytes());
    body.resize(body.len() + file, 0x89);
    body.extend_from_slice(b"\r\n--border--\r\n");
    let request = Request::post(NEW)
        .header("sec-fetch-site", "same-origin")
        .header("content-length", body.len())
        .header("content-type", "multipart/form-data; boundary=border");
    visitor.send(request, Body::from(body)).await
}

fn assert_told(answer: &Answer, of: &str, what_to_do: &str) {
    assert_eq!(answer.status, 413, "{of}: {}", answer.text());
    for part in ["That is too much", "nothing was saved", what_to_do] {
        assert!(answer.contains(part), "{of}: {}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_that_is_too_large_is_refused_on_a_page_that_says_what_to_do() {
    let world = World::new().await;
    let mut owner = Visitor::with(&world.app, &world.owner).await;
    let connect = "/marketplace/mock/connect";
    let small = "k".repeat(200 * KIB);
    owner.submit(connect, &[("field.api_key", &small)]).await.expect(422);
    let large = "k".repeat(256 * KIB);
    for path in [connect, "/sign-in"] {
        let answer = owner
            .submit(path, &[("field.api_key", &large), ("token", &large)])
            .await;
        assert_told(&answer, path, "Go back and shorten it");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_with_a_file_has_room_for_a_picture_and_no_more() {
    let app = TestApp::new().await;
    let mut admin = Visitor::with(&app, &app.admin).await;
    // Both are refused beside their fields.
    upload(&mut admin, 200 * KIB, 512 * KIB).await.expect(422);
    upload(&mut admin, 0, 7 * KIB * KIB).await.expect(422);
    assert_told(
        &upload(&mut admin, 257 * KIB, 0).await,
        "texts",
        "Go back and shorten it",
    );
    assert_told(
        &upload(&mut admin, 0, 9 * KIB * KIB).await,
        "a file",
        "choose a smaller file",
    );
}
