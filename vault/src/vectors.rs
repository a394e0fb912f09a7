//! The known-answer vectors, which a second implementation made: see `tests/vectors/vectors.py`.

use std::collections::BTreeMap;

use domain::recipe::FieldValues;
use domain::{CredentialId, DekId, KekId};
use hmac::Mac;
use secrecy::SecretString;
use serde::Deserialize;
use uuid::Uuid;

use crate::key::{Key, MacKey, SivKey};
use crate::ops::fingerprint;
use crate::wrap::{KeyContext, Purpose};
use crate::{SecretContext, envelope, expose, wrap};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vectors {
    envelopes: Vec<Sealed>,
    wrapped_keys: Vec<KeyVector>,
    check_values: Vec<KekVector>,
    fingerprints: Vec<Print>,
    request_digests: Vec<RequestDigest>,
}

#[derive(Deserialize)]
struct Sealed {
    name: String,
    key: String,
    dek_id: Uuid,
    nonce: String,
    account: String,
    credential: Uuid,
    version: u32,
    provider: String,
    plaintext: String,
    envelope: String,
}

#[derive(Deserialize)]
struct KeyVector {
    name: String,
    kek_id: u32,
    kek: String,
    account: String,
    key_id: Uuid,
    purpose: String,
    key: String,
    wrapped: String,
}

#[derive(Deserialize)]
struct KekVector {
    name: String,
    kek_id: u32,
    kek: String,
    check_value: String,
}

#[derive(Deserialize)]
struct Print {
    name: String,
    key: String,
    fields: BTreeMap<String, String>,
    secret: Vec<String>,
    fingerprint: String,
}

#[derive(Deserialize)]
struct RequestDigest {
    name: String,
    key: String,
    request: String,
    digest: String,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../tests/vectors/vectors.json")).unwrap()
}

fn bytes(hex: &str) -> Vec<u8> {
    assert!(hex.len().is_multiple_of(2));
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect()
}

fn key<const N: usize>(hex: &str) -> Key<N> {
    Key::from_bytes(&bytes(hex)).unwrap()
}

#[test]
fn envelopes_are_as_the_second_implementation_made_them() {
    let envelopes = vectors().envelopes;
    assert_eq!(envelopes.len(), 4);
    for vector in envelopes {
        let ctx = SecretContext {
            account: vector.account.parse().unwrap(),
            credential: CredentialId::new(vector.credential),
            version: vector.version,
            provider: vector.provider.parse().unwrap(),
        };
        let (id, key): (_, SivKey) = (DekId::new(vector.dek_id), key(&vector.key));
        let nonce = bytes(&vector.nonce).try_into().unwrap();
        let expected = bytes(&vector.envelope);

        let sealed = envelope::seal(id, &key, &nonce, &ctx, vector.plaintext.as_bytes()).unwrap();
        assert!(sealed == expected, "{}", vector.name);
        let opened = envelope::open(id, &key, &ctx, &expected).unwrap();
        assert!(opened.bytes() == vector.plaintext.as_bytes(), "{}", vector.name);
        assert!(expose::fields(opened.bytes()).is_some(), "{}", vector.name);
    }
}

#[test]
fn wrapped_keys_are_as_the_second_implementation_made_them() {
    let wrapped_keys = vectors().wrapped_keys;
    assert_eq!(wrapped_keys.len(), 3);
    for vector in wrapped_keys {
        let ctx = KeyContext {
            id: vector.key_id,
            purpose: Purpose::by_name(&vector.purpose).unwrap(),
            account: (!vector.account.is_empty()).then(|| vector.account.parse().unwrap()),
        };
        match ctx.purpose {
            Purpose::Credential => check_wrapped::<64>(&vector, &ctx),
            Purpose::Fingerprint | Purpose::RequestDigest => check_wrapped::<32>(&vector, &ctx),
        }
    }
}

fn check_wrapped<const N: usize>(vector: &KeyVector, ctx: &KeyContext) {
    let (kek, own): (SivKey, Key<N>) = (key(&vector.kek), key(&vector.key));
    let expected = bytes(&vector.wrapped);
    let wrapped = wrap::wrap((KekId(vector.kek_id), &kek), ctx, &own).unwrap();
    assert!(wrapped == expected, "{}", vector.name);
    assert_eq!(wrap::kek_of(&expected), Some(KekId(vector.kek_id)));
    let unwrapped: Key<N> = wrap::unwrap(&kek, ctx, &expected).unwrap();
    assert!(expose::key_bytes(&unwrapped) == bytes(&vector.key), "{}", vector.name);
}

#[test]
fn check_values_are_as_the_second_implementation_made_them() {
    let check_values = vectors().check_values;
    assert_eq!(check_values.len(), 2);
    for vector in check_values {
        let value = wrap::check_value(KekId(vector.kek_id), &key(&vector.kek)).unwrap();
        assert!(value == *bytes(&vector.check_value), "{}", vector.name);
    }
}

#[test]
fn fingerprints_are_as_the_second_implementation_made_them() {
    let fingerprints = vectors().fingerprints;
    assert_eq!(fingerprints.len(), 2);
    for vector in fingerprints {
        let fields = FieldValues::from_pairs(
            vector
                .fields
                .into_iter()
                .map(|(name, value)| (name, SecretString::from(value))),
        );
        let secret: BTreeMap<_, _> = vector.secret.into_iter().map(|name| (name, String::new())).collect();
        let key: MacKey = key(&vector.key);
        assert_eq!(
            fingerprint(&key, &fields, secret.keys()).to_string(),
            vector.fingerprint,
            "{}",
            vector.name
        );
    }
}

#[test]
fn request_digests_are_as_the_second_implementation_made_them() {
    let request_digests = vectors().request_digests;
    assert_eq!(request_digests.len(), 2);
    for vector in request_digests {
        let mut mac = expose::mac(&key(&vector.key));
        mac.update(vector.request.as_bytes());
        assert!(
            mac.finalize().into_bytes()[..16] == bytes(&vector.digest),
            "{}",
            vector.name
        );
    }
}
