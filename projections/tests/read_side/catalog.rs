//! Questions about the marketplace.

use domain::provider::{
    ProviderAdded, ProviderDescribed, ProviderEvent, ProviderLogoChanged, ProviderRecipeChanged, ProviderRetired,
};
use domain::recipe::{Recipe, Test};
use domain::{Sha256Digest, StreamId};
use projections::{Badge, CatalogFilter, CatalogPage, ProviderStatus, QueryError};

use crate::home::Home;
use crate::story::{ai_row, logo, row};
use crate::support::{Reading, Writer, provider};

async fn add(writer: &mut Writer, key: &str, name: &str, category: &str, description: &str) {
    let key = provider(key);
    let mut row = row(&key);
    name.clone_into(&mut row.name);
    category.clone_into(&mut row.category);
    description.clone_into(&mut row.description);
    writer.append(&StreamId::Provider(key), crate::story::added(row)).await;
}

async fn marketplace() -> (Home, Writer, Reading) {
    let home = Home::new();
    let mut writer = Writer::new();
    add(&mut writer, "gmail", "Gmail", "Email", "").await;
    add(&mut writer, "mailchimp", "Mailchimp", "Email", "Audiences.").await;
    add(&mut writer, "sendgrid", "SendGrid", "Delivery", "Sends mail.").await;
    add(&mut writer, "stripe", "Stripe", "Payments", "").await;
    let reading = Reading::start(&home, &writer.log).await;
    reading.settle().await;
    (home, writer, reading)
}

