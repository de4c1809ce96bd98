//! The workload whose policies are compiled.

use meshwork_api::{Object, security::AuthorizationPolicy};
use meshwork_core::{Labels, Selector};

/// The workload whose policies are compiled, and the trust domains of its mesh.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PolicyScope {
    /// The namespace of the workload.
    pub namespace: String,
    /// Its labels.
    pub labels: Labels,
    /// MeshConfig `rootNamespace`: policies there are the mesh's, with selectors as well.
    pub root_namespace: String,
    /// MeshConfig `trustDomain` and then `trustDomainAliases`.
    pub trust_domains: Vec<String>,
}

impl PolicyScope {
    /// A workload without labels in a mesh with Istio's defaults.
    pub fn new(namespace: impl Into<String>) -> Self {
        Self {
            namespace: namespace.into(),
            labels: Labels::default(),
            root_namespace: "istio-system".into(),
            trust_domains: vec!["cluster.local".into()],
        }
    }

    /// Whether a policy is about the workload. One with `targetRef` never is: those are for
    /// gateways of the Gateway API and for waypoints.
    pub fn is_selected_by(&self, policy: &Object<AuthorizationPolicy>) -> bool {
        let namespace = &policy.metadata.namespace;
        if *namespace != self.namespace && *namespace != self.root_namespace {
            return false;
        }
        if policy.spec.target_ref.is_some() || !policy.spec.target_refs.is_empty() {
            return false;
        }
        let selector = policy.spec.selector.as_ref().map_or_else(Selector::all, |selector| {
            let labels = selector.match_labels.iter();
            Selector::labels(labels.map(|(key, value)| (key.as_str(), value.as_str())).collect())
        });
        selector.selects(&self.labels)
    }
}
