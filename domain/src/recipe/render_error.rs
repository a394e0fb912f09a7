use super::base_url::BaseUrlError;

/// Why a request cannot be built. It names fields and says what is wrong with them, and never repeats a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// The row has no test.
    #[error("the row has no test")]
    NoTest,
    /// The row does not say how the provider is called.
    #[error("the row does not say how the provider is called: it needs a request")]
    NoRequest,
    /// The test would change something at the provider.
    #[error("a test may not use {0}; use GET, HEAD or POST")]
    Method(&'static str),
    /// The base URL is wrong as the row writes it.
    #[error("the base URL is wrong: {0}")]
    BaseUrl(#[from] BaseUrlError),
    /// A field has no value.
    #[error("`{field}` has no value; save the credential again")]
    Missing {
        /// The field.
        field: String,
    },
    /// A template names something that the row does not declare.
    #[error("`{{{variable}}}` is neither a field nor derived from one")]
    Undeclared {
        /// The name.
        variable: String,
    },
    /// The field does not have the form from which the value is read.
    #[error("`{variable}` cannot be read out of `{field}`; check that it was pasted in full")]
    NotDerived {
        /// The derived value.
        variable: String,
        /// The field.
        field: String,
    },
    /// A pattern of the row does not compile.
    #[error("the pattern of `{variable}` does not compile")]
    Pattern {
        /// The derived value.
        variable: String,
    },
    /// The value cannot be part of a host name.
    #[error("`{field}` cannot be part of a host name; use letters, digits and hyphens")]
    Host {
        /// The field.
        field: String,
    },
    /// A secret would be seen by every name server on the way.
    #[error("`{field}` is secret and may not stand in a host name")]
    SecretInHost {
        /// The field.
        field: String,
    },
    /// The row leaves it to the account which domain is called.
    #[error("the base URL must fix the registrable domain, or be a field of type host or url")]
    OpenHost,
    /// The value is no https address of a server.
    #[error("`{field}` is not the address of a server, such as https://forum.example.com")]
    Url {
        /// The field.
        field: String,
    },
    /// The value cannot be part of a path.
    #[error("`{field}` cannot be part of a path")]
    Path {
        /// The field.
        field: String,
    },
    /// The path is wrong as the row writes it.
    #[error(
        "the path is wrong: it starts with `/`, has no `?`, `#`, space or `..`, and its parameters stand in `query`"
    )]
    PathText,
    /// The value cannot be part of a header.
    #[error("`{field}` cannot be part of a header; use plain ASCII without line breaks")]
    Header {
        /// The field.
        field: String,
    },
    /// A header is wrong as the row writes it.
    #[error("the header is wrong: its name or its value holds characters that HTTP does not allow")]
    HeaderText,
    /// The user name of basic authentication would end early.
    #[error("`{field}` may not hold a colon, since it is the user name of basic authentication")]
    Username {
        /// The field.
        field: String,
    },
    /// The body does not fit the method or the place of the credential.
    #[error("the body is wrong: only a POST has one, and a credential in it needs a JSON object or a form")]
    Body,
}

impl RenderError {
    /// The field whose value is at fault; none when it is the row.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Missing { field }
            | Self::NotDerived { field, .. }
            | Self::Host { field }
            | Self::Url { field }
            | Self::Path { field }
            | Self::Header { field }
            | Self::Username { field } => Some(field),
            _ => None,
        }
    }

    /// A stable code: whether a value is at fault, or the row.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "field_missing",
            _ if self.field().is_some() => "field_invalid",
            _ => "row_invalid",
        }
    }
}
