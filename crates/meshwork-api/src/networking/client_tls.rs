//! TLS towards a destination.

use crate::proto::{enumeration, message};

message! {
    /// How TLS is spoken to a destination.
    ///
    /// Istio's `ClientTLSSettings`.
    pub struct ClientTlsSettings: "istio.networking.v1alpha3.ClientTLSSettings" {
        /// Whether, and with which certificate.
        pub mode: ClientTlsMode = "mode",
        /// The file of the client's certificate chain, for `MUTUAL`.
        pub client_certificate: String = "clientCertificate",
        /// The file of its key, for `MUTUAL`.
        pub private_key: String = "privateKey",
        /// The file of the authorities that servers are checked with; empty for the system's.
        pub ca_certificates: String = "caCertificates",
        /// The Secret that holds certificate, key and authorities, in the place of files.
        pub credential_name: String = "credentialName",
        /// Names of which the server's certificate must have one; empty for those of the mesh or
        /// the host.
        pub subject_alt_names: Vec<String> = "subjectAltNames",
        /// The name for the TLS handshake.
        pub sni: String = "sni",
        /// Whether servers are not checked at all. Default: false.
        pub insecure_skip_verify: Option<bool> = "insecureSkipVerify",
        /// The file of revoked certificates.
        pub ca_crl: String = "caCrl",
    }
}

enumeration! {
    /// Whether TLS is spoken to a destination.
    ///
    /// Istio's `ClientTLSSettings.TLSmode`.
    pub enum ClientTlsMode: "istio.networking.v1alpha3.ClientTLSSettings.TLSmode" {
        /// No TLS.
        Disable = 0 "DISABLE",
        /// TLS without a client certificate.
        Simple = 1 "SIMPLE",
        /// TLS with the client certificate given here.
        Mutual = 2 "MUTUAL",
        /// TLS with the certificate of the workload.
        IstioMutual = 3 "ISTIO_MUTUAL",
    }
}
