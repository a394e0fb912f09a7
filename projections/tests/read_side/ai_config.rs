//! Whose key an AI service gets.

use domain::account::{AccountClosed, AccountEvent};
use domain::integration::{ConnectionStatus, IntegrationEvent, Standing, Verdict};
use domain::recipe::{Field, FieldKind};
use domain::{AccountId, ConnectionName, ProviderKey, StreamId};
use projections::{Refusal, Resolution, Source};

use crate::home::Home;
use crate::story::{added, ai_row, chosen, connected, disconnected, installed, opened, rotated, tested};
use crate::support::{Reading, Writer, account, connection, credential, provider};

/// platform ← agency ← shop, and the AI providers `anthropic` and `openai`.
struct World {
    _home: Home,
    writer: Writer,
    reading: Reading,
    platform: AccountId,
    agency: AccountId,
    shop: AccountId,
    anthropic: ProviderKey,
    openai: ProviderKey,
}

impl World {
    async fn new() -> Self {
        let home = Home::new();
        let mut writer = Writer::new();
        let (platform, agency, shop) = (account("platform"), account("agency"), account("shop"));
        let (anthropic, openai) = (provider("anthropic"), provider("openai"));
        writer
            .append(&StreamId::Account(platform.clone()), opened("Platform", None))
            .await;
        writer
            .append(&StreamId::Account(agency.clone()), opened("Agency", Some(&platform)))
            .await;
        writer
            .append(&StreamId::Account(shop.clone()), opened("Shop", Some(&agency)))
            .await;
        for (key, model) in [(&anthropic, "a-1"), (&openai, "o-1")] {
            writer
                .append(&StreamId::Provider(key.clone()), added(ai_row(key, model)))
                .await;
        }
        let reading = Reading::start(&home, &writer.log).await;
        Self {
            _home: home,
            writer,
            reading,
            platform,
            agency,
            shop,
            anthropic,
            openai,
        }
    }

    /// Gives the account a key, which the provider judged so.
    async fn connect(&mut self, owner: &AccountId, key: &ProviderKey, number: u64, verdict: Verdict) {
        let default = ConnectionName::default();
        self.happens(owner, key, installed()).await;
        self.happens(owner, key, connected(&default, credential(number))).await;
        self.happens(owner, key, tested(&default, credential(number), 1, verdict, None))
            .await;
    }

    async fn happens(&mut self, owner: &AccountId, key: &ProviderKey, event: IntegrationEvent) {
        self.writer
            .append(&StreamId::Integration(owner.clone(), key.clone()), event)
            .await;
    }

    async fn choose(&mut self, who: &AccountId, settings: AccountEvent) {
        self.writer.append(&StreamId::Account(who.clone()), settings).await;
    }

