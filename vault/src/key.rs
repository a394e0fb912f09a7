use secrecy::SecretBox;
use uuid::Uuid;

use crate::VaultError;

/// `N` secret bytes, wiped on drop, that nothing prints. Only [`crate::expose`] reads them.
pub(crate) struct Key<const N: usize>(SecretBox<[u8; N]>);

/// A key of AES-256-SIV: 32 bytes for the MAC and 32 for the cipher.
pub(crate) type SivKey = Key<64>;
/// A key of HMAC-SHA-256.
pub(crate) type MacKey = Key<32>;

impl<const N: usize> Key<N> {
    /// A new key from the operating system's generator.
    pub(crate) fn random() -> Result<Self, VaultError> {
        // Filled where it stays: a copy on the stack would not be wiped.
        let mut bytes = Box::new([0; N]);
        fill(&mut bytes[..])?;
        Ok(Self(SecretBox::new(bytes)))
    }

    /// The key of these bytes, if there are `N`.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut own = Box::new([0; N]);
        (bytes.len() == N).then(|| own.copy_from_slice(bytes))?;
        Some(Self(SecretBox::new(own)))
    }

    /// The box around the bytes.
    pub(crate) fn secret(&self) -> &SecretBox<[u8; N]> {
        &self.0
    }
}

/// `N` random bytes that need not be kept secret: ids, nonces.
pub(crate) fn random_bytes<const N: usize>() -> Result<[u8; N], VaultError> {
    let mut bytes = [0; N];
    fill(&mut bytes)?;
    Ok(bytes)
}

/// A random id: a version 4 UUID (RFC 9562, section 5.4).
pub(crate) fn random_id() -> Result<Uuid, VaultError> {
    Ok(uuid::Builder::from_random_bytes(random_bytes()?).into_uuid())
}

/// Keys and nonces come straight from the operating system, not through a port: a generator that somebody could replace
/// by a seeded one would be a way to read every secret.
fn fill(bytes: &mut [u8]) -> Result<(), VaultError> {
    getrandom::fill(bytes).map_err(|_| VaultError::Stopped("the operating system gives no random bytes"))
}
