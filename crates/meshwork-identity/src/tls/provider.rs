//! The cryptography of the mesh's TLS.

#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
use std::sync::Arc;

#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
use rustls::{CipherSuite, SupportedCipherSuite, crypto::CryptoProvider};

/// A provider with the cipher suites that Istio sets: with TLS 1.2 ECDHE and AES-GCM only, with
/// TLS 1.3 all.
///
/// Istio's list also has two suites without forward secrecy, which rustls does not know. aws-lc-rs
/// provides where its feature is on, else ring.
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
pub fn provider() -> Arc<CryptoProvider> {
    #[cfg(feature = "aws-lc-rs")]
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    #[cfg(not(feature = "aws-lc-rs"))]
    let mut provider = rustls::crypto::ring::default_provider();
    provider.cipher_suites.retain(is_istios);
    Arc::new(provider)
}

#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
fn is_istios(suite: &SupportedCipherSuite) -> bool {
    suite.tls13().is_some()
        || matches!(
            suite.suite(),
            CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
                | CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
                | CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
                | CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
        )
}

#[cfg(all(test, any(feature = "aws-lc-rs", feature = "ring")))]
mod tests {
    #[test]
    fn tls12_is_forward_secret_aes_gcm() {
        let provider = super::provider();
        let old = provider.cipher_suites.iter().filter(|suite| suite.tls13().is_none());
        assert_eq!(old.count(), 4);
        assert_eq!(provider.cipher_suites.len(), 7);
    }
}
