//! Settings of proxy processes.

use super::{ConnectionSettings, ProxyHeaders, Tracing};
use crate::Duration;
use crate::Map;
use crate::networking::{ClientTlsSettings, ProxyImage, ReadinessProbe, TcpKeepalive};
use crate::proto::{enumeration, message, oneof};

message! {
    /// Settings of proxy processes.
    ///
    /// Istio's `ProxyConfig` of the mesh API.
    pub struct ProxyConfig: "istio.mesh.v1alpha1.ProxyConfig" {
        /// The folder for generated configuration.
        pub config_path: String = "configPath",
        /// The proxy's program.
        pub binary_path: String = "binaryPath",
        /// How the proxy names itself; at most one.
        pub cluster_name: Option<ClusterName> = oneof,
        /// How long connections are drained at a restart. Default: 45s.
        pub drain_duration: Option<Duration> = "drainDuration",
        /// The control plane. Default: `istiod.istio-system.svc:15012`.
        pub discovery_address: String = "discoveryAddress",
        /// Deprecated and without effect.
        pub discovery_refresh_delay: Option<Duration> = "discoveryRefreshDelay",
        /// Deprecated: the Zipkin tracer.
        pub zipkin_address: String = "zipkinAddress",
        /// Where metrics go by statsd; empty for nowhere.
        pub statsd_udp_address: String = "statsdUdpAddress",
        /// Deprecated: as `envoyMetricsService`.
        pub envoy_metrics_service_address: String = "envoyMetricsServiceAddress",
        /// The port of the proxy's own pages. Default: 15000.
        pub proxy_admin_port: i32 = "proxyAdminPort",
        /// Deprecated and without effect.
        pub availability_zone: String = "availabilityZone",
        /// How the control plane is spoken to. Default: `MUTUAL_TLS`.
        pub control_plane_auth_policy: AuthenticationPolicy = "controlPlaneAuthPolicy",
        /// A configuration in the place of the generated one.
        pub custom_config_file: String = "customConfigFile",
        /// How long names of metrics may be. Default: 189.
        pub stat_name_length: i32 = "statNameLength",
        /// How many worker threads there are; 0 for one per core.
        pub concurrency: Option<i32> = "concurrency",
        /// The template of the proxy's bootstrap.
        pub proxy_bootstrap_template_path: String = "proxyBootstrapTemplatePath",
        /// How inbound connections come to the proxy.
        pub interception_mode: InboundInterceptionMode = "interceptionMode",
        /// Traces.
        pub tracing: Option<Tracing> = "tracing",
        /// Deprecated: secrets by SDS.
        pub sds: Option<Sds> = "sds",
        /// Where access logs go over gRPC.
        pub envoy_access_log_service: Option<RemoteService> = "envoyAccessLogService",
        /// Where metrics go over gRPC.
        pub envoy_metrics_service: Option<RemoteService> = "envoyMetricsService",
        /// Variables of the environment, which are metadata of the proxy too.
        pub proxy_metadata: Map<String, String> = "proxyMetadata",
        /// Envoy's runtime settings.
        pub runtime_values: Map<String, String> = "runtimeValues",
        /// The port of health checks. Default: 15020.
        pub status_port: i32 = "statusPort",
        /// Further tags of metrics.
        pub extra_stat_tags: Vec<String> = "extraStatTags",
        /// What stands before a gateway.
        pub gateway_topology: Option<Topology> = "gatewayTopology",
        /// How long connections are drained at the end. Default: 5s.
        pub termination_drain_duration: Option<Duration> = "terminationDrainDuration",
        /// The identity of the mesh.
        pub mesh_id: String = "meshId",
        /// How the application of a machine is checked.
        pub readiness_probe: Option<ReadinessProbe> = "readinessProbe",
        /// Which metrics Envoy makes beside the usual ones.
        pub proxy_stats_matcher: Option<ProxyStatsMatcher> = "proxyStatsMatcher",
        /// Whether the application waits for the proxy.
        pub hold_application_until_proxy_starts: Option<bool> = "holdApplicationUntilProxyStarts",
        /// Further authorities for servers outside of the mesh.
        pub ca_certificates_pem: Vec<String> = "caCertificatesPem",
        /// The image.
        pub image: Option<ProxyImage> = "image",
        /// Hardware for private keys.
        pub private_key_provider: Option<PrivateKeyProvider> = "privateKeyProvider",
        /// Headers that the proxy adds.
        pub proxy_headers: Option<ProxyHeaders> = "proxyHeaders",
        /// How often access logs are written out. Default: 1s.
        pub file_flush_interval: Option<Duration> = "fileFlushInterval",
        /// From how many KiB on access logs are written out. Default: 64.
        pub file_flush_min_size_kb: u32 = "fileFlushMinSizeKb",
        /// Whether metrics are compressed. Default: true.
        pub stats_compression: Option<bool> = "statsCompression",
        /// Limits of connections.
        pub connection_settings: Option<ConnectionSettings> = "connectionSettings",
    }
}

