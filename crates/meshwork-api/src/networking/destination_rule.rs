//! DestinationRules and their traffic policies.

use super::{
    ClientTlsSettings, ConnectionPoolSettings, LoadBalancerSettings, OutlierDetection, PortSelector,
};
use crate::Duration;
use crate::Map;
use crate::proto::{enumeration, message};
use crate::selector::WorkloadSelector;

message! {
    /// How the endpoints of a host are talked to.
    ///
    /// Istio's `DestinationRule`.
    pub struct DestinationRule: "istio.networking.v1alpha3.DestinationRule" {
        /// The host; short names are of the resource's namespace, `*.example.com` is for several.
        pub host: String = "host",
        /// The policy for all of its endpoints.
        pub traffic_policy: Option<TrafficPolicy> = "trafficPolicy",
        /// Named subsets of its endpoints, which routes refer to.
        pub subsets: Vec<Subset> = "subsets",
        /// The namespaces that see it: `.` the own one, `*` all (the default), or one name.
        pub export_to: Vec<String> = "exportTo",
        /// The client workloads that follow it; absent for all.
        pub workload_selector: Option<WorkloadSelector> = "workloadSelector",
    }
}

message! {
    /// Some endpoints of a host.
    ///
    /// Istio's `Subset`.
    pub struct Subset: "istio.networking.v1alpha3.Subset" {
        /// The name that routes use.
        pub name: String = "name",
        /// Labels that the endpoints have.
        pub labels: Map<String, String> = "labels",
        /// The policy for them; what it does not set is taken from the whole rule.
        pub traffic_policy: Option<TrafficPolicy> = "trafficPolicy",
    }
}

message! {
    /// How connections and requests to endpoints are made.
    ///
    /// Istio's `TrafficPolicy`.
    pub struct TrafficPolicy: "istio.networking.v1alpha3.TrafficPolicy" {
        /// Which endpoint takes a request.
        pub load_balancer: Option<Box<LoadBalancerSettings>> = "loadBalancer",
        /// How many connections and requests there may be.
        pub connection_pool: Option<Box<ConnectionPoolSettings>> = "connectionPool",
        /// When a failing endpoint is left out.
        pub outlier_detection: Option<Box<OutlierDetection>> = "outlierDetection",
        /// Whether and how TLS is spoken.
        pub tls: Option<Box<ClientTlsSettings>> = "tls",
        /// Policies for single ports; each replaces the settings above for its port.
        pub port_level_settings: Vec<PortTrafficPolicy> = "portLevelSettings",
        /// A tunnel through another proxy by CONNECT or POST.
        pub tunnel: Option<TunnelSettings> = "tunnel",
        /// Whether connections begin with a PROXY header.
        pub proxy_protocol: Option<ProxyProtocol> = "proxyProtocol",
        /// How many retries may be under way.
        pub retry_budget: Option<RetryBudget> = "retryBudget",
    }
}

message! {
    /// The policy for one port of a host.
    ///
    /// Istio's `TrafficPolicy.PortTrafficPolicy`.
    pub struct PortTrafficPolicy: "istio.networking.v1alpha3.TrafficPolicy.PortTrafficPolicy" {
        /// The port of the service.
        pub port: Option<PortSelector> = "port",
        /// Which endpoint takes a request.
        pub load_balancer: Option<Box<LoadBalancerSettings>> = "loadBalancer",
        /// How many connections and requests there may be.
        pub connection_pool: Option<Box<ConnectionPoolSettings>> = "connectionPool",
        /// When a failing endpoint is left out.
        pub outlier_detection: Option<Box<OutlierDetection>> = "outlierDetection",
        /// Whether and how TLS is spoken.
        pub tls: Option<Box<ClientTlsSettings>> = "tls",
    }
}

message! {
    /// A tunnel through which TCP or TLS connections go.
    ///
    /// Istio's `TrafficPolicy.TunnelSettings`.
    pub struct TunnelSettings: "istio.networking.v1alpha3.TrafficPolicy.TunnelSettings" {
        /// `CONNECT` (also where it is empty) or `POST`.
        pub protocol: String = "protocol",
        /// The host that is asked for; a name or an address.
        pub target_host: String = "targetHost",
        /// The port that is asked for, 1 to 65535.
        pub target_port: u32 = "targetPort",
    }
}

message! {
    /// A PROXY header at the start of connections.
    ///
    /// Istio's `TrafficPolicy.ProxyProtocol`.
    pub struct ProxyProtocol: "istio.networking.v1alpha3.TrafficPolicy.ProxyProtocol" {
        /// Its version.
        pub version: ProxyProtocolVersion = "version",
    }
}

enumeration! {
    /// Versions of the PROXY protocol.
    ///
    /// Istio's `TrafficPolicy.ProxyProtocol.VERSION`.
    pub enum ProxyProtocolVersion: "istio.networking.v1alpha3.TrafficPolicy.ProxyProtocol.VERSION" {
        /// The text form.
        V1 = 0 "V1",
        /// The binary form.
        V2 = 1 "V2",
    }
}

message! {
    /// A bound on retries that are under way, relative to requests.
    ///
    /// Istio's `TrafficPolicy.RetryBudget`.
    pub struct RetryBudget: "istio.networking.v1alpha3.TrafficPolicy.RetryBudget" {
        /// Retries per requests, in percent, 0 to 100. Default: 20.
        pub percent: Option<f64> = "percent",
        /// So many retries are always allowed. Default: 3.
        pub min_retry_concurrency: u32 = "minRetryConcurrency",
        /// The time over which requests are counted. Default: 0, those under way.
        pub budget_interval: Option<Duration> = "budgetInterval",
    }
}
