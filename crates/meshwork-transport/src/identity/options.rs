//! How an identity is kept fresh.

use std::{sync::Arc, time::Duration};

use meshwork_identity::{Rotation, SpiffeId, TrustBundle, TrustDomain};
use rustls::crypto::CryptoProvider;

/// How an [`Identity`](crate::Identity) is kept fresh.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct IdentityOptions {
    /// When certificates are renewed: at half of their life unless said otherwise.
    pub rotation: Rotation,
    /// The cryptography of handshakes.
    pub provider: Arc<CryptoProvider>,
    /// How long to wait for the first certificate; 10 s by default.
    pub start_timeout: Duration,
    /// How long a source may take for one; 30 s by default.
    pub fetch_timeout: Duration,
    /// Whose certificate it has to be; any where nothing is said.
    pub expected: Option<SpiffeId>,
    /// Other names of the mesh's trust domain that are accepted beside those that the source says
    /// (MeshConfig `trustDomainAliases`).
    pub aliases: Vec<TrustDomain>,
    /// Other trust domains that are accepted, each by roots of its own (MeshConfig
    /// `caCertificates` with `trustDomains`).
    pub federated: Vec<TrustBundle>,
}

impl IdentityOptions {
    /// The defaults with a provider of your own.
    pub fn new(provider: Arc<CryptoProvider>) -> Self {
        Self {
            rotation: Rotation::default(),
            provider,
            start_timeout: Duration::from_secs(10),
            fetch_timeout: Duration::from_secs(30),
            expected: None,
            aliases: Vec::new(),
            federated: Vec::new(),
        }
    }
}

#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
impl Default for IdentityOptions {
    fn default() -> Self {
        Self::new(meshwork_identity::tls::provider())
    }
}
