use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use commands::Clock;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::Url;

use crate::time::StillClock;

pub(crate) const CLIENT: &str = "soconnective";
pub(crate) const SECRET: &str = "client-secret-0123456789";
const KEY_CHARS: usize = 12;

/// An identity provider of our own, which signs real tokens with keys that it makes.
#[derive(Clone)]
pub(crate) struct IdentityProvider {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    clock: Arc<StillClock>,
    inner: Mutex<Inner>,
}

struct Inner {
    issuer: String,
    key: Key,
    /// What people find out about who has signed in.
    person: Value,
    fault: Fault,
    down: bool,
    reads_of_keys: usize,
    grants: HashMap<String, Grant>,
}

/// What it does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    OtherNonce,
    OtherAudience,
    OtherIssuer,
    Expired,
    AlgorithmNone,
    KeyOfSomebodyElse,
    KeyThatIsNotPublished,
}

struct Grant {
    challenge: String,
    nonce: String,
    redirect: String,
}

struct Key {
    id: String,
    pair: EcdsaKeyPair,
}

impl Key {
    fn new() -> Self {
        let random = SystemRandom::new();
        let kind = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(kind, document.as_ref(), &random).unwrap();
        let id = URL_SAFE_NO_PAD.encode(pair.public_key())[2..2 + KEY_CHARS].to_owned();
        Self { id, pair }
    }

    fn jwk(&self) -> Value {
        let point = self.pair.public_key().as_ref();
        let coded = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.id,
            "x": coded(&point[1..33]), "y": coded(&point[33..]),
        })
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let coded = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let signed = format!("{}.{}", coded(header), coded(claims));
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

impl IdentityProvider {
    pub(crate) async fn start(clock: Arc<StillClock>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let inner = Inner {
            issuer: format!("http://{address}/realm"),
            key: Key::new(),
            person: json!({}),
            fault: Fault::None,
            down: false,
            reads_of_keys: 0,
            grants: HashMap::new(),
        };
        let inner = Mutex::new(inner);
        let shared = Arc::new(Shared { clock, inner });
        let service = Router::new()
            .route("/realm/.well-known/openid-configuration", get(description))
            .route("/realm/keys", get(keys))
            .route("/realm/token", post(token))
            .with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, service).await });
        Self { address, shared }
    }

    pub(crate) fn issuer(&self) -> String {
        format!("http://{}/realm", self.address)
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.shared.inner.lock().unwrap()
    }

    /// From here on this person signs in.
    pub(crate) fn set_person(&self, claims: Value) {
        self.inner().person = claims;
    }

    pub(crate) fn set_fault(&self, fault: Fault) {
        self.inner().fault = fault;
    }

    /// Answers 503 from here on, or works again.
    pub(crate) fn set_down(&self, down: bool) {
        self.inner().down = down;
    }

    /// Takes another key from here on.
    pub(crate) fn rotate(&self) {
        self.inner().key = Key::new();
    }

    pub(crate) fn reads_of_keys(&self) -> usize {
        self.inner().reads_of_keys
    }

    /// What happens when a browser opens the address that it was sent to, and the person signs in: where it is sent back.
    pub(crate) fn sign_in(&self, address: &str) -> String {
        let asked = Asked::of(address, &self.issuer());
        let grant = Grant {
            challenge: asked.text("code_challenge"),
            nonce: asked.text("nonce"),
            redirect: asked.text("redirect_uri"),
        };
        let mut inner = self.inner();
        let code = format!("code-{}", inner.grants.len());
        inner.grants.insert(code.clone(), grant);
        asked.back(&[("code", &code), ("iss", &self.issuer())])
    }

    /// The same when it says no instead, and why.
    pub(crate) fn refuse(&self, address: &str, error: &str) -> String {
        Asked::of(address, &self.issuer()).back(&[("error", error)])
    }
}

/// What an authorization request asks for.
struct Asked(HashMap<String, String>);

