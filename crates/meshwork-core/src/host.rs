//! Host names and Istio's host algebra: wildcards, overlap, subset, specificity.

use std::{cmp::Ordering, fmt, sync::Arc};

use serde::{Deserialize, Serialize};

/// A fully qualified name as Istio's registry holds it, or a wildcard service host.
///
/// The text is kept as written: Istio compares host names byte by byte and lower-cases them only
/// where virtual host domains are made.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hostname(Arc<str>);

impl Hostname {
    /// Wraps `name` without checking it; Istio's validation has its own rules for each field.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self(name.into())
    }

    /// Qualifies a name that a resource of `namespace` wrote.
    ///
    /// A name without a dot is taken for a Kubernetes service of that namespace
    /// (`reviews` → `reviews.ns.svc.cluster.local`); `*`, addresses, the empty name and every name
    /// with a dot stay as they are.
    ///
    /// ```
    /// use meshwork_core::Hostname;
    /// assert_eq!(Hostname::qualify("web", "shop", "cluster.local").as_str(), "web.shop.svc.cluster.local");
    /// assert_eq!(Hostname::qualify("web.shop", "shop", "cluster.local").as_str(), "web.shop");
    /// ```
    pub fn qualify(name: &str, namespace: &str, cluster_domain: &str) -> Self {
        if name.is_empty()
            || name == "*"
            || name.contains('.')
            // An address without a dot has colons.
            || name.contains(':') && name.parse::<std::net::IpAddr>().is_ok()
        {
            return Self::new(name);
        }
        let length = name.len() + namespace.len() + cluster_domain.len() + ".".len() * 3;
        let mut full = String::with_capacity(length + "svc".len());
        full.push_str(name);
        for part in [namespace, if cluster_domain.is_empty() { "" } else { "svc" }, cluster_domain]
        {
            if !part.is_empty() {
                full.push('.');
                full.push_str(part);
            }
        }
        Self::new(full)
    }

    /// The text of the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the name begins with `*`, as the host of a wildcard ServiceEntry does.
    pub fn is_wildcard(&self) -> bool {
        self.0.starts_with('*')
    }

    /// The name as a pattern, for the algebra of [`HostPattern`].
    pub fn to_pattern(&self) -> HostPattern {
        HostPattern(self.0.clone())
    }
}

impl From<&str> for Hostname {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl From<String> for Hostname {
    fn from(name: String) -> Self {
        Self::new(name)
    }
}

impl std::borrow::Borrow<str> for Hostname {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Hostname {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Hostname {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Hostname {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// A host as rules write it: a plain name or, when its first byte is `*`, every name with that tail.
///
/// Only the first byte matters: `*.a.com`, `*a.com`, `*-a.com` and `*` are wildcards. Comparison is
/// by bytes; callers lower-case where Istio does.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HostPattern(Arc<str>);

impl HostPattern {
    /// Wraps `pattern` as it is written.
    pub fn new(pattern: impl Into<Arc<str>>) -> Self {
        Self(pattern.into())
    }

    /// The text of the pattern.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What follows the `*`, or `None` for a plain name.
    pub fn wildcard_tail(&self) -> Option<&str> {
        self.0.strip_prefix('*')
    }

    /// Whether the pattern is a wildcard.
    pub fn is_wildcard(&self) -> bool {
        self.0.starts_with('*')
    }

    /// Whether a concrete `name` is covered. The `*` may stand for nothing here, as in Istio's
    /// algebra; Envoy's domain search asks for one byte more (see the routing crate).
    pub fn matches(&self, name: &str) -> bool {
        match self.wildcard_tail() {
            Some(tail) => name.ends_with(tail),
            None => *self.0 == *name,
        }
    }

