use axum::Json;
use axum::extract::State;
use domain::ProviderKey;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::key_report::Test;
use crate::auth::{At, PlatformAdmin};
use crate::extract::Write;
use crate::problem::{Code, Problem};
use crate::schema::SecretFields;
use crate::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(try_provider))
}

/// A key to try a row with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"fields": {"api_key": "0123456789abcdef0123456789abcdef-us19"}}))]
struct TryRequest {
    /// The fields of the row's connect form.
    fields: SecretFields,
}

/// Try a row's test.
///
/// With a sandbox key of your own, before it is published or at any time after. The key is used for this one call and kept
/// nowhere; nothing is recorded. It is limited as every test is, on a share of your own.
#[utoipa::path(post, path = "/v1/providers/{provider}/try", tag = "Providers", request_body = TryRequest,
    params(("provider" = String, Path, description = "The provider's key.")),
    responses((status = 200, description = "What the test said.", body = Test)))]
async fn try_provider(
    State(app): State<AppState>,
    PlatformAdmin(caller): PlatformAdmin,
    At(key): At<ProviderKey>,
    write: Write<TryRequest>,
) -> Result<Json<Test>, Problem> {
    let refused = |error| Problem::of_command(error, Code::CredentialInvalid);
    let fields = write.body.fields.keys().map_err(refused)?;
    let tried = app.commands.try_provider(&caller.actor(), &key, fields).await;
    let outcome = tried.map_err(refused)?;
    Ok(Json(Test::from(outcome)))
}