fn keys(page: &CatalogPage) -> Vec<&str> {
    page.items.iter().map(|item| item.key.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_gives_the_best_first_with_the_shelves_counted() {
    let (_home, _writer, reading) = marketplace().await;
    let catalog = reading.projections.catalog();
    let mut filter = CatalogFilter {
        q: Some("MAIL".to_owned()),
        limit: 10,
        ..CatalogFilter::default()
    };
    let page = catalog.list(&filter).await.unwrap();
    assert_eq!(keys(&page), ["mailchimp", "gmail", "sendgrid"]);
    let facets: Vec<_> = page
        .facets
        .category
        .iter()
        .map(|facet| (facet.value.as_str(), facet.count))
        .collect();
    assert_eq!(facets, [("Delivery", 1), ("Email", 2)]);

    filter.category = Some("Delivery".to_owned());
    let shelf = catalog.list(&filter).await.unwrap();
    assert_eq!(keys(&shelf), ["sendgrid"]);
    assert_eq!((shelf.total, shelf.facets), (1, page.facets));
    reading.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_follow_one_another_even_when_the_row_between_them_is_retired() {
    let (_home, mut writer, reading) = marketplace().await;
    let catalog = reading.projections.catalog();
    let mut filter = CatalogFilter {
        limit: 2,
        ..CatalogFilter::default()
    };
    let first = catalog.list(&filter).await.unwrap();
    assert_eq!((keys(&first), first.total), (vec!["gmail", "mailchimp"], 4));
    let retired = ProviderEvent::from(ProviderRetired {});
    writer.append(&StreamId::Provider(provider("mailchimp")), retired).await;
    reading.settle().await;
    filter.cursor = first.next;
    let second = catalog.list(&filter).await.unwrap();
    assert_eq!((keys(&second), &second.next), (vec!["sendgrid", "stripe"], &None));
    filter.cursor = Some("no such row".to_owned());
    assert!(matches!(catalog.list(&filter).await, Err(QueryError::InvalidCursor)));
    reading.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drafts_and_retired_rows_are_for_platform_admins() {
    let (_home, mut writer, reading) = marketplace().await;
    let draft = provider("draft");
    let added = ProviderAdded {
        row: Box::new(row(&draft)),
        logo: None,
        published: false,
    };
    writer
        .append(&StreamId::Provider(draft.clone()), ProviderEvent::from(added))
        .await;
    let stripe = provider("stripe");
    writer
        .append(
            &StreamId::Provider(stripe.clone()),
            ProviderEvent::from(ProviderRetired {}),
        )
        .await;
    reading.settle().await;
    let catalog = reading.projections.catalog();
    for key in [&draft, &stripe] {
        assert_eq!(catalog.get(key).await.unwrap(), None);
    }
    let providers = catalog.providers().await.unwrap();
    let status = |key| {
        providers
            .iter()
            .find(|view| view.row.key == key)
            .map(|view| view.status)
    };
    assert_eq!(status(draft), Some(ProviderStatus::Draft));
    assert_eq!(status(stripe.clone()), Some(ProviderStatus::Retired));
    assert_eq!(catalog.provider(&stripe).await.unwrap().unwrap().revision, 2);
    reading.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_shows_its_form_its_badges_and_its_logo() {
    let home = Home::new();
    let mut writer = Writer::new();
    let key = provider("anthropic");
    let stream = StreamId::Provider(key.clone());
    let added = ProviderAdded {
        row: Box::new(ai_row(&key, "large")),
        logo: Some(logo(1)),
        published: true,
    };
    writer.append(&stream, ProviderEvent::from(added)).await;
    let tested = provider("tested");
    let test: Box<Test> = serde_json::from_str(r#"{ "path": "/me", "accept": [{ "status": 200 }] }"#).unwrap();
    let mut with_test = row(&tested);
    with_test.recipe = Recipe {
        request: serde_json::from_str(r#"{ "base_url": "https://example.com" }"#).unwrap(),
        test: Some(test),
        ..Recipe::default()
    };
    writer
        .append(&StreamId::Provider(tested.clone()), crate::story::added(with_test))
        .await;
    let reading = Reading::start(&home, &writer.log).await;
    reading.settle().await;
    let catalog = reading.projections.catalog();

    let entry = catalog.get(&key).await.unwrap().unwrap();
    assert_eq!(entry.item.badges, [Badge::Untested, Badge::Ai]);
    assert_eq!(
        entry.form.iter().map(|field| field.name.as_str()).collect::<Vec<_>>(),
        ["api_key"]
    );
    assert_eq!(catalog.get(&tested).await.unwrap().unwrap().item.badges, []);
    let old = entry.item.logo.unwrap();
    assert_eq!(old.url, format!("/v1/logos/{}", logo(1).sha256));
    assert_eq!(catalog.logo(old.sha256).await.unwrap().unwrap(), "logo");

    writer
        .append(
            &stream,
            ProviderEvent::from(ProviderLogoChanged { logo: Some(logo(2)) }),
        )
        .await;
    reading.settle().await;
    assert_eq!(
        catalog.get(&key).await.unwrap().unwrap().item.logo.unwrap().sha256,
        logo(2).sha256
    );
    assert!(
        catalog.logo(old.sha256).await.unwrap().is_some(),
        "a page of the past still has its picture"
    );
    assert_eq!(catalog.logo(Sha256Digest::of(b"never")).await.unwrap(), None);
    reading.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_revisions_of_a_row_are_what_was_done_to_it_with_each_request() {
    let (_home, mut writer, reading) = marketplace().await;
    let key = provider("gmail");
    let stream = StreamId::Provider(key.clone());
    let row = row(&key);
    let described = |name: &str| {
        ProviderEvent::from(ProviderDescribed {
            name: name.to_owned(),
            category: row.category.clone(),
            description: String::new(),
            help: row.help.clone(),
        })
    };
    let asked = ProviderEvent::from(ProviderRecipeChanged {
        auth: row.auth,
        credential: row.credential.clone(),
        recipe: Box::default(),
    });
    // Two events of one request, then one of another.
    let first = writer.next(&stream, &described("Mail by G").into());
    let mut second = writer.next(&stream, &asked.into());
    second.metadata.correlation_id = first.metadata.correlation_id;
    writer.append_raw(&stream, first).await;
    writer.append_raw(&stream, second).await;
    writer.append(&stream, ProviderEvent::from(ProviderRetired {})).await;
    let catalog = reading.projections.catalog();
    let all = catalog.revisions(&*writer.log, &key, 10).await.unwrap();
    let seen: Vec<_> = all
        .iter()
        .map(|change| (change.row.revision, change.row.row.name.as_str(), change.events.len()))
        .collect();
    assert_eq!(seen, [(1, "Gmail", 1), (3, "Mail by G", 2), (4, "Mail by G", 1)]);
    assert_eq!(all[2].row.status, ProviderStatus::Retired);
    let last = catalog.revisions(&*writer.log, &key, 2).await.unwrap();
    assert_eq!(last, all[1..]);
    let none = catalog.revisions(&*writer.log, &provider("nothing"), 2).await.unwrap();
    assert!(none.is_empty());
    reading.stop().await;
}
