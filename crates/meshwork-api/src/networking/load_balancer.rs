//! networking/load_balancer.

use super::LocalityLoadBalancerSetting;
use super::ZoneAwareLoadBalancerSetting;
use crate::Duration;
use crate::proto::enumeration;
use crate::proto::message;
use crate::proto::oneof;

message! {
    /// Istio's `LoadBalancerSettings`.
    pub struct LoadBalancerSettings: "istio.networking.v1alpha3.LoadBalancerSettings" {
        /// `lb_policy`.
        pub lb_policy: Option<LbPolicy> = oneof,
        /// `localityLbSetting`.
        pub locality_lb_setting: Option<LocalityLoadBalancerSetting> = "localityLbSetting",
        /// `zoneAwareLbSetting`.
        pub zone_aware_lb_setting: Option<ZoneAwareLoadBalancerSetting> = "zoneAwareLbSetting",
        /// `warmupDurationSecs`.
        pub warmup_duration_secs: Option<Duration> = "warmupDurationSecs",
        /// `warmup`.
        pub warmup: Option<WarmupConfiguration> = "warmup",
    }
}

oneof! {
    /// The members of `LoadBalancerSettings.lb_policy`.
    pub enum LbPolicy {
        /// `simple`.
        Simple(SimpleLb) = "simple",
        /// `consistentHash`.
        ConsistentHash(ConsistentHashLb) = "consistentHash",
    }
}

enumeration! {
    /// Istio's `LoadBalancerSettings.SimpleLB`.
    pub enum SimpleLb: "istio.networking.v1alpha3.LoadBalancerSettings.SimpleLB" {
        /// `UNSPECIFIED`.
        Unspecified = 0 "UNSPECIFIED",
        /// `LEAST_CONN`.
        LeastConn = 1 "LEAST_CONN",
        /// `RANDOM`.
        Random = 2 "RANDOM",
        /// `PASSTHROUGH`.
        Passthrough = 3 "PASSTHROUGH",
        /// `ROUND_ROBIN`.
        RoundRobin = 4 "ROUND_ROBIN",
        /// `LEAST_REQUEST`.
        LeastRequest = 5 "LEAST_REQUEST",
    }
}

message! {
    /// Istio's `LoadBalancerSettings.ConsistentHashLB`.
    pub struct ConsistentHashLb: "istio.networking.v1alpha3.LoadBalancerSettings.ConsistentHashLB" {
        /// `hash_key`.
        pub hash_key: Option<HashKey> = oneof,
        /// `hash_algorithm`.
        pub hash_algorithm: Option<HashAlgorithm> = oneof,
        /// `minimumRingSize`.
        pub minimum_ring_size: u64 = "minimumRingSize",
    }
}

oneof! {
    /// The members of `LoadBalancerSettings.ConsistentHashLB.hash_key`.
    pub enum HashKey {
        /// `httpHeaderName`.
        HttpHeaderName(String) = "httpHeaderName",
        /// `httpCookie`.
        HttpCookie(HttpCookie) = "httpCookie",
        /// `useSourceIp`.
        UseSourceIp(bool) = "useSourceIp",
        /// `httpQueryParameterName`.
        HttpQueryParameterName(String) = "httpQueryParameterName",
    }
}

oneof! {
    /// The members of `LoadBalancerSettings.ConsistentHashLB.hash_algorithm`.
    pub enum HashAlgorithm {
        /// `ringHash`.
        RingHash(RingHash) = "ringHash",
        /// `maglev`.
        Maglev(MagLev) = "maglev",
    }
}

message! {
    /// Istio's `LoadBalancerSettings.ConsistentHashLB.RingHash`.
    pub struct RingHash: "istio.networking.v1alpha3.LoadBalancerSettings.ConsistentHashLB.RingHash" {
        /// `minimumRingSize`.
        pub minimum_ring_size: u64 = "minimumRingSize",
    }
}

message! {
    /// Istio's `LoadBalancerSettings.ConsistentHashLB.MagLev`.
    pub struct MagLev: "istio.networking.v1alpha3.LoadBalancerSettings.ConsistentHashLB.MagLev" {
        /// `tableSize`.
        pub table_size: u64 = "tableSize",
    }
}

message! {
    /// Istio's `LoadBalancerSettings.ConsistentHashLB.HTTPCookie`.
    pub struct HttpCookie: "istio.networking.v1alpha3.LoadBalancerSettings.ConsistentHashLB.HTTPCookie" {
        /// `name`.
        pub name: String = "name",
        /// `path`.
        pub path: String = "path",
        /// `ttl`.
        pub ttl: Option<Duration> = "ttl",
        /// `attributes`.
        pub attributes: Vec<HttpCookieAttribute> = "attributes",
    }
}

message! {
    /// Istio's `LoadBalancerSettings.ConsistentHashLB.HTTPCookie.Attribute`.
    pub struct HttpCookieAttribute: "istio.networking.v1alpha3.LoadBalancerSettings.ConsistentHashLB.HTTPCookie.Attribute" {
        /// `name`.
        pub name: String = "name",
        /// `value`.
        pub value: String = "value",
    }
}

message! {
    /// Istio's `WarmupConfiguration`.
    pub struct WarmupConfiguration: "istio.networking.v1alpha3.WarmupConfiguration" {
        /// `duration`.
        pub duration: Option<Duration> = "duration",
        /// `minimumPercent`.
        pub minimum_percent: Option<f64> = "minimumPercent",
        /// `aggression`.
        pub aggression: Option<f64> = "aggression",
    }
}
