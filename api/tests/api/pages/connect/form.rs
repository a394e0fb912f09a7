use serde_json::json;

use super::{demanding, field, fill_in, with_demanding};
use crate::mock_provider::GOOD;
use crate::pages::visitor::Visitor;
use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_form_is_made_from_the_row() {
    let world = with_demanding().await;
    let mut owner = Visitor::with(&world.app, &world.owner).await;
    let page = owner.page("/marketplace/demanding/connect").await;
    let order: Vec<_> = page
        .split("data-field=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    assert_eq!(order, ["region", "plan_token", "account", "shop", "note", "api_key"]);
    let region = field(&page, "region");
    assert!(
        region.contains("<option value=\"us\" selected>America</option>"),
        "{region}"
    );
    assert!(region.contains("<option value=\"eu\">Europe</option>"), "{region}");
    assert!(
        !region.contains("<option value=\"\">"),
        "the default is there: {region}"
    );
    let plan = field(&page, "plan_token");
    assert!(plan.contains("Only when Region is Europe."), "{plan}");
    assert!(plan.contains("data-when=\"region\" data-is=\"eu\""), "{plan}");
    assert!(!plan.contains(" required"), "it may not apply: {plan}");
    let account = field(&page, "account");
    assert!(
        account.contains(">act_</span>") && account.contains("pattern=\""),
        "{account}"
    );
    assert!(account.contains("title=\"Digits only.\""), "{account}");
    let shop = field(&page, "shop");
    assert!(
        shop.contains(">.shop.example</span>") && shop.contains("Its first name"),
        "{shop}"
    );
    assert!(!shop.contains("pattern=\""), "a whole address may be pasted: {shop}");
    assert!(
        shop.contains("href=\"https://help.example/shop\" target=\"_blank\" rel=\"noopener noreferrer\""),
        "{shop}"
    );
    let note = field(&page, "note");
    assert!(
        note.contains(">optional</span>") && !note.contains(" required"),
        "{note}"
    );
    let key = field(&page, "api_key");
    assert!(
        key.contains("type=\"password\"") && key.contains("autocomplete=\"new-password\" spellcheck=\"false\""),
        "{key}"
    );
    assert!(key.contains(" required") && !key.contains("value=\""), "{key}");
    assert!(page.contains("<p>Go to <strong>Profile</strong>.</p>"), "{page}");
    assert!(page.contains("href=\"https://help.example/keys\""), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_that_is_refused_keeps_all_but_secrets() {
    let world = with_demanding().await;
    let mut owner = Visitor::with(&world.app, &world.owner).await;
    let fields = [
        ("field.region", "eu"),
        ("field.plan_token", "plan-secret-canary"),
        ("field.account", "abc"),
        ("field.shop", "https://acme.shop.example/admin?x=1"),
        ("field.api_key", "not-a-key-canary"),
    ];
    let answer = fill_in(&mut owner, "/marketplace/demanding/connect", &fields)
        .await
        .expect(422);
    assert!(!answer.contains("canary"), "a secret was sent back");
    let page = String::from_utf8(answer.bytes).unwrap();
    assert!(
        page.contains("Secrets were not kept on this page: paste them again."),
        "{page}"
    );
    let account = field(&page, "account");
    assert!(
        account.contains("aria-invalid=\"true\"") && account.contains("value=\"abc\""),
        "{account}"
    );
    assert!(
        account.contains("id=\"connect-account-wrong\">Digits only.</p>"),
        "{account}"
    );
    assert!(account.contains("connect-account-wrong\""), "{account}");
    let shop = field(&page, "shop");
    assert!(
        shop.contains("value=\"https://acme.shop.example/admin?x=1\"") && !shop.contains("aria-invalid"),
        "{shop}"
    );
    assert!(field(&page, "region").contains("<option value=\"eu\" selected>"));
    assert!(field(&page, "api_key").contains("A key starts with key-."));
    let list = world
        .app
        .get(&world.owner, crate::world::INTEGRATIONS)
        .await
        .expect(200);
    assert_eq!(list.body["items"], json!([]), "nothing was installed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_apply_may_be_empty_and_may_not_be_filled_in() {
    let world = with_demanding().await;
    let mut owner = Visitor::with(&world.app, &world.owner).await;
    let path = "/marketplace/demanding/connect";
    let mut fields = vec![
        ("field.region", "us"),
        ("field.plan_token", "x"),
        ("field.account", "act_12"),
        ("field.shop", "acme"),
        ("field.note", ""),
        ("field.api_key", GOOD),
    ];
    let answer = fill_in(&mut owner, path, &fields).await.expect(422);
    let page = String::from_utf8(answer.bytes).unwrap();
    assert!(
        field(&page, "plan_token").contains("does not apply to the other choices"),
        "{page}"
    );
    fields[1].1 = "";
    fill_in(&mut owner, path, &fields).await.expect(303);
    let market = owner.page("/marketplace/demanding").await;
    assert!(market.contains("Connected as mocky."), "{market}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn markup_in_a_row_is_shown_as_text() {
    let world = World::new().await;
    let app = &world.app;
    let markup = "\"><script>alert(1)</script><img src=x onerror=alert(2)>";
    let mut row = demanding(&world);
    row["key"] = "evil".into();
    for place in ["name", "category", "description"] {
        row[place] = markup.into();
    }
    row["help"]["instructions"] = format!("{markup}\n\n[x](javascript:alert(3))").into();
    let fields = row["recipe"]["fields"].as_array_mut().unwrap();
    for field in fields {
        field["label"] = markup.into();
        field["hint"] = markup.into();
    }
    row["recipe"]["fields"][0]["options"][1]["label"] = markup.into();
    row["recipe"]["fields"][2]["pattern_help"] = markup.into();
    row["recipe"]["fields"][3]["suffix"] = markup.into();
    app.post(&app.admin, "/v1/providers", &row).await.expect(201);
    let mut owner = Visitor::with(app, &world.owner).await;
    let mut pages = vec![
        owner.page("/marketplace/evil").await,
        owner.page("/marketplace/evil/connect").await,
    ];
    let refused = fill_in(&mut owner, "/marketplace/evil/connect", &[("field.account", markup)]).await;
    pages.push(String::from_utf8(refused.expect(422).bytes).unwrap());
    for page in pages {
        for broken_out in ["<script>alert", "<img src=x", "href=\"javascript:"] {
            assert!(!page.contains(broken_out), "{broken_out} in {page}");
        }
        assert!(page.contains("&#60;script&#62;alert(1)"), "{page}");
    }
}
