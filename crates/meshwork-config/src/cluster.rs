//! Clusters: what the proxy can send to, with policy and endpoints.

use std::sync::Arc;

use meshwork_authn::{MtlsMode, PeerAuthn};
use meshwork_balance::Endpoint as Ranked;
use meshwork_core::{Labels, NameMap};
use meshwork_policy::{
    ClusterPolicy, Destination, DestinationPolicies, ServerMtls, UpstreamEndpoint, service_accounts,
};
use meshwork_registry::{Proxy, Registry, Service, ServicePort};

/// A cluster in Envoy's sense: one port of a service, or one subset of it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ClusterSpec {
    /// The service.
    pub service: Arc<Service>,
    /// The port of the service.
    pub port: ServicePort,
    /// The subset, where it is one.
    pub subset: Option<Arc<str>>,
    /// What DestinationRules and the mesh's defaults say of it.
    pub policy: Arc<ClusterPolicy>,
    /// The endpoints, ranked by locality; none where the client's own destination is used.
    pub endpoints: Arc<[Ranked<UpstreamEndpoint>]>,
}

impl ClusterSpec {
    /// `outbound|9080|v1|reviews.default.svc.cluster.local`.
    pub fn name(&self) -> &Arc<str> {
        &self.policy.name
    }
}

/// All clusters of a proxy by name.
#[derive(Clone, Debug)]
pub(crate) struct ClusterSpecs {
    specs: NameMap<Arc<ClusterSpec>>,
    /// What they follow from, to be compared by identity.
    services: Arc<[Arc<Service>]>,
    registry: Registry,
    policies: Arc<DestinationPolicies>,
    peer_authn: Arc<PeerAuthn>,
}

/// What the clusters of a proxy follow from.
#[derive(Clone, Copy)]
pub(crate) struct ClusterInputs<'a> {
    pub(crate) registry: &'a Registry,
    pub(crate) policies: &'a Arc<DestinationPolicies>,
    pub(crate) proxy: &'a Proxy,
    pub(crate) peer_authn: &'a Arc<PeerAuthn>,
    pub(crate) previous: Option<&'a ClusterSpecs>,
}

impl ClusterSpecs {
    pub(crate) fn get(&self, name: &str) -> Option<&Arc<ClusterSpec>> {
        self.specs.get(name)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<ClusterSpec>> {
        self.specs.values()
    }

    /// Whether one is a clone of the other.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.specs.is_same(&other.specs)
    }

    /// The clusters of the services in scope; those of before as a whole where nothing that they
    /// follow from has changed.
    pub(crate) fn compile(services: &Arc<[Arc<Service>]>, inputs: &ClusterInputs<'_>) -> Self {
        let same = |previous: &&Self| {
            Arc::ptr_eq(&previous.services, services)
                && Arc::ptr_eq(&previous.policies, inputs.policies)
                && Arc::ptr_eq(&previous.peer_authn, inputs.peer_authn)
                && previous.registry.is_same(inputs.registry)
        };
        if let Some(previous) = inputs.previous.filter(same) {
            return previous.clone();
        }
        let proxy = inputs.registry.placed(inputs.proxy);
        let inputs = &ClusterInputs { proxy: &proxy, ..*inputs };
        let mut all = Collected { specs: Vec::new(), previous: inputs.previous };
        for service in services.iter() {
            all.add(service, inputs);
        }
        Self {
            specs: all.specs.into_iter().collect(),
            services: Arc::clone(services),
            registry: inputs.registry.clone(),
            policies: Arc::clone(inputs.policies),
            peer_authn: Arc::clone(inputs.peer_authn),
        }
    }
}

/// Clusters while they are compiled.
struct Collected<'a> {
    specs: Vec<(Arc<str>, Arc<ClusterSpec>)>,
    previous: Option<&'a ClusterSpecs>,
}

impl Collected<'_> {
    fn add(&mut self, service: &Arc<Service>, inputs: &ClusterInputs<'_>) {
        let ports: Vec<_> = service
            .ports
            .iter()
            .map(|port| (port, inputs.registry.endpoints(service, port.number)))
            .collect();
        let identities = inputs.registry.identities(service);
        let accounts = service_accounts(&identities, inputs.policies.mesh());
        let rule = inputs.policies.rule(inputs.proxy, service);
        let subsets: Vec<_> = rule
            .map(|rule| rule.subsets().map(|subset| Some(subset.name)).collect())
            .unwrap_or_default();
        for (port, endpoints) in &ports {
            for subset in std::iter::once(&None).chain(&subsets) {
                let destination = Destination {
                    client: inputs.proxy,
                    service,
                    port,
                    subset: subset.as_deref(),
                    endpoints,
                    accounts: &accounts,
                };
                // What has no cluster is answered with 503 NC; routes that lead there are
                // reported where they are written.
                let Ok(cluster) =
                    inputs.policies.outbound(&destination, &Servers(inputs.peer_authn))
                else {
                    continue;
                };
                self.insert(ClusterSpec {
                    service: Arc::clone(service),
                    port: (*port).clone(),
                    subset: subset.clone(),
                    policy: Arc::new(cluster.policy),
                    endpoints: cluster.endpoints.into(),
                });
            }
        }
    }

    /// Keeps the known form of a cluster that is equal to it.
    fn insert(&mut self, mut spec: ClusterSpec) {
        let known = self.previous.and_then(|previous| previous.get(spec.name()));
        let shared = match known {
            Some(known) if **known == spec => Arc::clone(known),
            Some(known) => {
                if known.policy == spec.policy {
                    spec.policy = Arc::clone(&known.policy);
                }
                Arc::new(spec)
            }
            None => Arc::new(spec),
        };
        self.specs.push((Arc::clone(shared.name()), shared));
    }
}

/// What clients see of PeerAuthentication.
struct Servers<'a>(&'a PeerAuthn);

impl ServerMtls for Servers<'_> {
    fn is_disabled_in(&self, namespace: &str) -> bool {
        self.0.service(namespace) == MtlsMode::Disable
    }

    fn is_disabled_for(&self, namespace: &str, labels: &Labels, port: u16) -> bool {
        self.0.workload(namespace, labels).mode(port) == MtlsMode::Disable
    }
}
