//! Certificates from an authority in this process.

use std::{fmt, sync::Arc};

use time::{Duration, OffsetDateTime};
use zeroize::Zeroizing;

use super::{SvidFuture, SvidSource, SvidSourceError};
use crate::{
    CertificateAuthority, Credential, CredentialError, CredentialValidator, Csr, IssueError,
    IssuedCertificate, SpiffeId, TrustBundle, TrustBundles, TrustDomain, WorkloadKey, X509Context,
};

/// An authority that asks who wants a certificate before it signs one.
///
/// This is what Istio's `CreateCertificate` does: the credential says who the caller is, and the
/// certificate names that identity and no other.
#[derive(Debug)]
pub struct CertificateService {
    authority: CertificateAuthority,
    validator: Box<dyn CredentialValidator>,
}

/// No certificate is issued.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CreateCertificateError {
    /// The caller is not known. The text is for the log; callers are told no more than that.
    #[error("request authenticate failure: {0}")]
    Unauthenticated(#[from] CredentialError),
    /// The request is not signed.
    #[error("certificate signing request error: {0}")]
    Issue(#[from] IssueError),
}

impl CertificateService {
    /// An authority behind a validator of credentials.
    pub fn new(authority: CertificateAuthority, validator: impl CredentialValidator) -> Self {
        Self { authority, validator: Box::new(validator) }
    }

    /// Signs a request (PKCS#10, DER) for whoever the credential proves the caller to be.
    ///
    /// # Errors
    /// [`CreateCertificateError`].
    pub fn create_certificate(
        &self,
        request: &[u8],
        credential: &Credential<'_>,
        lifetime: Option<Duration>,
        now: OffsetDateTime,
    ) -> Result<IssuedCertificate, CreateCertificateError> {
        // Who asks comes first: strangers get nothing parsed.
        let identity = self.validator.identity(credential, now)?;
        let request = Csr::from_der(request).map_err(IssueError::from)?;
        Ok(self.authority.issue(&request, &identity, lifetime, now)?)
    }

    /// The authority.
    pub fn authority(&self) -> &CertificateAuthority {
        &self.authority
    }
}

/// A workload's certificates from a [`CertificateService`] in this process.
pub struct AuthoritySource {
    service: Arc<CertificateService>,
    identity: SpiffeId,
    token: Zeroizing<String>,
    lifetime: Option<Duration>,
    aliases: Vec<TrustDomain>,
    federated: Vec<TrustBundle>,
}

impl AuthoritySource {
    /// Asks `service` for certificates of `identity`, with `token` as the credential.
    pub fn new(
        service: Arc<CertificateService>,
        identity: SpiffeId,
        token: impl Into<String>,
    ) -> Self {
        Self {
            service,
            identity,
            token: Zeroizing::new(token.into()),
            lifetime: None,
            aliases: Vec::new(),
            federated: Vec::new(),
        }
    }

    /// How long certificates live; the authority's default where nothing is said.
    #[must_use]
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = Some(lifetime);
        self
    }

    /// Accepts peers of another name of the trust domain, see [`TrustBundles::alias`].
    #[must_use]
    pub fn alias(mut self, trust_domain: TrustDomain) -> Self {
        self.aliases.push(trust_domain);
        self
    }

    /// Accepts peers of another trust domain, see [`TrustBundles::federate`].
    #[must_use]
    pub fn federate(mut self, bundle: TrustBundle) -> Self {
        self.federated.push(bundle);
        self
    }

    fn create(&self, now: OffsetDateTime) -> Result<X509Context, SvidSourceError> {
        let failed =
            |error: &dyn fmt::Display| SvidSourceError::new("certificate authority", error);
        // A key serves for one certificate.
        let key = WorkloadKey::generate().map_err(|error| failed(&error))?;
        let request = key.request(&self.identity).map_err(|error| failed(&error))?;
        let credential = Credential::Token(&self.token);
        let issued = self
            .service
            .create_certificate(&request, &credential, self.lifetime, now)
            .map_err(|error| failed(&error))?;
        let svid = key.into_svid(issued.chain).map_err(|error| failed(&error))?;
        let own = TrustBundle::new(self.identity.trust_domain().clone(), [issued.root])
            .map_err(|error| failed(&error))?;
        let bundles =
            self.aliases.iter().cloned().fold(TrustBundles::new(own), TrustBundles::alias);
        let bundles = self.federated.iter().cloned().fold(bundles, TrustBundles::federate);
        Ok(X509Context::new(svid, bundles))
    }
}

impl SvidSource for AuthoritySource {
    fn fetch(&self, now: OffsetDateTime) -> SvidFuture<'_> {
        Box::pin(std::future::ready(self.create(now)))
    }
}

impl fmt::Debug for AuthoritySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthoritySource")
            .field("identity", &self.identity)
            .field("lifetime", &self.lifetime)
            .finish_non_exhaustive()
    }
}
