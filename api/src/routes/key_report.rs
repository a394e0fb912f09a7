use commands::KeyPlace;
use domain::integration::{ConnectionStatus, TestOutcome, Verdict};
use domain::{ConnectionName, CredentialId};
use serde::Serialize;
use utoipa::ToSchema;

/// What became of a key that was saved or tested.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct KeyReport {
    /// The connection.
    #[schema(value_type = String, example = "default")]
    connection: ConnectionName,
    /// The credential: all versions of the key behind the connection.
    #[schema(value_type = uuid::Uuid)]
    credential: CredentialId,
    /// The version that was saved or tested.
    version: u32,
    /// Where this version stands.
    place: Place,
    /// The status of the connection, which is that of the version in use.
    #[schema(value_type = StatusName)]
    status: ConnectionStatus,
    /// What the test said; none when the provider's row has no test.
    test: Option<Test>,
}

/// Where a version of a key stands.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = KeyPlace)]
#[serde(rename_all = "snake_case")]
enum Place {
    /// In use.
    Current,
    /// Waiting for a test that accepts it; the working version stays in use.
    Candidate,
    /// Another one has taken its place, or the key was taken back.
    Superseded,
}

/// The result of a test.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TestResult)]
pub(super) struct Test {
    /// The verdict.
    #[schema(value_type = VerdictName)]
    verdict: Verdict,
    /// Why, as a stable code.
    #[schema(example = "insufficient_scope")]
    code: Option<String>,
    /// Whom the provider says the key belongs to.
    identity: Option<String>,
}

/// How a connection is.
#[derive(Serialize, ToSchema)]
#[schema(as = ConnectionStatus)]
#[serde(rename_all = "snake_case")]
#[expect(
    dead_code,
    reason = "it describes `domain::integration::ConnectionStatus` to the document"
)]
pub(super) enum StatusName {
    /// There is no key.
    Disconnected,
    /// A key is saved, and no test has said anything definitive of it yet.
    Unverified,
    /// The provider took the key at the last definitive test.
    Connected,
    /// The provider refused the key at the last definitive test.
    Rejected,
    /// The provider wants the account to authorize again.
    NeedsReauth,
}

/// What a test says of a key.
#[derive(Serialize, ToSchema)]
#[schema(as = Verdict)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "it describes `domain::integration::Verdict` to the document")]
pub(super) enum VerdictName {
    /// The provider took the key.
    Accepted,
    /// The provider took the key, but something is amiss; the code says what.
    AcceptedWithWarning,
    /// The provider refused the key.
    Rejected,
    /// The provider could not be reached. It says nothing of the key.
    Unreachable,
    /// Too many tests. It says nothing of the key.
    RateLimited,
    /// The provider's row is wrong, not the key.
    Misconfigured,
    /// The row has no test.
    Untestable,
}

impl From<commands::KeyReport> for KeyReport {
    fn from(report: commands::KeyReport) -> Self {
        Self {
            connection: report.connection,
            credential: report.credential,
            version: report.version,
            place: match report.place {
                KeyPlace::Current => Place::Current,
                KeyPlace::Candidate => Place::Candidate,
                KeyPlace::Superseded => Place::Superseded,
            },
            status: report.status,
            test: report.test.map(Test::from),
        }
    }
}

impl From<TestOutcome> for Test {
    fn from(outcome: TestOutcome) -> Self {
        Self {
            verdict: outcome.verdict,
            code: outcome.code,
            identity: outcome.identity,
        }
    }
}
