//! selector.

use crate::proto::message;
use indexmap::IndexMap;

message! {
    /// Istio's `WorkloadSelector`.
    pub struct WorkloadSelector: "istio.type.v1beta1.WorkloadSelector" {
        /// `matchLabels`.
        pub match_labels: IndexMap<String, String> = "matchLabels",
    }
}

message! {
    /// Istio's `PolicyTargetReference`.
    pub struct PolicyTargetReference: "istio.type.v1beta1.PolicyTargetReference" {
        /// `group`.
        pub group: String = "group",
        /// `kind`.
        pub kind: String = "kind",
        /// `name`.
        pub name: String = "name",
        /// `namespace`.
        pub namespace: String = "namespace",
    }
}
