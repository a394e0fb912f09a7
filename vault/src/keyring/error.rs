use std::path::PathBuf;

use domain::KekId;

/// Why the key ring cannot be used. The vault stays closed until it can.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// There is none, although the keystore holds keys that were wrapped by it.
    #[error(
        "the key ring {place} is missing, but the keystore holds keys that were wrapped by it: bring the key ring back \
         from its backup. Without it no stored secret can be read, and the vault makes no new one in its place"
    )]
    Missing {
        /// Where it was looked for.
        place: String,
    },
    /// Others than the owner may read the file.
    #[error("the key ring {path} may be read by others than its owner (mode {mode:04o}): run `chmod 0400 {path}`")]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// It is not a key ring file.
    #[error("{path} is not a key ring, or is damaged ({what}): bring the key ring back from its backup")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, without its content.
        what: &'static str,
    },
    /// A key of that number is in use and is not in the ring.
    #[error(
        "the key ring {place} does not hold key {kek}, by which keys in the keystore are wrapped: bring back the key \
         ring that holds it"
    )]
    Unknown {
        /// Where the ring is.
        place: String,
        /// The key.
        kek: KekId,
    },
    /// The ring holds another key under that number.
    #[error(
        "key {kek} of the key ring {place} is not the key that this keystore was written with: it is the key ring of \
         another installation, or of another time; bring back the right one"
    )]
    Wrong {
        /// Where the ring is.
        place: String,
        /// The key.
        kek: KekId,
    },
    /// The keys come from a place that the vault cannot write to.
    #[error("the keys come from {place}, which the vault cannot add to: add the key there, then start again")]
    ReadOnly {
        /// Where the ring is.
        place: String,
    },
    /// There are no numbers left, or the ring is full.
    #[error("the key ring {place} is full: take keys out of it that wrap nothing any more")]
    Full {
        /// Where the ring is.
        place: String,
    },
    /// The file cannot be read or written.
    #[error("cannot use the key ring {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The operating system gives no random bytes.
    #[error("the operating system gives no random bytes for a new key")]
    NoRandomness,
}
