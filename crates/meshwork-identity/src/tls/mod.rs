//! Verifiers and certificate resolvers for rustls.
//!
//! What a handshake needs is one value, [`TlsIdentity`], made from an [`X509Context`] when the
//! certificate changes. Verifiers and resolvers read the one in force at each handshake
//! ([`LiveIdentity`]), so a rotation needs no new TLS configuration and disturbs nobody. The
//! cryptographic provider is always an argument; the process's default is never looked at.
//!
//! [`X509Context`]: crate::X509Context

mod chain;
mod identity;
mod provider;
mod resolver;
mod signatures;
mod verifier;

use meshwork_core::Live;

pub use chain::valid_until;
pub use identity::{TlsIdentity, TlsIdentityError, VerifyError};
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
pub use provider::provider;
pub use resolver::WorkloadCertificate;
pub use signatures::{CertificateVerifier, CheckClient, CheckServer};
pub use verifier::{ClientVerifier, MeshClients, MeshServers, ServerVerifier};

/// The identity in force; `None` until the first certificate came.
pub type LiveIdentity = Live<Option<TlsIdentity>>;
