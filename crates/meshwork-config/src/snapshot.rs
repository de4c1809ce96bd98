//! One consistent view of the mesh for one proxy.

use std::sync::Arc;

use meshwork_api::mesh::MeshConfig;
use meshwork_policy::{ClusterPolicy, DestinationPolicies};
use meshwork_registry::{EgressScope, Proxy, Registry};
use meshwork_routing::{
    BLACK_HOLE_CLUSTER, CompileError, INBOUND_PASSTHROUGH_CLUSTER, MergedVirtualServices,
    PASSTHROUGH_CLUSTER, RouteInputs, RouteTable,
};

use crate::{
    ClusterSpec, CompileReport, ConfigStore, Credentials, Diagnostic, Level, Security,
    cluster::{ClusterInputs, ClusterSpecs},
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
        let merged = MergedVirtualServices::of(
            store.objects.virtual_services.by_name(),
            &mesh,
            &proxy.cluster_domain,
            None,
        );
        let mut diagnostics: Vec<_> = merged.diagnostics().map(of_compiler).collect();
        let scope = EgressScope::compute(
            &registry,
            &proxy,
            &store.objects.sidecars.all(),
            merged.objects(),
            &mesh,
        );
        let scope = match previous {
            Some(previous) => scope.sharing(&previous.scope),
            None => scope,
        };
        let rules = store.objects.destination_rules.all();
        let rules = rules.iter().map(|rule| &**rule);
        let policies =
            DestinationPolicies::compile(rules, Arc::clone(&mesh), &proxy.cluster_domain);
        let subsets = |service: &meshwork_registry::Service| {
            let rule = policies.rule(&proxy, service);
            rule.map(|rule| rule.subsets().map(|subset| subset.name).collect()).unwrap_or_default()
        };
        let gateways = store.objects.gateways.all();
        let mut inputs = RouteInputs::new(&proxy, &mesh, &registry, &scope);
        inputs.merged = Some(&merged);
        inputs.gateways = &gateways;
        inputs.subsets = Some(&subsets);
        let compiled = RouteTable::compile(&inputs, previous.map(|previous| &*previous.routes));
        diagnostics.extend(compiled.diagnostics.iter().map(of_compiler));
        let security = Security::compile(store, &proxy, &mut diagnostics);
        let clusters = ClusterSpecs::compile(
            scope.services.iter(),
            &ClusterInputs {
                registry: &registry,
                policies: &policies,
                proxy: &proxy,
                peer_authn: security.peer_authn(),
                previous: previous.map(|previous| &previous.clusters),
            },
        );
        let credentials = Credentials::new(
            proxy.namespace.as_str(),
            store.objects.credentials.iter(),
            previous.map(|previous| &previous.credentials),
        );
        let snapshot = Self {
            mesh,
            registry,
            scope: Arc::new(scope),
            routes: Arc::new(compiled.table),
            policies: Arc::new(policies),
            security: Arc::new(security),
            credentials,
            clusters,
            proxy,
        };
        diagnostics.extend(snapshot.dangling(store));
        (snapshot, store.report(diagnostics))
    }

    /// The cluster of this name; `None` is answered with 503 and the flag NC.
    pub fn cluster(&self, name: &str) -> Option<&Arc<ClusterSpec>> {
        self.clusters.get(name)
    }

    /// The policy of any of Envoy's clusters: those towards services, `inbound|8080||` of the
    /// workload's declared ports, `PassthroughCluster`, `InboundPassthroughCluster` and
    /// `BlackHoleCluster`.
    pub fn cluster_policy(&self, name: &str) -> Option<Arc<ClusterPolicy>> {
        if let Some(spec) = self.cluster(name) {
            return Some(Arc::clone(&spec.policy));
        }
        let policies = &self.policies;
        match name {
            PASSTHROUGH_CLUSTER => Some(Arc::new(policies.passthrough())),
            INBOUND_PASSTHROUGH_CLUSTER => Some(Arc::new(policies.inbound_passthrough())),
            BLACK_HOLE_CLUSTER => Some(Arc::new(policies.black_hole())),
            _ => self.inbound_policy(name.strip_prefix("inbound|")?.strip_suffix("||")?),
        }
    }

    fn inbound_policy(&self, port: &str) -> Option<Arc<ClusterPolicy>> {
        let declared = self.routes.inbound_port(port.parse().ok()?)?;
        let targets = self.registry.inbound(&self.proxy);
        // The first service that leads to the port; a `Sidecar` may declare one that none leads to.
        let own = targets.iter().find(|target| target.target == declared.port);
        let target = own.or(targets.first())?;
        let pool = self.scope.inbound_connection_pool(declared.port);
        let (service, port) = (&target.service, &target.port);
        Some(Arc::new(self.policies.inbound(&self.proxy, service, port, declared.port, pool)))
    }

    /// All clusters, in no order.
    pub fn clusters(&self) -> impl Iterator<Item = &Arc<ClusterSpec>> {
        self.clusters.iter()
    }
}

fn of_compiler(error: &CompileError) -> Diagnostic {
    Diagnostic::new(Level::Warning, Some(error.field.clone()), error.message.clone())
}