    async fn resolve(&self, who: &AccountId, key: Option<&ProviderKey>) -> Result<Resolution, Refusal> {
        self.reading.settle().await;
        self.reading
            .projections
            .ai_config()
            .resolve(who, key, None)
            .await
            .unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_gets_its_own_key_and_the_rows_model() {
    let mut world = World::new().await;
    let (shop, anthropic) = (world.shop.clone(), world.anthropic.clone());
    world.connect(&shop, &anthropic, 1, Verdict::Accepted).await;
    let found = world.resolve(&shop, Some(&anthropic)).await.unwrap();
    assert_eq!((found.owner, found.source), (shop.clone(), Source::Account));
    assert_eq!((found.credential, found.credential_version), (credential(1), 1));
    assert_eq!(
        (found.status, found.model.as_deref()),
        (ConnectionStatus::Connected, Some("a-1"))
    );
    let without_preference = world.resolve(&shop, None).await.unwrap();
    assert_eq!(
        without_preference.provider, anthropic,
        "the one AI provider on its list"
    );
    world.reading.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_refusal_says_what_is_wrong() {
    let mut world = World::new().await;
    let (shop, anthropic, openai) = (world.shop.clone(), world.anthropic.clone(), world.openai.clone());
    let default = ConnectionName::default();
    assert_eq!(
        world.resolve(&account("nobody"), Some(&anthropic)).await,
        Err(Refusal::UnknownAccount)
    );
    assert_eq!(world.resolve(&shop, Some(&anthropic)).await, Err(Refusal::NotInstalled));
    assert_eq!(world.resolve(&shop, None).await, Err(Refusal::NotInstalled));
    world.happens(&shop, &anthropic, installed()).await;
    assert_eq!(world.resolve(&shop, Some(&anthropic)).await, Err(Refusal::Disconnected));
    world
        .happens(&shop, &anthropic, connected(&default, credential(1)))
        .await;
    let unverified = world.resolve(&shop, Some(&anthropic)).await.unwrap();
    assert_eq!(unverified.status, ConnectionStatus::Unverified);
    world
        .happens(
            &shop,
            &anthropic,
            tested(&default, credential(1), 1, Verdict::Rejected, None),
        )
        .await;
    assert_eq!(
        world.resolve(&shop, Some(&anthropic)).await,
        Err(Refusal::CredentialRejected)
    );
    let reauth = domain::integration::CredentialTested {
        connection: default.clone(),
        credential: credential(1),
        version: 1,
        outcome: domain::integration::TestOutcome::with_code(Verdict::Rejected, ConnectionStatus::REAUTH_CODE),
        promotes_over: None,
    };
    world.happens(&shop, &anthropic, reauth.into()).await;
    assert_eq!(world.resolve(&shop, Some(&anthropic)).await, Err(Refusal::NeedsReauth));
    world
        .happens(&shop, &anthropic, disconnected(&default, credential(1)))
        .await;
    assert_eq!(world.resolve(&shop, Some(&anthropic)).await, Err(Refusal::Disconnected));
    world.connect(&shop, &openai, 2, Verdict::Accepted).await;
    world.choose(&shop, AccountClosed {}.into()).await;
    assert_eq!(world.resolve(&shop, Some(&openai)).await, Err(Refusal::AccountClosed));
    assert_eq!(Refusal::CredentialRejected.code(), "credential-rejected");
    world.reading.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_provider_of_the_preference_with_a_usable_key_is_taken() {
    let mut world = World::new().await;
    let (shop, anthropic, openai) = (world.shop.clone(), world.anthropic.clone(), world.openai.clone());
    world.connect(&shop, &openai, 1, Verdict::Accepted).await;
    world
        .choose(&shop, chosen(&[&anthropic, &openai], Some("mine"), false))
        .await;
    let found = world.resolve(&shop, None).await.unwrap();
    assert_eq!(
        (&found.provider, found.model.as_deref()),
        (&openai, Some("o-1")),
        "the model was meant for the other"
    );
    world.connect(&shop, &anthropic, 2, Verdict::Accepted).await;
    let found = world.resolve(&shop, None).await.unwrap();
    assert_eq!((&found.provider, found.model.as_deref()), (&anthropic, Some("mine")));
    let default = ConnectionName::default();
    world
        .happens(
            &shop,
            &anthropic,
            tested(&default, credential(2), 1, Verdict::Rejected, None),
        )
        .await;
    assert_eq!(world.resolve(&shop, None).await.unwrap().provider, openai);
    world
        .happens(
            &shop,
            &openai,
            tested(&default, credential(1), 1, Verdict::Rejected, None),
        )
        .await;
    assert_eq!(world.resolve(&shop, None).await, Err(Refusal::CredentialRejected));
    world.reading.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_inherited_only_where_every_account_on_the_way_says_so() {
    let mut world = World::new().await;
    let (platform, agency, shop) = (world.platform.clone(), world.agency.clone(), world.shop.clone());
    let anthropic = world.anthropic.clone();
    world.connect(&platform, &anthropic, 1, Verdict::Accepted).await;
    assert_eq!(
        world.resolve(&shop, Some(&anthropic)).await,
        Err(Refusal::NotInstalled),
        "off unless chosen"
    );
    world.choose(&shop, chosen(&[], None, true)).await;
    assert_eq!(
        world.resolve(&shop, Some(&anthropic)).await,
        Err(Refusal::NotInstalled),
        "the agency does not say so"
    );
    world.choose(&agency, chosen(&[], None, true)).await;
    let found = world.resolve(&shop, Some(&anthropic)).await.unwrap();
    assert_eq!(
        (&found.owner, found.source.to_string().as_str()),
        (&platform, "inherited:platform")
    );
    world.connect(&agency, &anthropic, 2, Verdict::Accepted).await;
    let found = world.resolve(&shop, Some(&anthropic)).await.unwrap();
    assert_eq!(
        (found.source, found.credential),
        (Source::Inherited(agency.clone()), credential(2)),
        "the nearest"
    );
    world.choose(&agency, AccountClosed {}.into()).await;
    assert_eq!(
        world.resolve(&shop, Some(&anthropic)).await,
        Err(Refusal::NotInstalled),
        "a closed one lends nothing"
    );
    world.reading.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_inherited_key_never_hides_a_rejected_one() {
    let mut world = World::new().await;
    let (platform, agency, shop) = (world.platform.clone(), world.agency.clone(), world.shop.clone());
    let (anthropic, openai) = (world.anthropic.clone(), world.openai.clone());
    for who in [&shop, &agency] {
        world.choose(who, chosen(&[], None, true)).await;
    }
    world.connect(&platform, &anthropic, 1, Verdict::Accepted).await;
    world.connect(&shop, &anthropic, 2, Verdict::Rejected).await;
    assert_eq!(
        world.resolve(&shop, Some(&anthropic)).await,
        Err(Refusal::CredentialRejected)
    );
    world.connect(&platform, &openai, 3, Verdict::Accepted).await;
    world.connect(&agency, &openai, 4, Verdict::Rejected).await;
    assert_eq!(
        world.resolve(&shop, Some(&openai)).await,
        Err(Refusal::CredentialRejected),
        "nor the agency's"
    );
    world
        .happens(
            &shop,
            &anthropic,
            disconnected(&ConnectionName::default(), credential(2)),
        )
        .await;
    let found = world.resolve(&shop, Some(&anthropic)).await.unwrap();
    assert_eq!(
        found.source,
        Source::Inherited(platform),
        "a key that was taken back makes room"
    );
    world.reading.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_for_the_owners_own_server_is_never_lent() {
    let mut world = World::new().await;
    let (agency, shop, key) = (world.agency.clone(), world.shop.clone(), provider("gitlab"));
    let mut row = ai_row(&key, "g-1");
    row.recipe.fields = vec![Field {
        name: "host".to_owned(),
        kind: FieldKind::Host,
        ..Field::default()
    }];
    world.writer.append(&StreamId::Provider(key.clone()), added(row)).await;
    world.choose(&shop, chosen(&[], None, true)).await;
    world.connect(&agency, &key, 1, Verdict::Accepted).await;
    assert_eq!(world.resolve(&shop, Some(&key)).await, Err(Refusal::NotInstalled));
    assert_eq!(
        world.resolve(&agency, Some(&key)).await.unwrap().source,
        Source::Account
    );
    world.reading.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_candidate_is_not_given_out_and_a_current_version_is_at_once() {
    let mut world = World::new().await;
    let (shop, anthropic, default) = (world.shop.clone(), world.anthropic.clone(), ConnectionName::default());
    world.connect(&shop, &anthropic, 1, Verdict::Accepted).await;
    world
        .happens(
            &shop,
            &anthropic,
            rotated(&default, credential(1), 2, Standing::Candidate),
        )
        .await;
    assert_eq!(
        world.resolve(&shop, Some(&anthropic)).await.unwrap().credential_version,
        1
    );
    let now = Standing::Current { supersedes: None };
    world
        .happens(&shop, &anthropic, rotated(&default, credential(1), 3, now))
        .await;
    let found = world.resolve(&shop, Some(&anthropic)).await.unwrap();
    assert_eq!(
        (found.credential_version, found.status),
        (3, ConnectionStatus::Unverified)
    );
    let second = connection("second");
    world
        .happens(&shop, &anthropic, connected(&second, credential(5)))
        .await;
    world.reading.settle().await;
    let asked = world
        .reading
        .projections
        .ai_config()
        .resolve(&shop, Some(&anthropic), Some(&second))
        .await;
    assert_eq!(asked.unwrap().unwrap().credential, credential(5));
    world.reading.stop().await;
}
