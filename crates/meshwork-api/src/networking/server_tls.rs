//! TLS towards clients.

use crate::proto::{enumeration, message};

message! {
    /// TLS towards clients.
    ///
    /// Istio's `ServerTLSSettings`.
    pub struct ServerTlsSettings: "istio.networking.v1alpha3.ServerTLSSettings" {
        /// Whether plaintext requests are redirected to HTTPS.
        pub https_redirect: bool = "httpsRedirect",
        /// Whether TLS is terminated, and what clients have to show.
        pub mode: ServerTlsMode = "mode",
        /// The file of the server's certificate chain.
        pub server_certificate: String = "serverCertificate",
        /// The file of its key.
        pub private_key: String = "privateKey",
        /// The file of the authorities that clients are checked with.
        pub ca_certificates: String = "caCertificates",
        /// The file of revoked certificates.
        pub ca_crl: String = "caCrl",
        /// The Secret that holds the certificate, in the place of files.
        pub credential_name: String = "credentialName",
        /// Several such Secrets, one per kind of key.
        pub credential_names: Vec<String> = "credentialNames",
        /// The Secret that holds the authorities alone.
        pub ca_cert_credential_name: String = "caCertCredentialName",
        /// Several certificates as files, one per kind of key.
        pub tls_certificates: Vec<TlsCertificate> = "tlsCertificates",
        /// Names of which the client's certificate must have one; empty for any.
        pub subject_alt_names: Vec<String> = "subjectAltNames",
        /// Base64 SHA-256 hashes of keys of which the client's must be one.
        pub verify_certificate_spki: Vec<String> = "verifyCertificateSpki",
        /// Hexadecimal SHA-256 hashes of certificates of which the client's must be one.
        pub verify_certificate_hash: Vec<String> = "verifyCertificateHash",
        /// The lowest TLS version. Default: 1.2.
        pub min_protocol_version: TlsProtocol = "minProtocolVersion",
        /// The highest TLS version. Default: 1.3.
        pub max_protocol_version: TlsProtocol = "maxProtocolVersion",
        /// Cipher suites for TLS up to 1.2, by OpenSSL's names; empty for the default.
        pub cipher_suites: Vec<String> = "cipherSuites",
        /// Whether client certificates are not checked.
        pub insecure_skip_verify: Option<bool> = "insecureSkipVerify",
        /// Curves for the key exchange, by name; empty for the default.
        pub ecdh_curves: Vec<String> = "ecdhCurves",
    }
}

enumeration! {
    /// What a server does about TLS.
    ///
    /// Istio's `ServerTLSSettings.TLSmode`.
    pub enum ServerTlsMode: "istio.networking.v1alpha3.ServerTLSSettings.TLSmode" {
        /// Forwards the encrypted connection by its SNI.
        Passthrough = 0 "PASSTHROUGH",
        /// Terminates TLS.
        Simple = 1 "SIMPLE",
        /// Terminates TLS and asks for a client certificate.
        Mutual = 2 "MUTUAL",
        /// Forwards to the service that the SNI encodes, without a route.
        AutoPassthrough = 3 "AUTO_PASSTHROUGH",
        /// Terminates TLS with the certificate of the workload and asks for one of the mesh.
        IstioMutual = 4 "ISTIO_MUTUAL",
        /// Terminates TLS; a client certificate is checked where there is one.
        OptionalMutual = 5 "OPTIONAL_MUTUAL",
    }
}

enumeration! {
    /// Versions of TLS.
    ///
    /// Istio's `ServerTLSSettings.TLSProtocol`.
    pub enum TlsProtocol: "istio.networking.v1alpha3.ServerTLSSettings.TLSProtocol" {
        /// The default.
        TlsAuto = 0 "TLS_AUTO",
        /// TLS 1.0.
        Tlsv10 = 1 "TLSV1_0",
        /// TLS 1.1.
        Tlsv11 = 2 "TLSV1_1",
        /// TLS 1.2.
        Tlsv12 = 3 "TLSV1_2",
        /// TLS 1.3.
        Tlsv13 = 4 "TLSV1_3",
    }
}

message! {
    /// A certificate as files.
    ///
    /// Istio's `ServerTLSSettings.TLSCertificate`.
    pub struct TlsCertificate: "istio.networking.v1alpha3.ServerTLSSettings.TLSCertificate" {
        /// The file of the certificate chain.
        pub server_certificate: String = "serverCertificate",
        /// The file of the key.
        pub private_key: String = "privateKey",
        /// The file of the authorities that clients are checked with.
        pub ca_certificates: String = "caCertificates",
    }
}
