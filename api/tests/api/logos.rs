use std::io::Cursor;

use axum::body::Body;
use axum::http::Request;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::{DynamicImage, ImageFormat};
use serde_json::json;

use crate::answer::Answer;
use crate::world::World;

fn file(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let mut file = Vec::new();
    DynamicImage::new_luma8(width, height)
        .write_to(&mut Cursor::new(&mut file), format)
        .unwrap();
    file
}

async fn put(world: &World, file: Vec<u8>) -> Answer {
    let request = Request::put("/v1/providers/mock/logo")
        .header("authorization", format!("Bearer {}", world.app.admin))
        .header("content-type", "image/png")
        .body(Body::from(file));
    world.app.send(request.unwrap()).await
}

#[tokio::test]
async fn a_logo_is_scaled_served_for_ever_and_to_everybody() {
    let world = World::new().await;
    let row = put(&world, file(1000, 500, ImageFormat::Jpeg)).await.expect(200);
    let logo = world
        .app
        .get("", row.body["logo"]["url"].as_str().unwrap())
        .await
        .expect(200);
    let image = image::load_from_memory_with_format(&logo.bytes, ImageFormat::Png).unwrap();
    assert_eq!((image.width(), image.height()), (256, 128));
    assert_eq!(logo.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(logo.header("x-content-type-options"), "nosniff");
    assert_eq!(logo.header("content-security-policy"), "default-src 'none'; sandbox");
    let shown = world.app.get(&world.owner, "/v1/catalog/mock").await.expect(200);
    assert_eq!(shown.body["logo"], row.body["logo"]);
    world
        .app
        .get("", &format!("/v1/logos/{}", "0".repeat(64)))
        .await
        .problem(404, "not-found");
    world.app.get("", "/v1/logos/nothing").await.problem(404, "not-found");
}

#[tokio::test]
async fn a_logo_may_come_with_the_row() {
    let world = World::new().await;
    let mut row = world.app.provider.row("other");
    row["logo"] = json!(format!(
        "data:image/webp;base64,{}",
        STANDARD.encode(file(32, 32, ImageFormat::WebP))
    ));
    let added = world
        .app
        .post(&world.app.admin, "/v1/providers", &row)
        .await
        .expect(201);
    world
        .app
        .get("", added.body["logo"]["url"].as_str().unwrap())
        .await
        .expect(200);
}

#[tokio::test]
async fn what_is_no_logo_is_refused_for_what_it_is() {
    let world = World::new().await;
    let whole = file(64, 64, ImageFormat::Png);
    let bomb = file(5000, 5000, ImageFormat::Png);
    assert!(bomb.len() < 512 * 1024, "it would be refused for its size");
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>".to_vec();
    let cases = [
        (Vec::new(), "empty"),
        (b"MZ\x90 program".to_vec(), "not-an-image"),
        (svg, "svg"),
        (whole[..whole.len() / 2].to_vec(), "damaged"),
        (bomb, "too-many-pixels"),
        (vec![0x89; 600 * 1024], "too-large"),
    ];
    for (file, code) in cases {
        let refused = put(&world, file).await.problem(422, "logo-invalid");
        assert_eq!(refused.body["errors"][0]["code"], code, "{}", refused.text());
    }
    put(&world, vec![0; 1024 * 1024 + 1])
        .await
        .problem(413, "body-too-large");
    let mut row = world.app.provider.row("other");
    row["logo"] = json!("https://example.com/logo.png");
    let refused = world
        .app
        .post(&world.app.admin, "/v1/providers", &row)
        .await
        .problem(422, "logo-invalid");
    assert_eq!(refused.pointer(), "/logo");
    world
        .app
        .get(&world.app.admin, "/v1/providers/other")
        .await
        .problem(404, "not-found");
}
