//! networking/locality.

use crate::proto::message;
use indexmap::IndexMap;

message! {
    /// Istio's `LocalityLoadBalancerSetting`.
    pub struct LocalityLoadBalancerSetting: "istio.networking.v1alpha3.LocalityLoadBalancerSetting" {
        /// `distribute`.
        pub distribute: Vec<Distribute> = "distribute",
        /// `failover`.
        pub failover: Vec<Failover> = "failover",
        /// `failoverPriority`.
        pub failover_priority: Vec<String> = "failoverPriority",
        /// `enabled`.
        pub enabled: Option<bool> = "enabled",
    }
}

message! {
    /// Istio's `LocalityLoadBalancerSetting.Distribute`.
    pub struct Distribute: "istio.networking.v1alpha3.LocalityLoadBalancerSetting.Distribute" {
        /// `from`.
        pub from: String = "from",
        /// `to`.
        pub to: IndexMap<String, u32> = "to",
    }
}

message! {
    /// Istio's `LocalityLoadBalancerSetting.Failover`.
    pub struct Failover: "istio.networking.v1alpha3.LocalityLoadBalancerSetting.Failover" {
        /// `from`.
        pub from: String = "from",
        /// `to`.
        pub to: String = "to",
    }
}

message! {
    /// Istio's `ZoneAwareLoadBalancerSetting`.
    pub struct ZoneAwareLoadBalancerSetting: "istio.networking.v1alpha3.ZoneAwareLoadBalancerSetting" {
        /// `enabled`.
        pub enabled: Option<bool> = "enabled",
        /// `failover`.
        pub failover: Vec<ZoneAwareFailover> = "failover",
        /// `failoverPriority`.
        pub failover_priority: Vec<String> = "failoverPriority",
        /// `minClusterSize`.
        pub min_cluster_size: Option<u64> = "minClusterSize",
    }
}

message! {
    /// Istio's `ZoneAwareLoadBalancerSetting.Failover`.
    pub struct ZoneAwareFailover: "istio.networking.v1alpha3.ZoneAwareLoadBalancerSetting.Failover" {
        /// `from`.
        pub from: String = "from",
        /// `to`.
        pub to: String = "to",
    }
}
