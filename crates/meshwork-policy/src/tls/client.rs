//! The `tls` of a rule.

use std::sync::Arc;

use meshwork_api::networking::{ClientTlsMode, ClientTlsSettings};

/// Istio's `ClientTLSSettings`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ClientTls {
    /// Which kind of TLS.
    pub mode: TlsMode,
    /// The file with the client's certificate chain.
    pub client_certificate: Option<Arc<str>>,
    /// The file with its key.
    pub private_key: Option<Arc<str>>,
    /// The file with the authorities that the server has to be signed by.
    pub ca_certificates: Option<Arc<str>>,
    /// The secret with certificate and authorities, instead of files.
    pub credential_name: Option<Arc<str>>,
    /// What the server's certificate has to name, any one of them.
    pub subject_alt_names: Box<[Arc<str>]>,
    /// The server name sent.
    pub sni: Option<Arc<str>>,
    /// The server's certificate is not verified at all.
    pub insecure_skip_verify: bool,
    /// The file with revoked certificates.
    pub ca_crl: Option<Arc<str>>,
}

/// `tls.mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "who connects must treat every mode")]
pub enum TlsMode {
    /// Plaintext to every endpoint.
    Disable,
    /// TLS without a client certificate.
    Simple,
    /// TLS with a certificate of the user's.
    Mutual,
    /// The mesh's mutual TLS.
    IstioMutual,
}

impl ClientTls {
    pub(crate) fn new(settings: &ClientTlsSettings) -> Self {
        let text = |text: &str| (!text.is_empty()).then(|| Arc::from(text));
        Self {
            mode: match settings.mode {
                ClientTlsMode::Simple => TlsMode::Simple,
                ClientTlsMode::Mutual => TlsMode::Mutual,
                ClientTlsMode::IstioMutual => TlsMode::IstioMutual,
                _ => TlsMode::Disable,
            },
            client_certificate: text(&settings.client_certificate),
            private_key: text(&settings.private_key),
            ca_certificates: text(&settings.ca_certificates),
            credential_name: text(&settings.credential_name),
            subject_alt_names: settings
                .subject_alt_names
                .iter()
                .map(|name| Arc::from(name.as_str()))
                .collect(),
            sni: text(&settings.sni),
            insecure_skip_verify: settings.insecure_skip_verify == Some(true),
            ca_crl: text(&settings.ca_crl),
        }
    }
}
