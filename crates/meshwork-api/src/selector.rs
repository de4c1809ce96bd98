//! Which workloads a policy is for (`istio.type.v1beta1`).

use crate::proto::message;
use indexmap::IndexMap;

message! {
    /// Workloads by their labels.
    ///
    /// Istio's `WorkloadSelector` of the type API.
    pub struct WorkloadSelector: "istio.type.v1beta1.WorkloadSelector" {
        /// Labels that they have.
        pub match_labels: IndexMap<String, String> = "matchLabels",
    }
}

message! {
    /// The object that a policy is attached to.
    ///
    /// Istio's `PolicyTargetReference`.
    pub struct PolicyTargetReference: "istio.type.v1beta1.PolicyTargetReference" {
        /// Its API group; empty for that of Kubernetes' core.
        pub group: String = "group",
        /// Its kind: `Gateway`, `GatewayClass`, `Service`, `ServiceEntry`.
        pub kind: String = "kind",
        /// Its name.
        pub name: String = "name",
        /// Its namespace; empty for the own one, others are not allowed.
        pub namespace: String = "namespace",
    }
}
