//! Secure naming: which names the server of a service may show.

use std::{cmp::Ordering, collections::BTreeSet, sync::Arc};

use crate::{PeerIdentity, SpiffeId, TrustDomain};

/// The subject alternative names of which a server has to show one.
///
/// Istio fills the list from the service accounts of a service's endpoints, from a ServiceEntry's
/// `subjectAltNames`, or from those of a DestinationRule. An empty list admits nobody: Istio and
/// Envoy check no identity then, which is a hole and is listed under the intended divergences.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ExpectedNames(
    /// Sorted, URIs first.
    Arc<[ExpectedName]>,
);

/// One name of the list.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ExpectedName {
    /// A URI name, byte for byte; most are SPIFFE IDs.
    Uri(Arc<str>),
    /// A DNS name; letter case does not matter, and a wildcard of the *certificate* stands for one
    /// label.
    Dns(Arc<str>),
}

impl ExpectedName {
    /// Reads an entry of `subjectAltNames`: what has a scheme is a URI, all else a DNS name. A `*`
    /// is a literal character, as in Istio.
    pub fn new(text: &str) -> Self {
        if text.contains("://") { Self::Uri(text.into()) } else { Self::Dns(text.into()) }
    }

    /// The text of the name.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Uri(name) | Self::Dns(name) => name,
        }
    }

    fn admits(&self, peer: &PeerIdentity) -> bool {
        match self {
            Self::Uri(name) => peer.uri() == Some(&**name),
            Self::Dns(name) => peer.dns_names().iter().any(|shown| covers(shown, name)),
        }
    }
}

impl ExpectedNames {
    /// The names of a DestinationRule or ServiceEntry, as they are written.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let names: BTreeSet<_> = names.into_iter().map(ExpectedName::new).collect();
        Self(names.into_iter().collect())
    }

    /// The accounts of a service: its endpoints' identities and the service's own names, each
    /// SPIFFE ID once more for every alias of the trust domain.
    pub fn of_service<'a>(
        names: impl IntoIterator<Item = &'a str>,
        aliases: &[TrustDomain],
    ) -> Self {
        let mut all = BTreeSet::new();
        for name in names.into_iter().filter(|name| !name.is_empty()) {
            if let Ok(id) = name.parse::<SpiffeId>() {
                let expanded = aliases.iter().map(|alias| id.in_trust_domain(alias));
                all.extend(expanded.map(|id| ExpectedName::Uri(id.as_str().into())));
            }
            all.insert(ExpectedName::new(name));
        }
        Self(all.into_iter().collect())
    }

    /// Whether a server that showed this certificate may serve.
    pub fn admits(&self, peer: &PeerIdentity) -> bool {
        // The one URI of a certificate is looked up; DNS names need a scan for wildcards.
        let at = |name: &ExpectedName, uri: &str| match name {
            ExpectedName::Uri(name) => (**name).cmp(uri),
            ExpectedName::Dns(_) => Ordering::Greater,
        };
        peer.uri().is_some_and(|uri| self.0.binary_search_by(|name| at(name, uri)).is_ok())
            || (!peer.dns_names().is_empty() && self.0.iter().any(|name| name.admits(peer)))
    }

    /// The names in order.
    pub fn iter(&self) -> impl Iterator<Item = &ExpectedName> {
        self.0.iter()
    }

    /// Whether nobody is admitted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Whether a DNS name of a certificate covers the name asked for.
fn covers(shown: &str, wanted: &str) -> bool {
    match shown.strip_prefix("*.") {
        None => shown.eq_ignore_ascii_case(wanted),
        Some(parent) => wanted
            .split_once('.')
            .is_some_and(|(label, rest)| !label.is_empty() && rest.eq_ignore_ascii_case(parent)),
    }
}
