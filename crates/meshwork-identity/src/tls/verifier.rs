//! What the two sides of a handshake ask of each other.

use std::sync::Arc;

use rustls::{
    DigitallySignedStruct, DistinguishedName, Error, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    server::danger::{ClientCertVerified, ClientCertVerifier},
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use super::{LiveIdentity, VerifyError};
use crate::{ExpectedNames, PeerIdentity, Purpose};

/// A server's check of its clients: a certificate with exactly one SPIFFE ID, of an accepted trust
/// domain, that leads to a root of that trust domain.
#[derive(Clone, Debug)]
pub struct ClientVerifier {
    identity: LiveIdentity,
    provider: Arc<CryptoProvider>,
}

impl ClientVerifier {
    /// Checks by what `identity` holds at the time of each handshake.
    pub const fn new(identity: LiveIdentity, provider: Arc<CryptoProvider>) -> Self {
        Self { identity, provider }
    }
}

/// A client's check of a server: a chain as above, and secure naming.
#[derive(Clone, Debug)]
pub struct ServerVerifier {
    identity: LiveIdentity,
    provider: Arc<CryptoProvider>,
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
        Self { identity, provider, expected, accept_unnamed: false }
    }

    /// Whether an empty list of expected names admits every server of the accepted trust domains.
    ///
    /// Istio does so: it checks no identity where it knows none for a service. Here that is off.
    #[must_use]
    pub const fn accept_unnamed(mut self, accept: bool) -> Self {
        self.accept_unnamed = accept;
        self
    }

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

fn verify(
    identity: &LiveIdentity,
    purpose: Purpose,
    leaf: &CertificateDer<'_>,
    intermediates: &[CertificateDer<'_>],
    now: UnixTime,
) -> Result<PeerIdentity, VerifyError> {
    match identity.load().as_ref() {
        Some(identity) => identity.verify(purpose, leaf, intermediates, now),
        None => Err(VerifyError::NoIdentity),
    }
}

impl ClientCertVerifier for ClientVerifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        // Clients have one certificate and need no hint; a list would outlive a rotation.
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        verify(&self.identity, Purpose::Client, end_entity, intermediates, now)?;
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

impl ServerCertVerifier for ServerVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        // The server name of mesh TLS names a cluster; the identity is asked of the certificate.
        let peer = verify(&self.identity, Purpose::Server, end_entity, intermediates, now)?;
        self.check_name(&peer)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// How many names an error lists.
const MOST_SHOWN: usize = 8;
