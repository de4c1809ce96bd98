//! mesh/proxy_headers.

use super::ForwardClientCertDetails;
use crate::proto::enumeration;
use crate::proto::message;

message! {
    /// Istio's `ProxyConfig.ProxyHeaders`.
    pub struct ProxyHeaders: "istio.mesh.v1alpha1.ProxyConfig.ProxyHeaders" {
        /// `forwardedClientCert`.
        pub forwarded_client_cert: ForwardClientCertDetails = "forwardedClientCert",
        /// `setCurrentClientCertDetails`.
        pub set_current_client_cert_details: Option<SetCurrentClientCertDetails> = "setCurrentClientCertDetails",
        /// `requestId`.
        pub request_id: Option<RequestIdHeader> = "requestId",
        /// `server`.
        pub server: Option<ServerHeader> = "server",
        /// `attemptCount`.
        pub attempt_count: Option<AttemptCountHeader> = "attemptCount",
        /// `envoyDebugHeaders`.
        pub envoy_debug_headers: Option<EnvoyDebugHeaders> = "envoyDebugHeaders",
        /// `metadataExchangeHeaders`.
        pub metadata_exchange_headers: Option<MetadataExchangeHeaders> = "metadataExchangeHeaders",
        /// `preserveHttp1HeaderCase`.
        pub preserve_http1_header_case: Option<bool> = "preserveHttp1HeaderCase",
        /// `xForwardedHost`.
        pub x_forwarded_host: Option<XForwardedHost> = "xForwardedHost",
        /// `xForwardedPort`.
        pub x_forwarded_port: Option<XForwardedPort> = "xForwardedPort",
    }
}

message! {
    /// Istio's `ProxyConfig.ProxyHeaders.Server`.
    pub struct ServerHeader: "istio.mesh.v1alpha1.ProxyConfig.ProxyHeaders.Server" {
        /// `disabled`.
        pub disabled: Option<bool> = "disabled",
        /// `value`.
        pub value: String = "value",
    }
}

message! {
    /// Istio's `ProxyConfig.ProxyHeaders.RequestId`.
    pub struct RequestIdHeader: "istio.mesh.v1alpha1.ProxyConfig.ProxyHeaders.RequestId" {
        /// `disabled`.
        pub disabled: Option<bool> = "disabled",
    }
}

message! {
    /// Istio's `ProxyConfig.ProxyHeaders.AttemptCount`.
    pub struct AttemptCountHeader: "istio.mesh.v1alpha1.ProxyConfig.ProxyHeaders.AttemptCount" {
        /// `disabled`.
        pub disabled: Option<bool> = "disabled",
    }
}

message! {
    /// Istio's `ProxyConfig.ProxyHeaders.XForwardedHost`.
    pub struct XForwardedHost: "istio.mesh.v1alpha1.ProxyConfig.ProxyHeaders.XForwardedHost" {
        /// `enabled`.
        pub enabled: Option<bool> = "enabled",
    }
}

message! {
    /// Istio's `ProxyConfig.ProxyHeaders.XForwardedPort`.
    pub struct XForwardedPort: "istio.mesh.v1alpha1.ProxyConfig.ProxyHeaders.XForwardedPort" {
        /// `enabled`.
        pub enabled: Option<bool> = "enabled",
    }
}

message! {
    /// Istio's `ProxyConfig.ProxyHeaders.EnvoyDebugHeaders`.
    pub struct EnvoyDebugHeaders: "istio.mesh.v1alpha1.ProxyConfig.ProxyHeaders.EnvoyDebugHeaders" {
        /// `disabled`.
        pub disabled: Option<bool> = "disabled",
    }
}

enumeration! {
    /// Istio's `ProxyConfig.ProxyHeaders.MetadataExchangeMode`.
    pub enum MetadataExchangeMode: "istio.mesh.v1alpha1.ProxyConfig.ProxyHeaders.MetadataExchangeMode" {
        /// `UNDEFINED`.
        Undefined = 0 "UNDEFINED",
        /// `IN_MESH`.
        InMesh = 1 "IN_MESH",
    }
}

message! {
    /// Istio's `ProxyConfig.ProxyHeaders.MetadataExchangeHeaders`.
    pub struct MetadataExchangeHeaders: "istio.mesh.v1alpha1.ProxyConfig.ProxyHeaders.MetadataExchangeHeaders" {
        /// `mode`.
        pub mode: MetadataExchangeMode = "mode",
    }
}

message! {
    /// Istio's `ProxyConfig.ProxyHeaders.SetCurrentClientCertDetails`.
    pub struct SetCurrentClientCertDetails: "istio.mesh.v1alpha1.ProxyConfig.ProxyHeaders.SetCurrentClientCertDetails" {
        /// `subject`.
        pub subject: Option<bool> = "subject",
        /// `cert`.
        pub cert: Option<bool> = "cert",
        /// `chain`.
        pub chain: Option<bool> = "chain",
        /// `dns`.
        pub dns: Option<bool> = "dns",
        /// `uri`.
        pub uri: Option<bool> = "uri",
    }
}
