//! One consistent view of the mesh for one proxy.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use meshwork_api::mesh::MeshConfig;
use meshwork_policy::{ClusterPolicy, DestinationPolicies, InboundTarget};
use meshwork_registry::{
    DefaultEndpoint, EgressScope, Interception, OutboundPolicy, Proxy, ProxyKind, Registry,
};
use meshwork_routing::{CompileError, MergedVirtualServices, RouteInputs, RouteTable};

use crate::{
    ClusterSpec, CompileReport, ConfigStore, Credentials, Diagnostic, Level, Security,
    cluster::{ClusterInputs, ClusterSpecs},
    objects::Objects,
    references::Dangling,
    store::Refused,
};

/// Everything that a proxy decides by, in one consistent version.
///
/// A snapshot never changes. A request holds on to one from its beginning to its end, so it is
/// routed, authenticated and authorised by a single version of the configuration.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Snapshot {
    /// The proxy whose view this is.
    pub proxy: Arc<Proxy>,
    /// The mesh's configuration.
    pub mesh: Arc<MeshConfig>,
    /// All services and workloads.
    pub registry: Registry,
    /// What the proxy sees.
    pub scope: Arc<EgressScope>,
    /// Where connections and requests go.
    pub routes: Arc<RouteTable>,
    /// What DestinationRules say.
    pub policies: Arc<DestinationPolicies>,
    /// What inbound traffic has to meet.
    pub security: Arc<Security>,
    /// The certificates that `credentialName`s can mean.
    pub credentials: Arc<Credentials>,
    clusters: ClusterSpecs,
    /// The policies of clusters beside those of services, worked out when one is asked for.
    beside: OnceLock<HashMap<Arc<str>, Arc<ClusterPolicy>>>,
    pub(crate) basis: Basis,
}

/// What a snapshot was compiled from, and what was said of it, for the one that comes after.
#[derive(Clone, Debug)]
pub(crate) struct Basis {
    objects: Objects,
    refused: Refused,
    merged: MergedVirtualServices,
    security: Arc<[Diagnostic]>,
    pub(crate) dangling: Dangling,
}

