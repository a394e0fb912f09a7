use domain::Sha256Digest;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

/// The text of an API token: `soc_`, 43 base-62 digits (256 random bits), and 6 base-62 digits of the CRC-32
/// (ISO 3309) of what stands before them.
///
/// The prefix lets scanners find leaked tokens; the checksum tells a mistyped token from an unknown one without a
/// look-up.
pub const PREFIX: &str = "soc_";

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const RANDOM_DIGITS: usize = 43;
const CHECK_DIGITS: usize = 6;
const LEN: usize = PREFIX.len() + RANDOM_DIGITS + CHECK_DIGITS;

/// The operating system gave no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub struct NoRandomness;

/// Makes a new token.
///
/// # Errors
/// [`NoRandomness`].
pub fn generate() -> Result<SecretString, NoRandomness> {
    let mut bytes = Zeroizing::new([0_u8; 32]);
    getrandom::fill(bytes.as_mut_slice()).map_err(|_| NoRandomness)?;
    Ok(from_bytes(&bytes))
}

/// The token of 32 given bytes.
#[must_use]
pub fn from_bytes(bytes: &[u8; 32]) -> SecretString {
    let mut number = Zeroizing::new(*bytes);
    let mut text = Zeroizing::new(vec![0_u8; LEN]);
    text[..PREFIX.len()].copy_from_slice(PREFIX.as_bytes());
    for place in (PREFIX.len()..PREFIX.len() + RANDOM_DIGITS).rev() {
        text[place] = DIGITS[usize::from(divide(&mut number))];
    }
    let (body, check) = text.split_at_mut(PREFIX.len() + RANDOM_DIGITS);
    check.copy_from_slice(&checksum(body));
    SecretString::from(text.iter().map(|digit| char::from(*digit)).collect::<String>())
}

/// The digest by which a token is looked up, when it is of the form and its checksum fits.
#[must_use]
pub fn digest(token: &str) -> Option<Sha256Digest> {
    let bytes = token.as_bytes();
    if bytes.len() != LEN || !token.starts_with(PREFIX) {
        return None;
    }
    let (body, check) = bytes.split_at(LEN - CHECK_DIGITS);
    let digits = body[PREFIX.len()..].iter().all(u8::is_ascii_alphanumeric);
    (digits && check == checksum(body)).then(|| Sha256Digest::of(bytes))
}

/// The digest at rest of a token that this module made.
#[must_use]
pub fn digest_of(token: &SecretString) -> Sha256Digest {
    Sha256Digest::of(token.expose_secret().as_bytes())
}

fn checksum(body: &[u8]) -> [u8; CHECK_DIGITS] {
    let mut rest = crc32fast::hash(body);
    let mut check = [b'0'; CHECK_DIGITS];
    for digit in check.iter_mut().rev() {
        *digit = DIGITS[(rest % 62) as usize];
        rest /= 62;
    }
    check
}

/// Divides a big-endian number by 62 in place and gives the remainder.
fn divide(number: &mut [u8; 32]) -> u8 {
    let mut remainder = 0_u16;
    for byte in number.iter_mut() {
        let part = remainder << 8 | u16::from(*byte);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "part < 62 * 256, so the quotient is below 256"
        )]
        let quotient = (part / 62) as u8;
        *byte = quotient;
        remainder = part % 62;
    }
    #[expect(clippy::cast_possible_truncation, reason = "a remainder of 62 is below 62")]
    let digit = remainder as u8;
    digit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_a_prefix_43_digits_and_a_checksum() {
        let token = generate().unwrap();
        let text = token.expose_secret();
        assert_eq!(text.len(), 53);
        assert!(text.starts_with("soc_"));
        assert_eq!(digest(text), Some(digest_of(&token)));
    }

    #[test]
    fn the_digits_are_the_number_in_base_62() {
        assert!(
            from_bytes(&[0; 32])
                .expose_secret()
                .starts_with(&format!("soc_{}", "0".repeat(43)))
        );
        let mut one = [0; 32];
        one[31] = 63;
        assert!(
            from_bytes(&one)
                .expose_secret()
                .starts_with(&format!("soc_{}11", "0".repeat(41)))
        );
    }

    #[test]
    fn the_largest_number_fits() {
        let token = from_bytes(&[0xff; 32]);
        assert_eq!(token.expose_secret().len(), 53);
        assert_ne!(&token.expose_secret()[4..5], "0");
    }

    #[test]
    fn a_token_with_one_changed_digit_is_refused_without_a_look_up() {
        let token = generate().unwrap();
        for place in 4..53 {
            let mut bytes = token.expose_secret().as_bytes().to_vec();
            bytes[place] = if bytes[place] == b'a' { b'b' } else { b'a' };
            assert_eq!(digest(std::str::from_utf8(&bytes).unwrap()), None, "place {place}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "soc_", "sox_0", &"é".repeat(27), &format!("soc_{}", "0".repeat(49))] {
            assert_eq!(digest(text), None);
        }
    }
}
