//! Envelopes: the fields of one credential version, sealed. The bytes are described in [`crate::format`].

use domain::DekId;

use crate::SecretContext;
use crate::cipher::{self, NotAuthentic};
use crate::format::{ENVELOPE_LABEL, FORMAT};
use crate::key::SivKey;
use crate::plain::Plain;

/// Length of the nonce, in bytes.
pub(crate) const NONCE: usize = 16;
/// Format, algorithm and the id of the key.
const HEADER: usize = 2 + 16;

/// Seals `plaintext` for `ctx`. The nonce must be random and new: it keeps two equal plaintexts from being seen as
/// equal.
pub(crate) fn seal(
    id: DekId,
    key: &SivKey,
    nonce: &[u8; NONCE],
    ctx: &SecretContext,
    plaintext: &[u8],
) -> Result<Vec<u8>, NotAuthentic> {
    let header = header(cipher::CURRENT.algorithm(), id);
    let sealed = with_context(&header, ctx, nonce, |headers| {
        cipher::CURRENT.seal(key, headers, plaintext)
    })?;
    Ok([&header, nonce.as_slice(), &sealed].concat())
}

/// Opens an envelope that was sealed for `ctx` under the key `id`.
pub(crate) fn open(id: DekId, key: &SivKey, ctx: &SecretContext, envelope: &[u8]) -> Result<Plain, NotAuthentic> {
    let (header, rest) = envelope.split_first_chunk::<HEADER>().ok_or(NotAuthentic)?;
    let (nonce, sealed) = rest.split_first_chunk::<NONCE>().ok_or(NotAuthentic)?;
    if header[0] != FORMAT || header[2..] != *id.uuid().as_bytes() {
        return Err(NotAuthentic);
    }
    let cipher = cipher::by_algorithm(header[1]).ok_or(NotAuthentic)?;
    with_context(header, ctx, nonce, |headers| cipher.open(key, headers, sealed))
}

fn header(algorithm: u8, id: DekId) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    header[0] = FORMAT;
    header[1] = algorithm;
    header[2..].copy_from_slice(id.uuid().as_bytes());
    header
}

/// The associated data, in the order that the format fixes. Each part is a header of its own, so that no shift of bytes
/// between neighbours can give the same data; the nonce comes last, as RFC 5297, section 3, asks.
fn with_context<T>(
    header: &[u8; HEADER],
    ctx: &SecretContext,
    nonce: &[u8; NONCE],
    use_it: impl FnOnce(&[&[u8]]) -> T,
) -> T {
    use_it(&[
        ENVELOPE_LABEL,
        header,
        ctx.account.as_str().as_bytes(),
        ctx.credential.uuid().as_bytes(),
        &ctx.version.to_be_bytes(),
        ctx.provider.as_str().as_bytes(),
        nonce,
    ])
}