impl Snapshot {
    /// Compiles what `store` holds into the view of `proxy`.
    ///
    /// Parts that come out as in `previous`, a snapshot of the same proxy, are shared with it; the
    /// result does not depend on it otherwise. The report names everything that was refused, that
    /// is left without effect, or that Envoy would not take.
    pub fn compile(
        store: &ConfigStore,
        proxy: &Proxy,
        previous: Option<&Self>,
    ) -> (Self, CompileReport) {
        let mesh = Arc::clone(store.mesh());
        let previous = previous.filter(|previous| *previous.proxy == *proxy);
        let proxy = previous.map_or_else(|| Arc::new(proxy.clone()), |p| Arc::clone(&p.proxy));
        let registry = store.registry().clone();
        let objects = store.objects.clone();
        let merged = MergedVirtualServices::of(
            objects.virtual_services.by_name(),
            &mesh,
            &proxy.cluster_domain,
            previous.map(|previous| &previous.basis.merged),
        );
        let mut diagnostics: Vec<_> = merged.diagnostics().map(of_compiler).collect();
        // Nothing can be taken over as it is where the mesh's configuration is another one.
        let known = previous.filter(|previous| Arc::ptr_eq(&previous.mesh, &mesh));
        let scope = scope(&registry, &proxy, &objects, &merged, &mesh, previous);
        let same_rules = |previous: &&Self| {
            previous.basis.objects.destination_rules.is_same(&objects.destination_rules)
        };
        let policies = match known.filter(same_rules) {
            Some(previous) => Arc::clone(&previous.policies),
            None => {
                let rules = objects.destination_rules.iter().map(|rule| &**rule);
                let domain = &proxy.cluster_domain;
                Arc::new(DestinationPolicies::compile(rules, Arc::clone(&mesh), domain))
            }
        };
        let subsets = |service: &meshwork_registry::Service| {
            let rule = policies.rule(&proxy, service);
            rule.map(|rule| rule.subsets().map(|subset| subset.name).collect()).unwrap_or_default()
        };
        let gateways = objects.gateways.all();
        let mut inputs = RouteInputs::new(&proxy, &mesh, &registry, &scope);
        inputs.merged = Some(&merged);
        inputs.gateways = &gateways;
        inputs.subsets = Some(&subsets);
        let compiled = RouteTable::compile(&inputs, previous.map(|previous| &*previous.routes));
        diagnostics.extend(compiled.diagnostics.iter().map(of_compiler));
        let same_security = |previous: &&Self| {
            previous.basis.objects.has_security_of(&objects)
                && previous.basis.refused.is_same(&store.refused)
        };
        let (security, found) = match known.filter(same_security) {
            Some(previous) => {
                (Arc::clone(&previous.security), Arc::clone(&previous.basis.security))
            }
            None => {
                let mut found = Vec::new();
                (Arc::new(Security::compile(store, &proxy, &mut found)), found.into())
            }
        };
        diagnostics.extend(found.iter().cloned());
        let clusters = ClusterSpecs::compile(
            &scope.services,
            &ClusterInputs {
                registry: &registry,
                policies: &policies,
                proxy: &proxy,
                peer_authn: security.peer_authn(),
                previous: previous.map(|previous| &previous.clusters),
            },
        );
        let same_credentials =
            |previous: &&Self| previous.basis.objects.credentials.is_same(&objects.credentials);
        let credentials = match previous.filter(same_credentials) {
            Some(previous) => Arc::clone(&previous.credentials),
            None => Credentials::new(
                proxy.namespace.as_str(),
                objects.credentials.iter(),
                previous.map(|previous| &previous.credentials),
            ),
        };
        let basis = Basis {
            objects,
            refused: store.refused.clone(),
            merged,
            security: found,
            dangling: Dangling::default(),
        };
        let mut snapshot = Self {
            mesh,
            registry,
            scope,
            routes: Arc::new(compiled.table),
            policies,
            security,
            credentials,
            clusters,
            beside: OnceLock::new(),
            basis,
            proxy,
        };
        snapshot.basis.dangling = snapshot.find_dangling(previous);
        diagnostics.extend(snapshot.basis.dangling.diagnostics());
        diagnostics.extend(snapshot.missing_credentials());
        (snapshot, store.report(diagnostics))
    }

    /// Whether both have the very same clusters, so that what runs for one runs for the other.
    pub fn has_clusters_of(&self, other: &Self) -> bool {
        self.clusters.is_same(&other.clusters) && Arc::ptr_eq(&self.policies, &other.policies)
    }

    /// Whether both follow from the same Gateways.
    pub(crate) fn has_gateways_of(&self, other: &Self) -> bool {
        self.basis.objects.gateways.is_same(&other.basis.objects.gateways)
    }

    /// Whether there is a Gateway of this name.
    pub(crate) fn has_gateway(&self, namespace: &str, name: &str) -> bool {
        let gateways = self.basis.objects.gateways.by_name();
        gateways
            .find(|(own, own_name)| (**own).cmp(namespace).then_with(|| (**own_name).cmp(name)))
            .is_some()
    }

    /// The cluster of this name; `None` is answered with 503 and the flag NC.
    pub fn cluster(&self, name: &str) -> Option<&Arc<ClusterSpec>> {
        self.clusters.get(name)
    }

    /// The policy of any of Envoy's clusters: those towards services, `inbound|8080||` of the
    /// workload's declared ports, `PassthroughCluster`, `InboundPassthroughCluster`,
    /// `AllowAnyDynamicDNSCluster` and `BlackHoleCluster`.
    pub fn cluster_policy(&self, name: &str) -> Option<Arc<ClusterPolicy>> {
        if let Some(spec) = self.cluster(name) {
            return Some(Arc::clone(&spec.policy));
        }
        self.beside.get_or_init(|| self.policies_beside()).get(name).cloned()
    }

