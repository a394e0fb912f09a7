use std::io::Cursor;

use axum::body::Body;
use axum::http::Request;
use image::{DynamicImage, ImageFormat};
use serde_json::{Value, json};

use super::{NEW, filled, row};
use crate::answer::Answer;
use crate::pages::visitor::{Visitor, hidden};
use crate::test_app::TestApp;

/// Sends a form with a file, as a browser does.
async fn upload(visitor: &mut Visitor<'_>, path: &str, fields: &[(&str, &str)], file: &[u8]) -> Answer {
    let mut body = Vec::new();
    for (name, value) in fields {
        let part = format!("--border\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    let head = "--border\r\nContent-Disposition: form-data; name=\"logo\"; filename=\"logo.png\"\r\nContent-Type: \
                image/png\r\n\r\n";
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(file);
    body.extend_from_slice(b"\r\n--border--\r\n");
    let request = Request::post(path)
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "multipart/form-data; boundary=border");
    visitor.send(request, Body::from(body)).await
}

fn picture() -> Vec<u8> {
    let mut file = Vec::new();
    let image = DynamicImage::new_luma8(64, 64);
    image.write_to(&mut Cursor::new(&mut file), ImageFormat::Png).unwrap();
    file
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_logo_comes_with_the_form_is_previewed_and_can_be_removed() {
    let app = TestApp::new().await;
    let mut admin = Visitor::with(&app, &app.admin).await;
    let seen = upload(
        &mut admin,
        "/admin/providers/-/preview",
        &filled("mailbird", &[]),
        &picture(),
    )
    .await;
    let seen = String::from_utf8(seen.expect(200).bytes).unwrap();
    assert!(seen.contains("src=\"data:image/png;base64,"), "{seen}");
    let once = "0123456789abcdef0123456789abcdef";
    let new = filled("mailbird", &[("do", "publish"), ("once", once)]);
    upload(&mut admin, NEW, &new, &picture()).await.expect(303);
    // A double click is one command, with a file as without.
    upload(&mut admin, NEW, &new, &picture()).await.expect(303);
    let saved = row(&app, "mailbird").await;
    let url = saved["logo"]["url"].as_str().unwrap();
    assert!(admin.page("/marketplace").await.contains(&format!("src=\"{url}\"")));
    let page = admin.page("/admin/providers/mailbird").await;
    let revision = hidden(&page, "revision").to_owned();
    // An empty file input changes nothing.
    let same = filled("", &[("revision", &revision), ("description", "Other.")]);
    upload(&mut admin, "/admin/providers/mailbird", &same, b"")
        .await
        .expect(303);
    let saved = row(&app, "mailbird").await;
    assert_eq!(
        (&saved["logo"]["url"], &saved["description"]),
        (&json!(url), &json!("Other."))
    );
    let revision = saved["revision"].to_string();
    let without = filled(
        "",
        &[
            ("revision", &revision),
            ("remove_logo", "yes"),
            ("description", "Last."),
        ],
    );
    admin.submit("/admin/providers/mailbird", &without).await.expect(303);
    let saved = row(&app, "mailbird").await;
    assert_eq!((&saved["logo"], &saved["description"]), (&Value::Null, &json!("Last.")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_no_logo_is_refused_at_its_field() {
    let app = TestApp::new().await;
    let mut admin = Visitor::with(&app, &app.admin).await;
    let too_large = [600 * 1024, 5 * 1024 * 1024].map(|bytes| vec![0x89; bytes]);
    for file in [b"MZ no picture".as_slice(), &too_large[0], &too_large[1]] {
        let refused = upload(&mut admin, NEW, &filled("mailbird", &[("do", "publish")]), file).await;
        let page = String::from_utf8(refused.expect(422).bytes).unwrap();
        let (_, beside) = page.split_once("id=\"logo-wrong\" data-findings>").unwrap();
        assert!(beside.starts_with("<p>The file cannot be used"), "{page}");
        assert!(page.contains("Letters by bird."), "{page}");
    }
    app.get(&app.admin, "/v1/providers/mailbird").await.expect(404);
}
