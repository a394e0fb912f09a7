//! Signatures of every algorithm over one message, made by another implementation (Python's `cryptography`, over OpenSSL).
//! The private keys are gone.

use serde_json::{Value, json};

use super::*;

fn vectors() -> Value {
    serde_json::from_str(include_str!("vectors.json")).unwrap()
}

fn keys(of: &Value) -> Keys {
    Keys::read(json!({ "keys": of }).to_string().as_bytes()).unwrap()
}

#[test]
fn every_algorithm_of_another_implementation_holds_and_holds_for_nothing_else() {
    let vectors = vectors();
    let keys = keys(&vectors["keys"]);
    let message = vectors["message"].as_str().unwrap().as_bytes();
    let signatures = vectors["signatures"].as_array().unwrap();
    assert_eq!(signatures.len(), 9);
    for case in signatures {
        let name = case["alg"].as_str().unwrap();
        let algorithm = Algorithm::named(name).unwrap();
        let mut signature = URL_SAFE_NO_PAD.decode(case["signature"].as_str().unwrap()).unwrap();
        let verify = |id, message: &[u8], signature: &[u8]| keys.verify(id, algorithm, message, signature);
        let id = case["kid"].as_str();
        assert_eq!(verify(id, message, &signature), Ok(()), "{name}");
        assert_eq!(verify(None, message, &signature), Ok(()), "{name} without a key's id");
        assert_eq!(verify(id, b"another", &signature), Err(TokenError::Signature), "{name}");
        assert_eq!(verify(Some("other"), message, &signature), Err(TokenError::UnknownKey));
        signature[7] ^= 1;
        assert_eq!(verify(id, message, &signature), Err(TokenError::Signature), "{name}");
    }
}

#[test]
fn a_key_is_used_for_its_own_algorithm_alone() {
    let vectors = vectors();
    let mut rsa = vectors["keys"][0].clone();
    rsa["alg"] = "RS512".into();
    let keys = keys(&json!([rsa]));
    let message = vectors["message"].as_str().unwrap().as_bytes();
    for case in vectors["signatures"].as_array().unwrap() {
        let algorithm = Algorithm::named(case["alg"].as_str().unwrap()).unwrap();
        let signature = URL_SAFE_NO_PAD.decode(case["signature"].as_str().unwrap()).unwrap();
        let holds = keys.verify(None, algorithm, message, &signature).is_ok();
        assert_eq!(holds, case["alg"] == "RS512", "{algorithm:?}");
    }
}

#[test]
fn what_is_no_key_for_signatures_is_passed_by() {
    let vectors = vectors();
    let mut sealing = vectors["keys"][0].clone();
    sealing["use"] = "enc".into();
    let mut odd = vectors["keys"][1].clone();
    odd["x"] = "AQ".into();
    let secret = json!({"kty": "oct", "k": "c2VjcmV0", "alg": "HS256"});
    assert!(
        keys(&json!([sealing, odd, secret, 7, {"kty": "RSA"}, {"kty": "new"}]))
            .0
            .is_empty()
    );
    assert!(Keys::read(b"{}").is_none() && Keys::read(b"[]").is_none());
}

#[test]
fn neither_none_nor_a_shared_secret_is_an_algorithm() {
    for name in ["none", "None", "NONE", "HS256", "HS512", "ES512", "rs256", ""] {
        assert_eq!(Algorithm::named(name), None, "{name}");
    }
}
