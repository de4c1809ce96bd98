//! Certificate signing requests: making one, and reading one that may be hostile.

use rcgen::{
    CertificateParams, CertificateSigningRequestParams, DistinguishedName, KeyPair, PublicKeyData,
    SanType,
};
use rustls_pki_types::{
    CertificateDer, CertificateSigningRequestDer, PrivateKeyDer, PrivatePkcs8KeyDer,
};
use zeroize::Zeroizing;

use crate::{SpiffeId, Svid, SvidError};

/// The private key of a workload and the requests it signs.
///
/// The key is never shown by `Debug` and is wiped when it is dropped, as far as the copies go that
/// this crate makes.
pub struct WorkloadKey {
    pair: KeyPair,
}

impl WorkloadKey {
    /// A new P-256 key from the operating system's randomness.
    ///
    /// # Errors
    /// Where the operating system gives none.
    pub fn generate() -> Result<Self, CsrError> {
        Ok(Self { pair: KeyPair::generate().map_err(CsrError::sign)? })
    }

    /// A signing request for one identity: an empty subject and one URI name, as Istio's agents
    /// send it.
    ///
    /// # Errors
    /// Where signing fails.
    pub fn request(&self, identity: &SpiffeId) -> Result<Vec<u8>, CsrError> {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        let uri = identity.as_str().try_into().map_err(CsrError::sign)?;
        params.subject_alt_names = vec![SanType::URI(uri)];
        let request = params.serialize_request(&self.pair).map_err(CsrError::sign)?;
        Ok(request.der().to_vec())
    }

    /// The key together with the chain that an authority issued for its request, leaf first and
    /// without the root.
    ///
    /// # Errors
    /// As [`Svid::new`], for instance where the chain is that of another key.
    pub fn into_svid(self, chain: Vec<CertificateDer<'static>>) -> Result<Svid, SvidError> {
        let key = PrivatePkcs8KeyDer::from(self.to_pkcs8().to_vec());
        Svid::new(chain, PrivateKeyDer::from(key))
    }

    /// The key in PKCS#8, DER.
    pub fn to_pkcs8(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.pair.serialize_der())
    }
}

impl std::fmt::Debug for WorkloadKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WorkloadKey").finish_non_exhaustive()
    }
}

/// A signing request whose own signature has been verified.
#[derive(Clone, Debug)]
pub struct Csr {
    params: CertificateSigningRequestParams,
}

/// A request that cannot be made, or one that is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CsrError {
    /// Larger than [`Csr::MAX_LEN`].
    #[error("a certificate signing request of {0} bytes is longer than 65536")]
    TooLong(usize),
    /// Not a request, signed by another key, or with extensions that are not understood.
    #[error("the certificate signing request is refused: {0}")]
    Refused(String),
    /// It asks for a name that is not the caller's.
    #[error("the certificate signing request asks for `{0}`, which the credential does not allow")]
    Name(String),
    /// The request could not be signed.
    #[error("the certificate signing request cannot be signed: {0}")]
    Sign(String),
}

impl CsrError {
    fn sign(error: impl std::fmt::Display) -> Self {
        Self::Sign(error.to_string())
    }
}

impl Csr {
    /// How long a request may be, in bytes.
    pub const MAX_LEN: usize = 64 << 10;

    /// Reads a request in DER and verifies that it is signed by the key it carries.
    ///
    /// # Errors
    /// [`CsrError::TooLong`], [`CsrError::Refused`].
    pub fn from_der(der: &[u8]) -> Result<Self, CsrError> {
        if der.len() > Self::MAX_LEN {
            return Err(CsrError::TooLong(der.len()));
        }
        let params =
            CertificateSigningRequestParams::from_der(&CertificateSigningRequestDer::from(der))
                .map_err(|error| CsrError::Refused(error.to_string()))?;
        Ok(Self { params })
    }

    /// Checks that the request asks for nothing but `identity`. One without names is sound: the
    /// authority writes the caller's identity in any case.
    ///
    /// # Errors
    /// [`CsrError::Name`] with the first name that is not the identity.
    pub fn check_names(&self, identity: &SpiffeId) -> Result<(), CsrError> {
        for name in &self.params.params.subject_alt_names {
            match name {
                SanType::URI(uri) if uri.as_str() == identity.as_str() => {}
                SanType::URI(other) | SanType::DnsName(other) | SanType::Rfc822Name(other) => {
                    return Err(CsrError::Name(other.as_str().into()));
                }
                other => return Err(CsrError::Name(format!("{other:?}"))),
            }
        }
        Ok(())
    }

    /// The public key that wants a certificate.
    pub(crate) fn public_key(&self) -> &impl PublicKeyData {
        &self.params.public_key
    }
}
