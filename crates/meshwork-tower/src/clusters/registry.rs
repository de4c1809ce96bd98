//! All clusters at run time, beside the snapshots that describe them.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use meshwork_balance::{Algorithm, Balance, CustomBalance, Endpoint as Member};
use meshwork_config::{ClusterSpec, Snapshot};
use meshwork_policy::{ClusterPolicy, Discovery, TcpPolicy, Transport, UpstreamEndpoint};
use meshwork_registry::{EndpointAddress, TlsMode};

use super::{ClusterHandle, Upstream, names::NameFollower};
use crate::{
    Clock, Connect, DialAddress, Resolve, Seeds, SharedConnector, connect::SharedResolver,
};

/// The runtime state of all clusters of a proxy.
///
/// A cluster is made with its first request. When configuration changes it keeps its counters,
/// ejections and connections as long as its policy stays equal, and begins anew otherwise. Cheap to
/// clone; one for a process, or one for each connector.
#[derive(Clone)]
pub struct Clusters(Arc<Inner>);

struct Inner {
    settings: Settings,
    running: RwLock<HashMap<Arc<str>, Running>>,
}

/// What clusters are made with.
#[derive(Clone)]
struct Settings {
    connector: SharedConnector,
    /// Who looks names up; without one, connectors do.
    resolver: Option<SharedResolver>,
    clock: Clock,
    seeds: Seeds,
    /// Whose clusters are balanced another way.
    choose: Option<Choose>,
}

/// Chooses the algorithm of a cluster, or leaves that to its policy.
type Choose = Arc<dyn Fn(&ClusterPolicy) -> Option<Arc<dyn Balance>> + Send + Sync>;

#[derive(Clone)]
struct Running {
    handle: ClusterHandle,
    /// What the endpoints came from last.
    spec: Option<Arc<ClusterSpec>>,
    /// Looks the endpoints up, where they are names.
    names: Option<Arc<NameFollower>>,
}

impl Running {
    const fn new(handle: ClusterHandle) -> Self {
        Self { handle, spec: None, names: None }
    }
}

impl Clusters {
    /// No cluster yet; connections are made by `connector`.
    pub fn new(connector: impl Connect) -> Self {
        Self::seeded(connector, Seeds::random())
    }

    /// The same, with the randomness of balancers from `seeds`.
    pub fn seeded(connector: impl Connect, seeds: Seeds) -> Self {
        let connector = SharedConnector::new(connector);
        Self::with(Settings { connector, resolver: None, clock: Clock::new(), seeds, choose: None })
    }

    fn with(settings: Settings) -> Self {
        Self(Arc::new(Inner { settings, running: RwLock::default() }))
    }

    /// Looks names up by `resolver`: each address of a name with `resolution: DNS` is an endpoint
    /// of its own then, and the names are asked for again when answers have grown old.
    ///
    /// Without one a name is one endpoint, and the connector looks it up with each connection; so
    /// are names with `resolution: DNS_ROUND_ROBIN` in any case.
    ///
    /// ```
    /// use meshwork_tower::{Clusters, SystemResolver, TcpConnector};
    ///
    /// let clusters = Clusters::new(TcpConnector::new()).resolver(SystemResolver::new());
    /// assert!(clusters.running().is_empty());
    /// ```
    #[must_use = "the clusters that it is called on stay as they are"]
    pub fn resolver(&self, resolver: impl Resolve) -> Self {
        let resolver = Some(SharedResolver::new(resolver));
        Self::with(Settings { resolver, ..self.0.settings.clone() })
    }

    /// Balances clusters by algorithms of your own.
    ///
    /// `choose` is asked once for each cluster that is made; where it gives `None`, the
    /// DestinationRule's algorithm stays. Everything else of the rule counts in any case: outlier
    /// detection, limits, localities, and the hash policies, whose value an algorithm finds in
    /// [`Choice::hash`](meshwork_balance::Choice). Clusters that go where the client dialled
    /// (`PASSTHROUGH`) balance nothing and are not asked for.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use meshwork_balance::{Balance, RoundRobin};
    /// use meshwork_tower::{Clusters, TcpConnector};
    ///
    /// let clusters = Clusters::new(TcpConnector::new()).balance(|cluster| {
    ///     let is_web = cluster.name.ends_with("|web.default.svc.cluster.local");
    ///     is_web.then(|| Arc::new(RoundRobin::default()) as Arc<dyn Balance>)
    /// });
    /// assert!(clusters.running().is_empty());
    /// ```
    #[must_use = "the clusters that it is called on stay as they are"]
    pub fn balance(
        &self,
        choose: impl Fn(&ClusterPolicy) -> Option<Arc<dyn Balance>> + Send + Sync + 'static,
    ) -> Self {
        let choose: Option<Choose> = Some(Arc::new(choose));
        Self::with(Settings { choose, ..self.0.settings.clone() })
    }

