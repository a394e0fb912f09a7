//! The one module of this crate that looks inside a secret. Everything else passes secrets on unopened.

use std::fmt;
use std::io::{self, Write};

use aes_siv::KeyInit;
use aes_siv::siv::Aes256Siv;
use domain::recipe::FieldValues;
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::key::{Key, MacKey, SivKey};
use crate::plain::Plain;

/// AES-256-SIV under `key`; it wipes its copy of the key on drop.
pub(crate) fn siv(key: &SivKey) -> Aes256Siv {
    Aes256Siv::new(key.secret().expose_secret().into())
}

/// HMAC-SHA-256 under `key`, with nothing in it yet.
pub(crate) fn mac(key: &MacKey) -> Hmac<Sha256> {
    // One block that holds the key is what RFC 2104 makes of a key of 32 bytes; `KeyInit::new` takes just that.
    let mut block = Zeroizing::new([0; 64]);
    block[..32].copy_from_slice(key.secret().expose_secret());
    <Hmac<Sha256> as hmac::KeyInit>::new((&*block).into())
}

/// The bytes of a key, to be wrapped or written to the key ring.
pub(crate) fn key_bytes<const N: usize>(key: &Key<N>) -> &[u8] {
    key.secret().expose_secret()
}

/// Feeds the secret fields, in the order of their names, into a fingerprint. `names` says which fields are secret.
pub(crate) fn feed<'a>(mac: &mut Hmac<Sha256>, fields: &FieldValues, names: impl Iterator<Item = &'a String>) {
    for name in names {
        if let Some(value) = fields.get(name) {
            feed_text(mac, name);
            feed_text(mac, value.expose_secret());
        }
    }
}

/// With its length before it, so that no two different maps give the same bytes.
fn feed_text(mac: &mut Hmac<Sha256>, text: &str) {
    // Texts are far below 4 GiB: the whole map is limited to `format::MAX_PLAINTEXT`.
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    mac.update(&length.to_be_bytes());
    mac.update(text.as_bytes());
}

/// All fields as one JSON object.
///
/// It is written twice: first to count, then into a buffer of exactly that size. A buffer that grows would leave copies
/// of the secret behind, which nobody wipes.
pub(crate) fn plaintext(fields: &FieldValues) -> Result<Plain, serde_json::Error> {
    let mut counter = Counter(0);
    serde_json::to_writer(&mut counter, &Plainly(fields))?;
    let mut buffer = Plain::with_capacity(counter.0);
    serde_json::to_writer(buffer.buffer(), &Plainly(fields))?;
    Ok(buffer)
}

/// The fields of a JSON object that [`plaintext`] made. `None` when it is something else.
///
/// Values are taken as raw JSON and unescaped here: the parser would unescape into a scratch buffer that it does not
/// wipe.
pub(crate) fn fields(plaintext: &[u8]) -> Option<FieldValues> {
    let Fields(pairs) = serde_json::from_slice(plaintext).ok()?;
    Some(FieldValues::from_pairs(pairs))
}

/// Names and values as they are read, without a tree in between. It exists inside [`fields`] only.
struct Fields(Vec<(String, SecretString)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ReadFields)
    }
}

struct ReadFields;

impl<'de> Visitor<'de> for ReadFields {
    type Value = Fields;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("an object of texts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut pairs = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
            let value = unescape(value.get()).ok_or_else(|| A::Error::custom("no text"))?;
            pairs.push((name, value));
        }
        Ok(Fields(pairs))
    }
}

/// The text of a JSON string (RFC 8259, section 7).
fn unescape(json: &str) -> Option<SecretString> {
    let inner = json.strip_prefix('"')?.strip_suffix('"')?;
    if !inner.contains('\\') {
        return Some(SecretString::from(inner));
    }
    // Unescaping only shortens, so this never grows.
    let mut text = Zeroizing::new(String::with_capacity(inner.len()));
    let mut rest = inner;
    while let Some((plain, escaped)) = rest.split_once('\\') {
        text.push_str(plain);
        let (character, length) = escape(escaped)?;
        text.push(character);
        rest = escaped.get(length..)?;
    }
    text.push_str(rest);
    Some(SecretString::from(text.as_str()))
}

