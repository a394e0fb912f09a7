use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::json;

use super::*;

const NOW: i64 = 1_772_366_400;

struct Signer(Ed25519KeyPair);

impl Signer {
    fn new() -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self(Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap())
    }

    fn keys(&self) -> Keys {
        let x = URL_SAFE_NO_PAD.encode(self.0.public_key());
        let set = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "1", "x": x}]});
        Keys::read(set.to_string().as_bytes()).unwrap()
    }

    fn token(&self, header: &Value, claims: &Value) -> String {
        let coded = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let signed = format!("{}.{}", coded(header), coded(claims));
        let signature = URL_SAFE_NO_PAD.encode(self.0.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }
}

fn claims() -> Value {
    json!({
        "iss": "https://id.example", "sub": "1", "aud": "soconnective", "nonce": "n-1",
        "exp": NOW + 300, "iat": NOW,
    })
}

fn header() -> Value {
    json!({"alg": "EdDSA", "kid": "1"})
}

fn check(token: &str, keys: &Keys) -> Result<Value, TokenError> {
    let expected = Expected {
        issuer: "https://id.example",
        client_id: "soconnective",
        nonce: "n-1",
        now: DateTime::from_timestamp(NOW, 0).unwrap(),
    };
    checked(token, keys, &expected)
}

fn with(name: &str, value: Value) -> Result<(), TokenError> {
    let signer = Signer::new();
    let mut claims = claims();
    claims[name] = value;
    check(&signer.token(&header(), &claims), &signer.keys()).map(|_| ())
}

#[test]
fn a_token_that_says_all_it_must_gives_its_claims() {
    let signer = Signer::new();
    let found = check(&signer.token(&header(), &claims()), &signer.keys());
    assert_eq!(found, Ok(claims()));
}

#[test]
fn each_claim_that_is_not_as_it_must_be_is_refused() {
    use TokenError::{Audience, Expired, Issuer, Malformed, Nonce, NotYet};
    for (name, value, wrong) in [
        ("iss", json!("https://id.example/"), Issuer),
        ("aud", json!("other"), Audience),
        ("aud", json!(["soconnective", "other"]), Audience),
        ("aud", json!([]), Audience),
        ("azp", json!("other"), Audience),
        ("nonce", json!("n-2"), Nonce),
        ("nonce", Value::Null, Nonce),
        ("exp", json!(NOW - 60), Expired),
        ("iat", json!(NOW + 61), NotYet),
        ("nbf", json!(NOW + 61), NotYet),
        ("exp", json!("soon"), Malformed),
        ("iss", Value::Null, Malformed),
    ] {
        assert_eq!(with(name, value.clone()), Err(wrong), "{name}: {value}");
    }
}

#[test]
fn one_audience_in_a_list_and_clocks_that_are_a_little_apart_are_fine() {
    for (name, value) in [
        ("aud", json!(["soconnective"])),
        ("azp", json!("soconnective")),
        ("exp", json!(NOW - 59)),
        ("iat", json!(NOW + 60)),
    ] {
        assert_eq!(with(name, value), Ok(()), "{name}");
    }
    let signer = Signer::new();
    let mut several = claims();
    several["aud"] = json!(["other", "soconnective"]);
    several["azp"] = json!("soconnective");
    assert!(check(&signer.token(&header(), &several), &signer.keys()).is_ok());
}

#[test]
fn the_header_cannot_talk_its_way_round_the_signature() {
    let signer = Signer::new();
    let keys = signer.keys();
    let refused = |header: Value| check(&signer.token(&header, &claims()), &keys).unwrap_err();
    assert_eq!(refused(json!({"alg": "none"})), TokenError::Algorithm);
    assert_eq!(refused(json!({"alg": "HS256", "kid": "1"})), TokenError::Algorithm);
    assert_eq!(refused(json!({"alg": "RS256", "kid": "1"})), TokenError::UnknownKey);
    assert_eq!(refused(json!({"alg": "EdDSA", "kid": "2"})), TokenError::UnknownKey);
    let critical = json!({"alg": "EdDSA", "kid": "1", "crit": ["b64"], "b64": false});
    assert_eq!(refused(critical), TokenError::Critical);
}

#[test]
fn what_another_key_signed_or_what_was_changed_is_refused() {
    let signer = Signer::new();
    let token = signer.token(&header(), &claims());
    assert_eq!(check(&token, &Signer::new().keys()), Err(TokenError::Signature));
    let mut changed = claims();
    changed["sub"] = "2".into();
    let changed = URL_SAFE_NO_PAD.encode(changed.to_string());
    let parts: Vec<_> = token.split('.').collect();
    let forged = format!("{}.{changed}.{}", parts[0], parts[2]);
    assert_eq!(check(&forged, &signer.keys()), Err(TokenError::Signature));
    let bare = format!("{}.{}.", parts[0], parts[1]);
    assert_eq!(check(&bare, &signer.keys()), Err(TokenError::Signature));
    for odd in ["", ".", "..", "a.b", "a.b.c.d", &token[1..]] {
        assert_eq!(check(odd, &signer.keys()), Err(TokenError::Malformed), "{odd}");
    }
}