oneof! {
    /// How a proxy names itself.
    pub enum ClusterName {
        /// This name.
        ServiceCluster(String) = "serviceCluster",
        /// Derived from the workload.
        TracingServiceName(TracingServiceName) = "tracingServiceName",
    }
}

enumeration! {
    /// How a proxy derives its name.
    ///
    /// Istio's `ProxyConfig.TracingServiceName`.
    pub enum TracingServiceName: "istio.mesh.v1alpha1.ProxyConfig.TracingServiceName" {
        /// From the label `app` and the namespace.
        AppLabelAndNamespace = 0 "APP_LABEL_AND_NAMESPACE",
        /// The canonical name.
        CanonicalNameOnly = 1 "CANONICAL_NAME_ONLY",
        /// The canonical name and the namespace.
        CanonicalNameAndNamespace = 2 "CANONICAL_NAME_AND_NAMESPACE",
    }
}

enumeration! {
    /// How inbound connections come to a proxy.
    ///
    /// Istio's `ProxyConfig.InboundInterceptionMode`.
    pub enum InboundInterceptionMode: "istio.mesh.v1alpha1.ProxyConfig.InboundInterceptionMode" {
        /// By iptables, with another source address.
        Redirect = 0 "REDIRECT",
        /// By iptables, with the source address kept.
        Tproxy = 1 "TPROXY",
        /// Not at all.
        None = 2 "NONE",
    }
}

enumeration! {
    /// How the control plane is spoken to.
    ///
    /// Istio's `AuthenticationPolicy`.
    pub enum AuthenticationPolicy: "istio.mesh.v1alpha1.AuthenticationPolicy" {
        /// In plaintext.
        None = 0 "NONE",
        /// By mTLS.
        MutualTls = 1 "MUTUAL_TLS",
        /// As elsewhere.
        Inherit = 1000 "INHERIT",
    }
}

message! {
    /// What stands before a gateway.
    ///
    /// Istio's `Topology`.
    pub struct Topology: "istio.mesh.v1alpha1.Topology" {
        /// How many proxies before it are trusted to tell the client's address.
        pub num_trusted_proxies: u32 = "numTrustedProxies",
        /// What happens to `x-forwarded-client-cert`.
        pub forward_client_cert_details: ForwardClientCertDetails = "forwardClientCertDetails",
        /// Whether connections begin with a PROXY header.
        pub proxy_protocol: Option<ProxyProtocolConfiguration> = "proxyProtocol",
    }
}

message! {
    /// A PROXY header is expected; nothing to set.
    ///
    /// Istio's `Topology.ProxyProtocolConfiguration`.
    pub struct ProxyProtocolConfiguration: "istio.mesh.v1alpha1.Topology.ProxyProtocolConfiguration" {
    }
}

