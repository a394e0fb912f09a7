use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{TestOutcome, Verdict};
use crate::event::events;
use crate::{ConnectionName, CredentialId, DekId, Fingerprint, Sha256Digest};

events! {
    /// What can happen to an account's connections to one provider.
    IntegrationEvent in Integration {
        IntegrationInstalled, CredentialConnected, CredentialRotated, CredentialTested, CredentialRetired,
        CredentialDisconnected, CredentialErased, IntegrationUninstalled,
    }
}

/// The account put the integration on its list. A `default` connection is there from now on, disconnected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntegrationInstalled {}

/// What the log knows of a sealed secret: enough to find and to check the envelope, nothing of what is inside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedSecret {
    /// The data-encryption key that opens it.
    pub dek: DekId,
    /// The digest of the envelope.
    pub envelope_sha256: Sha256Digest,
    /// Equal for equal keys of one account.
    pub fingerprint: Fingerprint,
}

/// A key was saved where there was none. It is version 1 of a new credential, and current.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialConnected {
    /// The connection.
    pub connection: ConnectionName,
    /// The new credential.
    pub credential: CredentialId,
    /// The version, from 1.
    pub version: u32,
    /// The sealed secret.
    pub sealed: SealedSecret,
}

/// Another key was saved where there was one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialRotated {
    /// The connection.
    pub connection: ConnectionName,
    /// The credential, the same as before.
    pub credential: CredentialId,
    /// The new version.
    pub version: u32,
    /// The sealed secret.
    pub sealed: SealedSecret,
    /// Whether it is current now, or waits for its test.
    pub standing: Standing,
    /// For how long the version that it supersedes stays valid after it, in seconds.
    #[serde(default)]
    pub overlap_seconds: u32,
}

/// Where a new version stands when it is saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// In use at once; `supersedes` says what became of the version before it.
    Current {
        /// The version that was current.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        supersedes: Option<Supersede>,
    },
    /// Waiting for a test that accepts it; the working version stays in use.
    Candidate,
}

/// What becomes of the version that another one takes the place of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Supersede {
    /// The superseded version.
    pub version: u32,
    /// Until when it stays valid, as *retiring*; none when it is retired at once, by a `CredentialRetired` that follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retire_at: Option<DateTime<Utc>>,
}

/// A version was tested against the provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "TestedForm")]
pub struct CredentialTested {
    /// The connection.
    pub connection: ConnectionName,
    /// The credential.
    pub credential: CredentialId,
    /// The version that was tested.
    pub version: u32,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: TestOutcome,
    /// Set when this test made a candidate current, in place of the version named here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promotes_over: Option<Supersede>,
}

/// The stored form of [`CredentialTested`], to read it from: serde's `flatten` would first copy every field to find those of
/// the outcome among them.
#[derive(Deserialize)]
struct TestedForm {
    connection: ConnectionName,
    credential: CredentialId,
    version: u32,
    verdict: Verdict,
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    identity: Option<String>,
    #[serde(default)]
    promotes_over: Option<Supersede>,
}

impl From<TestedForm> for CredentialTested {
    fn from(form: TestedForm) -> Self {
        Self {
            connection: form.connection,
            credential: form.credential,
            version: form.version,
            outcome: TestOutcome {
                verdict: form.verdict,
                code: form.code,
                identity: form.identity,
            },
            promotes_over: form.promotes_over,
        }
    }
}

/// A version is no longer valid. Its key is erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialRetired {
    /// The connection.
    pub connection: ConnectionName,
    /// The credential.
    pub credential: CredentialId,
    /// The version.
    pub version: u32,
}

/// The account took its key back. No version of the credential is valid from here on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialDisconnected {
    /// The connection.
    pub connection: ConnectionName,
    /// The credential.
    pub credential: CredentialId,
}

/// Keys and envelopes of these versions are destroyed: nobody can read them again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialErased {
    /// The connection.
    pub connection: ConnectionName,
    /// The credential.
    pub credential: CredentialId,
    /// The versions, in order.
    pub versions: Vec<u32>,
}

/// The account took the integration off its list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntegrationUninstalled {}
