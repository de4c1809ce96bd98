//! The certificate of a workload with its key.

use std::{fmt, sync::Arc};

use rcgen::{KeyPair, PublicKeyData};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use time::OffsetDateTime;
use x509_parser::{certificate::X509Certificate, prelude::FromDer};
use zeroize::Zeroize;

use crate::{PeerIdentity, PeerIdentityError, Purpose, SpiffeId, TrustBundles};

/// An X.509-SVID: an identity, the certificate chain that proves it, and the key.
///
/// The chain leads from the leaf up to, but without, the root. `Debug` does not show the key; it
/// is wiped with the last clone.
#[derive(Clone)]
pub struct Svid {
    id: SpiffeId,
    chain: Arc<[CertificateDer<'static>]>,
    key: Arc<Key>,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
}

struct Key(PrivateKeyDer<'static>);

impl Drop for Key {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// What cannot serve as a workload's certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SvidError {
    /// There is no certificate.
    #[error("the certificate chain is empty")]
    Empty,
    /// The chain or the key is not PEM.
    #[error("the {what} is not PEM: {reason}")]
    Pem {
        /// `certificate chain` or `private key`.
        what: &'static str,
        /// What is wrong; never the key itself.
        reason: String,
    },
    /// The leaf is one that peers would refuse.
    #[error(transparent)]
    Leaf(#[from] PeerIdentityError),
    /// The leaf names no SPIFFE ID.
    #[error("the certificate names no SPIFFE ID")]
    NoSpiffeId,
    /// The leaf is somebody else's.
    #[error("the certificate is that of `{found}`, not of `{expected}`")]
    Other {
        /// Whose it is.
        found: SpiffeId,
        /// Whose it should be.
        expected: SpiffeId,
    },
    /// The key cannot be used.
    #[error("the private key cannot be used: {0}")]
    Key(String),
    /// The key is another certificate's.
    #[error("the private key is not that of the certificate")]
    KeyMismatch,
}

impl Svid {
    /// An SVID from its parts.
    ///
    /// # Errors
    /// Where peers would refuse the leaf in either role, where it names no SPIFFE ID, and where
    /// the key is not that of the leaf.
    pub fn new(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Result<Self, SvidError> {
        let key = Key(key);
        let leaf = chain.first().ok_or(SvidError::Empty)?;
        PeerIdentity::from_certificate(leaf, Purpose::Client)?;
        let own = PeerIdentity::from_certificate(leaf, Purpose::Server)?;
        let id = own.spiffe_id().cloned().ok_or(SvidError::NoSpiffeId)?;
        let malformed = |error: &dyn fmt::Display| PeerIdentityError::Malformed(error.to_string());
        let (_, parsed) = X509Certificate::from_der(leaf).map_err(|error| malformed(&error))?;
        let pair = KeyPair::try_from(&key.0).map_err(|error| SvidError::Key(error.to_string()))?;
        if pair.subject_public_key_info() != parsed.public_key().raw {
            return Err(SvidError::KeyMismatch);
        }
        let (not_before, not_after) = {
            let validity = parsed.validity();
            (validity.not_before.to_datetime(), validity.not_after.to_datetime())
        };
        Ok(Self { id, chain: chain.into(), key: Arc::new(key), not_before, not_after })
    }

    /// Reads an SVID from PEM: the chain, leaf first, and the key in PKCS#8, SEC1 or PKCS#1.
    ///
    /// # Errors
    /// As [`Self::new`], and where a text is not PEM.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, SvidError> {
        let failed = |what: &'static str| {
            move |error: rustls_pki_types::pem::Error| SvidError::Pem {
                what,
                reason: error.to_string(),
            }
        };
        let chain = CertificateDer::pem_slice_iter(chain)
            .collect::<Result<Vec<_>, _>>()
            .map_err(failed("certificate chain"))?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(failed("private key"))?;
        Self::new(chain, key)
    }

    /// Whose certificate it is.
    pub fn id(&self) -> &SpiffeId {
        &self.id
    }

    /// The leaf, then the intermediates.
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.chain
    }

    /// The key, to be handed to a TLS library and to nobody else.
    pub fn key(&self) -> &PrivateKeyDer<'static> {
        &self.key.0
    }

    /// When the certificate begins.
    pub fn not_before(&self) -> OffsetDateTime {
        self.not_before
    }

    /// When the certificate ends.
    pub fn not_after(&self) -> OffsetDateTime {
        self.not_after
    }
}

impl PartialEq for Svid {
    /// A certificate says which key it is for, so the chain tells two SVIDs apart.
    fn eq(&self, other: &Self) -> bool {
        self.chain == other.chain
    }
}

impl Eq for Svid {}

impl fmt::Debug for Svid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Svid")
            .field("id", &self.id)
            .field("certificates", &self.chain.len())
            .field("not_before", &self.not_before)
            .field("not_after", &self.not_after)
            .finish_non_exhaustive()
    }
}

/// All that a workload needs to speak mutual TLS: its SVID, and whom to trust.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct X509Context {
    /// The workload's certificate and key.
    pub svid: Svid,
    /// The roots of the trust domains that it accepts.
    pub bundles: TrustBundles,
}

impl X509Context {
    /// A context of its parts.
    pub fn new(svid: Svid, bundles: TrustBundles) -> Self {
        Self { svid, bundles }
    }
}
