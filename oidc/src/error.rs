use egress::CallError;

/// Why somebody cannot be signed in now. No variant holds a code, a token or a key.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// The issuer cannot be reached, or answers that it is broken.
    #[error("the identity provider's {what} cannot be reached: {why}")]
    Away {
        /// Which part of it.
        what: &'static str,
        /// Why.
        why: String,
    },
    /// It was away a moment ago, and is not asked again at once.
    #[error("the identity provider could not be reached a moment ago")]
    AwayStill,
    /// A document of it cannot be read or used.
    #[error("the identity provider's {what} cannot be used: {why}")]
    Document {
        /// Which document.
        what: &'static str,
        /// Why.
        why: &'static str,
    },
    /// It calls itself something else.
    #[error("the identity provider calls itself {0}: give exactly that as --oidc-issuer")]
    OtherIssuer(String),
    /// It does not give a token for the code.
    #[error("the identity provider does not give a token: {0}")]
    Refused(String),
    /// Its token does not hold.
    #[error("the identity provider's token does not hold: {0}")]
    Token(#[from] TokenError),
}

impl OidcError {
    pub(crate) fn away(what: &'static str) -> impl FnOnce(CallError) -> Self {
        move |error| Self::Away {
            what,
            why: error.to_string(),
        }
    }

    /// Whether it may work in a moment, with nothing changed.
    #[must_use]
    pub const fn is_away(&self) -> bool {
        matches!(self, Self::Away { .. } | Self::AwayStill)
    }
}

/// What is wrong with an ID token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not three parts of base64url, or their content is not what it must be.
    #[error("it is no signed token")]
    Malformed,
    /// `none`, a shared secret, or what nobody uses.
    #[error("its algorithm is not accepted")]
    Algorithm,
    /// It asks for something that is not understood.
    #[error("it has a critical header that is not understood")]
    Critical,
    /// The issuer publishes no such key.
    #[error("it is signed with a key that the issuer does not publish")]
    UnknownKey,
    /// It was changed, or somebody else made it.
    #[error("its signature is wrong")]
    Signature,
    /// Another issuer made it.
    #[error("it is from another issuer")]
    Issuer,
    /// It is for another product.
    #[error("it is for another audience")]
    Audience,
    /// It is from another attempt.
    #[error("its nonce is not that of this attempt")]
    Nonce,
    /// Its time is over.
    #[error("it has expired")]
    Expired,
    /// Its time has not come.
    #[error("it is from the future; compare the clocks")]
    NotYet,
    /// Nobody can be known by it.
    #[error("its subject is empty, too long or not plain text")]
    Subject,
}
