//! The MeshConfig itself.

use super::{
    Ca, Certificate, CertificateData, ConfigSource, DefaultProviders, DefaultTrafficPolicy,
    ExtensionProvider, InboundTrafficPolicy, LabelSelector, OutboundTrafficPolicy, ProxyConfig,
    ProxyPathNormalization, ServiceEntryVisibility, ServiceScopeConfigs, ServiceSettings,
    TlsConfig,
};
use crate::Duration;
use crate::networking::{
    HttpRetry, LocalityLoadBalancerSetting, TcpKeepalive, ZoneAwareLoadBalancerSetting,
};
use crate::proto::{enumeration, message};

message! {
    /// What holds for the whole mesh. Fields that are not set keep their zero values here;
    /// whoever compiles applies Istio's defaults.
    ///
    /// Istio's `MeshConfig`.
    pub struct MeshConfig: "istio.mesh.v1alpha1.MeshConfig" {
        /// The port for outbound traffic. Default: 15001.
        pub proxy_listen_port: i32 = "proxyListenPort",
        /// The port for inbound traffic. Default: 15006.
        pub proxy_inbound_listen_port: i32 = "proxyInboundListenPort",
        /// The port of an HTTP proxy for applications; 0 for none.
        pub proxy_http_port: i32 = "proxyHttpPort",
        /// How long connecting may take. Default: 10s.
        pub connect_timeout: Option<Duration> = "connectTimeout",
        /// How long an HBONE connection may be idle. Default: 1h.
        pub hbone_idle_timeout: Option<Duration> = "hboneIdleTimeout",
        /// How long to wait for the first bytes of a client. Default: 0s, for ever.
        pub protocol_detection_timeout: Option<Duration> = "protocolDetectionTimeout",
        /// Probes on idle connections; absent for none.
        pub tcp_keepalive: Option<TcpKeepalive> = "tcpKeepalive",
        /// The class of Ingresses that gateways serve. Default: `istio`.
        pub ingress_class: String = "ingressClass",
        /// The service of the gateway for Ingresses. Default: `istio-ingressgateway`.
        pub ingress_service: String = "ingressService",
        /// Which Ingresses are served.
        pub ingress_controller_mode: IngressControllerMode = "ingressControllerMode",
        /// The label `istio` of the gateways for Ingresses. Default: `ingressgateway`.
        pub ingress_selector: String = "ingressSelector",
        /// Whether requests are traced.
        pub enable_tracing: bool = "enableTracing",
        /// The file for access logs; empty for none.
        pub access_log_file: String = "accessLogFile",
        /// The Envoy format of access logs; empty for Istio's.
        pub access_log_format: String = "accessLogFormat",
        /// How access logs are written.
        pub access_log_encoding: AccessLogEncoding = "accessLogEncoding",
        /// Whether access logs go to Envoy's gRPC service.
        pub enable_envoy_access_log_service: bool = "enableEnvoyAccessLogService",
        /// Whether listeners log nothing.
        pub disable_envoy_listener_log: bool = "disableEnvoyListenerLog",
        /// Settings of proxies where nothing else is said.
        pub default_config: Option<ProxyConfig> = "defaultConfig",
        /// What happens to traffic to unknown hosts.
        pub outbound_traffic_policy: Option<OutboundTrafficPolicy> = "outboundTrafficPolicy",
        /// What happens to traffic to ports that no service has.
        pub inbound_traffic_policy: Option<InboundTrafficPolicy> = "inboundTrafficPolicy",
        /// Further sources of configuration.
        pub config_sources: Vec<ConfigSource> = "configSources",
        /// Whether clients choose mTLS by what the endpoint can. Default: true.
        pub enable_auto_mtls: Option<bool> = "enableAutoMtls",
        /// The trust domain of the mesh's identities. Default: `cluster.local`.
        pub trust_domain: String = "trustDomain",
        /// Trust domains that count as the same.
        pub trust_domain_aliases: Vec<String> = "trustDomainAliases",
        /// Further authorities.
        pub ca_certificates: Vec<CertificateData> = "caCertificates",
        /// Who sees services that do not say. Default: `*`.
        pub default_service_export_to: Vec<String> = "defaultServiceExportTo",
        /// Who sees VirtualServices that do not say. Default: `*`.
        pub default_virtual_service_export_to: Vec<String> = "defaultVirtualServiceExportTo",
        /// Who sees DestinationRules that do not say. Default: `*`.
        pub default_destination_rule_export_to: Vec<String> = "defaultDestinationRuleExportTo",
        /// The namespace whose policies are for the whole mesh. Default: `istio-system`.
        pub root_namespace: String = "rootNamespace",
        /// Preferences among localities where a DestinationRule does not say.
        pub locality_lb_setting: Option<LocalityLoadBalancerSetting> = "localityLbSetting",
        /// Preferences among zones where a DestinationRule does not say.
        pub zone_aware_lb_setting: Option<ZoneAwareLoadBalancerSetting> = "zoneAwareLbSetting",
        /// After how long a failed look-up is repeated. Default: 60s.
        pub dns_refresh_rate: Option<Duration> = "dnsRefreshRate",
        /// Whether HTTP/1.1 is sent as HTTP/2 where a DestinationRule does not say.
        pub h2_upgrade_policy: H2UpgradePolicy = "h2UpgradePolicy",
        /// A pattern for the names of inbound clusters in metrics.
        pub inbound_cluster_stat_name: String = "inboundClusterStatName",
        /// A pattern for the names of outbound clusters in metrics.
        pub outbound_cluster_stat_name: String = "outboundClusterStatName",
        /// Deprecated: DNS certificates of the control plane.
        pub certificates: Vec<Certificate> = "certificates",
        /// Settings of single services.
        pub service_settings: Vec<ServiceSettings> = "serviceSettings",
        /// Which services are local or global in ambient mode.
        pub service_scope_configs: Vec<ServiceScopeConfigs> = "serviceScopeConfigs",
        /// Whether the proxy serves the application's metrics with its own. Default: true.
        pub enable_prometheus_merge: Option<bool> = "enablePrometheusMerge",
        /// Deprecated: whether clients check servers by the system's authorities.
        pub verify_certificate_at_client: Option<bool> = "verifyCertificateAtClient",
        /// An external authority that signs for workloads.
        pub ca: Option<Ca> = "ca",
        /// External authorizers, tracers, loggers, by name.
        pub extension_providers: Vec<ExtensionProvider> = "extensionProviders",
        /// The providers where a Telemetry does not say.
        pub default_providers: Option<DefaultProviders> = "defaultProviders",
        /// The namespaces that the control plane looks at; empty for all.
        pub discovery_selectors: Vec<LabelSelector> = "discoverySelectors",
        /// How paths are normalised before they are matched and authorised.
        pub path_normalization: Option<ProxyPathNormalization> = "pathNormalization",
        /// Retries where a route does not say.
        pub default_http_retry_policy: Option<HttpRetry> = "defaultHttpRetryPolicy",
        /// Retries of a sidecar towards its own application. Default: 2 further attempts after
        /// `reset-before-request`, not for gRPC ports.
        pub default_inbound_http_retry_policy: Option<HttpRetry> = "defaultInboundHttpRetryPolicy",
        /// TLS between workloads of the mesh.
        pub mesh_mtls: Option<TlsConfig> = "meshMTLS",
        /// TLS elsewhere.
        pub tls_defaults: Option<TlsConfig> = "tlsDefaults",
        /// Policies where a DestinationRule does not say.
        pub default_traffic_policy: Option<DefaultTrafficPolicy> = "defaultTrafficPolicy",
        /// Who sees ServiceEntries, by namespace.
        pub service_entry_visibility: Option<ServiceEntryVisibility> = "serviceEntryVisibility",
    }
}

