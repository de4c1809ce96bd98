//! A certificate authority for workloads, in process.

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, SanType, SerialNumber,
};
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use time::{Duration, OffsetDateTime};
use x509_parser::{certificate::X509Certificate, prelude::FromDer};

use crate::{Csr, CsrError, SpiffeId, TrustDomain, random};

/// Signs the certificates of workloads, with Istio's constraints.
///
/// A leaf names one identity in a critical URI name, is CA:FALSE, may be used by servers and
/// clients, and begins two minutes in the past, so that clocks may differ a little.
pub struct CertificateAuthority {
    issuer: Issuer<'static, KeyPair>,
    /// Signing certificate first, then what leads to the root (the root left out).
    intermediates: Vec<CertificateDer<'static>>,
    root: CertificateDer<'static>,
    not_after: OffsetDateTime,
    lifetimes: Lifetimes,
}

/// How long certificates live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lifetimes {
    /// Where a request names none: 24 h, Istio's `DEFAULT_WORKLOAD_CERT_TTL`.
    pub default: Duration,
    /// The most a request may ask for: 90 days, Istio's `MAX_WORKLOAD_CERT_TTL`.
    pub max: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self { default: Duration::hours(24), max: Duration::days(90) }
    }
}

/// A certificate that was issued, with what its peers need to verify it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IssuedCertificate {
    /// The leaf, then the intermediates.
    pub chain: Vec<CertificateDer<'static>>,
    /// The root that the chain leads to.
    pub root: CertificateDer<'static>,
    /// When the leaf ends.
    pub not_after: OffsetDateTime,
}

/// The authority cannot be made, or does not sign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// More than [`Lifetimes::max`] is asked for. It is refused, not shortened, as in Istio.
    #[error("a lifetime of {requested} s is more than the {max} s that are allowed")]
    Lifetime {
        /// What was asked for, in seconds.
        requested: i64,
        /// What is allowed, in seconds.
        max: i64,
    },
    /// The authority's own certificate has ended.
    #[error("the signing certificate has expired")]
    Expired,
    /// The request asks for what the caller may not have.
    #[error(transparent)]
    Request(#[from] CsrError),
    /// The given certificate is not one of an authority, or the key is another one's.
    #[error("the signing certificate cannot be used: {0}")]
    Authority(String),
    /// Signing failed.
    #[error("signing failed: {0}")]
    Sign(String),
}

impl IssueError {
    fn sign(error: impl std::fmt::Display) -> Self {
        Self::Sign(error.to_string())
    }

    fn authority(error: impl std::fmt::Display) -> Self {
        Self::Authority(error.to_string())
    }
}

impl CertificateAuthority {
    /// An authority with a root of its own, valid for `lifetime` from `now` on.
    ///
    /// # Errors
    /// Where key or certificate cannot be made.
    pub fn self_signed(
        trust_domain: &TrustDomain,
        now: OffsetDateTime,
        lifetime: Duration,
    ) -> Result<Self, IssueError> {
        let key = KeyPair::generate().map_err(IssueError::sign)?;
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::OrganizationName, trust_domain.as_str());
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params.not_before = now - BACKDATING;
        params.not_after = now + lifetime;
        let not_after = params.not_after;
        let root = params.self_signed(&key).map_err(IssueError::sign)?.der().clone();
        Ok(Self {
            issuer: Issuer::new(params, key),
            intermediates: Vec::new(),
            root,
            not_after,
            lifetimes: Lifetimes::default(),
        })
    }

    /// An authority whose signing certificate was issued by somebody else, as Istio's `cacerts`
    /// plugs one in. `chain` leads from the signing certificate (first) up to, but without, the
    /// root.
    ///
    /// # Errors
    /// [`IssueError::Authority`] where the chain is empty, its first certificate is not CA:TRUE, or
    /// the key does not belong to it.
    pub fn with_signing_certificate(
        chain: Vec<CertificateDer<'static>>,
        key: &PrivatePkcs8KeyDer<'_>,
        root: CertificateDer<'static>,
    ) -> Result<Self, IssueError> {
        let signing = chain.first().ok_or_else(|| IssueError::authority("the chain is empty"))?;
        let key = KeyPair::try_from(key).map_err(IssueError::authority)?;
        let (_, parsed) = X509Certificate::from_der(signing).map_err(IssueError::authority)?;
        if !parsed.is_ca() {
            return Err(IssueError::authority("it is not CA:TRUE"));
        }
        let spki = rcgen::PublicKeyData::subject_public_key_info(&key);
        if parsed.public_key().raw != spki.as_slice() {
            return Err(IssueError::authority("the key is not the certificate's"));
        }
        let not_after = parsed.validity().not_after.to_datetime();
        let issuer = Issuer::from_ca_cert_der(signing, key).map_err(IssueError::authority)?;
        Ok(Self { issuer, intermediates: chain, root, not_after, lifetimes: Lifetimes::default() })
    }

    /// Other lifetimes than Istio's defaults.
    #[must_use]
    pub fn lifetimes(mut self, lifetimes: Lifetimes) -> Self {
        self.lifetimes = lifetimes;
        self
    }

    /// The root that peers have to trust.
    pub fn root(&self) -> &CertificateDer<'static> {
        &self.root
    }

    /// Signs a request for the identity that the caller's credential proved.
    ///
    /// Nothing of the request but its public key goes into the certificate; names that it asks for
    /// have to be the caller's. `lifetime` of `None` or of zero and less means the default; the
    /// certificate never outlives the authority's own.
    ///
    /// # Errors
    /// See [`IssueError`].
    pub fn issue(
        &self,
        request: &Csr,
        identity: &SpiffeId,
        lifetime: Option<Duration>,
        now: OffsetDateTime,
    ) -> Result<IssuedCertificate, IssueError> {
        request.check_names(identity)?;
        if now >= self.not_after {
            return Err(IssueError::Expired);
        }
        let asked = lifetime.filter(|asked| asked.is_positive()).unwrap_or(self.lifetimes.default);
        if asked > self.lifetimes.max {
            return Err(IssueError::Lifetime {
                requested: asked.whole_seconds(),
                max: self.lifetimes.max.whole_seconds(),
            });
        }
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        let uri = identity.as_str().try_into().map_err(IssueError::sign)?;
        params.subject_alt_names = vec![SanType::URI(uri)];
        params.key_usages =
            vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        params.is_ca = IsCa::ExplicitNoCa;
        params.use_authority_key_identifier_extension = true;
        params.serial_number = Some(serial()?);
        params.not_before = now - BACKDATING;
        params.not_after = (now + asked).min(self.not_after);
        let leaf =
            params.signed_by(request.public_key(), &self.issuer).map_err(IssueError::sign)?;
        let mut chain = vec![leaf.der().clone()];
        chain.extend(self.intermediates.iter().cloned());
        Ok(IssuedCertificate { chain, root: self.root.clone(), not_after: params.not_after })
    }
}

impl std::fmt::Debug for CertificateAuthority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CertificateAuthority")
            .field("not_after", &self.not_after)
            .field("lifetimes", &self.lifetimes)
            .finish_non_exhaustive()
    }
}

/// How far certificates begin in the past.
const BACKDATING: Duration = Duration::minutes(2);

/// 128 random bits, the first of them clear so that the number is positive.
fn serial() -> Result<SerialNumber, IssueError> {
    let mut bytes = [0; 16];
    if !random::fill(&mut bytes) {
        return Err(IssueError::Sign("the operating system gives no randomness".into()));
    }
    let [first, ..] = &mut bytes;
    *first &= 0x7f;
    Ok(SerialNumber::from(bytes.to_vec()))
}
