//! The OpenAPI 3.1 document, generated from the handlers and completed with what all of them share.

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    ContentBuilder, InfoBuilder, LicenseBuilder, ObjectBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Required,
    ResponseBuilder, Type,
};

use crate::extract::{AT_POSITION, MIN_POSITION};
use crate::problem::ProblemBody;
use crate::routes;

const DESCRIPTION: &str = "\
A catalog of third-party integrations that is data, not code, and a safe home for the keys that accounts bring to them.

Send the header `Authorization: Bearer soc_…` with a token from `POST /v1/tokens`. A token has one role; what a role may \
not do is answered with 403, and what a token may not see is answered like what does not exist, with 404.

Every write takes an `Idempotency-Key`: the same key with the same request gives the first result again, and with another \
request it is refused. What was refused, or changed nothing, is not remembered: `If-Match` keeps a late repetition from \
undoing somebody else's change. Every write answers with `Soconnective-Position`; a query that sends it back as \
`Soconnective-Min-Position` sees the result of that write, or is told to come back. Bodies are JSON; unknown fields are \
refused. A secret goes in and never comes back, except to a service through `ai-config`.";

const TAGS: &[(&str, &str)] = &[
    (
        "Providers",
        "Rows of the catalog, for platform admins: add one, and it is live within a second.",
    ),
    ("Catalog", "What is in the marketplace, for everybody with a token."),
    ("Accounts", "The tree of accounts that the host platform tells of."),
    ("Integrations", "What an account has installed and connected."),
    ("AI config", "The account's key, ready to use, for its AI services."),
    (
        "History and audit",
        "Everything that ever happened, without any secret.",
    ),
    ("Tokens", "Who may call, as what, for which accounts."),
    ("Operations", "For the operator."),
];

const PROBLEM_JSON: &str = "application/problem+json";

/// The whole document.
#[must_use]
pub fn document() -> OpenApi {
    let (_, mut document) = routes::all().split_for_parts();
    complete(&mut document);
    document
}

/// The document that routes are collected into.
pub(crate) fn base() -> OpenApi {
    let license = LicenseBuilder::new()
        .name("Apache-2.0")
        .identifier(Some("Apache-2.0"))
        .build();
    let info = InfoBuilder::new()
        .title("SoConnective Integrations")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(DESCRIPTION))
        .license(Some(license));
    let tags = TAGS
        .iter()
        .map(|(name, text)| TagBuilder::new().name(*name).description(Some(*text)).build());
    OpenApiBuilder::new()
        .info(info.build())
        .tags(Some(tags))
        .security(Some([SecurityRequirement::new("token", Vec::<String>::new())]))
        .build()
}

/// Adds to every operation what all of its kind share: the form of refusals, and the headers of writes and queries.
fn complete(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    let token = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("soc_ and 49 base-62 digits")
        .description(Some("An API token, as `POST /v1/tokens` showed it once."));
    components.add_security_scheme("token", SecurityScheme::Http(token.build()));
    let mut schemas = Vec::new();
    <ProblemBody<'_> as utoipa::ToSchema>::schemas(&mut schemas);
    components.schemas.extend(schemas);
    components.schemas.insert(
        "Problem".to_owned(),
        <ProblemBody<'_> as utoipa::PartialSchema>::schema(),
    );

    for (path, item) in &mut document.paths.paths {
        let guarded = path.starts_with("/v1/") && !path.starts_with("/v1/logos/");
        for write in [&mut item.post, &mut item.put, &mut item.patch, &mut item.delete]
            .into_iter()
            .flatten()
        {
            refusals(write);
            // Trying a key writes nothing: there is nothing to repeat, and nothing to wait for.
            if write.operation_id.as_deref() != Some("try_provider") {
                complete_write(write);
            }
        }
        if let Some(query) = &mut item.get {
            refusals(query);
            if guarded {
                complete_query(query);
            }
        }
    }
}

fn complete_write(operation: &mut Operation) {
    header(
        operation,
        "Idempotency-Key",
        "1 to 255 visible ASCII characters. The same key with the same request gives the first result again.",
    );
    let text = ObjectBuilder::new().schema_type(Type::String);
    let position = HeaderBuilder::new()
        .schema(Some(text))
        .description(Some(
            "Send it back as `Soconnective-Min-Position` to see this write in a query.",
        ))
        .build();
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response
            && status.starts_with('2')
        {
            response
                .headers
                .insert(title_case(AT_POSITION.as_str()), RefOr::T(position.clone()));
        }
    }
}

fn complete_query(operation: &mut Operation) {
    header(
        operation,
        &title_case(MIN_POSITION.as_str()),
        "The position that the answer must have seen. It waits up to 2 seconds, and then is 503 with `Retry-After`.",
    );
}

fn header(operation: &mut Operation, name: &str, description: &str) {
    let parameter = ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .build();
    operation.parameters.get_or_insert_default().push(parameter.into());
}

/// Every refusal has the form of a problem, whether its status is described by itself or not.
fn refusals(operation: &mut Operation) {
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .build();
    let described = &mut operation.responses.responses;
    for (status, response) in described.iter_mut() {
        if let RefOr::T(response) = response
            && status.starts_with('4')
        {
            response.content.insert(PROBLEM_JSON.to_owned(), content.clone().into());
        }
    }
    let response = ResponseBuilder::new()
        .description("A refusal: see Problems for the codes.")
        .content(PROBLEM_JSON, content)
        .build();
    described.insert("default".to_owned(), RefOr::T(response));
}

/// `soconnective-position` as people write it: `Soconnective-Position`.
fn title_case(name: &str) -> String {
    let words = name.split('-').map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_ascii_uppercase() + rest
    });
    words.collect::<Vec<_>>().join("-")
}