enumeration! {
    /// What happens to `x-forwarded-client-cert`.
    ///
    /// Istio's `ForwardClientCertDetails`.
    pub enum ForwardClientCertDetails: "istio.mesh.v1alpha1.ForwardClientCertDetails" {
        /// The default: `SANITIZE_SET` at gateways, `APPEND_FORWARD` at sidecars.
        Undefined = 0 "UNDEFINED",
        /// It is removed.
        Sanitize = 1 "SANITIZE",
        /// It is forwarded over mTLS.
        ForwardOnly = 2 "FORWARD_ONLY",
        /// The client's certificate is added, and it is forwarded over mTLS.
        AppendForward = 3 "APPEND_FORWARD",
        /// It is replaced by the client's certificate.
        SanitizeSet = 4 "SANITIZE_SET",
        /// It is always forwarded.
        AlwaysForwardOnly = 5 "ALWAYS_FORWARD_ONLY",
    }
}

message! {
    /// Which metrics Envoy makes beside the usual ones.
    ///
    /// Istio's `ProxyConfig.ProxyStatsMatcher`.
    pub struct ProxyStatsMatcher: "istio.mesh.v1alpha1.ProxyConfig.ProxyStatsMatcher" {
        /// Those whose names begin so.
        pub inclusion_prefixes: Vec<String> = "inclusionPrefixes",
        /// Those whose names end so.
        pub inclusion_suffixes: Vec<String> = "inclusionSuffixes",
        /// Those whose names match.
        pub inclusion_regexps: Vec<String> = "inclusionRegexps",
    }
}

message! {
    /// Deprecated: secrets by SDS.
    ///
    /// Istio's `SDS`.
    pub struct Sds: "istio.mesh.v1alpha1.SDS" {
        /// Whether.
        pub enabled: bool = "enabled",
        /// The token's file.
        pub k8s_sa_jwt_path: String = "k8sSaJwtPath",
    }
}

message! {
    /// Where a service is.
    ///
    /// Istio's `RemoteService`.
    pub struct RemoteService: "istio.mesh.v1alpha1.RemoteService" {
        /// Its address.
        pub address: String = "address",
        /// TLS to it.
        pub tls_settings: Option<ClientTlsSettings> = "tlsSettings",
        /// Probes on idle connections.
        pub tcp_keepalive: Option<TcpKeepalive> = "tcpKeepalive",
    }
}

message! {
    /// Hardware for private keys.
    ///
    /// Istio's `PrivateKeyProvider`.
    pub struct PrivateKeyProvider: "istio.mesh.v1alpha1.PrivateKeyProvider" {
        /// Which; at most one.
        pub provider: Option<PrivateKeyProviderKind> = oneof,
    }
}

oneof! {
    /// The kinds of hardware for private keys.
    pub enum PrivateKeyProviderKind {
        /// Intel's CryptoMB.
        Cryptomb(CryptoMb) = "cryptomb",
        /// Intel's QAT.
        Qat(Qat) = "qat",
    }
}

message! {
    /// Intel's CryptoMB.
    ///
    /// Istio's `PrivateKeyProvider.CryptoMb`.
    pub struct CryptoMb: "istio.mesh.v1alpha1.PrivateKeyProvider.CryptoMb" {
        /// How long requests are collected.
        pub poll_delay: Option<Duration> = "pollDelay",
        /// Whether OpenSSL takes over where it is missing.
        pub fallback: Option<bool> = "fallback",
    }
}

message! {
    /// Intel's QAT.
    ///
    /// Istio's `PrivateKeyProvider.QAT`.
    pub struct Qat: "istio.mesh.v1alpha1.PrivateKeyProvider.QAT" {
        /// How often it is polled.
        pub poll_delay: Option<Duration> = "pollDelay",
        /// Whether OpenSSL takes over where it is missing.
        pub fallback: Option<bool> = "fallback",
    }
}
