//! mesh/proxy_config.

use super::ConnectionSettings;
use super::ProxyHeaders;
use super::Tracing;
use crate::Duration;
use crate::networking::ClientTlsSettings;
use crate::networking::ProxyImage;
use crate::networking::ReadinessProbe;
use crate::networking::TcpKeepalive;
use crate::proto::enumeration;
use crate::proto::message;
use crate::proto::oneof;
use indexmap::IndexMap;

message! {
    /// Istio's `ProxyConfig`.
    pub struct ProxyConfig: "istio.mesh.v1alpha1.ProxyConfig" {
        /// `configPath`.
        pub config_path: String = "configPath",
        /// `binaryPath`.
        pub binary_path: String = "binaryPath",
        /// `cluster_name`.
        pub cluster_name: Option<ClusterName> = oneof,
        /// `drainDuration`.
        pub drain_duration: Option<Duration> = "drainDuration",
        /// `discoveryAddress`.
        pub discovery_address: String = "discoveryAddress",
        /// `discoveryRefreshDelay`.
        pub discovery_refresh_delay: Option<Duration> = "discoveryRefreshDelay",
        /// `zipkinAddress`.
        pub zipkin_address: String = "zipkinAddress",
        /// `statsdUdpAddress`.
        pub statsd_udp_address: String = "statsdUdpAddress",
        /// `envoyMetricsServiceAddress`.
        pub envoy_metrics_service_address: String = "envoyMetricsServiceAddress",
        /// `proxyAdminPort`.
        pub proxy_admin_port: i32 = "proxyAdminPort",
        /// `availabilityZone`.
        pub availability_zone: String = "availabilityZone",
        /// `controlPlaneAuthPolicy`.
        pub control_plane_auth_policy: AuthenticationPolicy = "controlPlaneAuthPolicy",
        /// `customConfigFile`.
        pub custom_config_file: String = "customConfigFile",
        /// `statNameLength`.
        pub stat_name_length: i32 = "statNameLength",
        /// `concurrency`.
        pub concurrency: Option<i32> = "concurrency",
        /// `proxyBootstrapTemplatePath`.
        pub proxy_bootstrap_template_path: String = "proxyBootstrapTemplatePath",
        /// `interceptionMode`.
        pub interception_mode: InboundInterceptionMode = "interceptionMode",
        /// `tracing`.
        pub tracing: Option<Tracing> = "tracing",
        /// `sds`.
        pub sds: Option<Sds> = "sds",
        /// `envoyAccessLogService`.
        pub envoy_access_log_service: Option<RemoteService> = "envoyAccessLogService",
        /// `envoyMetricsService`.
        pub envoy_metrics_service: Option<RemoteService> = "envoyMetricsService",
        /// `proxyMetadata`.
        pub proxy_metadata: IndexMap<String, String> = "proxyMetadata",
        /// `runtimeValues`.
        pub runtime_values: IndexMap<String, String> = "runtimeValues",
        /// `statusPort`.
        pub status_port: i32 = "statusPort",
        /// `extraStatTags`.
        pub extra_stat_tags: Vec<String> = "extraStatTags",
        /// `gatewayTopology`.
        pub gateway_topology: Option<Topology> = "gatewayTopology",
        /// `terminationDrainDuration`.
        pub termination_drain_duration: Option<Duration> = "terminationDrainDuration",
        /// `meshId`.
        pub mesh_id: String = "meshId",
        /// `readinessProbe`.
        pub readiness_probe: Option<ReadinessProbe> = "readinessProbe",
        /// `proxyStatsMatcher`.
        pub proxy_stats_matcher: Option<ProxyStatsMatcher> = "proxyStatsMatcher",
        /// `holdApplicationUntilProxyStarts`.
        pub hold_application_until_proxy_starts: Option<bool> = "holdApplicationUntilProxyStarts",
        /// `caCertificatesPem`.
        pub ca_certificates_pem: Vec<String> = "caCertificatesPem",
        /// `image`.
        pub image: Option<ProxyImage> = "image",
        /// `privateKeyProvider`.
        pub private_key_provider: Option<PrivateKeyProvider> = "privateKeyProvider",
        /// `proxyHeaders`.
        pub proxy_headers: Option<ProxyHeaders> = "proxyHeaders",
        /// `fileFlushInterval`.
        pub file_flush_interval: Option<Duration> = "fileFlushInterval",
        /// `fileFlushMinSizeKb`.
        pub file_flush_min_size_kb: u32 = "fileFlushMinSizeKb",
        /// `statsCompression`.
        pub stats_compression: Option<bool> = "statsCompression",
        /// `connectionSettings`.
        pub connection_settings: Option<ConnectionSettings> = "connectionSettings",
    }
}

oneof! {
    /// The members of `ProxyConfig.cluster_name`.
    pub enum ClusterName {
        /// `serviceCluster`.
        ServiceCluster(String) = "serviceCluster",
        /// `tracingServiceName`.
        TracingServiceName(TracingServiceName) = "tracingServiceName",
    }
}

enumeration! {
    /// Istio's `ProxyConfig.TracingServiceName`.
    pub enum TracingServiceName: "istio.mesh.v1alpha1.ProxyConfig.TracingServiceName" {
        /// `APP_LABEL_AND_NAMESPACE`.
        AppLabelAndNamespace = 0 "APP_LABEL_AND_NAMESPACE",
        /// `CANONICAL_NAME_ONLY`.
        CanonicalNameOnly = 1 "CANONICAL_NAME_ONLY",
        /// `CANONICAL_NAME_AND_NAMESPACE`.
        CanonicalNameAndNamespace = 2 "CANONICAL_NAME_AND_NAMESPACE",
    }
}

