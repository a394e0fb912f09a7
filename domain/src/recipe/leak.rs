use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use percent_encoding::percent_decode_str;
use zeroize::Zeroizing;

/// The shortest encoded form that is looked for, in characters: a shorter one stands in many a name by chance.
const MIN_ENCODED: usize = 8;

/// Whether `text` repeats `secret`: as it is, in another case, percent-encoded (RFC 3986, section 2.1), in hexadecimal,
/// or in base64 (RFC 4648, sections 4 and 5), there also behind something else, as in HTTP basic authentication.
pub(super) fn repeats(text: &str, secret: &str) -> bool {
    if secret.is_empty() {
        return false;
    }
    let lower = Zeroizing::new(secret.to_lowercase());
    let decoded = percent_decode_str(text).decode_utf8_lossy();
    text.to_lowercase().contains(&*lower)
        || decoded.to_lowercase().contains(&*lower)
        || holds_hex(text, secret)
        || (0..3).any(|shift| holds_base64(text, secret, shift))
}

fn holds_hex(text: &str, secret: &str) -> bool {
    let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble)]);
    let mut hex = Zeroizing::new(String::with_capacity(secret.len() * 2));
    for byte in secret.bytes() {
        hex.push(digit(byte >> 4));
        hex.push(digit(byte & 15));
    }
    hex.len() >= MIN_ENCODED && text.to_ascii_lowercase().contains(&*hex)
}

/// Whether `text` holds the base64 of something in which `secret` begins `shift` bytes after a multiple of three: only
/// the characters that the secret alone decides are compared.
fn holds_base64(text: &str, secret: &str, shift: usize) -> bool {
    let mut bytes = Zeroizing::new(Vec::with_capacity(shift + secret.len()));
    bytes.resize(shift, 0);
    bytes.extend_from_slice(secret.as_bytes());
    let encoded = Zeroizing::new(STANDARD_NO_PAD.encode(&*bytes));
    let start = (shift * 8).div_ceil(6);
    let end = bytes.len() * 8 / 6;
    let own = encoded.get(start..end).unwrap_or_default();
    own.len() >= MIN_ENCODED && text.replace('-', "+").replace('_', "/").contains(own)
}
