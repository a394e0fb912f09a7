//! The byte formats of the vault.
//!
//! # Envelope
//!
//! | bytes | what |
//! |---|---|
//! | 0 | format, `1` |
//! | 1 | algorithm, `1` = AES-256-SIV with CMAC (RFC 5297), 64-byte key |
//! | 2-17 | id of the data-encryption key |
//! | 18-33 | random nonce |
//! | 34-49 | V, the synthetic IV, which is also the tag |
//! | 50- | C, the encrypted JSON object of all field values |
//!
//! Associated data, each a separate S2V header, in this order: [`ENVELOPE_LABEL`], bytes 0-17 of the envelope, the
//! account, the credential id (16 bytes), the version (u32, big endian), the provider key, and last the nonce.
//!
//! # Wrapped key
//!
//! | bytes | what |
//! |---|---|
//! | 0 | format, `1` |
//! | 1 | algorithm, `1` |
//! | 2-5 | id of the key-encryption key (u32, big endian) |
//! | 6-21 | V |
//! | 22- | C, the encrypted key: 64 bytes for a credential's, 32 for a fingerprint or request-digest key |
//!
//! Associated data: [`WRAP_LABEL`], bytes 0-5, the account (empty for the request-digest key), the id of the wrapped
//! key (16 bytes), its purpose (`credential`, `fingerprint` or `request-digest`). There is no nonce: what is wrapped is
//! random and unique, for which RFC 5297, section 1.3.1 needs none.
//!
//! # Check value of a key-encryption key
//!
//! `V || C` of AES-SIV over 16 zero bytes, with [`CHECK_LABEL`] and the id (u32, big endian) as headers: 32 bytes. V
//! depends on the first half of the key, C on both.
//!
//! # Fingerprint
//!
//! HMAC-SHA-256 (RFC 2104) under the account's own 32-byte key over [`FINGERPRINT_LABEL`] and then, for each secret
//! field in the order of the names: length of the name (u32, big endian), name, length of the value (u32, big endian),
//! value.
//!
//! # Request digest
//!
//! The first 16 bytes of HMAC-SHA-256 under the 32-byte request-digest key over the request.
//!
//! # Key ring file
//!
//! Lines of ASCII, each ended by a line feed: `soconnective-keyring 1`, then for each key, ids ascending,
//! `kek <id> <64 bytes in lower-case hexadecimal>`.

/// The first associated data of an envelope.
pub const ENVELOPE_LABEL: &[u8] = b"soconnective/vault/envelope/1";
/// The first associated data of a wrapped key.
pub const WRAP_LABEL: &[u8] = b"soconnective/vault/wrap/1";
/// The first associated data of a check value.
pub const CHECK_LABEL: &[u8] = b"soconnective/vault/kek-check/1";
/// What every fingerprint starts with.
pub const FINGERPRINT_LABEL: &[u8] = b"soconnective/vault/fingerprint/1";
/// The version of the formats: the first byte of envelopes and wrapped keys.
pub const FORMAT: u8 = 1;
/// The most plaintext that one envelope holds, in bytes: an attempt at more is refused.
pub const MAX_PLAINTEXT: usize = 64 * 1024;
