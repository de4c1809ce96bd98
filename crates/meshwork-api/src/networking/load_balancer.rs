//! Which endpoint takes a request.

use super::{LocalityLoadBalancerSetting, ZoneAwareLoadBalancerSetting};
use crate::Duration;
use crate::proto::{enumeration, message, oneof};

message! {
    /// Which endpoint takes a request.
    ///
    /// Istio's `LoadBalancerSettings`.
    pub struct LoadBalancerSettings: "istio.networking.v1alpha3.LoadBalancerSettings" {
        /// The method; at most one. Default: least request.
        pub lb_policy: Option<LbPolicy> = oneof,
        /// Preferences among localities. Default: MeshConfig's.
        pub locality_lb_setting: Option<LocalityLoadBalancerSetting> = "localityLbSetting",
        /// Preferences among zones, by their capacity.
        pub zone_aware_lb_setting: Option<ZoneAwareLoadBalancerSetting> = "zoneAwareLbSetting",
        /// Deprecated: how long a new endpoint's share grows.
        pub warmup_duration_secs: Option<Duration> = "warmupDurationSecs",
        /// How a new endpoint's share grows.
        pub warmup: Option<WarmupConfiguration> = "warmup",
    }
}

oneof! {
    /// The methods of choosing endpoints.
    pub enum LbPolicy {
        /// Without regard to the request.
        Simple(SimpleLb) = "simple",
        /// By a hash of the request, so that like requests meet the same endpoint.
        ConsistentHash(ConsistentHashLb) = "consistentHash",
        /// By the load that endpoints report (ORCA).
        BackendUtilization(BackendUtilizationLb) = "backendUtilization",
    }
}

enumeration! {
    /// Methods of choosing endpoints.
    ///
    /// Istio's `LoadBalancerSettings.SimpleLB`.
    pub enum SimpleLb: "istio.networking.v1alpha3.LoadBalancerSettings.SimpleLB" {
        /// The default: as `LEAST_REQUEST`.
        Unspecified = 0 "UNSPECIFIED",
        /// Deprecated: as `LEAST_REQUEST`.
        LeastConn = 1 "LEAST_CONN",
        /// Any endpoint.
        Random = 2 "RANDOM",
        /// The address that the client asked for.
        Passthrough = 3 "PASSTHROUGH",
        /// One after the other.
        RoundRobin = 4 "ROUND_ROBIN",
        /// Of two random ones, that with fewer requests under way.
        LeastRequest = 5 "LEAST_REQUEST",
    }
}

message! {
    /// Choice by a hash of the request.
    ///
    /// Istio's `LoadBalancerSettings.ConsistentHashLB`.
    pub struct ConsistentHashLb: "istio.networking.v1alpha3.LoadBalancerSettings.ConsistentHashLB" {
        /// What is hashed; one is required.
        pub hash_key: Option<HashKey> = oneof,
        /// How an endpoint is found for a hash. Default: a ring.
        pub hash_algorithm: Option<HashAlgorithm> = oneof,
        /// Deprecated: as in `ringHash`.
        pub minimum_ring_size: u64 = "minimumRingSize",
    }
}

oneof! {
    /// What of a request is hashed.
    pub enum HashKey {
        /// The value of this header.
        HttpHeaderName(String) = "httpHeaderName",
        /// The value of a cookie, which is made where it is missing.
        HttpCookie(HttpCookie) = "httpCookie",
        /// The address of the client, if true.
        UseSourceIp(bool) = "useSourceIp",
        /// The value of this parameter of the query.
        HttpQueryParameterName(String) = "httpQueryParameterName",
    }
}

oneof! {
    /// How an endpoint is found for a hash.
    pub enum HashAlgorithm {
        /// On a ring of points.
        RingHash(RingHash) = "ringHash",
        /// In a table that Maglev's method fills.
        Maglev(MagLev) = "maglev",
    }
}

message! {
    /// A ring of points that endpoints own.
    ///
    /// Istio's `LoadBalancerSettings.ConsistentHashLB.RingHash`.
    pub struct RingHash: "istio.networking.v1alpha3.LoadBalancerSettings.ConsistentHashLB.RingHash" {
        /// The least number of points. Default: 1024.
        pub minimum_ring_size: u64 = "minimumRingSize",
    }
}

message! {
    /// A table that Maglev's method fills.
    ///
    /// Istio's `LoadBalancerSettings.ConsistentHashLB.MagLev`.
    pub struct MagLev: "istio.networking.v1alpha3.LoadBalancerSettings.ConsistentHashLB.MagLev" {
        /// The size, a prime. Default: 65537.
        pub table_size: u64 = "tableSize",
    }
}

message! {
    /// A cookie that is hashed.
    ///
    /// Istio's `LoadBalancerSettings.ConsistentHashLB.HTTPCookie`.
    pub struct HttpCookie: "istio.networking.v1alpha3.LoadBalancerSettings.ConsistentHashLB.HTTPCookie" {
        /// The name; required.
        pub name: String = "name",
        /// The path of a cookie that is made.
        pub path: String = "path",
        /// The life of a cookie that is made; 0s makes it one of the session; without it none is
        /// made.
        pub ttl: Option<Duration> = "ttl",
        /// Further attributes of a cookie that is made.
        pub attributes: Vec<HttpCookieAttribute> = "attributes",
    }
}

message! {
    /// An attribute of a cookie that is made.
    ///
    /// Istio's `LoadBalancerSettings.ConsistentHashLB.HTTPCookie.Attribute`.
    pub struct HttpCookieAttribute: "istio.networking.v1alpha3.LoadBalancerSettings.ConsistentHashLB.HTTPCookie.Attribute" {
        /// The name; required.
        pub name: String = "name",
        /// The value; empty for an attribute without one.
        pub value: String = "value",
    }
}

message! {
    /// Endpoints that report more load get less.
    ///
    /// Istio's `LoadBalancerSettings.BackendUtilizationLB`.
    pub struct BackendUtilizationLb: "istio.networking.v1alpha3.LoadBalancerSettings.BackendUtilizationLB" {
        /// How long the first reports of an endpoint do not count. Default: 10s.
        pub weight_stabilization_period: Option<Duration> = "weightStabilizationPeriod",
        /// After how long without a report an endpoint has the usual weight. Default: 3m.
        pub weight_expiration_period: Option<Duration> = "weightExpirationPeriod",
        /// How often weights are computed, at least 100ms. Default: 1s.
        pub weight_update_period: Option<Duration> = "weightUpdatePeriod",
        /// How much errors count as load, in percent; 0 (the default) for not at all.
        pub error_utilization_penalty_percent: u32 = "errorUtilizationPenaltyPercent",
        /// Metrics of the report that say the load, `named_metrics.x`; empty for
        /// `application_utilization`.
        pub metric_names_for_computing_utilization: Vec<String> = "metricNamesForComputingUtilization",
    }
}

message! {
    /// How the share of a new endpoint grows.
    ///
    /// Istio's `WarmupConfiguration`.
    pub struct WarmupConfiguration: "istio.networking.v1alpha3.WarmupConfiguration" {
        /// How long it grows; required.
        pub duration: Option<Duration> = "duration",
        /// The share at the start, in percent of the usual one. Default: 10.
        pub minimum_percent: Option<f64> = "minimumPercent",
        /// The shape of the growth, at least 1; 1 (the default) is linear.
        pub aggression: Option<f64> = "aggression",
    }
}
