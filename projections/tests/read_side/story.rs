//! Events that follow one another as the write side would let them.

use std::collections::{BTreeMap, BTreeSet};

use domain::access::{AccessEvent, CredentialReleased};
use domain::account::{AccountClosed, AccountEvent, AccountOpened, AccountRenamed, AiSettingsChosen};
use domain::integration::{
    CredentialConnected, CredentialDisconnected, CredentialErased, CredentialRetired, CredentialRotated,
    CredentialTested, IntegrationEvent, IntegrationInstalled, IntegrationUninstalled, SealedSecret, Standing,
    Supersede, TestOutcome, Verdict,
};
use domain::keyring::{KeyAdded, KeyringEvent};
use domain::provider::{
    AuthType, Help, Logo, ProviderAdded, ProviderDescribed, ProviderEvent, ProviderLogoChanged, ProviderPublished,
    ProviderRecipeChanged, ProviderReinstated, ProviderRetired, ProviderRow,
};
use domain::recipe::{Ai, Recipe};
use domain::token::{AccountScope, Role, TokenEvent, TokenIssued, TokenRevoked};
use domain::{
    AccountId, ConnectionName, CredentialId, DekId, Event, Fingerprint, KekId, ProviderKey, Sha256Digest, StreamId,
    TokenId,
};
use uuid::Uuid;

use crate::support::{credential, start};

pub(crate) fn row(key: &ProviderKey) -> ProviderRow {
    ProviderRow {
        key: key.clone(),
        name: key.to_string(),
        category: "Email".to_owned(),
        description: String::new(),
        auth: AuthType::ApiKey,
        credential: None,
        help: Help::default(),
        recipe: Recipe::default(),
    }
}

pub(crate) fn ai_row(key: &ProviderKey, model: &str) -> ProviderRow {
    let mut row = row(key);
    "AI".clone_into(&mut row.category);
    row.recipe.ai = Some(Ai {
        api: key.to_string(),
        default_model: Some(model.to_owned()),
    });
    row
}

pub(crate) fn logo(seed: u8) -> Logo {
    Logo {
        sha256: Sha256Digest::of(&[seed]),
        // "logo" in base64; nobody looks at it here.
        png: "bG9nbw==".to_owned(),
    }
}

pub(crate) fn sealed(seed: u64) -> SealedSecret {
    SealedSecret {
        dek: DekId::new(Uuid::from_u64_pair(3, seed)),
        envelope_sha256: Sha256Digest::of(&seed.to_be_bytes()),
        fingerprint: Fingerprint::new([7; 32]),
    }
}

pub(crate) fn added(row: ProviderRow) -> ProviderEvent {
    ProviderAdded {
        row: Box::new(row),
        logo: None,
        published: true,
    }
    .into()
}

pub(crate) fn opened(name: &str, parent: Option<&AccountId>) -> AccountEvent {
    AccountOpened {
        name: name.to_owned(),
        parent: parent.cloned(),
    }
    .into()
}

pub(crate) fn chosen(providers: &[&ProviderKey], model: Option<&str>, inherit: bool) -> AccountEvent {
    AiSettingsChosen {
        providers: providers.iter().map(|key| (*key).clone()).collect(),
        model: model.map(str::to_owned),
        inherit,
    }
    .into()
}

pub(crate) fn installed() -> IntegrationEvent {
    IntegrationInstalled {}.into()
}

pub(crate) fn connected(connection: &ConnectionName, credential: CredentialId) -> IntegrationEvent {
    CredentialConnected {
        connection: connection.clone(),
        credential,
        version: 1,
        sealed: sealed(1),
    }
    .into()
}

pub(crate) fn rotated(
    connection: &ConnectionName,
    credential: CredentialId,
    version: u32,
    standing: Standing,
) -> IntegrationEvent {
    CredentialRotated {
        connection: connection.clone(),
        credential,
        version,
        sealed: sealed(version.into()),
        standing,
        overlap_seconds: 0,
    }
    .into()
}

pub(crate) fn tested(
    connection: &ConnectionName,
    credential: CredentialId,
    version: u32,
    verdict: Verdict,
    promotes_over: Option<Supersede>,
) -> IntegrationEvent {
    CredentialTested {
        connection: connection.clone(),
        credential,
        version,
        outcome: TestOutcome {
            verdict,
            code: None,
            identity: Some("ada@example.com".to_owned()),
        },
        promotes_over,
    }
    .into()
}

pub(crate) fn retired(connection: &ConnectionName, credential: CredentialId, version: u32) -> IntegrationEvent {
    CredentialRetired {
        connection: connection.clone(),
        credential,
        version,
    }
    .into()
}

pub(crate) fn disconnected(connection: &ConnectionName, credential: CredentialId) -> IntegrationEvent {
    CredentialDisconnected {
        connection: connection.clone(),
        credential,
    }
    .into()
}

pub(crate) fn erased(connection: &ConnectionName, credential: CredentialId, versions: &[u32]) -> IntegrationEvent {
    CredentialErased {
        connection: connection.clone(),
        credential,
        versions: versions.to_vec(),
    }
    .into()
}

pub(crate) fn released(provider: &ProviderKey, connection: &ConnectionName, credential: CredentialId) -> AccessEvent {
    CredentialReleased {
        provider: provider.clone(),
        connection: connection.clone(),
        credential,
        version: 1,
        principal: "assistant".to_owned(),
        purpose: None,
        on_behalf_of: None,
        lease_until: start(),
    }
    .into()
}

pub(crate) fn issued(name: &str, sha256: Sha256Digest) -> TokenEvent {
    TokenIssued {
        name: name.to_owned(),
        sha256,
        role: Role::Service,
        accounts: AccountScope::All,
        expires_at: None,
    }
    .into()
}

