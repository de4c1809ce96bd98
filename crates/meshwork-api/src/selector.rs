//! Which workloads a policy is for (`istio.type.v1beta1`).

use crate::Map;
use crate::proto::message;
use meshwork_core::Labels;

message! {
    /// Workloads by their labels.
    ///
    /// Istio's `WorkloadSelector` of the type API.
    pub struct WorkloadSelector: "istio.type.v1beta1.WorkloadSelector" {
        /// Labels that they have.
        pub match_labels: Map<String, String> = "matchLabels",
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

impl PolicyTargetReference {
    /// The references of a policy: the single one (`targetRef`) counts only without the others.
    pub fn all<'a>(single: Option<&'a Self>, several: &'a [Self]) -> &'a [Self] {
        if several.is_empty() { single.map_or(&[], std::slice::from_ref) } else { several }
    }

    /// Whether it names the Kubernetes gateway whose proxies bear these labels. `namespace` is that
    /// of policy and proxy; a reference never reaches into another one.
    pub fn names_gateway_of(&self, namespace: &str, labels: &Labels) -> bool {
        self.group == "gateway.networking.k8s.io"
            && self.kind == "Gateway"
            && (self.namespace.is_empty() || self.namespace == namespace)
            && labels.get(GATEWAY_NAME) == Some(self.name.as_str())
    }
}

/// The label that the Gateway API gives the workloads of a gateway.
const GATEWAY_NAME: &str = "gateway.networking.k8s.io/gateway-name";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_a_reference_counts() {
        let labels = [(GATEWAY_NAME, "inner")].into_iter().collect();
        let names = |group: &str, kind: &str, name: &str, namespace: &str| {
            let [group, kind, name, namespace] = [group, kind, name, namespace].map(str::to_owned);
            let target = PolicyTargetReference { group, kind, name, namespace };
            target.names_gateway_of("shop", &labels)
        };
        let api = "gateway.networking.k8s.io";
        assert!(names(api, "Gateway", "inner", ""));
        assert!(names(api, "Gateway", "inner", "shop"));
        assert!(!names("", "Gateway", "inner", ""));
        assert!(!names(api, "GatewayClass", "inner", ""));
        assert!(!names(api, "Gateway", "outer", ""));
        assert!(!names(api, "Gateway", "inner", "other"));
    }
}
