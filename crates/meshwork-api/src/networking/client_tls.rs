//! networking/client_tls.

use crate::proto::enumeration;
use crate::proto::message;

message! {
    /// Istio's `ClientTLSSettings`.
    pub struct ClientTlsSettings: "istio.networking.v1alpha3.ClientTLSSettings" {
        /// `mode`.
        pub mode: ClientTlsMode = "mode",
        /// `clientCertificate`.
        pub client_certificate: String = "clientCertificate",
        /// `privateKey`.
        pub private_key: String = "privateKey",
        /// `caCertificates`.
        pub ca_certificates: String = "caCertificates",
        /// `credentialName`.
        pub credential_name: String = "credentialName",
        /// `subjectAltNames`.
        pub subject_alt_names: Vec<String> = "subjectAltNames",
        /// `sni`.
        pub sni: String = "sni",
        /// `insecureSkipVerify`.
        pub insecure_skip_verify: Option<bool> = "insecureSkipVerify",
        /// `caCrl`.
        pub ca_crl: String = "caCrl",
    }
}

enumeration! {
    /// Istio's `ClientTLSSettings.TLSmode`.
    pub enum ClientTlsMode: "istio.networking.v1alpha3.ClientTLSSettings.TLSmode" {
        /// `DISABLE`.
        Disable = 0 "DISABLE",
        /// `SIMPLE`.
        Simple = 1 "SIMPLE",
        /// `MUTUAL`.
        Mutual = 2 "MUTUAL",
        /// `ISTIO_MUTUAL`.
        IstioMutual = 3 "ISTIO_MUTUAL",
    }
}
