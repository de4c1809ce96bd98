//! TLS that is not the mesh's: certificates and authorities from files and secrets.

mod material;
mod server;
mod verifier;

pub(crate) use material::{ClientMaterials, MaterialError};
pub(crate) use server::{ServerConfigs, restricted, with_suites};
pub(crate) use verifier::{Pins, UserCheck};

use rustls::{
    SupportedCipherSuite,
    crypto::{
        CryptoProvider,
        hash::{HashAlgorithm, Output},
    },
};

/// SHA-256, by whichever of the provider's cipher suites uses it.
pub(crate) fn sha256(bytes: &[u8], provider: &CryptoProvider) -> Option<Output> {
    let suites = provider.cipher_suites.iter().filter_map(SupportedCipherSuite::tls13);
    let mut hashes = suites.map(|suite| suite.common.hash_provider);
    Some(hashes.find(|hash| hash.algorithm() == HashAlgorithm::SHA256)?.hash(bytes))
}

/// Why a handshake failed, in the verifier's own words where it was the verifier.
pub(crate) fn reason(error: &std::io::Error) -> String {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidCertificate(rustls::CertificateError::Other(other))) => {
            format!("invalid peer certificate: {}", other.0)
        }
        _ => error.to_string(),
    }
}
