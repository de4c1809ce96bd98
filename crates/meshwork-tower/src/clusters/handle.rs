//! One cluster at run time.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use http::Version;
use meshwork_balance::{
    Breaker, Cluster, ClusterConfig, Context, Endpoint as Member, EndpointStatus, Health,
    NoHealthyUpstream, Pick,
};
use meshwork_policy::{ClusterPolicy, TcpPolicy};

use super::{ClusterOptions, EndpointChoice, Upstream, UpstreamProtocol};
use crate::{Clock, DialAddress, DialProtocol, SharedConnector};

/// A cluster with its balancer, its circuit breakers and its connections; cheap to clone.
#[derive(Clone)]
pub struct ClusterHandle(Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) name: Arc<str>,
    pub(crate) options: ClusterOptions,
    pub(crate) balance: Cluster<Upstream>,
    pub(crate) connector: SharedConnector,
    pub(crate) clock: Clock,
    /// What the mesh says of the cluster.
    pub(crate) policy: Option<Arc<ClusterPolicy>>,
    /// When ejections are looked at next, in milliseconds on the clock.
    next_sweep: AtomicU64,
    upstreams: Mutex<HashMap<Arc<str>, Upstream>>,
}

impl ClusterHandle {
    /// A cluster without endpoints.
    pub fn new(
        name: impl Into<Arc<str>>,
        config: ClusterConfig,
        options: ClusterOptions,
        connector: SharedConnector,
        clock: Clock,
        seed: u64,
    ) -> Self {
        Self::build(name.into(), None, config, options, connector, clock, seed)
    }

    /// A cluster with the mesh's policy, without endpoints; `tcp` is what its rule says of TCP.
    pub fn with_policy(
        policy: Arc<ClusterPolicy>,
        tcp: TcpPolicy,
        connector: SharedConnector,
        clock: Clock,
        seed: u64,
    ) -> Self {
        let config = policy.traffic_policy.cluster_config();
        Self::with_config(policy, config, tcp, connector, clock, seed)
    }

    /// The same, where `config` is not quite what the policy says.
    pub(super) fn with_config(
        policy: Arc<ClusterPolicy>,
        config: ClusterConfig,
        tcp: TcpPolicy,
        connector: SharedConnector,
        clock: Clock,
        seed: u64,
    ) -> Self {
        let options = ClusterOptions { tcp, ..ClusterOptions::of(&policy) };
        let name = Arc::clone(&policy.name);
        Self::build(name, Some(policy), config, options, connector, clock, seed)
    }

    fn build(
        name: Arc<str>,
        policy: Option<Arc<ClusterPolicy>>,
        config: ClusterConfig,
        options: ClusterOptions,
        connector: SharedConnector,
        clock: Clock,
        seed: u64,
    ) -> Self {
        let balance = Cluster::new(config, seed, clock.now());
        let (upstreams, next_sweep) = Default::default();
        Self(Arc::new(Shared {
            name,
            options,
            balance,
            connector,
            clock,
            policy,
            next_sweep,
            upstreams,
        }))
    }

    /// What the mesh says of the cluster.
    pub fn policy(&self) -> Option<&Arc<ClusterPolicy>> {
        self.0.policy.as_ref()
    }

    /// `outbound|80|v1|web.default.svc.cluster.local`.
    pub fn name(&self) -> &Arc<str> {
        &self.0.name
    }

    /// What the cluster was made with, beside balancing.
    pub fn options(&self) -> &ClusterOptions {
        &self.0.options
    }

    /// Whether endpoints are picked by a hash of the request.
    pub fn is_hashing(&self) -> bool {
        self.0.balance.config().load_balancing.algorithm.is_hashing()
    }

    /// The circuit breakers.
    pub fn breaker(&self) -> &Arc<Breaker> {
        self.0.balance.breaker()
    }

    /// The endpoints and how they are doing.
    pub fn endpoints(&self) -> Vec<EndpointStatus> {
        self.0.balance.endpoints()
    }

    /// Whether a request could find an endpoint now.
    pub fn has_host(&self) -> bool {
        self.0.options.choice != EndpointChoice::Balanced
            || self.endpoints().iter().any(|endpoint| {
                !endpoint.ejected && matches!(endpoint.health, Health::Healthy | Health::Degraded)
            })
    }

    /// Lets endpoints come back whose ejection is over.
    ///
    /// Every request does so when it is due; a cluster without requests has nobody to tell.
    pub fn sweep(&self) {
        let now = self.0.clock.now();
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        if self.0.next_sweep.load(Ordering::Relaxed) > millis(now) {
            return;
        }
        self.0.balance.sweep(now);
        let next = self.0.balance.next_sweep().map_or(u64::MAX, millis);
        self.0.next_sweep.store(next, Ordering::Relaxed);
    }

    /// Replaces the endpoints by plain addresses; for clusters that no snapshot describes.
    pub fn set_addresses(&self, addresses: impl IntoIterator<Item = DialAddress>) {
        let members = addresses
            .into_iter()
            .map(|address| Member::new(address.to_string(), Upstream::new(address, None)));
        self.update(members.collect());
    }

    /// Replaces the endpoints; connections to those that stay the same are kept.
    pub(crate) fn update(&self, mut members: Vec<Member<Upstream>>) {
        let mut known = self.0.upstreams.lock().unwrap_or_else(PoisonError::into_inner);
        let mut kept = HashMap::with_capacity(members.len());
        for member in &mut members {
            if let Some(before) = known.get(&member.address)
                && before.is_same(&member.value)
            {
                member.value = before.clone();
            }
            kept.insert(Arc::clone(&member.address), member.value.clone());
        }
        *known = kept;
        self.0.balance.update(members, self.0.clock.now());
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.0
    }

    /// Picks among the endpoints.
    pub(crate) fn pick(&self, cx: &Context<'_>) -> Result<Pick<Upstream>, NoHealthyUpstream> {
        self.0.balance.pick(cx)
    }

    /// The endpoint at an address that the client named.
    pub(crate) fn pick_address(&self, address: &DialAddress) -> Pick<Upstream> {
        let make = || Upstream::new(address.clone(), None);
        self.0.balance.pick_address(&address.to_string(), make, self.0.clock.now())
    }

    /// What is spoken for a request that came in `version`.
    pub(crate) fn protocol_for(&self, version: Version) -> DialProtocol {
        match self.0.options.protocol {
            UpstreamProtocol::Http2 => DialProtocol::Http2,
            UpstreamProtocol::Downstream if version == Version::HTTP_2 => DialProtocol::Http2,
            _ => DialProtocol::Http1,
        }
    }
}

impl fmt::Debug for ClusterHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClusterHandle")
            .field("name", &self.0.name)
            .field("balance", &self.0.balance)
            .finish_non_exhaustive()
    }
}