/// The character of an escape sequence, and its length without the backslash. Surrogate pairs are not read, because
/// [`plaintext`] writes no `\u` but for control characters.
fn escape(escaped: &str) -> Option<(char, usize)> {
    Some(match escaped.as_bytes().first()? {
        b'"' => ('"', 1),
        b'\\' => ('\\', 1),
        b'/' => ('/', 1),
        b'b' => ('\u{8}', 1),
        b'f' => ('\u{c}', 1),
        b'n' => ('\n', 1),
        b'r' => ('\r', 1),
        b't' => ('\t', 1),
        b'u' => (char::from_u32(u32::from_str_radix(escaped.get(1..5)?, 16).ok()?)?, 5),
        _ => return None,
    })
}

/// A view of the fields that can be serialized. It exists inside [`plaintext`] only.
struct Plainly<'a>(&'a FieldValues);

impl Serialize for Plainly<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.0.iter() {
            map.serialize_entry(name, value.expose_secret())?;
        }
        map.end()
    }
}

/// Counts what is written to it.
struct Counter(usize);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fmt::{Debug, Display};
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::Vault;
    use crate::keyring::KeyRing;
    use crate::keyring::held::{CheckedRing, HeldKeys};

    #[test]
    fn what_is_written_is_read_again_whatever_is_in_it() {
        let every_ascii: String = (0_u8..128).map(char::from).collect();
        for value in [
            "",
            "sk-plain",
            "\"",
            "\\",
            "\\\"",
            "a\nb",
            "ü🔑\u{2028}",
            "\\u0041",
            &every_ascii,
        ] {
            let written = FieldValues::from_pairs([("name".to_owned(), SecretString::from(value))]);
            let text = plaintext(&written).unwrap();
            let expected = serde_json::to_vec(&BTreeMap::from([("name", value)])).unwrap();
            assert_eq!(text.bytes(), expected);
            let read = fields(text.bytes()).unwrap();
            assert_eq!(read.get("name").unwrap().expose_secret(), value);
        }
    }

    #[test]
    fn the_buffer_of_the_plaintext_has_its_final_size_from_the_start() {
        let written = FieldValues::from_pairs([("name".to_owned(), SecretString::from("\u{1}".repeat(1000)))]);
        let mut text = plaintext(&written).unwrap();
        assert_eq!(text.buffer().capacity(), text.bytes().len());
    }

    #[test]
    fn other_json_than_an_object_of_texts_is_not_read() {
        for text in [
            "",
            "null",
            "[]",
            "{\"a\":1}",
            "{\"a\":null}",
            "{\"a\":\"\\ud800\"}",
            "{\"a\":\"b\"",
            "{} {}",
        ] {
            assert!(fields(text.as_bytes()).is_none(), "{text}");
        }
    }

    /// Which implementation is meant is ambiguous, so that the test does not compile, when a type has one of these.
    trait Unprinted<Marker> {
        fn holds() {}
    }
    struct ByDebug;
    struct ByDisplay;
    struct BySerialize;
    impl<T: ?Sized> Unprinted<()> for T {}
    impl<T: ?Sized + Debug> Unprinted<ByDebug> for T {}
    impl<T: ?Sized + Display> Unprinted<ByDisplay> for T {}
    impl<T: ?Sized + Serialize> Unprinted<BySerialize> for T {}

    #[test]
    fn nothing_secret_can_be_printed_or_serialized() {
        <SivKey as Unprinted<_>>::holds();
        <MacKey as Unprinted<_>>::holds();
        <Plain as Unprinted<_>>::holds();
        <FieldValues as Unprinted<_>>::holds();
        <KeyRing as Unprinted<_>>::holds();
        <CheckedRing as Unprinted<_>>::holds();
        <HeldKeys as Unprinted<_>>::holds();
        <Vault as Unprinted<_>>::holds();
    }

    #[test]
    fn only_this_module_looks_inside_a_secret() {
        let mut exposing = Vec::new();
        collect(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut exposing);
        assert_eq!(exposing, ["expose.rs"]);
    }

    fn collect(folder: &Path, exposing: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, exposing);
            } else if fs::read_to_string(&path).unwrap().contains("ExposeSecret") {
                exposing.push(path.file_name().unwrap().to_str().unwrap().to_owned());
            }
        }
    }
}
