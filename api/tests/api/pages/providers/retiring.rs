use super::{NEW, filled, row};
use crate::pages::visitor::{Visitor, hidden};
use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_is_retired_after_a_question_and_comes_back() {
    let world = World::connected().await;
    let app = &world.app;
    let mut admin = Visitor::with(app, &app.admin).await;
    let asked = admin.page("/admin/providers/mock/retire").await;
    assert!(asked.contains("Retire Mock Mail?"), "{asked}");
    assert!(asked.contains("<strong>1 account</strong> has it installed"), "{asked}");
    assert_eq!(row(app, "mock").await["status"], "published");
    let page = admin
        .submit_and_follow("/admin/providers/mock/retire", &[("once", hidden(&asked, "once"))])
        .await;
    assert!(page.contains("has left the marketplace"), "{page}");
    assert_eq!(row(app, "mock").await["status"], "retired");
    let page = admin.submit_and_follow("/admin/providers/mock/reinstate", &[]).await;
    assert!(page.contains("is back in the marketplace"), "{page}");
    // A draft cannot be retired: it says why.
    admin
        .submit(NEW, &filled("mailbird", &[("do", "draft")]))
        .await
        .expect(303);
    let page = admin.submit_and_follow("/admin/providers/mailbird/retire", &[]).await;
    assert!(page.contains("This provider is a draft"), "{page}");
}
