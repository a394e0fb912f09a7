use std::collections::BTreeMap;
use std::sync::Arc;

use api::SignOnSettings;
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::answer::Answer;
use crate::identity_provider::{CLIENT, IdentityProvider, SECRET};
use crate::world::World;

/// The accounts `acme` and `rival`, whose people sign in at an identity provider.
pub(super) struct Staff {
    pub(super) world: World,
    pub(super) provider: IdentityProvider,
    router: Router,
}

impl Staff {
    pub(super) async fn new() -> Self {
        let world = World::new().await;
        let app = &world.app;
        let provider = IdentityProvider::start(Arc::clone(&app.clock)).await;
        let settings = SignOnSettings {
            oidc: oidc::Config {
                issuer: provider.issuer().parse().unwrap(),
                client_id: CLIENT.to_owned(),
                client_secret: Some(SECRET.into()),
                redirect: "http://127.0.0.1:8080/sign-in/oidc/back".parse().unwrap(),
                scopes: vec!["openid".to_owned(), "email".to_owned()],
                claim: "groups".to_owned().into(),
            },
            name: "Example SSO".to_owned(),
        };
        let sign_on = api::sign_on(settings, app.clock.clone()).unwrap();
        let public_url = Some("http://127.0.0.1:8080".parse().unwrap());
        let site = api::site(&app.state, public_url, Some(sign_on));
        let router = api::router(app.state.clone(), site.router());
        Self {
            world,
            provider,
            router,
        }
    }

    /// The same, with Ada, who belongs to these.
    pub(super) async fn with_ada(groups: &[&str]) -> Self {
        let staff = Self::new().await;
        staff.provider.set_person(ada(groups));
        staff
    }

    /// Somebody with a browser that was never here.
    pub(super) fn browser(&self) -> Browser<'_> {
        Browser {
            staff: self,
            cookies: BTreeMap::new(),
        }
    }
}

pub(super) fn ada(groups: &[&str]) -> Value {
    json!({
        "sub": "7f3a", "name": "Ada Lovelace", "email": "Ada@example.com", "email_verified": true,
        "groups": groups,
    })
}

/// A browser with all its cookies.
#[derive(Clone)]
pub(super) struct Browser<'a> {
    staff: &'a Staff,
    pub(super) cookies: BTreeMap<String, String>,
}

impl Browser<'_> {
    pub(super) async fn open(&mut self, path: &str) -> Answer {
        self.send(Request::get(path).header("sec-fetch-mode", "navigate"), Body::empty())
            .await
    }

    /// Opens a page that is there, and gives its text.
    pub(super) async fn page(&mut self, path: &str) -> String {
        String::from_utf8(self.open(path).await.expect(200).bytes).unwrap()
    }

    pub(super) async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = Request::post(path)
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded");
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        self.send(request, body.into()).await
    }

    /// Where the browser is sent to sign in.
    pub(super) async fn begin(&mut self, path: &str) -> String {
        self.open(path).await.expect(303).header("location").to_owned()
    }

    /// Signs in, and gives the answer to coming back.
    pub(super) async fn sign_in(&mut self) -> Answer {
        let address = self.begin("/sign-in/oidc").await;
        let back = self.staff.provider.sign_in(&address);
        self.open(&back).await
    }

    /// Who is signed in, as the menu of the pages says; none when nobody is.
    pub(super) async fn seen_as(&mut self) -> Option<String> {
        let answer = self.open("/marketplace").await;
        if answer.status != 200 {
            return None;
        }
        let page = String::from_utf8(answer.bytes).unwrap();
        let after = |page: &str, mark: &str| {
            let (_, rest) = page.split_once(mark).unwrap();
            rest.split('<').next().unwrap().to_owned()
        };
        let (scope, role) = (
            after(&page, "class=\"who-scope\">"),
            after(&page, "class=\"who-role\">"),
        );
        Some(format!("{role} of {scope}"))
    }

    async fn send(&mut self, mut request: axum::http::request::Builder, body: Body) -> Answer {
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        request = request.header("cookie", cookies.join("; "));
        let request = request.body(body).unwrap();
        let answer = Answer::read(self.staff.router.clone().oneshot(request).await.unwrap()).await;
        let set = answer.header("set-cookie").split(';').next().unwrap();
        if let Some((name, value)) = set.split_once('=') {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        answer
    }
}
