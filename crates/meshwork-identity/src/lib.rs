#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod authority;
mod csr;
mod expected_names;
mod peer;
mod rotation;
mod spiffe_id;
mod trust_domain;

pub use authority::{CertificateAuthority, IssueError, IssuedCertificate, Lifetimes};
pub use csr::{Csr, CsrError, WorkloadKey};
pub use expected_names::{ExpectedName, ExpectedNames};
pub use peer::{PeerIdentity, PeerIdentityError, Purpose};
pub use rotation::{CertificateState, Rotation, RotationStep};
pub use spiffe_id::{ParseSpiffeIdError, SpiffeId, WorkloadId};
pub use trust_domain::{ParseTrustDomainError, TrustDomain};
