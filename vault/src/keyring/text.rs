//! The text of a key ring file, as [`crate::format`] describes it. All buffers are of their final size from the start,
//! and wiped.

use domain::KekId;
use zeroize::Zeroizing;

use super::KeyRing;
use crate::expose;
use crate::plain::Plain;

const TITLE: &str = "soconnective-keyring 1";
const KEY: usize = 64;
/// `kek `, ten digits, a space, the key in hexadecimal and a line feed.
const LONGEST_LINE: usize = 4 + 10 + 1 + 2 * KEY + 1;
/// The longest file that can be a key ring, in bytes.
pub(super) const MAX_LEN: usize = TITLE.len() + 1 + KeyRing::MAX_KEYS * LONGEST_LINE;

/// Writes a ring.
pub(super) fn write(ring: &KeyRing) -> Plain {
    let mut plain = Plain::with_capacity(MAX_LEN);
    let text = plain.buffer();
    text.extend_from_slice(TITLE.as_bytes());
    text.push(b'\n');
    for (id, key) in ring.iter() {
        text.extend_from_slice(format!("kek {id} ").as_bytes());
        for byte in expose::key_bytes(key) {
            text.extend([byte >> 4, byte & 15].map(|digit| b"0123456789abcdef"[usize::from(digit)]));
        }
        text.push(b'\n');
    }
    plain
}

/// Reads a ring. The error says what is wrong, without the content.
pub(super) fn read(text: &[u8]) -> Result<KeyRing, &'static str> {
    let text = str::from_utf8(text).map_err(|_| "it is not text")?;
    let mut lines = text
        .strip_suffix('\n')
        .ok_or("it does not end with a line feed")?
        .split('\n');
    if lines.next() != Some(TITLE) {
        return Err("its first line is not `soconnective-keyring 1`");
    }
    let mut ring = KeyRing::default();
    for line in lines {
        let (id, digits) = line
            .strip_prefix("kek ")
            .and_then(|rest| rest.split_once(' '))
            .ok_or("a line is not `kek <id> <key>`")?;
        let number = id.parse::<u32>().ok().filter(|number| number.to_string() == id);
        let id = KekId(number.ok_or("a key has no proper number")?);
        if ring.ids().next_back().is_some_and(|last| last >= id) {
            return Err("the numbers of the keys do not ascend");
        }
        let mut key = Zeroizing::new([0; KEY]);
        read_hex(digits, &mut key).ok_or("a key is not 128 lower-case hexadecimal digits")?;
        if !ring.insert(id, &*key) {
            return Err("a key has the number 0, or there are too many");
        }
    }
    if ring.ids().next().is_none() {
        Err("it holds no key")
    } else {
        Ok(ring)
    }
}

fn read_hex(digits: &str, into: &mut [u8; KEY]) -> Option<()> {
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    if digits.len() != 2 * KEY {
        return None;
    }
    for (byte, pair) in into.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
        *byte = value(pair[0])? << 4 | value(pair[1])?;
    }
    Some(())
}
