//! SPIFFE IDs, strictly.

use std::{fmt, str::FromStr, sync::Arc};

use crate::{ParseTrustDomainError, TrustDomain};

/// A SPIFFE ID: `spiffe://` trust domain, then a path.
///
/// Parsing is stricter than Istio's, which checks the shape alone: SPIFFE's own rules hold for the
/// trust domain and for every path segment, so that an identity cannot carry a separator, a query
/// or an empty namespace into a place that splits it again.
///
/// ```
/// use meshwork_identity::SpiffeId;
/// assert!("spiffe://cluster.local/ns/shop/sa/web".parse::<SpiffeId>().is_ok());
/// assert!("spiffe://cluster.local/ns//sa/web".parse::<SpiffeId>().is_err());
/// assert!("SPIFFE://cluster.local/ns/shop/sa/web".parse::<SpiffeId>().is_err());
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SpiffeId {
    text: Arc<str>,
    trust_domain: TrustDomain,
}

/// The parts of an identity that has Istio's shape `ns/NAMESPACE/sa/SERVICE-ACCOUNT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WorkloadId<'a> {
    /// The Kubernetes namespace.
    pub namespace: &'a str,
    /// The Kubernetes service account.
    pub service_account: &'a str,
}

/// The text is not a SPIFFE ID.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseSpiffeIdError {
    /// It does not begin with `spiffe://`, in lower case.
    #[error("`{0}` does not begin with `spiffe://`")]
    Scheme(String),
    /// Longer than [`SpiffeId::MAX_LEN`].
    #[error("a SPIFFE ID of {0} bytes is longer than 2048")]
    TooLong(usize),
    /// The trust domain is unsound.
    #[error(transparent)]
    TrustDomain(#[from] ParseTrustDomainError),
    /// A path segment is empty, `.`, `..`, or has a character other than `a-zA-Z0-9._-`.
    #[error(
        "path segment `{0}` of a SPIFFE ID is empty, a dot segment, or has a character other than a-z, A-Z, 0-9, `.`, `_`, `-`"
    )]
    Segment(String),
}

impl SpiffeId {
    /// How long an ID may be, in bytes (SPIFFE).
    pub const MAX_LEN: usize = 2048;

    /// The identity of a service account of Kubernetes.
    ///
    /// # Errors
    /// Where namespace or service account are no path segments.
    pub fn for_workload(
        trust_domain: &TrustDomain,
        namespace: &str,
        service_account: &str,
    ) -> Result<Self, ParseSpiffeIdError> {
        format!("spiffe://{trust_domain}/ns/{namespace}/sa/{service_account}").parse()
    }

    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The trust domain.
    pub fn trust_domain(&self) -> &TrustDomain {
        &self.trust_domain
    }

    /// The path with its leading slash; empty where there is none.
    pub fn path(&self) -> &str {
        self.text
            .strip_prefix(SCHEME)
            .and_then(|rest| rest.find('/').and_then(|at| rest.get(at..)))
            .unwrap_or_default()
    }

    /// Namespace and service account, where the path has Istio's shape.
    pub fn workload(&self) -> Option<WorkloadId<'_>> {
        let mut parts = self.path().strip_prefix('/')?.split('/');
        let mut expect =
            |word| parts.next().filter(|part| *part == word).and_then(|_| parts.next());
        let namespace = expect("ns")?;
        let service_account = expect("sa")?;
        parts.next().is_none().then_some(WorkloadId { namespace, service_account })
    }

    /// The same path in another trust domain, as trust domain aliases expand identities.
    #[must_use]
    pub fn in_trust_domain(&self, trust_domain: &TrustDomain) -> Self {
        Self {
            text: format!("{SCHEME}{trust_domain}{}", self.path()).into(),
            trust_domain: trust_domain.clone(),
        }
    }
}

const SCHEME: &str = "spiffe://";

impl FromStr for SpiffeId {
    type Err = ParseSpiffeIdError;

    fn from_str(text: &str) -> Result<Self, ParseSpiffeIdError> {
        if text.len() > Self::MAX_LEN {
            return Err(ParseSpiffeIdError::TooLong(text.len()));
        }
        let rest =
            text.strip_prefix(SCHEME).ok_or_else(|| ParseSpiffeIdError::Scheme(text.into()))?;
        let mut parts = rest.split('/');
        let trust_domain = parts.next().unwrap_or_default().parse()?;
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        for part in parts {
            if part.is_empty() || part == "." || part == ".." || !part.bytes().all(allowed) {
                return Err(ParseSpiffeIdError::Segment(part.into()));
            }
        }
        Ok(Self { text: text.into(), trust_domain })
    }
}

impl fmt::Display for SpiffeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for SpiffeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn refuses_what_spiffe_refuses() {
        for bad in [
            "",
            "cluster.local/ns/a/sa/b",
            "SPIFFE://cluster.local/ns/a/sa/b",
            "spiffe:///ns/a/sa/b",
            "spiffe://CLUSTER.LOCAL/ns/a/sa/b",
            "spiffe://td/ns//sa/b",
            "spiffe://td/ns/a/sa/b/",
            "spiffe://td/ns/a/sa/b?x=1",
            "spiffe://td/ns/a/sa/b#c",
            "spiffe://td:80/ns/a/sa/b",
            "spiffe://user@td/ns/a/sa/b",
            "spiffe://td/ns/a/../b",
            "spiffe://td/ns/%61/sa/b",
            "spiffe://td/ns/a,b/sa/c",
        ] {
            assert!(bad.parse::<SpiffeId>().is_err(), "{bad}");
        }
        assert!(format!("spiffe://td/{}", "a".repeat(2048)).parse::<SpiffeId>().is_err());
    }

    #[test]
    fn only_istios_shape_names_a_workload() {
        let check = |id: &str, want: Option<(&str, &str)>| {
            let id: SpiffeId = id.parse().unwrap();
            assert_eq!(id.workload().map(|w| (w.namespace, w.service_account)), want, "{id}");
        };
        check("spiffe://td/ns/a/sa/b", Some(("a", "b")));
        check("spiffe://td", None);
        check("spiffe://td/foo", None);
        check("spiffe://td/ns/a/sa/b/c", None);
        check("spiffe://td/sa/a/ns/b", None);
    }

    proptest! {
        #[test]
        fn display_is_what_was_parsed(text in "spiffe://[a-z0-9.-]{1,8}(/[a-zA-Z0-9._-]{0,6}){0,5}") {
            if let Ok(id) = text.parse::<SpiffeId>() {
                prop_assert_eq!(id.to_string().parse::<SpiffeId>(), Ok(id.clone()));
                prop_assert_eq!(id.to_string(), text);
            }
        }

        #[test]
        fn never_panics(text in "\\PC*") {
            let _ = text.parse::<SpiffeId>();
        }
    }
}
