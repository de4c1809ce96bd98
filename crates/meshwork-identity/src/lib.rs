#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod authority;
mod credential;
mod csr;
mod expected_names;
mod peer;
mod random;
mod rotation;
mod source;
mod spiffe_id;
mod svid;
#[cfg(feature = "rustls")]
pub mod tls;
mod trust_bundle;
mod trust_domain;

pub use authority::{CertificateAuthority, IssueError, IssuedCertificate, Lifetimes};
pub use credential::{Credential, CredentialError, CredentialValidator, StaticTokens};
#[cfg(feature = "jwt")]
pub use credential::{JwksError, ServiceAccountTokens};
pub use csr::{Csr, CsrError, WorkloadKey};
pub use expected_names::{ExpectedName, ExpectedNames};
pub use peer::{PeerIdentity, PeerIdentityError, Purpose};
pub use rotation::{CertificateState, Rotation, RotationStep};
#[cfg(feature = "file")]
pub use source::FileSource;
pub use source::{
    AuthoritySource, CertificateService, CreateCertificateError, SvidFuture, SvidSource,
    SvidSourceError,
};
pub use spiffe_id::{ParseSpiffeIdError, SpiffeId, WorkloadId};
pub use svid::{Svid, SvidError, X509Context};
pub use trust_bundle::{TrustBundle, TrustBundleError, TrustBundles};
pub use trust_domain::{ParseTrustDomainError, TrustDomain};