enumeration! {
    /// Which Ingresses are served.
    ///
    /// Istio's `MeshConfig.IngressControllerMode`.
    pub enum IngressControllerMode: "istio.mesh.v1alpha1.MeshConfig.IngressControllerMode" {
        /// As `STRICT`.
        Unspecified = 0 "UNSPECIFIED",
        /// None.
        Off = 1 "OFF",
        /// Those of the class, and those without any.
        Default = 2 "DEFAULT",
        /// Those of the class.
        Strict = 3 "STRICT",
    }
}

enumeration! {
    /// How access logs are written.
    ///
    /// Istio's `MeshConfig.AccessLogEncoding`.
    pub enum AccessLogEncoding: "istio.mesh.v1alpha1.MeshConfig.AccessLogEncoding" {
        /// As text.
        Text = 0 "TEXT",
        /// As JSON.
        Json = 1 "JSON",
    }
}

enumeration! {
    /// Whether HTTP/1.1 is sent as HTTP/2.
    ///
    /// Istio's `MeshConfig.H2UpgradePolicy`.
    pub enum H2UpgradePolicy: "istio.mesh.v1alpha1.MeshConfig.H2UpgradePolicy" {
        /// No.
        DoNotUpgrade = 0 "DO_NOT_UPGRADE",
        /// Yes.
        Upgrade = 1 "UPGRADE",
    }
}
