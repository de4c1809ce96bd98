//! Trust domains: the root of trust that an identity belongs to.

use std::{fmt, str::FromStr, sync::Arc};

/// The trust domain of a SPIFFE ID, for instance `cluster.local` (MeshConfig `trustDomain`).
///
/// Comparison is by bytes: `CLUSTER.LOCAL` is no trust domain at all, as SPIFFE asks and as Istio's
/// validation does.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TrustDomain(Arc<str>);

impl TrustDomain {
    /// How long a trust domain may be, in bytes (SPIFFE).
    pub const MAX_LEN: usize = 255;

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text is not a trust domain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseTrustDomainError {
    /// Nothing is there.
    #[error("a trust domain is empty")]
    Empty,
    /// Longer than [`TrustDomain::MAX_LEN`].
    #[error("a trust domain of {0} bytes is longer than 255")]
    TooLong(usize),
    /// A byte other than `a-z`, `0-9`, `.`, `-`, `_`.
    #[error("trust domain `{0}` has a character other than a-z, 0-9, `.`, `-`, `_`")]
    Character(String),
    /// An empty label, or one that begins or ends with a hyphen.
    #[error("trust domain `{0}` has an empty label or one that begins or ends with `-`")]
    Label(String),
}

impl FromStr for TrustDomain {
    type Err = ParseTrustDomainError;

    fn from_str(text: &str) -> Result<Self, ParseTrustDomainError> {
        if text.is_empty() {
            return Err(ParseTrustDomainError::Empty);
        }
        if text.len() > Self::MAX_LEN {
            return Err(ParseTrustDomainError::TooLong(text.len()));
        }
        let allowed = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_');
        if !text.bytes().all(allowed) {
            return Err(ParseTrustDomainError::Character(text.into()));
        }
        let sound =
            |label: &str| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-');
        // Istio lets one dot stand at the end.
        if !text.strip_suffix('.').unwrap_or(text).split('.').all(sound) {
            return Err(ParseTrustDomainError::Label(text.into()));
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for TrustDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for TrustDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strict() {
        for good in ["cluster.local", "td1", "istio.io.", "a-b.c_d"] {
            assert_eq!(good.parse::<TrustDomain>().map(|t| t.to_string()), Ok(good.into()));
        }
        let long = "a".repeat(256);
        for bad in ["", "CLUSTER.LOCAL", "a/b", "a..b", "-a", "a-", ".", "a b", "a:80", "ü", &long]
        {
            assert!(bad.parse::<TrustDomain>().is_err(), "{bad}");
        }
    }
}
