use domain::Sha256Digest;

use crate::VaultError;

/// Why a vault was not copied. No message repeats a secret, a key or a ciphertext.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// One of the stores cannot do it. Start the copy again: it goes on where it was.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// There is nothing to copy.
    #[error("there is no whole vault at the source: {0}")]
    NoSource(&'static str),
    /// Source and target are one.
    #[error("source and target are the same place: name an empty target")]
    Same,
    /// Another process has the source open.
    #[error("another process has the source open: stop every node on it first")]
    SourceInUse,
    /// Another process has the target open.
    #[error("another process has the target open: choose an empty target that nobody uses")]
    TargetInUse,
    /// The target belongs to another vault.
    #[error("the target belongs to another vault: choose an empty target")]
    Another,
    /// The target is neither empty nor what a copy leaves.
    #[error("the target holds a part of a vault that no copy left there: choose an empty target")]
    HalfThere,
    /// The target holds something that the source does not.
    #[error("the target holds {what}, which the source does not have, or has otherwise: choose an empty target")]
    Foreign {
        /// The first thing that does not belong there, by its id.
        what: String,
    },
    /// The target holds a copy that was complete before, and one of both has changed since.
    #[error(
        "the target holds an earlier copy that is complete, which nodes may be using; it is left as it is. The source has \
         changed since: choose an empty target"
    )]
    Finished,
    /// What was read back is not what the source holds.
    #[error(
        "the copy was read back, and differs from the source: {copy} is not {source_digest}. It does not open. If a node \
         was still writing to the source, stop it, choose an empty target and start again"
    )]
    Different {
        /// The digest of the target.
        copy: Sha256Digest,
        /// The digest of the source.
        source_digest: Sha256Digest,
    },
}
