use domain::token::Role;
use serde_json::json;

use crate::mock_provider::GOOD;
use crate::test_app::TestApp;

pub(crate) const INTEGRATIONS: &str = "/v1/accounts/acme/integrations";
pub(crate) const MOCK: &str = "/v1/accounts/acme/integrations/mock";
pub(crate) const CREDENTIAL: &str = "/v1/accounts/acme/integrations/mock/connections/default/credential";
pub(crate) const AI_CONFIG: &str = "/v1/accounts/acme/ai-config/mock";

/// A system with a provider, two accounts and everybody who may call.
pub(crate) struct World {
    pub(crate) app: TestApp,
    pub(crate) owner: String,
    pub(crate) service: String,
    pub(crate) auditor: String,
}

impl World {
    /// The provider `mock` is live; `acme` and `rival` are open, with nothing installed.
    pub(crate) async fn new() -> Self {
        let app = TestApp::new().await;
        let admin = app.admin.clone();
        app.post(&admin, "/v1/providers", &app.provider.row("mock"))
            .await
            .expect(201);
        for (id, name) in [("acme", "Acme Ltd"), ("rival", "Rival Ltd")] {
            app.post(&admin, "/v1/accounts", &json!({"id": id, "name": name}))
                .await
                .expect(201);
        }
        Self {
            owner: app.token(Role::AccountOwner, Some("acme")).await,
            service: app.token(Role::Service, None).await,
            auditor: app.token(Role::Auditor, None).await,
            app,
        }
    }

    /// `acme` has connected `mock` with a good key.
    pub(crate) async fn connected() -> Self {
        let world = Self::new().await;
        let body = json!({"provider": "mock", "credential": {"api_key": GOOD}});
        let installed = world.app.post(&world.owner, INTEGRATIONS, &body).await.expect(201);
        assert_eq!(installed.body["key"]["status"], "connected", "{}", installed.text());
        world
    }

    /// Saves a key for the default connection.
    pub(crate) async fn save(&self, key: &str) -> crate::answer::Answer {
        self.app
            .put(&self.owner, CREDENTIAL, &json!({"fields": {"api_key": key}}))
            .await
    }
}
