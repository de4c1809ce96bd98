//! TLS towards a destination: what a rule says, and what comes of it for a cluster.

mod client;
mod upstream;

pub use client::{ClientTls, TlsMode};
pub use upstream::{Certificate, CertificateAuthority, TlsKind, Transport, UpstreamTls};

pub(crate) use upstream::{TlsInput, transport};
