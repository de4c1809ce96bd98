//! TLS that is not the mesh's: certificates and authorities from files and secrets.

mod material;
mod server;
mod verifier;

pub(crate) use material::{ClientMaterials, MaterialError};
pub(crate) use server::{ServerConfigs, without_resumption};
pub(crate) use verifier::{Pins, UserVerifier};

use rustls::crypto::{
    CryptoProvider,
    hash::{HashAlgorithm, Output},
};

/// SHA-256, by whichever of the provider's cipher suites uses it.
pub(crate) fn sha256(bytes: &[u8], provider: &CryptoProvider) -> Option<Output> {
    let suites = provider.cipher_suites.iter().filter_map(|suite| suite.tls13());
    let mut hashes = suites.map(|suite| suite.common.hash_provider);
    Some(hashes.find(|hash| hash.algorithm() == HashAlgorithm::SHA256)?.hash(bytes))
}
