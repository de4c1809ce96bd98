//! TLS: routes by server name, and what a listener ends itself.

mod chains;
mod server;

pub(crate) use chains::tls_chains;
pub use server::{CertificateSource, ClientCertificate, ServerTls, TlsVersion};