    /// The clock that the clusters go by.
    pub fn clock(&self) -> Clock {
        self.0.settings.clock
    }

    /// The cluster of a name, as `snapshot` describes it; `None` where there is none.
    pub fn cluster(&self, snapshot: &Snapshot, name: &str) -> Option<ClusterHandle> {
        let handle = if let Some(spec) = snapshot.cluster(name) {
            self.described(snapshot, spec)
        } else if let Some(spec) = cluster_of_sni(name).and_then(|name| snapshot.cluster(&name)) {
            self.passed_through(name, spec)
        } else {
            self.beside(snapshot, name)?
        };
        handle.sweep();
        Some(handle)
    }

    /// Brings all clusters that were made to what `snapshot` says; those that it does not have
    /// end when their requests have.
    ///
    /// Requests do this for the clusters that they need; whoever publishes snapshots calls it so
    /// that endpoints which are gone are let go without a request.
    pub fn reconcile(&self, snapshot: &Snapshot) {
        let known: Vec<_> = {
            let running = self.0.running.read().unwrap_or_else(PoisonError::into_inner);
            running
                .iter()
                .filter(|(_, running)| running.spec.is_some())
                .map(|(name, _)| Arc::clone(name))
                .collect()
        };
        for name in known {
            match snapshot.cluster(&name) {
                Some(spec) => drop(self.described(snapshot, spec)),
                None => {
                    let mut running =
                        self.0.running.write().unwrap_or_else(PoisonError::into_inner);
                    running.remove(&name);
                }
            }
        }
    }

    /// The clusters that were made so far.
    pub fn running(&self) -> Vec<ClusterHandle> {
        let running = self.0.running.read().unwrap_or_else(PoisonError::into_inner);
        running.values().map(|running| running.handle.clone()).collect()
    }

    fn described(&self, snapshot: &Snapshot, spec: &Arc<ClusterSpec>) -> ClusterHandle {
        let known = self.known(spec.name());
        if let Some(Running { handle, spec: Some(before), .. }) = &known
            && Arc::ptr_eq(before, spec)
        {
            return handle.clone();
        }
        let tcp = snapshot.policies.tcp(&snapshot.proxy, &spec.service, spec.subset.as_deref());
        let is_same = |known: &Running| {
            known.handle.options().tcp == tcp && known.handle.policy() == Some(&spec.policy)
        };
        let mut running = known.filter(is_same).unwrap_or_else(|| {
            let handle = self.make(Arc::clone(&spec.policy), tcp);
            Running { names: self.follower(&handle, &spec.policy), ..Running::new(handle) }
        });
        let members = spec.endpoints.iter().map(member).collect();
        match &running.names {
            Some(names) => names.update(members),
            None => running.handle.update(members),
        }
        running.spec = Some(Arc::clone(spec));
        let handle = running.handle.clone();
        self.keep(running);
        handle
    }

    fn follower(
        &self,
        handle: &ClusterHandle,
        policy: &ClusterPolicy,
    ) -> Option<Arc<NameFollower>> {
        let Discovery::StrictDns(lookup) = policy.discovery else { return None };
        let resolver = self.0.settings.resolver.clone()?;
        NameFollower::start(handle.clone(), lookup, resolver).map(Arc::new)
    }

