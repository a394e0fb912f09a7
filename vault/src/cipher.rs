//! The cipher, behind one small trait, so that another one can take its place under another algorithm byte.

use zeroize::Zeroizing;

use crate::expose;
use crate::key::{Plain, SivKey};

/// Authenticated encryption with any number of separate associated-data headers.
pub(crate) trait Cipher: Send + Sync {
    /// Its number in the second byte of envelopes and wrapped keys.
    fn algorithm(&self) -> u8;

    /// Encrypts; the result is `V || C`.
    fn seal(&self, key: &SivKey, headers: &[&[u8]], plaintext: &[u8]) -> Result<Vec<u8>, NotAuthentic>;

    /// Decrypts `V || C`, when it was sealed with this key and these headers in this order.
    fn open(&self, key: &SivKey, headers: &[&[u8]], sealed: &[u8]) -> Result<Plain, NotAuthentic>;
}

/// The bytes were not sealed with this key and these headers. It says nothing else: an attacker could learn from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotAuthentic;

/// The cipher behind an algorithm byte.
pub(crate) fn by_algorithm(algorithm: u8) -> Option<&'static dyn Cipher> {
    (algorithm == AesSiv.algorithm()).then_some(&AesSiv)
}

/// The cipher for what is sealed from now on.
pub(crate) const CURRENT: &dyn Cipher = &AesSiv;

/// AES-256-SIV with CMAC (RFC 5297), from the `aes-siv` crate: its `siv` interface, because the `Aead` one does not wipe
/// its key on drop.
pub(crate) struct AesSiv;

/// Length of V, in bytes.
pub(crate) const TAG: usize = 16;

/// S2V takes at most 127 strings (RFC 5297, section 2.6), and the plaintext is one of them.
pub(crate) const MAX_HEADERS: usize = 126;

impl Cipher for AesSiv {
    fn algorithm(&self) -> u8 {
        1
    }

    fn seal(&self, key: &SivKey, headers: &[&[u8]], plaintext: &[u8]) -> Result<Vec<u8>, NotAuthentic> {
        within_limit(headers)?;
        // `encrypt` makes one buffer of the right size and encrypts in it: no copy of the plaintext is left.
        expose::siv(key).encrypt(headers, plaintext).map_err(|_| NotAuthentic)
    }

    fn open(&self, key: &SivKey, headers: &[&[u8]], sealed: &[u8]) -> Result<Plain, NotAuthentic> {
        within_limit(headers)?;
        // Decrypted in place, and the whole capacity is wiped on drop, also what lies behind the shortened end.
        let mut buffer = Zeroizing::new(sealed.to_vec());
        expose::siv(key)
            .decrypt_in_place(headers, &mut *buffer)
            .map_err(|_| NotAuthentic)?;
        Ok(buffer)
    }
}

fn within_limit(headers: &[&[u8]]) -> Result<(), NotAuthentic> {
    if headers.len() > MAX_HEADERS {
        Err(NotAuthentic)
    } else {
        Ok(())
    }
}
