//! Headers that proxies add.

use super::ForwardClientCertDetails;
use crate::proto::{enumeration, message};

message! {
    /// Headers that proxies add.
    ///
    /// Istio's `ProxyConfig.ProxyHeaders`.
    pub struct ProxyHeaders: "istio.mesh.v1alpha1.ProxyConfig.ProxyHeaders" {
        /// What sidecars do with `x-forwarded-client-cert`.
        pub forwarded_client_cert: ForwardClientCertDetails = "forwardedClientCert",
        /// What of the client's certificate is written there.
        pub set_current_client_cert_details: Option<SetCurrentClientCertDetails> = "setCurrentClientCertDetails",
        /// `x-request-id`.
        pub request_id: Option<RequestIdHeader> = "requestId",
        /// `server`.
        pub server: Option<ServerHeader> = "server",
        /// `x-envoy-attempt-count`.
        pub attempt_count: Option<AttemptCountHeader> = "attemptCount",
        /// Headers such as `x-envoy-upstream-service-time`.
        pub envoy_debug_headers: Option<EnvoyDebugHeaders> = "envoyDebugHeaders",
        /// `x-envoy-peer-metadata`.
        pub metadata_exchange_headers: Option<MetadataExchangeHeaders> = "metadataExchangeHeaders",
        /// Whether header names of HTTP/1.1 keep their case.
        pub preserve_http1_header_case: Option<bool> = "preserveHttp1HeaderCase",
        /// `x-forwarded-host`.
        pub x_forwarded_host: Option<XForwardedHost> = "xForwardedHost",
        /// `x-forwarded-port`.
        pub x_forwarded_port: Option<XForwardedPort> = "xForwardedPort",
    }
}

message! {
    /// The header `server`.
    ///
    /// Istio's `ProxyConfig.ProxyHeaders.Server`.
    pub struct ServerHeader: "istio.mesh.v1alpha1.ProxyConfig.ProxyHeaders.Server" {
        /// Whether the application's is kept.
        pub disabled: Option<bool> = "disabled",
        /// The value. Default: `istio-envoy`.
        pub value: String = "value",
    }
}

message! {
    /// The header `x-request-id`.
    ///
    /// Istio's `ProxyConfig.ProxyHeaders.RequestId`.
    pub struct RequestIdHeader: "istio.mesh.v1alpha1.ProxyConfig.ProxyHeaders.RequestId" {
        /// Whether none is made.
        pub disabled: Option<bool> = "disabled",
    }
}

message! {
    /// The header `x-envoy-attempt-count`.
    ///
    /// Istio's `ProxyConfig.ProxyHeaders.AttemptCount`.
    pub struct AttemptCountHeader: "istio.mesh.v1alpha1.ProxyConfig.ProxyHeaders.AttemptCount" {
        /// Whether none is made.
        pub disabled: Option<bool> = "disabled",
    }
}

message! {
    /// The header `x-forwarded-host`.
    ///
    /// Istio's `ProxyConfig.ProxyHeaders.XForwardedHost`.
    pub struct XForwardedHost: "istio.mesh.v1alpha1.ProxyConfig.ProxyHeaders.XForwardedHost" {
        /// Whether it is made.
        pub enabled: Option<bool> = "enabled",
    }
}

message! {
    /// The header `x-forwarded-port`.
    ///
    /// Istio's `ProxyConfig.ProxyHeaders.XForwardedPort`.
    pub struct XForwardedPort: "istio.mesh.v1alpha1.ProxyConfig.ProxyHeaders.XForwardedPort" {
        /// Whether it is made.
        pub enabled: Option<bool> = "enabled",
    }
}

message! {
    /// Envoy's own headers.
    ///
    /// Istio's `ProxyConfig.ProxyHeaders.EnvoyDebugHeaders`.
    pub struct EnvoyDebugHeaders: "istio.mesh.v1alpha1.ProxyConfig.ProxyHeaders.EnvoyDebugHeaders" {
        /// Whether none are made.
        pub disabled: Option<bool> = "disabled",
    }
}

enumeration! {
    /// When metadata headers are sent.
    ///
    /// Istio's `ProxyConfig.ProxyHeaders.MetadataExchangeMode`.
    pub enum MetadataExchangeMode: "istio.mesh.v1alpha1.ProxyConfig.ProxyHeaders.MetadataExchangeMode" {
        /// Always.
        Undefined = 0 "UNDEFINED",
        /// To services of the mesh only.
        InMesh = 1 "IN_MESH",
    }
}

message! {
    /// Metadata headers.
    ///
    /// Istio's `ProxyConfig.ProxyHeaders.MetadataExchangeHeaders`.
    pub struct MetadataExchangeHeaders: "istio.mesh.v1alpha1.ProxyConfig.ProxyHeaders.MetadataExchangeHeaders" {
        /// When they are sent.
        pub mode: MetadataExchangeMode = "mode",
    }
}

message! {
    /// What of the client's certificate is written to `x-forwarded-client-cert`.
    ///
    /// Istio's `ProxyConfig.ProxyHeaders.SetCurrentClientCertDetails`.
    pub struct SetCurrentClientCertDetails: "istio.mesh.v1alpha1.ProxyConfig.ProxyHeaders.SetCurrentClientCertDetails" {
        /// The subject. Default: true.
        pub subject: Option<bool> = "subject",
        /// The certificate.
        pub cert: Option<bool> = "cert",
        /// The chain.
        pub chain: Option<bool> = "chain",
        /// The DNS names. Default: true.
        pub dns: Option<bool> = "dns",
        /// The URI. Default: true.
        pub uri: Option<bool> = "uri",
    }
}