    /// The cluster that a server name leads to: the client's own TLS passes to the endpoints.
    fn passed_through(&self, name: &str, spec: &Arc<ClusterSpec>) -> ClusterHandle {
        let mut policy = (*spec.policy).clone();
        policy.name = name.into();
        policy.transport = Transport::Plaintext;
        let known = self.known(name).map(|known| known.handle);
        let same = |handle: &ClusterHandle| handle.policy().is_some_and(|known| **known == policy);
        let handle = known.filter(same);
        let handle = handle.unwrap_or_else(|| self.make(Arc::new(policy), TcpPolicy::default()));
        // Only endpoints that speak the mesh's TLS can take what the client has encrypted.
        let able = |endpoint: &&Member<UpstreamEndpoint>| {
            endpoint.value.endpoint.tls_mode() == TlsMode::Istio
        };
        handle.update(spec.endpoints.iter().filter(able).map(member).collect());
        self.keep(Running::new(handle.clone()));
        handle
    }

    /// A cluster beside those of services: a port of the workload, or where what is not known goes.
    fn beside(&self, snapshot: &Snapshot, name: &str) -> Option<ClusterHandle> {
        let policy = snapshot.cluster_policy(name)?;
        if let Some(known) = self.known(name)
            && known.handle.policy() == Some(&policy)
        {
            return Some(known.handle);
        }
        let address = policy.address.as_deref().and_then(fixed);
        let handle = self.make(policy, TcpPolicy::default());
        handle.set_addresses(address);
        self.keep(Running::new(handle.clone()));
        Some(handle)
    }

    /// Where requests go whose Host is looked up by name (`ALLOW_ANY_DYNAMIC_DNS`); `None` where
    /// `snapshot` says something else of unknown hosts.
    pub fn dynamic(&self, snapshot: &Snapshot) -> Option<ClusterHandle> {
        self.beside(snapshot, DYNAMIC)
    }

    fn make(&self, policy: Arc<ClusterPolicy>, tcp: TcpPolicy) -> ClusterHandle {
        let Settings { connector, clock, seeds, .. } = self.0.settings.clone();
        let mut config = policy.traffic_policy.cluster_config();
        let algorithm = &mut config.load_balancing.algorithm;
        if let Some(choose) = &self.0.settings.choose
            && *algorithm != Algorithm::OriginalDestination
            && let Some(balance) = choose(&policy)
        {
            *algorithm = Algorithm::Custom(CustomBalance::new(balance));
        }
        ClusterHandle::with_config(policy, config, tcp, connector, clock, seeds.next())
    }

    fn known(&self, name: &str) -> Option<Running> {
        self.0.running.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    fn keep(&self, one: Running) {
        let mut running = self.0.running.write().unwrap_or_else(PoisonError::into_inner);
        running.insert(Arc::clone(one.handle.name()), one);
    }
}

fn member(endpoint: &Member<UpstreamEndpoint>) -> Member<Upstream> {
    let upstream = &endpoint.value;
    let port = upstream.endpoint.port;
    let address = match &upstream.endpoint.address {
        EndpointAddress::Ip(ip) => DialAddress::Ip((*ip, port).into()),
        EndpointAddress::Name(name) => DialAddress::Name(Arc::clone(name), port),
        EndpointAddress::Unix(path) => DialAddress::Unix(std::path::Path::new(&**path).into()),
        _ => DialAddress::Name(Arc::clone(&endpoint.address), port),
    };
    Member {
        address: Arc::clone(&endpoint.address),
        value: Upstream::new(address, Some(Arc::new(upstream.clone()))),
        weight: endpoint.weight,
        health: endpoint.health,
        locality: endpoint.locality.clone(),
        priority: endpoint.priority,
        locality_weight: endpoint.locality_weight,
    }
}

/// `outbound|80|v1|HOST` of the server name `outbound_.80_.v1_.HOST`.
fn cluster_of_sni(name: &str) -> Option<String> {
    let mut parts = name.strip_prefix("outbound_.")?.splitn(3, "_.");
    let (port, subset, host) = (parts.next()?, parts.next()?, parts.next()?);
    Some(format!("outbound|{port}|{subset}|{host}"))
}

/// The address of a cluster that has a single one: `ip:port` or `unix://PATH`.
fn fixed(text: &str) -> Option<DialAddress> {
    match text.strip_prefix("unix://") {
        Some(path) => Some(DialAddress::Unix(std::path::Path::new(path).into())),
        None => text.parse().ok().map(DialAddress::Ip),
    }
}

const DYNAMIC: &str = "AllowAnyDynamicDNSCluster";

impl fmt::Debug for Clusters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clusters").field("running", &self.running()).finish_non_exhaustive()
    }
}