impl Asked {
    fn of(address: &str, issuer: &str) -> Self {
        let url: Url = address.parse().unwrap();
        assert_eq!(
            format!("{}{}", url.origin().ascii_serialization(), url.path()),
            format!("{issuer}/authorize")
        );
        let asked = Self(url.query_pairs().into_owned().collect());
        assert_eq!(asked.text("response_type"), "code");
        assert_eq!(asked.text("client_id"), CLIENT);
        assert_eq!(asked.text("code_challenge_method"), "S256");
        assert!(asked.text("scope").split(' ').any(|scope| scope == "openid"));
        asked
    }

    fn text(&self, name: &str) -> String {
        self.0[name].clone()
    }

    /// The path and query of the redirect, as the product sees them.
    fn back(&self, pairs: &[(&str, &str)]) -> String {
        let mut url: Url = self.0["redirect_uri"].parse().unwrap();
        url.query_pairs_mut()
            .extend_pairs(pairs)
            .append_pair("state", &self.0["state"]);
        format!("{}?{}", url.path(), url.query().unwrap())
    }
}

type Provider = State<Arc<Shared>>;

fn lock(shared: &Shared) -> Result<MutexGuard<'_, Inner>, StatusCode> {
    let inner = shared.inner.lock().unwrap();
    if inner.down {
        return Err(StatusCode::SERVICE_UNAVAILABLE);
    }
    Ok(inner)
}

async fn description(State(shared): Provider) -> Result<Json<Value>, StatusCode> {
    let issuer = &lock(&shared)?.issuer;
    Ok(Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
        "authorization_response_iss_parameter_supported": true,
    })))
}

async fn keys(State(shared): Provider) -> Result<Json<Value>, StatusCode> {
    let mut inner = lock(&shared)?;
    inner.reads_of_keys += 1;
    Ok(Json(json!({"keys": [inner.key.jwk()]})))
}

async fn token(
    State(shared): Provider,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Result<Response, StatusCode> {
    let now = shared.clock.now().timestamp();
    let mut inner = lock(&shared)?;
    let refused = |code: &str| {
        let body = json!({"error": code, "error_description": "secret-of-the-provider"});
        Ok((StatusCode::BAD_REQUEST, Json(body)).into_response())
    };
    let wanted = format!("Basic {}", STANDARD.encode(format!("{CLIENT}:{SECRET}")));
    if headers
        .get("authorization")
        .is_none_or(|value| value != wanted.as_str())
    {
        return refused("invalid_client");
    }
    let Some(grant) = form.get("code").and_then(|code| inner.grants.remove(code)) else {
        return refused("invalid_grant");
    };
    let digest = domain::Sha256Digest::of(form["code_verifier"].as_bytes());
    let proven = URL_SAFE_NO_PAD.encode(digest.as_bytes()) == grant.challenge;
    if !proven || form["redirect_uri"] != grant.redirect {
        return refused("invalid_grant");
    }
    let mut claims = json!({
        "iss": inner.issuer, "aud": CLIENT, "nonce": grant.nonce, "iat": now, "exp": now + 300,
    });
    claims
        .as_object_mut()
        .unwrap()
        .extend(inner.person.as_object().unwrap().clone());
    Ok(
        Json(json!({"id_token": inner.token(claims), "token_type": "Bearer", "access_token": "unused"}))
            .into_response(),
    )
}

impl Inner {
    fn token(&self, mut claims: Value) -> String {
        let mut header = json!({"alg": "ES256", "kid": self.key.id});
        match self.fault {
            Fault::None => {}
            Fault::OtherNonce => claims["nonce"] = "another".into(),
            Fault::OtherAudience => claims["aud"] = "another-product".into(),
            Fault::OtherIssuer => claims["iss"] = "https://id.evil.example".into(),
            Fault::Expired => claims["exp"] = (claims["iat"].as_i64().unwrap() - 60).into(),
            Fault::AlgorithmNone => {
                header = json!({"alg": "none"});
                let token = self.key.sign(&header, &claims);
                return format!("{}.", token.rsplit_once('.').unwrap().0);
            }
            Fault::KeyOfSomebodyElse => return Key::new().sign(&header, &claims),
            Fault::KeyThatIsNotPublished => {
                let key = Key::new();
                header["kid"] = key.id.clone().into();
                return key.sign(&header, &claims);
            }
        }
        self.key.sign(&header, &claims)
    }
}