    fn policies_beside(&self) -> HashMap<Arc<str>, Arc<ClusterPolicy>> {
        let (policies, proxy) = (&self.policies, &self.proxy);
        let mut found = vec![policies.black_hole()];
        // Gateways have no clusters but for what they know.
        if proxy.kind == ProxyKind::Sidecar {
            found.push(policies.passthrough(proxy));
            found.push(policies.inbound_passthrough(proxy));
            if self.scope.outbound_policy == OutboundPolicy::AllowAnyDynamicDns {
                found.push(policies.dynamic_passthrough(proxy));
            }
            found.extend(self.inbound_policies());
        }
        found.into_iter().map(|policy| (Arc::clone(&policy.name), Arc::new(policy))).collect()
    }

    /// The policies of the workload's declared ports; those of a `Sidecar` take the place of all
    /// that services lead to.
    fn inbound_policies(&self) -> Vec<ClusterPolicy> {
        let targets = self.registry.inbound(&self.proxy);
        // The first service that leads to the port.
        let of_service = |number: u16| targets.iter().find(|target| target.target == number);
        let policy = |number, port, protocol, endpoint: Option<&DefaultEndpoint>| {
            let known = of_service(number);
            let service = known.and_then(|known| self.scope.service(known.service.host.as_str()));
            let target = InboundTarget {
                number,
                port,
                protocol,
                service: service.map(|service| &**service),
                in_mesh: known.is_some_and(|known| !known.service.mesh_external),
                endpoint,
                connection_pool: self.scope.inbound_connection_pool(number),
            };
            self.policies.inbound(&self.proxy, &target)
        };
        if !self.scope.ingress.is_empty() {
            // Of several for one port the first counts.
            let ports = self.scope.ingress.iter().rev().map(|ingress| {
                let number = ingress.port.number;
                policy(number, number, ingress.port.protocol, Some(&ingress.default_endpoint))
            });
            return ports.collect();
        }
        if self.proxy.interception != Interception::Captured {
            return Vec::new();
        }
        let ports = targets
            .iter()
            .rev()
            .map(|target| policy(target.target, target.port.number, target.port.protocol, None));
        ports.collect()
    }

    /// All clusters, in no order.
    pub fn clusters(&self) -> impl Iterator<Item = &Arc<ClusterSpec>> {
        self.clusters.iter()
    }
}

/// What the proxy sees: the scope before with what VirtualServices have changed in it, where
/// nothing else can be different.
fn scope(
    registry: &Registry,
    proxy: &Proxy,
    objects: &Objects,
    merged: &MergedVirtualServices,
    mesh: &Arc<MeshConfig>,
    previous: Option<&Snapshot>,
) -> Arc<EgressScope> {
    let same = |previous: &&Snapshot| {
        Arc::ptr_eq(&previous.mesh, mesh)
            && previous.registry.is_same(registry)
            && previous.basis.objects.sidecars.is_same(&objects.sidecars)
    };
    if let Some(previous) = previous.filter(same) {
        let changes = previous.basis.merged.changes(merged);
        if changes.clone().next().is_none() {
            return Arc::clone(&previous.scope);
        }
        if let Some(scope) = previous.scope.with_virtual_services(registry, proxy, mesh, changes) {
            return Arc::new(scope);
        }
    }
    let sidecars = objects.sidecars.all();
    let scope = EgressScope::compute(registry, proxy, &sidecars, merged.objects(), mesh);
    Arc::new(match previous {
        Some(previous) => scope.sharing(&previous.scope),
        None => scope,
    })
}

fn of_compiler(error: &CompileError) -> Diagnostic {
    Diagnostic::new(Level::Warning, Some(error.field.clone()), error.message.clone())
}
