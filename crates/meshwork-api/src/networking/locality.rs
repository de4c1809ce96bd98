//! Preferences among the places where endpoints run.

use crate::Map;
use crate::proto::message;

message! {
    /// Preferences among localities (`region/zone/subzone`).
    ///
    /// Istio's `LocalityLoadBalancerSetting`.
    pub struct LocalityLoadBalancerSetting: "istio.networking.v1alpha3.LocalityLoadBalancerSetting" {
        /// Shares by the client's locality. Excludes `failover` and `failoverPriority`.
        pub distribute: Vec<Distribute> = "distribute",
        /// Which region takes over from which.
        pub failover: Vec<Failover> = "failover",
        /// Labels, in order of weight, in which an endpoint should equal the client.
        pub failover_priority: Vec<String> = "failoverPriority",
        /// Whether endpoints nearby come first. Default: MeshConfig's, which is true.
        pub enabled: Option<bool> = "enabled",
    }
}

message! {
    /// Shares of localities for the clients of one.
    ///
    /// Istio's `LocalityLoadBalancerSetting.Distribute`.
    pub struct Distribute: "istio.networking.v1alpha3.LocalityLoadBalancerSetting.Distribute" {
        /// The client's locality; `*` ends a prefix.
        pub from: String = "from",
        /// Percent by endpoint locality, 100 altogether.
        pub to: Map<String, u32> = "to",
    }
}

message! {
    /// Which region takes over from which.
    ///
    /// Istio's `LocalityLoadBalancerSetting.Failover`.
    pub struct Failover: "istio.networking.v1alpha3.LocalityLoadBalancerSetting.Failover" {
        /// The region that fails.
        pub from: String = "from",
        /// The region that takes over.
        pub to: String = "to",
    }
}

message! {
    /// Preference for the own zone as far as its endpoints suffice.
    ///
    /// Istio's `ZoneAwareLoadBalancerSetting`.
    pub struct ZoneAwareLoadBalancerSetting: "istio.networking.v1alpha3.ZoneAwareLoadBalancerSetting" {
        /// Whether it applies.
        pub enabled: Option<bool> = "enabled",
        /// Which region takes over from which.
        pub failover: Vec<ZoneAwareFailover> = "failover",
        /// Labels, in order of weight, in which an endpoint should equal the client.
        pub failover_priority: Vec<String> = "failoverPriority",
        /// From how many endpoints on it applies, at least 1.
        pub min_cluster_size: Option<u32> = "minClusterSize",
    }
}

message! {
    /// Which region takes over from which.
    ///
    /// Istio's `ZoneAwareLoadBalancerSetting.Failover`.
    pub struct ZoneAwareFailover: "istio.networking.v1alpha3.ZoneAwareLoadBalancerSetting.Failover" {
        /// The region that fails.
        pub from: String = "from",
        /// The region that takes over.
        pub to: String = "to",
    }
}
