//! Tokens that are known beforehand.

use std::fmt;

use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::{Credential, CredentialError, CredentialValidator};
use crate::SpiffeId;

/// A fixed list of tokens: for tests, for single processes, and to bootstrap machines.
///
/// `Debug` shows the identities only.
#[derive(Clone, Default)]
pub struct StaticTokens(Vec<(Zeroizing<String>, SpiffeId)>);

impl StaticTokens {
    /// No token yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a token and whom it stands for. An empty one is no credential and never matches.
    #[must_use]
    pub fn token(mut self, token: impl Into<String>, identity: SpiffeId) -> Self {
        self.0.push((Zeroizing::new(token.into()), identity));
        self
    }
}

impl CredentialValidator for StaticTokens {
    fn identity(
        &self,
        credential: &Credential<'_>,
        _now: OffsetDateTime,
    ) -> Result<SpiffeId, CredentialError> {
        let Credential::Token(shown) = credential;
        let mut found = None;
        // Every token is compared to its end, so that time tells nothing about them.
        for (token, identity) in &self.0 {
            if is_same(token.as_bytes(), shown.as_bytes()) && !shown.is_empty() && found.is_none() {
                found = Some(identity);
            }
        }
        found.cloned().ok_or(CredentialError::Unknown)
    }
}

fn is_same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}

impl fmt::Debug for StaticTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(_, identity)| identity)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_token_counts() {
        let web: SpiffeId = "spiffe://td/ns/shop/sa/web".parse().unwrap();
        let tokens = StaticTokens::new().token("secret", web.clone()).token("", web.clone());
        let check =
            |shown: &str| tokens.identity(&Credential::Token(shown), OffsetDateTime::UNIX_EPOCH);
        assert_eq!(check("secret"), Ok(web));
        for bad in ["", "secre", "secret ", "SECRET"] {
            assert_eq!(check(bad), Err(CredentialError::Unknown), "{bad}");
        }
        assert!(!format!("{tokens:?}").contains("secret"));
    }
}
