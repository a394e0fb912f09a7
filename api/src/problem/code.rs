/// Every kind of refusal that the API knows, each with a code that never changes its meaning.
///
/// A refusal of a decision (a key that is taken, an account that is closed) is not among them: the decision names its
/// code itself, in kebab case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// The body is no JSON.
    MalformedJson,
    /// A header, a path or a query parameter cannot be read.
    InvalidParameter,
    /// No token came with the request.
    TokenMissing,
    /// The token is unknown, revoked or mistyped.
    TokenInvalid,
    /// The token was good until a moment that has passed.
    TokenExpired,
    /// The token is good, but its role may not do this.
    Forbidden,
    /// There is nothing here that the caller may see.
    NotFound,
    /// The API has no such path.
    NoSuchRoute,
    /// The path is there, the method is not.
    MethodNotAllowed,
    /// The body did not come in time.
    BodyTimeout,
    /// The token that a repeated request made was shown already.
    TokenShown,
    /// The resource changed since the caller read it.
    PreconditionFailed,
    /// Somebody else changed it at the same moment, several times over.
    Conflict,
    /// The body is too large.
    BodyTooLarge,
    /// The path with its query is too long.
    UriTooLong,
    /// The body is not of the media type that is expected.
    UnsupportedMediaType,
    /// The body is JSON, but not of the form that is expected.
    InvalidRequest,
    /// The provider row breaks a rule of the linter.
    ProviderInvalid,
    /// The pasted key is not of the form that the provider's row asks for.
    CredentialInvalid,
    /// The logo is no image that can be used.
    LogoInvalid,
    /// The idempotency key was used for another request.
    IdempotencyKeyReused,
    /// The headers are too large.
    HeadersTooLarge,
    /// A part of the system cannot be reached now.
    Unavailable,
    /// What was just written cannot be read yet.
    ReadModelBehind,
    /// A defect of this system.
    Internal,
}

/// What is fixed about a code.
#[derive(Debug, Clone, Copy)]
pub struct Spec {
    /// The status of the answer.
    pub status: u16,
    /// The code as it is sent.
    pub code: &'static str,
    /// One sentence for people, the same for every occurrence (RFC 9457, section 3.1.3).
    pub title: &'static str,
}

impl Code {
    /// All of them, in the order of their status.
    pub const ALL: &'static [Self] = &[
        Self::MalformedJson,
        Self::InvalidParameter,
        Self::TokenMissing,
        Self::TokenInvalid,
        Self::TokenExpired,
        Self::Forbidden,
        Self::NotFound,
        Self::NoSuchRoute,
        Self::MethodNotAllowed,
        Self::BodyTimeout,
        Self::Conflict,
        Self::TokenShown,
        Self::PreconditionFailed,
        Self::BodyTooLarge,
        Self::UriTooLong,
        Self::UnsupportedMediaType,
        Self::InvalidRequest,
        Self::ProviderInvalid,
        Self::CredentialInvalid,
        Self::LogoInvalid,
        Self::IdempotencyKeyReused,
        Self::HeadersTooLarge,
        Self::Internal,
        Self::Unavailable,
        Self::ReadModelBehind,
    ];

    /// What is fixed about it.
    #[must_use]
    pub const fn spec(self) -> Spec {
        let (status, code, title) = match self {
            Self::MalformedJson => (400, "malformed-json", "The body is not JSON"),
            Self::InvalidParameter => (400, "invalid-parameter", "A parameter cannot be read"),
            Self::TokenMissing => (401, "token-missing", "A token is needed"),
            Self::TokenInvalid => (401, "token-invalid", "The token is not valid"),
            Self::TokenExpired => (401, "token-expired", "The token has expired"),
            Self::Forbidden => (403, "forbidden", "The token's role may not do this"),
            Self::NotFound => (404, "not-found", "There is nothing here"),
            Self::NoSuchRoute => (404, "no-such-route", "The API has no such path"),
            Self::MethodNotAllowed => (405, "method-not-allowed", "The path does not take this method"),
            Self::BodyTimeout => (408, "body-timeout", "The body did not arrive in time"),
            Self::Conflict => (409, "conflict", "Others are changing the same thing"),
            Self::TokenShown => (409, "token-shown", "The token was shown already"),
            Self::PreconditionFailed => (412, "precondition-failed", "It has changed since it was read"),
            Self::BodyTooLarge => (413, "body-too-large", "The body is too large"),
            Self::UriTooLong => (414, "uri-too-long", "The address is too long"),
            Self::UnsupportedMediaType => (415, "unsupported-media-type", "The body is of another media type"),
            Self::InvalidRequest => (422, "invalid-request", "The body is not of the expected form"),
            Self::ProviderInvalid => (422, "provider-invalid", "The provider row breaks a rule"),
            Self::CredentialInvalid => (422, "credential-invalid", "The credential is not of the expected form"),
            Self::LogoInvalid => (422, "logo-invalid", "The logo cannot be used"),
            Self::IdempotencyKeyReused => (
                422,
                "idempotency-key-reused",
                "The idempotency key belongs to another request",
            ),
            Self::HeadersTooLarge => (431, "headers-too-large", "The headers are too large"),
            Self::Internal => (500, "internal", "Something is broken here"),
            Self::Unavailable => (503, "unavailable", "A part of the system is away"),
            Self::ReadModelBehind => (503, "read-model-behind", "What was written cannot be read yet"),
        };
        Spec { status, code, title }
    }
}