enumeration! {
    /// Istio's `ProxyConfig.InboundInterceptionMode`.
    pub enum InboundInterceptionMode: "istio.mesh.v1alpha1.ProxyConfig.InboundInterceptionMode" {
        /// `REDIRECT`.
        Redirect = 0 "REDIRECT",
        /// `TPROXY`.
        Tproxy = 1 "TPROXY",
        /// `NONE`.
        None = 2 "NONE",
    }
}

enumeration! {
    /// Istio's `AuthenticationPolicy`.
    pub enum AuthenticationPolicy: "istio.mesh.v1alpha1.AuthenticationPolicy" {
        /// `NONE`.
        None = 0 "NONE",
        /// `MUTUAL_TLS`.
        MutualTls = 1 "MUTUAL_TLS",
        /// `INHERIT`.
        Inherit = 1000 "INHERIT",
    }
}

message! {
    /// Istio's `Topology`.
    pub struct Topology: "istio.mesh.v1alpha1.Topology" {
        /// `numTrustedProxies`.
        pub num_trusted_proxies: u32 = "numTrustedProxies",
        /// `forwardClientCertDetails`.
        pub forward_client_cert_details: ForwardClientCertDetails = "forwardClientCertDetails",
        /// `proxyProtocol`.
        pub proxy_protocol: Option<ProxyProtocolConfiguration> = "proxyProtocol",
    }
}

message! {
    /// Istio's `Topology.ProxyProtocolConfiguration`.
    pub struct ProxyProtocolConfiguration: "istio.mesh.v1alpha1.Topology.ProxyProtocolConfiguration" {
    }
}

enumeration! {
    /// Istio's `ForwardClientCertDetails`.
    pub enum ForwardClientCertDetails: "istio.mesh.v1alpha1.ForwardClientCertDetails" {
        /// `UNDEFINED`.
        Undefined = 0 "UNDEFINED",
        /// `SANITIZE`.
        Sanitize = 1 "SANITIZE",
        /// `FORWARD_ONLY`.
        ForwardOnly = 2 "FORWARD_ONLY",
        /// `APPEND_FORWARD`.
        AppendForward = 3 "APPEND_FORWARD",
        /// `SANITIZE_SET`.
        SanitizeSet = 4 "SANITIZE_SET",
        /// `ALWAYS_FORWARD_ONLY`.
        AlwaysForwardOnly = 5 "ALWAYS_FORWARD_ONLY",
    }
}

message! {
    /// Istio's `ProxyConfig.ProxyStatsMatcher`.
    pub struct ProxyStatsMatcher: "istio.mesh.v1alpha1.ProxyConfig.ProxyStatsMatcher" {
        /// `inclusionPrefixes`.
        pub inclusion_prefixes: Vec<String> = "inclusionPrefixes",
        /// `inclusionSuffixes`.
        pub inclusion_suffixes: Vec<String> = "inclusionSuffixes",
        /// `inclusionRegexps`.
        pub inclusion_regexps: Vec<String> = "inclusionRegexps",
    }
}

message! {
    /// Istio's `SDS`.
    pub struct Sds: "istio.mesh.v1alpha1.SDS" {
        /// `enabled`.
        pub enabled: bool = "enabled",
        /// `k8sSaJwtPath`.
        pub k8s_sa_jwt_path: String = "k8sSaJwtPath",
    }
}

message! {
    /// Istio's `RemoteService`.
    pub struct RemoteService: "istio.mesh.v1alpha1.RemoteService" {
        /// `address`.
        pub address: String = "address",
        /// `tlsSettings`.
        pub tls_settings: Option<ClientTlsSettings> = "tlsSettings",
        /// `tcpKeepalive`.
        pub tcp_keepalive: Option<TcpKeepalive> = "tcpKeepalive",
    }
}

message! {
    /// Istio's `PrivateKeyProvider`.
    pub struct PrivateKeyProvider: "istio.mesh.v1alpha1.PrivateKeyProvider" {
        /// `provider`.
        pub provider: Option<PrivateKeyProviderKind> = oneof,
    }
}

oneof! {
    /// The members of `PrivateKeyProvider.provider`.
    pub enum PrivateKeyProviderKind {
        /// `cryptomb`.
        Cryptomb(CryptoMb) = "cryptomb",
        /// `qat`.
        Qat(Qat) = "qat",
    }
}

message! {
    /// Istio's `PrivateKeyProvider.CryptoMb`.
    pub struct CryptoMb: "istio.mesh.v1alpha1.PrivateKeyProvider.CryptoMb" {
        /// `pollDelay`.
        pub poll_delay: Option<Duration> = "pollDelay",
        /// `fallback`.
        pub fallback: Option<bool> = "fallback",
    }
}

message! {
    /// Istio's `PrivateKeyProvider.QAT`.
    pub struct Qat: "istio.mesh.v1alpha1.PrivateKeyProvider.QAT" {
        /// `pollDelay`.
        pub poll_delay: Option<Duration> = "pollDelay",
        /// `fallback`.
        pub fallback: Option<bool> = "fallback",
    }
}
