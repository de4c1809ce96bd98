//! Whom to trust: the roots of each trust domain.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use rustls_pki_types::{CertificateDer, pem::PemObject};
use x509_parser::{certificate::X509Certificate, prelude::FromDer};

use crate::TrustDomain;

/// The roots of one trust domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustBundle {
    trust_domain: TrustDomain,
    roots: Arc<[CertificateDer<'static>]>,
}

/// A bundle that cannot be trusted to mean anything.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustBundleError {
    /// There is no root.
    #[error("the bundle of trust domain `{0}` holds no certificate")]
    Empty(TrustDomain),
    /// The text is not PEM.
    #[error("the bundle of trust domain `{0}` is not PEM: {1}")]
    Pem(TrustDomain, String),
    /// A certificate cannot be parsed or is not CA:TRUE.
    #[error("certificate {index} of the bundle of trust domain `{trust_domain}`: {reason}")]
    Root {
        /// Whose bundle.
        trust_domain: TrustDomain,
        /// Which certificate, counted from 1.
        index: usize,
        /// What is wrong with it.
        reason: String,
    },
}

impl TrustBundle {
    /// A bundle of roots; copies are dropped, the order does not matter.
    ///
    /// # Errors
    /// Where there is no root, or one that cannot be parsed or is not CA:TRUE. Istio's agent skips
    /// such a root; here a bundle is sound as a whole or not at all.
    pub fn new(
        trust_domain: TrustDomain,
        roots: impl IntoIterator<Item = CertificateDer<'static>>,
    ) -> Result<Self, TrustBundleError> {
        let mut sound = BTreeSet::new();
        for (index, root) in roots.into_iter().enumerate() {
            let refused = |reason: String| TrustBundleError::Root {
                trust_domain: trust_domain.clone(),
                index: index + 1,
                reason,
            };
            let (rest, parsed) =
                X509Certificate::from_der(&root).map_err(|error| refused(error.to_string()))?;
            if !rest.is_empty() {
                return Err(refused("bytes follow the certificate".into()));
            }
            if !parsed.is_ca() {
                return Err(refused("it is not one of an authority (CA:TRUE)".into()));
            }
            sound.insert(root.to_vec());
        }
        if sound.is_empty() {
            return Err(TrustBundleError::Empty(trust_domain));
        }
        let roots = sound.into_iter().map(CertificateDer::from).collect();
        Ok(Self { trust_domain, roots })
    }

    /// Reads a bundle from PEM, any number of certificates one after the other.
    ///
    /// # Errors
    /// As [`Self::new`], and where the text is not PEM.
    pub fn from_pem(trust_domain: TrustDomain, pem: &[u8]) -> Result<Self, TrustBundleError> {
        let roots = CertificateDer::pem_slice_iter(pem)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| TrustBundleError::Pem(trust_domain.clone(), error.to_string()))?;
        Self::new(trust_domain, roots)
    }

    /// Whose roots they are.
    pub fn trust_domain(&self) -> &TrustDomain {
        &self.trust_domain
    }

    /// The roots.
    pub fn roots(&self) -> &[CertificateDer<'static>] {
        &self.roots
    }
}

/// The roots of every trust domain that is accepted.
///
/// A root speaks for its own trust domain and for no other: a federated authority cannot issue an
/// identity of this mesh. (With Istio all roots are one flat pool in which any can.)
///
/// ```
/// use meshwork_identity::{CertificateAuthority, TrustBundle, TrustBundles};
/// use time::{Duration, OffsetDateTime};
///
/// let own = "cluster.local".parse()?;
/// let authority =
///     CertificateAuthority::self_signed(&own, OffsetDateTime::UNIX_EPOCH, Duration::days(1))?;
/// let bundles = TrustBundles::new(TrustBundle::new(own, [authority.root().clone()])?)
///     .alias("old.local".parse()?);
/// assert!(bundles.bundle(&"old.local".parse()?).is_some());
/// assert!(bundles.bundle(&"elsewhere".parse()?).is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustBundles {
    own: TrustBundle,
    aliases: BTreeSet<TrustDomain>,
    federated: BTreeMap<TrustDomain, TrustBundle>,
}

