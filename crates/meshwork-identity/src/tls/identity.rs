//! One generation of a workload's identity, ready for handshakes.

use std::{collections::HashMap, fmt, sync::Arc};

use rustls::{CertificateError, OtherError, crypto::CryptoProvider, sign::CertifiedKey};
use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, KeyUsage};

use crate::{PeerIdentity, PeerIdentityError, Purpose, TrustDomain, X509Context};

/// An [`X509Context`] with its key loaded and its roots prepared.
pub struct TlsIdentity {
    context: X509Context,
    certified_key: Arc<CertifiedKey>,
    anchors: HashMap<TrustDomain, Arc<[TrustAnchor<'static>]>>,
    provider: Arc<CryptoProvider>,
}

/// A context that the TLS library does not take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsIdentityError {
    /// The key's kind is not known, or it is not the certificate's.
    #[error("the key cannot be used for TLS: {0}")]
    Key(String),
    /// A root cannot be used.
    #[error("a root of trust domain `{0}` cannot be used for TLS: {1}")]
    Root(TrustDomain, String),
}

/// Why a peer's certificate is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// This workload has no certificate yet, and so nobody to trust.
    #[error("the workload has no certificate and no roots yet")]
    NoIdentity,
    /// What the leaf says of itself.
    #[error(transparent)]
    Leaf(#[from] PeerIdentityError),
    /// The client's leaf names no SPIFFE ID.
    #[error("the certificate names no SPIFFE ID")]
    NoSpiffeId,
    /// The SPIFFE ID is a trust domain's own, without a path: no workload bears it.
    #[error("`spiffe://{0}` names a trust domain, not a workload")]
    NoWorkload(TrustDomain),
    /// A trust domain that is not accepted.
    #[error("trust domain `{0}` is not accepted")]
    TrustDomain(TrustDomain),
    /// The chain does not lead to a root of the trust domain, or is not valid now.
    #[error("the certificate chain is refused: {0}")]
    Chain(webpki::Error),
    /// The server is somebody else than who was called (secure naming).
    #[error("the server is {shown}, which is not one of those expected: {expected}")]
    Name {
        /// What its certificate names.
        shown: String,
        /// Who would have been right.
        expected: String,
    },
}

impl TlsIdentity {
    /// Prepares a context.
    ///
    /// # Errors
    /// [`TlsIdentityError`], where the provider does not take the key or a root.
    pub fn new(
        context: X509Context,
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, TlsIdentityError> {
        let svid = &context.svid;
        let certified_key =
            CertifiedKey::from_der(svid.chain().to_vec(), svid.key().clone_key(), &provider)
                .map_err(|error| TlsIdentityError::Key(error.to_string()))?;
        let mut anchors = HashMap::new();
        for trust_domain in context.bundles.trust_domains() {
            let Some(bundle) = context.bundles.bundle(trust_domain) else { continue };
            let prepared: Result<Vec<_>, _> = bundle
                .roots()
                .iter()
                .map(|root| webpki::anchor_from_trusted_cert(root).map(|anchor| anchor.to_owned()))
                .collect();
            let prepared = prepared
                .map_err(|error| TlsIdentityError::Root(trust_domain.clone(), error.to_string()))?;
            anchors.insert(trust_domain.clone(), prepared.into());
        }
        Ok(Self { context, certified_key: Arc::new(certified_key), anchors, provider })
    }

    /// What it was made of.
    pub fn context(&self) -> &X509Context {
        &self.context
    }

    /// The workload's certificate and key as rustls holds them.
    pub fn certified_key(&self) -> &Arc<CertifiedKey> {
        &self.certified_key
    }

    /// Who the peer is, by a chain that leads to a root of its trust domain and is valid at `now`.
    ///
    /// A client has to bear a SPIFFE ID of an accepted trust domain. A server may bear a DNS name
    /// instead, or an identity of a trust domain that is not accepted: the mesh's own roots have to
    /// vouch for these, and whether it is the right one is asked by secure naming, as in Istio,
    /// where clients never ask for the trust domain.
    ///
    /// # Errors
    /// [`VerifyError`] says what is wrong with the certificate.
    pub fn verify(
        &self,
        purpose: Purpose,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<PeerIdentity, VerifyError> {
        let peer = PeerIdentity::from_certificate(leaf, purpose)?;
        let trust_domain = match (peer.spiffe_id(), purpose) {
            (Some(id), _) if id.path().is_empty() => {
                return Err(VerifyError::NoWorkload(id.trust_domain().clone()));
            }
            (Some(id), _) => id.trust_domain(),
            (None, Purpose::Server) => self.own(),
            (None, Purpose::Client) => return Err(VerifyError::NoSpiffeId),
        };
        let unaccepted = || VerifyError::TrustDomain(trust_domain.clone());
        let accepted = self.anchors.get(trust_domain);
        let anchors = match (accepted, purpose) {
            (None, Purpose::Server) => self.anchors.get(self.own()),
            (anchors, _) => anchors,
        };
        let anchors = anchors.ok_or_else(unaccepted)?;
        let usage = match purpose {
            Purpose::Server => KeyUsage::server_auth(),
            Purpose::Client => KeyUsage::client_auth(),
        };
        let algorithms = self.provider.signature_verification_algorithms.all;
        EndEntityCert::try_from(leaf)
            .and_then(|leaf| {
                leaf.verify_for_usage(algorithms, anchors, intermediates, now, usage, None, None)
                    .map(drop)
            })
            .map_err(|refused| match accepted {
                Some(_) => VerifyError::Chain(refused),
                None => unaccepted(),
            })?;
        Ok(peer)
    }

    fn own(&self) -> &TrustDomain {
        self.context.bundles.own().trust_domain()
    }
}

impl fmt::Debug for TlsIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsIdentity").field("context", &self.context).finish_non_exhaustive()
    }
}

impl From<VerifyError> for rustls::Error {
    /// The error decides which alert the peer gets.
    fn from(error: VerifyError) -> Self {
        use webpki::Error as Chain;
        let certificate = match &error {
            VerifyError::Chain(Chain::CertExpired { time, not_after }) => {
                CertificateError::ExpiredContext { time: *time, not_after: *not_after }
            }
            VerifyError::Chain(Chain::CertNotValidYet { time, not_before }) => {
                CertificateError::NotValidYetContext { time: *time, not_before: *not_before }
            }
            VerifyError::Chain(Chain::UnknownIssuer) => CertificateError::UnknownIssuer,
            _ => CertificateError::Other(OtherError(Arc::new(error))),
        };
        Self::InvalidCertificate(certificate)
    }
}
