//! Wrapped keys: a key of the keystore, encrypted by a key of the key ring. The bytes are described in
//! [`crate::format`].

use domain::{AccountId, KekId};
use uuid::Uuid;

use crate::cipher::{self, NotAuthentic};
use crate::expose;
use crate::format::{CHECK_LABEL, FORMAT, WRAP_LABEL};
use crate::key::{Key, SivKey};

/// Format, algorithm and the id of the key-encryption key.
const HEADER: usize = 2 + 4;

/// What a key of the keystore is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// It opens one envelope: 64 bytes.
    Credential,
    /// It makes the fingerprints of one account: 32 bytes.
    Fingerprint,
    /// It makes request digests: 32 bytes.
    RequestDigest,
}

impl Purpose {
    /// Its name, in the associated data and in the database.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Credential => "credential",
            Self::Fingerprint => "fingerprint",
            Self::RequestDigest => "request-digest",
        }
    }

    /// The purpose of that name.
    pub(crate) fn by_name(name: &str) -> Option<Self> {
        [Self::Credential, Self::Fingerprint, Self::RequestDigest]
            .into_iter()
            .find(|purpose| purpose.name() == name)
    }
}

/// What a wrapped key is bound to: it unwraps as this key, and as no other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyContext {
    /// Its id.
    pub id: Uuid,
    /// What it is for.
    pub purpose: Purpose,
    /// Whose it is; none for the request-digest key.
    pub account: Option<AccountId>,
}

/// Wraps `key` by the key-encryption key `kek`.
pub(crate) fn wrap<const N: usize>(
    kek: (KekId, &SivKey),
    ctx: &KeyContext,
    key: &Key<N>,
) -> Result<Vec<u8>, NotAuthentic> {
    let header = header(cipher::CURRENT.algorithm(), kek.0);
    let sealed = with_context(header, ctx, |headers| {
        cipher::CURRENT.seal(kek.1, headers, expose::key_bytes(key))
    })?;
    Ok([header.as_slice(), &sealed].concat())
}

/// Unwraps a key of `N` bytes.
pub(crate) fn unwrap<const N: usize>(kek: &SivKey, ctx: &KeyContext, wrapped: &[u8]) -> Result<Key<N>, NotAuthentic> {
    let (header, sealed) = wrapped.split_first_chunk::<HEADER>().ok_or(NotAuthentic)?;
    if header[0] != FORMAT {
        return Err(NotAuthentic);
    }
    let cipher = cipher::by_algorithm(header[1]).ok_or(NotAuthentic)?;
    let plain = with_context(*header, ctx, |headers| cipher.open(kek, headers, sealed))?;
    Key::from_bytes(plain.bytes()).ok_or(NotAuthentic)
}

/// The id of the key-encryption key that a wrapped key names.
pub(crate) fn kek_of(wrapped: &[u8]) -> Option<KekId> {
    wrapped
        .get(2..HEADER)?
        .try_into()
        .ok()
        .map(|id| KekId(u32::from_be_bytes(id)))
}

/// The value by which a key-encryption key is recognised. It tells nothing about the key: it is the output of
/// pseudo-random functions on constants. There is a plaintext, because without one only the half of the key that makes
/// V would count.
pub(crate) fn check_value(id: KekId, kek: &SivKey) -> Result<Vec<u8>, NotAuthentic> {
    cipher::CURRENT.seal(kek, &[CHECK_LABEL, &id.0.to_be_bytes()], &[0; 16])
}

fn header(algorithm: u8, kek: KekId) -> [u8; HEADER] {
    let mut header = [FORMAT, algorithm, 0, 0, 0, 0];
    header[2..].copy_from_slice(&kek.0.to_be_bytes());
    header
}

/// The associated data, in the order that the format fixes, each part a header of its own.
fn with_context<T>(header: [u8; HEADER], ctx: &KeyContext, use_it: impl FnOnce(&[&[u8]]) -> T) -> T {
    use_it(&[
        WRAP_LABEL,
        &header,
        ctx.account.as_ref().map_or("", AccountId::as_str).as_bytes(),
        ctx.id.as_bytes(),
        ctx.purpose.name().as_bytes(),
    ])
}
