//! Which certificate a handshake shows.

use std::sync::Arc;

use rustls::{
    SignatureScheme,
    client::ResolvesClientCert,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

use super::LiveIdentity;

/// Shows the workload's certificate that is in force, as a server and as a client.
#[derive(Clone, Debug)]
pub struct WorkloadCertificate(LiveIdentity);

impl WorkloadCertificate {
    /// Shows what `identity` holds at the time of each handshake.
    pub const fn new(identity: LiveIdentity) -> Self {
        Self(identity)
    }

    fn current(&self) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone((*self.0.load()).as_ref()?.certified_key()))
    }
}

impl ResolvesServerCert for WorkloadCertificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.current()
    }
}

impl ResolvesClientCert for WorkloadCertificate {
    fn resolve(
        &self,
        _issuers: &[&[u8]],
        schemes: &[SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        // A server that cannot verify the key's signatures would end the handshake anyway.
        self.current().filter(|certified| certified.key.choose_scheme(schemes).is_some())
    }

    fn has_certs(&self) -> bool {
        true
    }
}
