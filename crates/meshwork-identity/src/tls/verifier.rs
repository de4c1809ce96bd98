//! What the two sides of a handshake ask of each other.

use std::sync::Arc;

use rustls::{Error, crypto::CryptoProvider};
use rustls_pki_types::{CertificateDer, UnixTime};

use super::{CertificateVerifier, CheckClient, CheckServer, LiveIdentity, VerifyError};
use crate::{ExpectedNames, PeerIdentity, Purpose};

/// A server's check of its clients: a certificate with exactly one SPIFFE ID, of an accepted trust
/// domain, that leads to a root of that trust domain.
pub type ClientVerifier = CertificateVerifier<MeshClients>;

/// A client's check of a server: a chain as for clients, and secure naming.
pub type ServerVerifier = CertificateVerifier<MeshServers>;

/// The check of [`ClientVerifier`].
#[derive(Clone, Debug)]
pub struct MeshClients(LiveIdentity);

impl ClientVerifier {
    /// Checks by what `identity` holds at the time of each handshake.
    pub const fn new(identity: LiveIdentity, provider: Arc<CryptoProvider>) -> Self {
        Self::by(MeshClients(identity), provider)
    }
}

impl CheckClient for MeshClients {
    fn check_client(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        let held = self.0.load();
        let identity = held.as_ref().as_ref().ok_or(VerifyError::NoIdentity)?;
        identity.verify(Purpose::Client, leaf, intermediates, now)?;
        Ok(())
    }
}

/// The check of [`ServerVerifier`].
#[derive(Clone, Debug)]
pub struct MeshServers {
    identity: LiveIdentity,
    expected: ExpectedNames,
    accept_unnamed: bool,
}

impl ServerVerifier {
    /// Admits the servers that `expected` names, and nobody where it is empty.
    pub const fn new(
        identity: LiveIdentity,
        provider: Arc<CryptoProvider>,
        expected: ExpectedNames,
    ) -> Self {
        Self::by(MeshServers { identity, expected, accept_unnamed: false }, provider)
    }

    /// Whether an empty list of expected names admits every server with a SPIFFE ID that the roots
    /// vouch for.
    ///
    /// Istio does so: it checks no identity where it knows none for a service. Here that is off.
    #[must_use]
    pub const fn accept_unnamed(mut self, accept: bool) -> Self {
        self.check.accept_unnamed = accept;
        self
    }
}

impl MeshServers {
    fn check_name(&self, peer: &PeerIdentity) -> Result<(), VerifyError> {
        let unnamed = self.expected.is_empty() && self.accept_unnamed && peer.spiffe_id().is_some();
        if unnamed || self.expected.admits(peer) {
            return Ok(());
        }
        let quoted = |name: &str| format!("`{name}`");
        let names = self.expected.iter().map(|name| quoted(name.as_str()));
        let shown = peer.uri().into_iter().chain(peer.dns_names().iter().map(|name| &**name));
        Err(VerifyError::Name {
            shown: shown.take(MOST_SHOWN).map(quoted).collect::<Vec<_>>().join(", "),
            expected: names.take(MOST_SHOWN).collect::<Vec<_>>().join(", "),
        })
    }
}

impl CheckServer for MeshServers {
    fn check_server(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        let held = self.identity.load();
        let identity = held.as_ref().as_ref().ok_or(VerifyError::NoIdentity)?;
        let peer = identity.verify(Purpose::Server, leaf, intermediates, now)?;
        Ok(self.check_name(&peer)?)
    }
}

/// How many names an error lists.
const MOST_SHOWN: usize = 8;