impl TrustBundles {
    /// The mesh's own trust domain alone.
    pub fn new(own: TrustBundle) -> Self {
        Self { own, aliases: BTreeSet::new(), federated: BTreeMap::new() }
    }

    /// Accepts another name of the mesh's own trust domain (MeshConfig `trustDomainAliases`): the
    /// mesh's own roots speak for it.
    #[must_use]
    pub fn alias(mut self, trust_domain: TrustDomain) -> Self {
        self.federated.remove(&trust_domain);
        if trust_domain != self.own.trust_domain {
            self.aliases.insert(trust_domain);
        }
        self
    }

    /// Accepts another trust domain with roots of its own (MeshConfig `caCertificates` with
    /// `trustDomains`). The bundle of a trust domain replaces the one before, this mesh's own and
    /// its aliases excepted.
    #[must_use]
    pub fn federate(mut self, bundle: TrustBundle) -> Self {
        let name = bundle.trust_domain.clone();
        if name != self.own.trust_domain && !self.aliases.contains(&name) {
            self.federated.insert(name, bundle);
        }
        self
    }

    /// The bundle of the mesh itself.
    pub fn own(&self) -> &TrustBundle {
        &self.own
    }

    /// The bundle that speaks for a trust domain; `None` where it is not accepted.
    pub fn bundle(&self, trust_domain: &TrustDomain) -> Option<&TrustBundle> {
        if *trust_domain == self.own.trust_domain || self.aliases.contains(trust_domain) {
            return Some(&self.own);
        }
        self.federated.get(trust_domain)
    }

    /// The accepted trust domains: the mesh's own, its aliases, the federated ones.
    pub fn trust_domains(&self) -> impl Iterator<Item = &TrustDomain> {
        std::iter::once(&self.own.trust_domain).chain(&self.aliases).chain(self.federated.keys())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CertificateAuthority;
    use time::{Duration, OffsetDateTime};

    fn td(text: &str) -> TrustDomain {
        text.parse().unwrap()
    }

    fn bundle(name: &str) -> TrustBundle {
        let day = Duration::days(1);
        let authority =
            CertificateAuthority::self_signed(&td(name), OffsetDateTime::UNIX_EPOCH, day).unwrap();
        TrustBundle::new(td(name), [authority.root().clone()]).unwrap()
    }

    #[test]
    fn a_root_speaks_for_its_own_trust_domain() {
        let (own, other) = (bundle("cluster.local"), bundle("other"));
        let bundles = TrustBundles::new(own.clone()).alias(td("old")).federate(other.clone());
        assert_eq!(bundles.bundle(&td("cluster.local")), Some(&own));
        assert_eq!(bundles.bundle(&td("old")), Some(&own));
        assert_eq!(bundles.bundle(&td("other")), Some(&other));
        assert_eq!(bundles.bundle(&td("cluster.local.evil")), None);
        assert_eq!(bundles.trust_domains().count(), 3);
    }

    #[test]
    fn the_meshs_own_names_cannot_be_federated_away() {
        let stranger = bundle("stranger");
        let posing = |name: &str| TrustBundle::new(td(name), stranger.roots().to_vec()).unwrap();
        let own = bundle("cluster.local");
        let bundles = TrustBundles::new(own.clone())
            .alias(td("old"))
            .federate(posing("cluster.local"))
            .federate(posing("old"));
        assert_eq!(bundles.bundle(&td("cluster.local")), Some(&own));
        assert_eq!(bundles.bundle(&td("old")), Some(&own));
    }

    #[test]
    fn unsound_bundles_are_refused() {
        let refused = |pem: &[u8]| TrustBundle::from_pem(td("td"), pem).unwrap_err();
        assert_eq!(refused(b""), TrustBundleError::Empty(td("td")));
        let broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(matches!(refused(broken), TrustBundleError::Root { index: 1, .. }));
        assert!(matches!(
            refused(b"-----BEGIN CERTIFICATE-----\nAAAA\n"),
            TrustBundleError::Pem(..)
        ));
    }
}
