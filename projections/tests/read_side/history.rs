//! Questions about what happened.

use domain::integration::{ConnectionStatus, Standing, Supersede, Verdict};
use domain::{AccountId, ConnectionName, Position, ProviderKey, StreamId};
use projections::AuditFilter;

use crate::home::Home;
use crate::story::{connected, disconnected, erased, installed, issued, opened, released, retired, rotated, tested};
use crate::support::{Reading, Writer, account, credential, provider};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_auditor_reads_every_event_once_in_pages_that_leave_nothing_out() {
    let home = Home::new();
    let mut writer = Writer::new();
    let reading = Reading::start(&home, &writer.log).await;
    let mut filter = AuditFilter {
        kind: Some("AccountOpened".to_owned()),
        limit: 3,
        ..AuditFilter::default()
    };
    let mut seen = Vec::new();
    for number in 0..10 {
        let id = account(&format!("account-{number}"));
        writer.append(&StreamId::Account(id.clone()), opened("A", None)).await;
        writer
            .append(&StreamId::Integration(id, provider("stripe")), installed())
            .await;
        reading.settle().await;
        // Reads while it grows, and goes on where the page before ended.
        let page = reading.projections.history().events(&filter).await.unwrap();
        seen.extend(page.events.iter().map(|event| event.stream.clone()));
        filter.after = page.next;
        assert!(!page.more);
    }
    assert_eq!(
        seen,
        (0..10)
            .map(|number| format!("account-account-{number}"))
            .collect::<Vec<_>>()
    );
    reading.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_looks_at_so_many_events_and_says_where_to_go_on() {
    let home = Home::new();
    let mut writer = Writer::new();
    for number in 0..10_100 {
        let id = account(&format!("account-{number}"));
        writer.append(&StreamId::Account(id), opened("A", None)).await;
    }
    let token = StreamId::Token("00000000-0000-0000-0000-000000000001".parse().unwrap());
    writer.append(&token, issued("T", domain::Sha256Digest::of(b"t"))).await;
    let reading = Reading::start(&home, &writer.log).await;
    reading.settle().await;
    let mut filter = AuditFilter {
        kind: Some("TokenIssued".to_owned()),
        limit: 3,
        ..AuditFilter::default()
    };
    let history = reading.projections.history();
    let first = history.events(&filter).await.unwrap();
    assert!(first.events.is_empty() && first.more && first.next > filter.after);
    filter.after = first.next;
    let second = history.events(&filter).await.unwrap();
    assert_eq!((second.events.len(), second.more), (1, false));
    reading.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_found_by_what_they_concern() {
    let home = Home::new();
    let mut writer = Writer::new();
    let (shop, other, stripe) = (account("shop"), account("other"), provider("stripe"));
    writer
        .append(&StreamId::Account(shop.clone()), opened("Shop", None))
        .await;
    writer
        .append(&StreamId::Integration(shop.clone(), stripe.clone()), installed())
        .await;
    writer
        .append(&StreamId::Integration(other, stripe.clone()), installed())
        .await;
    let token = StreamId::Token("00000000-0000-0000-0000-000000000001".parse().unwrap());
    writer.append(&token, issued("T", domain::Sha256Digest::of(b"t"))).await;
    let released = released(&stripe, &ConnectionName::default(), credential(1));
    writer.append(&StreamId::Access(shop.clone()), released).await;
    let reading = Reading::start(&home, &writer.log).await;
    reading.settle().await;
    let history = reading.projections.history();
    let all = AuditFilter {
        limit: 100,
        ..AuditFilter::default()
    };
    let kinds = async |filter: AuditFilter| {
        let page = history.events(&filter).await.unwrap();
        page.events.into_iter().map(|event| event.kind).collect::<Vec<_>>()
    };
    assert_eq!(kinds(all.clone()).await.len(), 5);
    let of_shop = AuditFilter {
        account: Some(shop.clone()),
        ..all.clone()
    };
    assert_eq!(
        kinds(of_shop).await,
        ["AccountOpened", "IntegrationInstalled", "CredentialReleased"]
    );
    let of_stripe = AuditFilter {
        provider: Some(stripe.clone()),
        ..all.clone()
    };
    assert_eq!(
        kinds(of_stripe).await,
        ["IntegrationInstalled", "IntegrationInstalled", "CredentialReleased"]
    );
    let of_nobody = AuditFilter {
        actor: Some("bob".to_owned()),
        ..all.clone()
    };
    assert!(kinds(of_nobody).await.is_empty());
    let page = history
        .of_integration(&shop, &stripe, Position::START, 1)
        .await
        .unwrap();
    assert!(page.more);
    let page = history.of_integration(&shop, &stripe, page.next, 1).await.unwrap();
    assert_eq!((page.events[0].kind.as_str(), page.more), ("CredentialReleased", false));
    let shown = serde_json::to_value(&page.events[0]).unwrap();
    assert_eq!(shown["type"], "CredentialReleased");
    assert_eq!(shown["data"]["principal"], "assistant");
    assert_eq!(shown["actor"]["kind"], "user");
    reading.stop().await;
}

/// The life of one credential, and the beginning of another.
async fn live(writer: &mut Writer, shop: &AccountId, stripe: &ProviderKey) {
    let (default, id) = (ConnectionName::default(), credential(1));
    let stream = StreamId::Integration(shop.clone(), stripe.clone());
    let supersedes = Some(Supersede {
        version: 1,
        retire_at: None,
    });
    writer.append(&stream, installed()).await;
    writer.append(&stream, connected(&default, id)).await;
    writer
        .append(&stream, tested(&default, id, 1, Verdict::Accepted, None))
        .await;
    writer
        .append(&StreamId::Access(shop.clone()), released(stripe, &default, id))
        .await;
    writer
        .append(&stream, rotated(&default, id, 2, Standing::Current { supersedes }))
        .await;
    writer.append(&stream, retired(&default, id, 1)).await;
    writer.append(&stream, erased(&default, id, &[1])).await;
    writer
        .append(&stream, tested(&default, id, 2, Verdict::Rejected, None))
        .await;
    writer.append(&stream, disconnected(&default, id)).await;
    writer.append(&stream, erased(&default, id, &[2])).await;
    // Another credential of the same connection, which is another life.
    writer.append(&stream, connected(&default, credential(2))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_credential_tells_its_whole_life_with_its_state_after_each_event() {
    let home = Home::new();
    let mut writer = Writer::new();
    let (shop, stripe, id) = (account("shop"), provider("stripe"), credential(1));
    live(&mut writer, &shop, &stripe).await;
    let reading = Reading::start(&home, &writer.log).await;
    reading.settle().await;
    let history = reading.projections.history();
    let everybodys = |_: &AccountId| true;
    let life = history
        .credential(id, everybodys, Position::START, 100)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((&life.account, &life.provider, life.more), (&shop, &stripe, false));
    // In pages it is the same life, each step with its state.
    let (mut after, mut pages) = (Position::START, Vec::new());
    loop {
        let page = history.credential(id, everybodys, after, 2).await.unwrap().unwrap();
        pages.extend(page.steps.iter().map(|step| (step.event.position, step.state.clone())));
        after = page.next;
        if !page.more {
            break;
        }
    }
    let whole: Vec<_> = life
        .steps
        .iter()
        .map(|step| (step.event.position, step.state.clone()))
        .collect();
    assert_eq!(pages, whole);
    let none = history
        .credential(id, |account| *account != shop, Position::START, 100)
        .await
        .unwrap();
    assert!(none.is_none());
    let told: Vec<_> = life
        .steps
        .iter()
        .map(|step| {
            (
                step.event.kind.as_str(),
                step.state.status,
                step.state.current,
                step.state.erased.clone(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("CredentialConnected", ConnectionStatus::Unverified, Some(1), vec![]),
            ("CredentialTested", ConnectionStatus::Connected, Some(1), vec![]),
            ("CredentialReleased", ConnectionStatus::Connected, Some(1), vec![]),
            ("CredentialRotated", ConnectionStatus::Unverified, Some(2), vec![]),
            ("CredentialRetired", ConnectionStatus::Unverified, Some(2), vec![]),
            ("CredentialErased", ConnectionStatus::Unverified, Some(2), vec![1]),
            ("CredentialTested", ConnectionStatus::Rejected, Some(2), vec![1]),
            ("CredentialDisconnected", ConnectionStatus::Disconnected, None, vec![1]),
            ("CredentialErased", ConnectionStatus::Disconnected, None, vec![1, 2]),
        ]
    );
    assert!(
        reading
            .projections
            .history()
            .credential(credential(9), everybodys, Position::START, 100)
            .await
            .unwrap()
            .is_none()
    );
    reading.stop().await;
}
