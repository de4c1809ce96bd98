//! mesh/control.

use crate::Duration;
use crate::networking::ClientTlsSettings;
use crate::proto::enumeration;
use crate::proto::message;
use crate::proto::oneof;

message! {
    /// Istio's `MeshConfig.CertificateData`.
    pub struct CertificateData: "istio.mesh.v1alpha1.MeshConfig.CertificateData" {
        /// `certificate_data`.
        pub certificate_data: Option<CertificateSource> = oneof,
        /// `certSigners`.
        pub cert_signers: Vec<String> = "certSigners",
        /// `trustDomains`.
        pub trust_domains: Vec<String> = "trustDomains",
    }
}

oneof! {
    /// The members of `MeshConfig.CertificateData.certificate_data`.
    pub enum CertificateSource {
        /// `pem`.
        Pem(String) = "pem",
        /// `spiffeBundleUrl`.
        SpiffeBundleUrl(String) = "spiffeBundleUrl",
    }
}

message! {
    /// Istio's `MeshConfig.CA`.
    pub struct Ca: "istio.mesh.v1alpha1.MeshConfig.CA" {
        /// `address`.
        pub address: String = "address",
        /// `tlsSettings`.
        pub tls_settings: Option<ClientTlsSettings> = "tlsSettings",
        /// `requestTimeout`.
        pub request_timeout: Option<Duration> = "requestTimeout",
        /// `istiodSide`.
        pub istiod_side: bool = "istiodSide",
    }
}

message! {
    /// Istio's `MeshConfig.TLSConfig`.
    pub struct TlsConfig: "istio.mesh.v1alpha1.MeshConfig.TLSConfig" {
        /// `minProtocolVersion`.
        pub min_protocol_version: TlsProtocol = "minProtocolVersion",
        /// `ecdhCurves`.
        pub ecdh_curves: Vec<String> = "ecdhCurves",
        /// `cipherSuites`.
        pub cipher_suites: Vec<String> = "cipherSuites",
    }
}

enumeration! {
    /// Istio's `MeshConfig.TLSConfig.TLSProtocol`.
    pub enum TlsProtocol: "istio.mesh.v1alpha1.MeshConfig.TLSConfig.TLSProtocol" {
        /// `TLS_AUTO`.
        TlsAuto = 0 "TLS_AUTO",
        /// `TLSV1_2`.
        Tlsv12 = 1 "TLSV1_2",
        /// `TLSV1_3`.
        Tlsv13 = 2 "TLSV1_3",
    }
}

message! {
    /// Istio's `MeshConfig.DefaultProviders`.
    pub struct DefaultProviders: "istio.mesh.v1alpha1.MeshConfig.DefaultProviders" {
        /// `tracing`.
        pub tracing: Vec<String> = "tracing",
        /// `metrics`.
        pub metrics: Vec<String> = "metrics",
        /// `accessLogging`.
        pub access_logging: Vec<String> = "accessLogging",
    }
}

message! {
    /// Istio's `ConfigSource`.
    pub struct ConfigSource: "istio.mesh.v1alpha1.ConfigSource" {
        /// `address`.
        pub address: String = "address",
        /// `tlsSettings`.
        pub tls_settings: Option<ClientTlsSettings> = "tlsSettings",
        /// `subscribedResources`.
        pub subscribed_resources: Vec<SubscribedResource> = "subscribedResources",
    }
}

enumeration! {
    /// Istio's `Resource`.
    pub enum SubscribedResource: "istio.mesh.v1alpha1.Resource" {
        /// `SERVICE_REGISTRY`.
        ServiceRegistry = 0 "SERVICE_REGISTRY",
    }
}

message! {
    /// Istio's `Certificate`.
    pub struct Certificate: "istio.mesh.v1alpha1.Certificate" {
        /// `secretName`.
        pub secret_name: String = "secretName",
        /// `dnsNames`.
        pub dns_names: Vec<String> = "dnsNames",
    }
}
