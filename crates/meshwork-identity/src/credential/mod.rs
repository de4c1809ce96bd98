//! How callers of an authority prove who they are.

#[cfg(feature = "jwt")]
mod kubernetes;
mod tokens;

use std::fmt;

use time::OffsetDateTime;

use crate::SpiffeId;

#[cfg(feature = "jwt")]
pub use kubernetes::{JwksError, ServiceAccountTokens};
pub use tokens::StaticTokens;

/// Says who a caller is by what it brings.
pub trait CredentialValidator: fmt::Debug + Send + Sync + 'static {
    /// The identity that the credential proves at `now`.
    ///
    /// # Errors
    /// The credential proves none; the reason is for the log, callers are not told.
    fn identity(
        &self,
        credential: &Credential<'_>,
        now: OffsetDateTime,
    ) -> Result<SpiffeId, CredentialError>;
}

/// What a caller brings.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Credential<'a> {
    /// A bearer token.
    Token(&'a str),
}

impl fmt::Debug for Credential<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(_) => f.write_str("Token(..)"),
        }
    }
}

/// A credential that proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialError {
    /// Nobody is known by it.
    #[error("the credential is not known")]
    Unknown,
    /// The token is not a JWT.
    #[error("the token is not a JSON web token: {0}")]
    Malformed(String),
    /// It is signed in a way that is not accepted.
    #[error("the token's algorithm `{0}` is not accepted")]
    Algorithm(String),
    /// No key of the issuer verifies the signature.
    #[error("the token's signature is not one of the issuer's keys")]
    Signature,
    /// Another issuer's.
    #[error("the token's issuer is `{0}`")]
    Issuer(String),
    /// For somebody else.
    #[error("the token is for another audience")]
    Audience,
    /// It has ended, or has no end.
    #[error("the token has expired")]
    Expired,
    /// It is not valid yet.
    #[error("the token is not valid yet")]
    NotYet,
    /// It is not one of a service account.
    #[error("the token's subject `{0}` is not a service account")]
    Subject(String),
}
