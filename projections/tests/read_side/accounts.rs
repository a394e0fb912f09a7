//! Questions about accounts.

use domain::StreamId;
use domain::account::{AccountClosed, AccountEvent};
use projections::AccountStatus;

use crate::home::Home;
use crate::story::{chosen, opened};
use crate::support::{Reading, Writer, account, provider};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_shows_its_settings_and_the_accounts_above_it() {
    let home = Home::new();
    let mut writer = Writer::new();
    let (platform, agency, shop) = (account("platform"), account("agency"), account("shop"));
    writer
        .append(&StreamId::Account(platform.clone()), opened("Platform", None))
        .await;
    writer
        .append(&StreamId::Account(agency.clone()), opened("Agency", Some(&platform)))
        .await;
    writer
        .append(&StreamId::Account(shop.clone()), opened("Shop", Some(&agency)))
        .await;
    let openai = provider("openai");
    writer
        .append(
            &StreamId::Account(shop.clone()),
            chosen(&[&openai], Some("large"), true),
        )
        .await;
    writer
        .append(&StreamId::Account(agency.clone()), AccountEvent::from(AccountClosed {}))
        .await;
    let reading = Reading::start(&home, &writer.log).await;
    reading.settle().await;
    let accounts = reading.projections.accounts();

    let found = accounts.get(&shop).await.unwrap().unwrap();
    assert_eq!(found.ancestors, [agency.clone(), platform]);
    assert_eq!(found.account.ai_settings.providers, [openai]);
    assert_eq!(found.account.ai_settings.model.as_deref(), Some("large"));
    assert!(found.account.ai_settings.inherit);
    assert_eq!(found.account.revision, 2);
    let closed = accounts.get(&agency).await.unwrap().unwrap().account;
    assert_eq!(closed.status, AccountStatus::Closed);
    assert!(closed.closed_at.is_some());
    assert_eq!(accounts.get(&account("nobody")).await.unwrap(), None);
    reading.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_are_listed_in_pages_as_a_whole_or_below_one() {
    let home = Home::new();
    let mut writer = Writer::new();
    let agency = account("agency");
    writer
        .append(&StreamId::Account(agency.clone()), opened("Agency", None))
        .await;
    for name in ["c", "a", "b"] {
        writer
            .append(&StreamId::Account(account(name)), opened(name, Some(&agency)))
            .await;
    }
    let reading = Reading::start(&home, &writer.log).await;
    reading.settle().await;
    let accounts = reading.projections.accounts();

    let first = accounts.list(None, None, 3).await.unwrap();
    assert_eq!(
        first.items.iter().map(|a| a.id.as_str()).collect::<Vec<_>>(),
        ["a", "agency", "b"]
    );
    let rest = accounts.list(None, first.next.as_ref(), 3).await.unwrap();
    assert_eq!(rest.items.iter().map(|a| a.id.as_str()).collect::<Vec<_>>(), ["c"]);
    assert_eq!(rest.next, None);
    let below = accounts.list(Some(&agency), Some(&account("a")), 10).await.unwrap();
    assert_eq!(
        below.items.iter().map(|a| a.id.as_str()).collect::<Vec<_>>(),
        ["b", "c"]
    );
    reading.stop().await;
}
