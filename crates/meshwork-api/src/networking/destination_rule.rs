//! networking/destination_rule.

use super::ClientTlsSettings;
use super::ConnectionPoolSettings;
use super::LoadBalancerSettings;
use super::OutlierDetection;
use super::PortSelector;
use crate::Duration;
use crate::proto::enumeration;
use crate::proto::message;
use crate::selector::WorkloadSelector;
use indexmap::IndexMap;

message! {
    /// Istio's `DestinationRule`.
    pub struct DestinationRule: "istio.networking.v1alpha3.DestinationRule" {
        /// `host`.
        pub host: String = "host",
        /// `trafficPolicy`.
        pub traffic_policy: Option<TrafficPolicy> = "trafficPolicy",
        /// `subsets`.
        pub subsets: Vec<Subset> = "subsets",
        /// `exportTo`.
        pub export_to: Vec<String> = "exportTo",
        /// `workloadSelector`.
        pub workload_selector: Option<WorkloadSelector> = "workloadSelector",
    }
}

message! {
    /// Istio's `Subset`.
    pub struct Subset: "istio.networking.v1alpha3.Subset" {
        /// `name`.
        pub name: String = "name",
        /// `labels`.
        pub labels: IndexMap<String, String> = "labels",
        /// `trafficPolicy`.
        pub traffic_policy: Option<TrafficPolicy> = "trafficPolicy",
    }
}

message! {
    /// Istio's `TrafficPolicy`.
    pub struct TrafficPolicy: "istio.networking.v1alpha3.TrafficPolicy" {
        /// `loadBalancer`.
        pub load_balancer: Option<LoadBalancerSettings> = "loadBalancer",
        /// `connectionPool`.
        pub connection_pool: Option<ConnectionPoolSettings> = "connectionPool",
        /// `outlierDetection`.
        pub outlier_detection: Option<OutlierDetection> = "outlierDetection",
        /// `tls`.
        pub tls: Option<ClientTlsSettings> = "tls",
        /// `portLevelSettings`.
        pub port_level_settings: Vec<PortTrafficPolicy> = "portLevelSettings",
        /// `tunnel`.
        pub tunnel: Option<TunnelSettings> = "tunnel",
        /// `proxyProtocol`.
        pub proxy_protocol: Option<ProxyProtocol> = "proxyProtocol",
        /// `retryBudget`.
        pub retry_budget: Option<RetryBudget> = "retryBudget",
    }
}

message! {
    /// Istio's `TrafficPolicy.PortTrafficPolicy`.
    pub struct PortTrafficPolicy: "istio.networking.v1alpha3.TrafficPolicy.PortTrafficPolicy" {
        /// `port`.
        pub port: Option<PortSelector> = "port",
        /// `loadBalancer`.
        pub load_balancer: Option<LoadBalancerSettings> = "loadBalancer",
        /// `connectionPool`.
        pub connection_pool: Option<ConnectionPoolSettings> = "connectionPool",
        /// `outlierDetection`.
        pub outlier_detection: Option<OutlierDetection> = "outlierDetection",
        /// `tls`.
        pub tls: Option<ClientTlsSettings> = "tls",
    }
}

message! {
    /// Istio's `TrafficPolicy.TunnelSettings`.
    pub struct TunnelSettings: "istio.networking.v1alpha3.TrafficPolicy.TunnelSettings" {
        /// `protocol`.
        pub protocol: String = "protocol",
        /// `targetHost`.
        pub target_host: String = "targetHost",
        /// `targetPort`.
        pub target_port: u32 = "targetPort",
    }
}

message! {
    /// Istio's `TrafficPolicy.ProxyProtocol`.
    pub struct ProxyProtocol: "istio.networking.v1alpha3.TrafficPolicy.ProxyProtocol" {
        /// `version`.
        pub version: ProxyProtocolVersion = "version",
    }
}

enumeration! {
    /// Istio's `TrafficPolicy.ProxyProtocol.VERSION`.
    pub enum ProxyProtocolVersion: "istio.networking.v1alpha3.TrafficPolicy.ProxyProtocol.VERSION" {
        /// `V1`.
        V1 = 0 "V1",
        /// `V2`.
        V2 = 1 "V2",
    }
}

message! {
    /// Istio's `TrafficPolicy.RetryBudget`.
    pub struct RetryBudget: "istio.networking.v1alpha3.TrafficPolicy.RetryBudget" {
        /// `percent`.
        pub percent: Option<f64> = "percent",
        /// `minRetryConcurrency`.
        pub min_retry_concurrency: u32 = "minRetryConcurrency",
        /// `budgetInterval`.
        pub budget_interval: Option<Duration> = "budgetInterval",
    }
}
