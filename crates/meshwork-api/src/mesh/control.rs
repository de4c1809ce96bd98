//! Settings of MeshConfig about certificates and the control plane.

use crate::Duration;
use crate::networking::ClientTlsSettings;
use crate::proto::{enumeration, message, oneof};

message! {
    /// An authority.
    ///
    /// Istio's `MeshConfig.CertificateData`.
    pub struct CertificateData: "istio.mesh.v1alpha1.MeshConfig.CertificateData" {
        /// The certificates; at most one.
        pub certificate_data: Option<CertificateSource> = oneof,
        /// Kubernetes signers that it is for.
        pub cert_signers: Vec<String> = "certSigners",
        /// Trust domains that it is for.
        pub trust_domains: Vec<String> = "trustDomains",
    }
}

oneof! {
    /// Where the certificates of an authority are.
    pub enum CertificateSource {
        /// Here, as PEM.
        Pem(String) = "pem",
        /// At this address, as a SPIFFE bundle.
        SpiffeBundleUrl(String) = "spiffeBundleUrl",
    }
}

message! {
    /// An external authority that signs for workloads.
    ///
    /// Istio's `MeshConfig.CA`.
    pub struct Ca: "istio.mesh.v1alpha1.MeshConfig.CA" {
        /// Where it is.
        pub address: String = "address",
        /// TLS to it.
        pub tls_settings: Option<ClientTlsSettings> = "tlsSettings",
        /// How long a request may take. Default: 10s.
        pub request_timeout: Option<Duration> = "requestTimeout",
        /// Whether the control plane asks it, not the workload. Default: true.
        pub istiod_side: bool = "istiodSide",
    }
}

message! {
    /// Settings of TLS.
    ///
    /// Istio's `MeshConfig.TLSConfig`.
    pub struct TlsConfig: "istio.mesh.v1alpha1.MeshConfig.TLSConfig" {
        /// The lowest version. Default: 1.2.
        pub min_protocol_version: TlsProtocol = "minProtocolVersion",
        /// Curves, by name.
        pub ecdh_curves: Vec<String> = "ecdhCurves",
        /// Cipher suites for TLS up to 1.2, by OpenSSL's names.
        pub cipher_suites: Vec<String> = "cipherSuites",
    }
}

enumeration! {
    /// Versions of TLS.
    ///
    /// Istio's `MeshConfig.TLSConfig.TLSProtocol`.
    pub enum TlsProtocol: "istio.mesh.v1alpha1.MeshConfig.TLSConfig.TLSProtocol" {
        /// The default.
        TlsAuto = 0 "TLS_AUTO",
        /// TLS 1.2.
        Tlsv12 = 1 "TLSV1_2",
        /// TLS 1.3.
        Tlsv13 = 2 "TLSV1_3",
    }
}

message! {
    /// The providers where a Telemetry does not say.
    ///
    /// Istio's `MeshConfig.DefaultProviders`.
    pub struct DefaultProviders: "istio.mesh.v1alpha1.MeshConfig.DefaultProviders" {
        /// Of traces.
        pub tracing: Vec<String> = "tracing",
        /// Of metrics.
        pub metrics: Vec<String> = "metrics",
        /// Of access logs.
        pub access_logging: Vec<String> = "accessLogging",
    }
}

message! {
    /// A source of configuration.
    ///
    /// Istio's `ConfigSource`.
    pub struct ConfigSource: "istio.mesh.v1alpha1.ConfigSource" {
        /// Where it is: `xds://`, `fs://`, `k8s://`.
        pub address: String = "address",
        /// TLS to it.
        pub tls_settings: Option<ClientTlsSettings> = "tlsSettings",
        /// What is asked of it.
        pub subscribed_resources: Vec<SubscribedResource> = "subscribedResources",
    }
}

enumeration! {
    /// What is asked of a source.
    ///
    /// Istio's `Resource`.
    pub enum SubscribedResource: "istio.mesh.v1alpha1.Resource" {
        /// Services.
        ServiceRegistry = 0 "SERVICE_REGISTRY",
    }
}

message! {
    /// A DNS certificate.
    ///
    /// Istio's `Certificate`.
    pub struct Certificate: "istio.mesh.v1alpha1.Certificate" {
        /// The Secret that holds it.
        pub secret_name: String = "secretName",
        /// Its names.
        pub dns_names: Vec<String> = "dnsNames",
    }
}
