use axum::extract::State;
use axum::response::{IntoResponse, Response};
use commands::SaveTerms;
use domain::integration::{Placement, SaveOptions};
use domain::{ConnectionName, ProviderKey};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::integration::SEEN_IN;
use super::key_report::KeyReport;
use super::written::{Done, Written};
use crate::auth::{AccountWriter, At};
use crate::extract::{Act, IfMatch, Write};
use crate::problem::{Code, Problem};
use crate::schema::SecretFields;
use crate::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(save_credential, disconnect))
        .routes(routes!(test_connection))
}

/// A key to save.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"fields": {"api_key": "0123456789abcdef0123456789abcdef-us19"}, "overlap_seconds": 600}))]
struct CredentialRequest {
    /// The fields of the connect form.
    fields: SecretFields,
    /// `now` makes it current whatever its test says, and retires the one before at once: for a key that leaked.
    #[serde(default)]
    replace: Option<Replace>,
    /// For how long the version that it supersedes stays valid, in seconds.
    #[serde(default)]
    #[schema(default = 0)]
    overlap_seconds: u32,
}

/// When a key takes the place of the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Replace {
    /// At once, whatever its test says.
    Now,
}

/// Save a key.
///
/// It is saved first and then tested. A working key is never broken by a paste: the new one takes its place when its test
/// accepts it, and waits as *candidate* until then; `place` says which. Where nothing worked before, it is current at
/// once.
#[utoipa::path(put, path = "/v1/accounts/{account}/integrations/{provider}/connections/{connection}/credential",
    tag = "Integrations", request_body = CredentialRequest,
    params(
        ("account" = String, Path, description = "The account's id."),
        ("provider" = String, Path, description = "The provider's key."),
        ("connection" = String, Path, description = "`default`, or a name of your own for a further key."),
        ("If-Match" = Option<String>, Header, description = "Only if the integration is still as this `ETag` says."),
    ),
    responses((status = 200, description = "It is saved, and tested if the row has a test.", body = KeyReport)))]
async fn save_credential(
    State(app): State<AppState>,
    AccountWriter { caller, account }: AccountWriter,
    At(provider): At<ProviderKey>,
    At(connection): At<ConnectionName>,
    IfMatch(if_match): IfMatch,
    write: Write<CredentialRequest>,
) -> Result<Response, Problem> {
    let ctx = write.context(&app, &caller).await;
    let CredentialRequest {
        fields,
        replace,
        overlap_seconds,
    } = write.body;
    let options = SaveOptions {
        placement: match replace {
            Some(Replace::Now) => Placement::Now,
            None => Placement::WhenAccepted,
        },
        overlap_seconds,
    };
    let refused = |error| Problem::of_command(error, Code::CredentialInvalid);
    let fields = fields.keys().map_err(refused)?;
    let saved = app
        .commands
        .save_credential(
            ctx,
            account,
            provider,
            connection,
            fields,
            SaveTerms { options, if_match },
        )
        .await;
    let saved = saved.map_err(refused)?;
    app.visible(SEEN_IN, saved.position).await;
    Ok(Written::ok(saved.map(KeyReport::from)).into_response())
}

/// Test a connection.
///
/// The version that waits for its verdict, else the one in use, against the provider.
#[utoipa::path(post, path = "/v1/accounts/{account}/integrations/{provider}/connections/{connection}/test",
    tag = "Integrations",
    params(
        ("account" = String, Path, description = "The account's id."),
        ("provider" = String, Path, description = "The provider's key."),
        ("connection" = String, Path, description = "The connection's name."),
        ("If-Match" = Option<String>, Header, description = "Only if the integration is still as this `ETag` says."),
    ),
    responses((status = 200, description = "What the test said.", body = KeyReport)))]
async fn test_connection(
    State(app): State<AppState>,
    AccountWriter { caller, account }: AccountWriter,
    At(provider): At<ProviderKey>,
    At(connection): At<ConnectionName>,
    IfMatch(if_match): IfMatch,
    act: Act,
) -> Result<Response, Problem> {
    let ctx = act.context(&app, &caller).await;
    let tested = app
        .commands
        .test_connection(ctx, account, provider, connection, if_match)
        .await?;
    app.visible(SEEN_IN, tested.position).await;
    Ok(Written::ok(tested.map(KeyReport::from)).into_response())
}

/// Disconnect.
///
/// The key is taken back and erased: nobody can read it again. Services are refused from here on.
#[utoipa::path(delete, path = "/v1/accounts/{account}/integrations/{provider}/connections/{connection}/credential",
    tag = "Integrations",
    params(
        ("account" = String, Path, description = "The account's id."),
        ("provider" = String, Path, description = "The provider's key."),
        ("connection" = String, Path, description = "The connection's name."),
        ("If-Match" = Option<String>, Header, description = "Only if the integration is still as this `ETag` says."),
    ),
    responses((status = 204, description = "The key is erased.")))]
async fn disconnect(
    State(app): State<AppState>,
    AccountWriter { caller, account }: AccountWriter,
    At(provider): At<ProviderKey>,
    At(connection): At<ConnectionName>,
    IfMatch(if_match): IfMatch,
    act: Act,
) -> Result<Done, Problem> {
    let ctx = act.context(&app, &caller).await;
    let receipt = app
        .commands
        .disconnect(ctx, account, provider, connection, if_match)
        .await?;
    app.visible(SEEN_IN, receipt.position).await;
    Ok(Done(receipt.position))
}
