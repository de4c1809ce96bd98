//! mesh/mesh_config.

use super::Ca;
use super::Certificate;
use super::CertificateData;
use super::ConfigSource;
use super::DefaultProviders;
use super::DefaultTrafficPolicy;
use super::ExtensionProvider;
use super::InboundTrafficPolicy;
use super::LabelSelector;
use super::OutboundTrafficPolicy;
use super::ProxyConfig;
use super::ProxyPathNormalization;
use super::ServiceEntryVisibility;
use super::ServiceScopeConfigs;
use super::ServiceSettings;
use super::TlsConfig;
use crate::Duration;
use crate::networking::HttpRetry;
use crate::networking::LocalityLoadBalancerSetting;
use crate::networking::TcpKeepalive;
use crate::networking::ZoneAwareLoadBalancerSetting;
use crate::proto::enumeration;
use crate::proto::message;

message! {
    /// Istio's `MeshConfig`.
    pub struct MeshConfig: "istio.mesh.v1alpha1.MeshConfig" {
        /// `proxyListenPort`.
        pub proxy_listen_port: i32 = "proxyListenPort",
        /// `proxyInboundListenPort`.
        pub proxy_inbound_listen_port: i32 = "proxyInboundListenPort",
        /// `proxyHttpPort`.
        pub proxy_http_port: i32 = "proxyHttpPort",
        /// `connectTimeout`.
        pub connect_timeout: Option<Duration> = "connectTimeout",
        /// `hboneIdleTimeout`.
        pub hbone_idle_timeout: Option<Duration> = "hboneIdleTimeout",
        /// `protocolDetectionTimeout`.
        pub protocol_detection_timeout: Option<Duration> = "protocolDetectionTimeout",
        /// `tcpKeepalive`.
        pub tcp_keepalive: Option<TcpKeepalive> = "tcpKeepalive",
        /// `ingressClass`.
        pub ingress_class: String = "ingressClass",
        /// `ingressService`.
        pub ingress_service: String = "ingressService",
        /// `ingressControllerMode`.
        pub ingress_controller_mode: IngressControllerMode = "ingressControllerMode",
        /// `ingressSelector`.
        pub ingress_selector: String = "ingressSelector",
        /// `enableTracing`.
        pub enable_tracing: bool = "enableTracing",
        /// `accessLogFile`.
        pub access_log_file: String = "accessLogFile",
        /// `accessLogFormat`.
        pub access_log_format: String = "accessLogFormat",
        /// `accessLogEncoding`.
        pub access_log_encoding: AccessLogEncoding = "accessLogEncoding",
        /// `enableEnvoyAccessLogService`.
        pub enable_envoy_access_log_service: bool = "enableEnvoyAccessLogService",
        /// `disableEnvoyListenerLog`.
        pub disable_envoy_listener_log: bool = "disableEnvoyListenerLog",
        /// `defaultConfig`.
        pub default_config: Option<ProxyConfig> = "defaultConfig",
        /// `outboundTrafficPolicy`.
        pub outbound_traffic_policy: Option<OutboundTrafficPolicy> = "outboundTrafficPolicy",
        /// `inboundTrafficPolicy`.
        pub inbound_traffic_policy: Option<InboundTrafficPolicy> = "inboundTrafficPolicy",
        /// `configSources`.
        pub config_sources: Vec<ConfigSource> = "configSources",
        /// `enableAutoMtls`.
        pub enable_auto_mtls: Option<bool> = "enableAutoMtls",
        /// `trustDomain`.
        pub trust_domain: String = "trustDomain",
        /// `trustDomainAliases`.
        pub trust_domain_aliases: Vec<String> = "trustDomainAliases",
        /// `caCertificates`.
        pub ca_certificates: Vec<CertificateData> = "caCertificates",
        /// `defaultServiceExportTo`.
        pub default_service_export_to: Vec<String> = "defaultServiceExportTo",
        /// `defaultVirtualServiceExportTo`.
        pub default_virtual_service_export_to: Vec<String> = "defaultVirtualServiceExportTo",
        /// `defaultDestinationRuleExportTo`.
        pub default_destination_rule_export_to: Vec<String> = "defaultDestinationRuleExportTo",
        /// `rootNamespace`.
        pub root_namespace: String = "rootNamespace",
        /// `localityLbSetting`.
        pub locality_lb_setting: Option<LocalityLoadBalancerSetting> = "localityLbSetting",
        /// `zoneAwareLbSetting`.
        pub zone_aware_lb_setting: Option<ZoneAwareLoadBalancerSetting> = "zoneAwareLbSetting",
        /// `dnsRefreshRate`.
        pub dns_refresh_rate: Option<Duration> = "dnsRefreshRate",
        /// `h2UpgradePolicy`.
        pub h2_upgrade_policy: H2UpgradePolicy = "h2UpgradePolicy",
        /// `inboundClusterStatName`.
        pub inbound_cluster_stat_name: String = "inboundClusterStatName",
        /// `outboundClusterStatName`.
        pub outbound_cluster_stat_name: String = "outboundClusterStatName",
        /// `certificates`.
        pub certificates: Vec<Certificate> = "certificates",
        /// `serviceSettings`.
        pub service_settings: Vec<ServiceSettings> = "serviceSettings",
        /// `serviceScopeConfigs`.
        pub service_scope_configs: Vec<ServiceScopeConfigs> = "serviceScopeConfigs",
        /// `enablePrometheusMerge`.
        pub enable_prometheus_merge: Option<bool> = "enablePrometheusMerge",
        /// `verifyCertificateAtClient`.
        pub verify_certificate_at_client: Option<bool> = "verifyCertificateAtClient",
        /// `ca`.
        pub ca: Option<Ca> = "ca",
        /// `extensionProviders`.
        pub extension_providers: Vec<ExtensionProvider> = "extensionProviders",
        /// `defaultProviders`.
        pub default_providers: Option<DefaultProviders> = "defaultProviders",
        /// `discoverySelectors`.
        pub discovery_selectors: Vec<LabelSelector> = "discoverySelectors",
        /// `pathNormalization`.
        pub path_normalization: Option<ProxyPathNormalization> = "pathNormalization",
        /// `defaultHttpRetryPolicy`.
        pub default_http_retry_policy: Option<HttpRetry> = "defaultHttpRetryPolicy",
        /// `meshMTLS`.
        pub mesh_mtls: Option<TlsConfig> = "meshMTLS",
        /// `tlsDefaults`.
        pub tls_defaults: Option<TlsConfig> = "tlsDefaults",
        /// `defaultTrafficPolicy`.
        pub default_traffic_policy: Option<DefaultTrafficPolicy> = "defaultTrafficPolicy",
        /// `serviceEntryVisibility`.
        pub service_entry_visibility: Option<ServiceEntryVisibility> = "serviceEntryVisibility",
    }
}

enumeration! {
    /// Istio's `MeshConfig.IngressControllerMode`.
    pub enum IngressControllerMode: "istio.mesh.v1alpha1.MeshConfig.IngressControllerMode" {
        /// `UNSPECIFIED`.
        Unspecified = 0 "UNSPECIFIED",
        /// `OFF`.
        Off = 1 "OFF",
        /// `DEFAULT`.
        Default = 2 "DEFAULT",
        /// `STRICT`.
        Strict = 3 "STRICT",
    }
}

enumeration! {
    /// Istio's `MeshConfig.AccessLogEncoding`.
    pub enum AccessLogEncoding: "istio.mesh.v1alpha1.MeshConfig.AccessLogEncoding" {
        /// `TEXT`.
        Text = 0 "TEXT",
        /// `JSON`.
        Json = 1 "JSON",
    }
}

enumeration! {
    /// Istio's `MeshConfig.H2UpgradePolicy`.
    pub enum H2UpgradePolicy: "istio.mesh.v1alpha1.MeshConfig.H2UpgradePolicy" {
        /// `DO_NOT_UPGRADE`.
        DoNotUpgrade = 0 "DO_NOT_UPGRADE",
        /// `UPGRADE`.
        Upgrade = 1 "UPGRADE",
    }
}
