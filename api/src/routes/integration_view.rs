use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use domain::integration::{ConnectionStatus, Verdict};
use domain::{AccountId, ConnectionName, CredentialId, ProviderKey};
use projections::{CandidateView, ConnectionView, IntegrationView, LastTest as LastTestView, RetiringView};
use serde::Serialize;
use utoipa::ToSchema;
use vault::Hints;

use super::key_report::{StatusName, VerdictName};
use super::logo::LogoRef;
use crate::problem::Problem;
use crate::state::AppState;

/// An integration as Settings shows it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Integration {
    /// The provider.
    #[schema(value_type = String)]
    provider: ProviderKey,
    /// The provider's name.
    name: String,
    /// The shelf of the marketplace.
    category: String,
    /// Its logo.
    logo: Option<LogoRef>,
    /// Whether the provider has left the marketplace. What is connected goes on working.
    retired: bool,
    /// When the account put it on its list.
    installed_at: DateTime<Utc>,
    /// Its connections, in the order of their names.
    connections: Vec<Connection>,
}

/// One connection.
#[derive(Debug, Serialize, ToSchema)]
struct Connection {
    /// Its name; `default` is always there.
    #[schema(value_type = String, example = "default")]
    name: ConnectionName,
    /// How it is.
    #[schema(value_type = StatusName)]
    status: ConnectionStatus,
    /// The credential; none while it is disconnected.
    #[schema(value_type = Option<uuid::Uuid>)]
    credential: Option<CredentialId>,
    /// The version in use.
    version: Option<u32>,
    /// Hints of the secret fields of the version in use, enough to recognise a key and not to use it.
    #[schema(example = json!({"api_key": "0123…us19"}))]
    masked: Option<BTreeMap<String, String>>,
    /// The other fields of the version in use.
    public: Option<BTreeMap<String, String>>,
    /// The last test of the version in use.
    last_test: Option<LastTest>,
    /// Whom the provider says the key belongs to: "connected as …".
    identity: Option<String>,
    /// When the credential was first saved.
    connected_at: Option<DateTime<Utc>>,
    /// When the version in use was saved.
    saved_at: Option<DateTime<Utc>>,
    /// A version that waits for a test that accepts it.
    candidate: Option<Candidate>,
    /// Superseded versions that are still valid.
    retiring: Vec<Retiring>,
}

/// A version that waits.
#[derive(Debug, Serialize, ToSchema)]
struct Candidate {
    /// Its number.
    version: u32,
    /// What its tests said so far.
    #[schema(value_type = StatusName)]
    status: ConnectionStatus,
    /// Hints of its secret fields.
    masked: Option<BTreeMap<String, String>>,
    /// The last of its tests.
    last_test: Option<LastTest>,
    /// When it was saved.
    saved_at: DateTime<Utc>,
}

/// A superseded version that is still valid.
#[derive(Debug, Serialize, ToSchema)]
struct Retiring {
    /// Its number.
    version: u32,
    /// Until when it is valid.
    retire_at: DateTime<Utc>,
}

/// The last test of a version of a key.
#[derive(Debug, Serialize, ToSchema)]
struct LastTest {
    /// What came of it.
    #[schema(value_type = VerdictName)]
    verdict: Verdict,
    /// Why, as a stable code.
    code: Option<String>,
    /// When it was.
    at: DateTime<Utc>,
}

type HintsByVersion = HashMap<(CredentialId, u32), Hints>;

/// The integrations of an account with the masked hints of their keys, which the vault keeps beside the envelopes.
///
/// Views of the past are shown without hints: they are erased with their keys, and the past has none of its own.
pub(super) async fn with_hints(
    app: &AppState,
    account: &AccountId,
    views: Vec<IntegrationView>,
    wanted: bool,
) -> Result<Vec<Integration>, Problem> {
    let ids: Vec<_> = views.iter().flat_map(IntegrationView::secrets).collect();
    let hints = if wanted && !ids.is_empty() {
        app.vault
            .hints(account, &ids)
            .await
            .map_err(commands::CommandError::from)?
    } else {
        HashMap::new()
    };
    Ok(views.into_iter().map(|view| Integration::new(view, &hints)).collect())
}

impl Integration {
    fn new(view: IntegrationView, hints: &HintsByVersion) -> Self {
        Self {
            provider: view.provider,
            name: view.name,
            category: view.category,
            logo: view.logo.map(LogoRef::from),
            retired: view.retired,
            installed_at: view.installed_at,
            connections: view
                .connections
                .into_iter()
                .map(|connection| Connection::new(connection, hints))
                .collect(),
        }
    }
}

impl Connection {
    fn new(view: ConnectionView, hints: &HintsByVersion) -> Self {
        let of_version = |version: u32| view.credential.and_then(|credential| hints.get(&(credential, version)));
        let current = view.version.and_then(of_version);
        Self {
            masked: current.map(|hints| hints.masked.clone()),
            public: current.map(|hints| hints.public.clone()),
            candidate: view.candidate.map(|candidate| {
                let masked = of_version(candidate.version).map(|hints| hints.masked.clone());
                Candidate::new(candidate, masked)
            }),
            name: view.name,
            status: view.status,
            credential: view.credential,
            version: view.version,
            last_test: view.last_test.map(LastTest::from),
            identity: view.identity,
            connected_at: view.connected_at,
            saved_at: view.saved_at,
            retiring: view.retiring.into_iter().map(Retiring::from).collect(),
        }
    }
}

impl Candidate {
    fn new(view: CandidateView, masked: Option<BTreeMap<String, String>>) -> Self {
        Self {
            version: view.version,
            status: view.status,
            masked,
            last_test: view.last_test.map(LastTest::from),
            saved_at: view.saved_at,
        }
    }
}

impl From<RetiringView> for Retiring {
    fn from(view: RetiringView) -> Self {
        Self {
            version: view.version,
            retire_at: view.retire_at,
        }
    }
}

impl From<LastTestView> for LastTest {
    fn from(view: LastTestView) -> Self {
        Self {
            verdict: view.verdict,
            code: view.code,
            at: view.at,
        }
    }
}
