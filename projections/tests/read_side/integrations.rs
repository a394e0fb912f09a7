//! Questions about what an account has installed and connected.

use chrono::TimeDelta;
use domain::integration::{ConnectionStatus, IntegrationEvent, IntegrationUninstalled, Standing, Supersede, Verdict};
use domain::{ConnectionName, StreamId};

use crate::home::Home;
use crate::story::{added, connected, disconnected, installed, retired, rotated, row, tested};
use crate::support::{Reading, Writer, account, connection, credential, provider, start};

/// The connection as it should be: status, version in use, candidate, retiring versions.
type Shown = (ConnectionStatus, Option<u32>, Option<u32>, &'static [u32]);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_goes_through_its_states_as_its_events_say() {
    use ConnectionStatus::{Connected, Disconnected, Unverified};
    let mut world = World::new().await;
    let (name, id) = (ConnectionName::default(), credential(1));
    let over = |version, retire_at| Some(Supersede { version, retire_at });
    let later = Some(start() + TimeDelta::days(1));
    let test = |version, verdict, over| tested(&name, id, version, verdict, over);
    let steps: [(IntegrationEvent, Shown); 10] = [
        (installed(), (Disconnected, None, None, &[])),
        (connected(&name, id), (Unverified, Some(1), None, &[])),
        (test(1, Verdict::Unreachable, None), (Unverified, Some(1), None, &[])),
        (test(1, Verdict::Accepted, None), (Connected, Some(1), None, &[])),
        (test(1, Verdict::RateLimited, None), (Connected, Some(1), None, &[])),
        (
            rotated(&name, id, 2, Standing::Candidate),
            (Connected, Some(1), Some(2), &[]),
        ),
        (test(2, Verdict::Rejected, None), (Connected, Some(1), Some(2), &[])),
        (
            test(2, Verdict::Accepted, over(1, later)),
            (Connected, Some(2), None, &[1]),
        ),
        (retired(&name, id, 1), (Connected, Some(2), None, &[])),
        (disconnected(&name, id), (Disconnected, None, None, &[])),
    ];
    for (event, shown) in steps {
        world.check(&event, shown).await;
    }
    world.reading.stop().await;
}

/// A shop that looks at its Mailchimp integration after every event.
struct World {
    _home: Home,
    writer: Writer,
    reading: Reading,
}

impl World {
    async fn new() -> Self {
        let home = Home::new();
        let mut writer = Writer::new();
        let key = provider("mailchimp");
        let mut named = row(&key);
        "Mailchimp".clone_into(&mut named.name);
        writer.append(&StreamId::Provider(key), added(named)).await;
        let reading = Reading::start(&home, &writer.log).await;
        Self {
            _home: home,
            writer,
            reading,
        }
    }

    async fn check(&mut self, event: &IntegrationEvent, (status, version, candidate, retiring): Shown) {
        let (shop, mailchimp) = (account("shop"), provider("mailchimp"));
        let stream = StreamId::Integration(shop.clone(), mailchimp.clone());
        self.writer.append(&stream, event.clone()).await;
        self.reading.settle().await;
        let view = self
            .reading
            .projections
            .integrations()
            .get(&shop, &mailchimp)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (view.name.as_str(), view.installed_at),
            ("Mailchimp", start() + TimeDelta::seconds(1))
        );
        let [only] = view.connections.as_slice() else {
            panic!("one connection")
        };
        assert_eq!((only.status, only.version), (status, version), "after {event:?}");
        assert_eq!(only.candidate.as_ref().map(|c| c.version), candidate, "after {event:?}");
        assert_eq!(
            only.retiring.iter().map(|r| r.version).collect::<Vec<_>>(),
            retiring,
            "after {event:?}"
        );
        let secrets = version
            .into_iter()
            .chain(candidate)
            .map(|version| (credential(1), version));
        assert_eq!(view.secrets().collect::<Vec<_>>(), secrets.collect::<Vec<_>>());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_sees_its_own_integrations_by_name_and_nobody_elses() {
    let home = Home::new();
    let mut writer = Writer::new();
    // The second account's id starts like the first one's, and a dash sorts before the dot of the key.
    let (shop, other) = (account("shop"), account("shop-2"));
    for (key, name) in [("b", "Zeta"), ("a", "alpha"), ("c", "Beta")] {
        let key = provider(key);
        let mut named = row(&key);
        name.clone_into(&mut named.name);
        writer.append(&StreamId::Provider(key.clone()), added(named)).await;
        writer
            .append(&StreamId::Integration(shop.clone(), key.clone()), installed())
            .await;
        writer
            .append(&StreamId::Integration(other.clone(), key), installed())
            .await;
    }
    let gone = IntegrationEvent::from(IntegrationUninstalled {});
    writer
        .append(&StreamId::Integration(shop.clone(), provider("c")), gone)
        .await;
    let reading = Reading::start(&home, &writer.log).await;
    reading.settle().await;
    let integrations = reading.projections.integrations();
    let names = |views: Vec<projections::IntegrationView>| views.into_iter().map(|v| v.name).collect::<Vec<_>>();
    assert_eq!(names(integrations.list(&shop).await.unwrap()), ["alpha", "Zeta"]);
    assert_eq!(
        names(integrations.list(&other).await.unwrap()),
        ["alpha", "Beta", "Zeta"]
    );
    assert_eq!(integrations.get(&shop, &provider("c")).await.unwrap(), None);
    assert!(integrations.list(&account("nobody")).await.unwrap().is_empty());
    reading.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_connection_comes_and_goes_with_its_key() {
    let home = Home::new();
    let mut writer = Writer::new();
    let (shop, key, second) = (account("shop"), provider("stripe"), connection("second"));
    let stream = StreamId::Integration(shop.clone(), key.clone());
    writer.append(&stream, installed()).await;
    writer.append(&stream, connected(&second, credential(1))).await;
    let reading = Reading::start(&home, &writer.log).await;
    reading.settle().await;
    let integrations = reading.projections.integrations();
    let connections = integrations.get(&shop, &key).await.unwrap().unwrap().connections;
    assert_eq!(
        connections.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(),
        ["default", "second"]
    );
    writer.append(&stream, disconnected(&second, credential(1))).await;
    reading.settle().await;
    let connections = integrations.get(&shop, &key).await.unwrap().unwrap().connections;
    assert_eq!(
        connections.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(),
        ["default"]
    );
    reading.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_that_have_a_provider_on_their_list_are_counted() {
    let home = Home::new();
    let mut writer = Writer::new();
    let on = |id: &str, key: &str| StreamId::Integration(account(id), provider(key));
    for (id, key) in [
        ("a", "mail"),
        ("b", "mail"),
        ("c", "mail"),
        ("a", "e-mail"),
        ("mail", "other"),
    ] {
        writer.append(&on(id, key), installed()).await;
    }
    let gone = IntegrationEvent::from(IntegrationUninstalled {});
    writer.append(&on("b", "mail"), gone).await;
    let reading = Reading::start(&home, &writer.log).await;
    reading.settle().await;
    let integrations = reading.projections.integrations();
    for (key, count) in [("mail", 2), ("e-mail", 1), ("other", 1), ("none", 0)] {
        assert_eq!(
            integrations.installed_count(&provider(key)).await.unwrap(),
            count,
            "{key}"
        );
    }
    reading.stop().await;
}
