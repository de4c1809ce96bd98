//! networking/server_tls.

use crate::proto::enumeration;
use crate::proto::message;

message! {
    /// Istio's `ServerTLSSettings`.
    pub struct ServerTlsSettings: "istio.networking.v1alpha3.ServerTLSSettings" {
        /// `httpsRedirect`.
        pub https_redirect: bool = "httpsRedirect",
        /// `mode`.
        pub mode: ServerTlsMode = "mode",
        /// `serverCertificate`.
        pub server_certificate: String = "serverCertificate",
        /// `privateKey`.
        pub private_key: String = "privateKey",
        /// `caCertificates`.
        pub ca_certificates: String = "caCertificates",
        /// `caCrl`.
        pub ca_crl: String = "caCrl",
        /// `credentialName`.
        pub credential_name: String = "credentialName",
        /// `credentialNames`.
        pub credential_names: Vec<String> = "credentialNames",
        /// `caCertCredentialName`.
        pub ca_cert_credential_name: String = "caCertCredentialName",
        /// `tlsCertificates`.
        pub tls_certificates: Vec<TlsCertificate> = "tlsCertificates",
        /// `subjectAltNames`.
        pub subject_alt_names: Vec<String> = "subjectAltNames",
        /// `verifyCertificateSpki`.
        pub verify_certificate_spki: Vec<String> = "verifyCertificateSpki",
        /// `verifyCertificateHash`.
        pub verify_certificate_hash: Vec<String> = "verifyCertificateHash",
        /// `minProtocolVersion`.
        pub min_protocol_version: TlsProtocol = "minProtocolVersion",
        /// `maxProtocolVersion`.
        pub max_protocol_version: TlsProtocol = "maxProtocolVersion",
        /// `cipherSuites`.
        pub cipher_suites: Vec<String> = "cipherSuites",
        /// `insecureSkipVerify`.
        pub insecure_skip_verify: Option<bool> = "insecureSkipVerify",
    }
}

enumeration! {
    /// Istio's `ServerTLSSettings.TLSmode`.
    pub enum ServerTlsMode: "istio.networking.v1alpha3.ServerTLSSettings.TLSmode" {
        /// `PASSTHROUGH`.
        Passthrough = 0 "PASSTHROUGH",
        /// `SIMPLE`.
        Simple = 1 "SIMPLE",
        /// `MUTUAL`.
        Mutual = 2 "MUTUAL",
        /// `AUTO_PASSTHROUGH`.
        AutoPassthrough = 3 "AUTO_PASSTHROUGH",
        /// `ISTIO_MUTUAL`.
        IstioMutual = 4 "ISTIO_MUTUAL",
        /// `OPTIONAL_MUTUAL`.
        OptionalMutual = 5 "OPTIONAL_MUTUAL",
    }
}

enumeration! {
    /// Istio's `ServerTLSSettings.TLSProtocol`.
    pub enum TlsProtocol: "istio.networking.v1alpha3.ServerTLSSettings.TLSProtocol" {
        /// `TLS_AUTO`.
        TlsAuto = 0 "TLS_AUTO",
        /// `TLSV1_0`.
        Tlsv10 = 1 "TLSV1_0",
        /// `TLSV1_1`.
        Tlsv11 = 2 "TLSV1_1",
        /// `TLSV1_2`.
        Tlsv12 = 3 "TLSV1_2",
        /// `TLSV1_3`.
        Tlsv13 = 4 "TLSV1_3",
    }
}

message! {
    /// Istio's `ServerTLSSettings.TLSCertificate`.
    pub struct TlsCertificate: "istio.networking.v1alpha3.ServerTLSSettings.TLSCertificate" {
        /// `serverCertificate`.
        pub server_certificate: String = "serverCertificate",
        /// `privateKey`.
        pub private_key: String = "privateKey",
        /// `caCertificates`.
        pub ca_certificates: String = "caCertificates",
    }
}
