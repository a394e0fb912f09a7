use super::limits;
use super::scope::Scope;
use crate::provider::{AuthType, ProviderRow};
use crate::recipe::Auth;

/// What people read of a row, and whether its parts go together.
pub(super) fn check(row: &ProviderRow, scope: &mut Scope) {
    scope.required("/name", &row.name, limits::NAME);
    scope.required("/category", &row.category, limits::CATEGORY);
    scope.text("/description", &row.description, limits::DESCRIPTION);
    scope.text("/help/instructions", &row.help.instructions, limits::INSTRUCTIONS);
    if let Some(url) = &row.help.url {
        scope.page("/help/url", url);
    }
    if let Some(credential) = &row.credential {
        scope.required("/credential/label", &credential.label, limits::LABEL);
        scope.line("/credential/hint", &credential.hint, limits::HINT);
    }
    check_credential(row, scope);
    check_auth(row, scope);
    if let Some(ai) = &row.recipe.ai {
        if !limits::is_identifier(&ai.api) {
            let message =
                "Name the interface with lower-case letters, digits and _, such as anthropic or azure_openai.";
            scope.report("/recipe/ai/api", "ai_api", message);
        }
        if let Some(model) = &ai.default_model {
            scope.required("/recipe/ai/default_model", model, limits::NAME);
        }
    }
    let size = serde_json::to_vec(&row.recipe).map_or(usize::MAX, |json| json.len());
    if size > limits::RECIPE {
        let message = format!("Shorten the recipe: as JSON it may have {} bytes.", limits::RECIPE);
        scope.report("/recipe", "too_long", message);
    }
}

fn check_credential(row: &ProviderRow, scope: &mut Scope) {
    let has_fields = !row.recipe.fields.is_empty();
    if row.credential.is_some() && has_fields {
        let message = "Keep either the shorthand or the recipe's fields; with fields the label belongs to the field.";
        scope.report("/credential", "credential_and_fields", message);
    }
    let asks = row.credential.is_some() || has_fields;
    if row.auth != AuthType::None && !asks {
        let message = "Say what to ask for: a credential with a label, or fields under recipe.";
        scope.report("/credential", "credential_missing", message);
    }
    let has_secret = scope.fields.iter().any(|field| field.secret);
    if row.auth != AuthType::None && !has_secret {
        let message = "Mark the field that holds the key as secret: what is not is stored and shown in clear.";
        scope.report("/recipe/fields", "no_secret", message);
    }
    if row.auth == AuthType::None && (row.credential.is_some() || has_secret) {
        let message = "Choose how the provider authenticates its callers, or ask for no secret.";
        scope.report("/auth", "auth_mismatch", message);
    }
}

fn check_auth(row: &ProviderRow, scope: &mut Scope) {
    let Some(request) = &row.recipe.request else { return };
    let fits = match (&request.auth, row.auth) {
        (Auth::None, _) => true,
        (_, AuthType::None) | (Auth::Basic(_), AuthType::Bearer) | (Auth::Bearer(_), AuthType::Basic) => false,
        _ => true,
    };
    if !fits {
        let message = "Make the request's auth and the row's auth type say the same.";
        scope.report("/recipe/request/auth", "auth_mismatch", message);
    }
}
