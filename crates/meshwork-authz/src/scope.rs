//! The workload whose policies are compiled.

use meshwork_api::{
    Object,
    security::{AuthorizationPolicy, PolicyTargetReference},
};
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

    /// Whether a policy is about the workload.
    ///
    /// One with `targetRefs` is only about the proxies of a gateway of the Kubernetes Gateway API
    /// (those with the label `gateway.networking.k8s.io/gateway-name`) that it names, in its own
    /// namespace.
    pub fn is_selected_by(&self, policy: &Object<AuthorizationPolicy>) -> bool {
        let namespace = &policy.metadata.namespace;
        if *namespace != self.namespace && *namespace != self.root_namespace {
            return false;
        }
        let spec = &policy.spec;
        let targets = PolicyTargetReference::all(spec.target_ref.as_ref(), &spec.target_refs);
        if !targets.is_empty() {
            return *namespace == self.namespace
                && targets.iter().any(|target| target.names_gateway_of(namespace, &self.labels));
        }
        let selector = spec.selector.as_ref().map_or_else(Selector::all, |selector| {
            let labels = selector.match_labels.iter();
            Selector::labels(labels.map(|(key, value)| (key.as_str(), value.as_str())).collect())
        });
        selector.selects(&self.labels)
    }
}