    /// Whether some name is covered by both (`Matches` in Istio; symmetric).
    ///
    /// ```
    /// use meshwork_core::HostPattern;
    /// let wildcard = HostPattern::new("*.foo.com");
    /// assert!(wildcard.overlaps(&HostPattern::new("a.b.foo.com")));
    /// assert!(wildcard.overlaps(&HostPattern::new("*.com")));
    /// assert!(!wildcard.overlaps(&HostPattern::new("foo.com")));
    /// ```
    pub fn overlaps(&self, other: &Self) -> bool {
        match (self.wildcard_tail(), other.wildcard_tail()) {
            (None, None) => self.0 == other.0,
            (Some(tail), None) => other.0.ends_with(tail),
            (None, Some(tail)) => self.0.ends_with(tail),
            (Some(a), Some(b)) => a.ends_with(b) || b.ends_with(a),
        }
    }

    /// Whether every name covered by `self` is covered by `other` (`SubsetOf` in Istio).
    pub fn is_subset_of(&self, other: &Self) -> bool {
        match (self.wildcard_tail(), other.wildcard_tail()) {
            (None, None) => self.0 == other.0,
            (Some(_), None) => false,
            (None, Some(tail)) => self.0.ends_with(tail),
            (Some(a), Some(b)) => a.ends_with(b),
        }
    }

    /// Orders the more specific pattern first: plain before wildcard, then longer, then by text.
    pub fn cmp_specificity(&self, other: &Self) -> Ordering {
        self.is_wildcard()
            .cmp(&other.is_wildcard())
            .then_with(|| other.0.len().cmp(&self.0.len()))
            .then_with(|| self.0.cmp(&other.0))
    }

    /// The narrower of two overlapping patterns, `None` where they do not overlap.
    pub fn intersection<'a>(&'a self, other: &'a Self) -> Option<&'a Self> {
        if self.is_subset_of(other) {
            Some(self)
        } else if other.is_subset_of(self) {
            Some(other)
        } else {
            None
        }
    }
}

impl From<&str> for HostPattern {
    fn from(pattern: &str) -> Self {
        Self::new(pattern)
    }
}

impl From<String> for HostPattern {
    fn from(pattern: String) -> Self {
        Self::new(pattern)
    }
}

impl From<&Hostname> for HostPattern {
    fn from(name: &Hostname) -> Self {
        name.to_pattern()
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlap_and_subset() {
        let check = |a: &str, b: &str, overlaps: bool, subset: bool| {
            let (a, b) = (HostPattern::from(a), HostPattern::from(b));
            assert_eq!(a.overlaps(&b), overlaps, "{a} overlaps {b}");
            assert_eq!(b.overlaps(&a), overlaps, "{b} overlaps {a}");
            assert_eq!(a.is_subset_of(&b), subset, "{a} within {b}");
        };
        check("a.com", "a.com", true, true);
        check("a.com", "b.com", false, false);
        check("x.a.com", "*.a.com", true, true);
        check("*.a.com", "x.a.com", true, false);
        check("a.com", "*.a.com", false, false);
        check("*.a.com", "*.com", true, true);
        check("*.com", "*.a.com", true, false);
        check("*", "a.com", true, false);
        check("*-a.com", "x-a.com", true, false);
        check("A.com", "a.com", false, false);
    }

    #[test]
    fn specificity_orders_plain_then_long() {
        let mut hosts =
            ["*", "*.b.com", "b.com", "*.a.b.com", "a.b.com"].map(HostPattern::from).to_vec();
        hosts.sort_by(HostPattern::cmp_specificity);
        assert_eq!(hosts, ["a.b.com", "b.com", "*.a.b.com", "*.b.com", "*"].map(HostPattern::from));
    }

    #[test]
    fn short_names_are_qualified_by_the_resource_that_wrote_them() {
        let check = |name, want| {
            assert_eq!(Hostname::qualify(name, "prod", "cluster.local").as_str(), want, "{name}");
        };
        check("reviews", "reviews.prod.svc.cluster.local");
        check("reviews.test", "reviews.test");
        check("*", "*");
        check("*-foo", "*-foo.prod.svc.cluster.local");
        check("10.1.2.3", "10.1.2.3");
        check("::1", "::1");
        check("", "");
    }
}