/// A story that is told by numbers: each of them picks who, where and what.
#[derive(Default)]
pub(crate) struct Teller {
    providers: BTreeSet<ProviderKey>,
    accounts: BTreeSet<AccountId>,
    tokens: BTreeSet<TokenId>,
    installed: BTreeSet<(AccountId, ProviderKey)>,
    keys: BTreeMap<(AccountId, ProviderKey, ConnectionName), (CredentialId, u32)>,
    credentials: u64,
}

impl Teller {
    /// What `[who, where, what]` makes happen.
    pub(crate) fn tell(&mut self, [who, place, what]: [u8; 3]) -> (StreamId, Event) {
        let provider: ProviderKey = format!("provider-{}", place % 4).parse().unwrap();
        let account: AccountId = format!("account_{}", who % 5).parse().unwrap();
        match what % 24 {
            0..4 => self.about_provider(&provider, what),
            4..7 => self.about_account(&account, &provider, who, what),
            7 => self.about_token(who),
            8 => {
                let added = KeyAdded { kek: KekId(who.into()) };
                (StreamId::Keyring, KeyringEvent::from(added).into())
            }
            _ => self.about_integration(account, &provider, place, what),
        }
    }

    fn about_provider(&mut self, key: &ProviderKey, what: u8) -> (StreamId, Event) {
        let stream = StreamId::Provider(key.clone());
        if self.providers.insert(key.clone()) {
            let added = ProviderAdded {
                row: Box::new(row(key)),
                logo: (what > 100).then(|| logo(what)),
                published: what > 50,
            };
            return (stream, ProviderEvent::from(added).into());
        }
        let event: ProviderEvent = match what / 24 {
            0 => ProviderPublished {}.into(),
            1 => ProviderRetired {}.into(),
            2 => ProviderReinstated {}.into(),
            3..6 => ProviderLogoChanged {
                logo: (what > 80).then(|| logo(what)),
            }
            .into(),
            6..8 => ProviderRecipeChanged {
                auth: AuthType::Bearer,
                credential: None,
                recipe: Box::new(ai_row(key, "small").recipe),
            }
            .into(),
            _ => ProviderDescribed {
                name: format!("Name {what}"),
                category: "Other".to_owned(),
                description: "Of another kind.".to_owned(),
                help: Help::default(),
            }
            .into(),
        };
        (stream, event.into())
    }

    fn about_account(&mut self, id: &AccountId, provider: &ProviderKey, who: u8, what: u8) -> (StreamId, Event) {
        let stream = StreamId::Account(id.clone());
        if self.accounts.insert(id.clone()) {
            let parent = (!who.is_multiple_of(5)).then(|| format!("account_{}", who % 5 - 1).parse().unwrap());
            return (stream, opened("An account", parent.as_ref()).into());
        }
        let event = match what / 24 {
            0..4 => AccountRenamed {
                name: format!("Account {what}"),
            }
            .into(),
            4..10 => chosen(&[provider], None, what.is_multiple_of(2)),
            _ => AccountClosed {}.into(),
        };
        (stream, event.into())
    }

    fn about_token(&mut self, who: u8) -> (StreamId, Event) {
        let id = TokenId::new(Uuid::from_u64_pair(9, (who % 16).into()));
        let event = if self.tokens.insert(id) {
            issued("A token", Sha256Digest::of(&[who]))
        } else {
            TokenRevoked {}.into()
        };
        (StreamId::Token(id), event.into())
    }

    fn about_integration(
        &mut self,
        account: AccountId,
        provider: &ProviderKey,
        place: u8,
        what: u8,
    ) -> (StreamId, Event) {
        let stream = StreamId::Integration(account.clone(), provider.clone());
        let home = (account.clone(), provider.clone());
        if self.installed.insert(home.clone()) {
            return (stream, installed().into());
        }
        let connection: ConnectionName = if place > 200 {
            "second".parse().unwrap()
        } else {
            ConnectionName::default()
        };
        let place = (account.clone(), provider.clone(), connection.clone());
        let Some((credential, newest)) = self.keys.get_mut(&place) else {
            if what / 24 == 9 {
                self.installed.remove(&home);
                self.keys.retain(|(a, p, _), _| (a, p) != (&home.0, &home.1));
                return (stream, IntegrationEvent::from(IntegrationUninstalled {}).into());
            }
            self.credentials += 1;
            let fresh = credential(self.credentials);
            self.keys.insert(place, (fresh, 1));
            return (stream, connected(&connection, fresh).into());
        };
        let (id, version) = (*credential, *newest);
        let event = match what / 24 {
            0 => {
                *newest += 1;
                rotated(&connection, id, version + 1, Standing::Candidate)
            }
            1 => {
                *newest += 1;
                let supersedes = Some(Supersede {
                    version,
                    retire_at: Some(start()),
                });
                rotated(&connection, id, version + 1, Standing::Current { supersedes })
            }
            2 | 3 => tested(&connection, id, version, Verdict::Accepted, None),
            4 => tested(&connection, id, version, Verdict::Rejected, None),
            5 => tested(&connection, id, version, Verdict::Unreachable, None),
            6 => {
                let over = Supersede {
                    version: version.saturating_sub(1),
                    retire_at: None,
                };
                tested(&connection, id, version, Verdict::Accepted, Some(over))
            }
            7 => retired(&connection, id, version.saturating_sub(1)),
            8 => {
                self.keys.remove(&place);
                disconnected(&connection, id)
            }
            _ => return (StreamId::Access(account), released(provider, &connection, id).into()),
        };
        (stream, event.into())
    }
}
