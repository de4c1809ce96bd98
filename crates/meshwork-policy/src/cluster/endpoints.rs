//! The endpoints of a cluster: which ones there are, how they rank, which ones get mesh TLS.

use std::sync::Arc;

use meshwork_api::networking::ClientTlsMode;
use meshwork_balance::{Endpoint as BalancedEndpoint, LocalityPlan, Place};
use meshwork_core::Labels;
use meshwork_registry::{
    Endpoint, EndpointAddress, Health, Proxy, Service, TlsMode, TrafficDistribution,
};

use super::{Discovery, ServerMtls};

/// An endpoint as a client sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UpstreamEndpoint {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// Whether it is marked for the mesh's mutual TLS; [`Transport::ByEndpoint`] goes by that.
    ///
    /// [`Transport::ByEndpoint`]: crate::Transport::ByEndpoint
    pub mesh_tls: bool,
}

impl UpstreamEndpoint {
    /// The endpoint's name, where its address is one that has to be looked up.
    pub const fn name(&self) -> Option<&Arc<str>> {
        match &self.endpoint.address {
            EndpointAddress::Name(name) => Some(name),
            _ => None,
        }
    }
}

/// What decides about the endpoints of one cluster.
pub(super) struct Selection<'a> {
    pub(super) client: &'a Proxy,
    pub(super) service: &'a Service,
    pub(super) discovery: Discovery,
    /// The labels of the subset.
    pub(super) subset: Option<&'a Labels>,
    /// The rule's TLS mode as it counts for the marks.
    pub(super) tls_mode: Option<ClientTlsMode>,
    /// `minHealthPercent` of the rule's outlier detection.
    pub(super) min_health_percent: u8,
    /// Services whose endpoints in other clusters are out of reach.
    pub(super) cluster_local: bool,
    pub(super) plan: &'a LocalityPlan,
    pub(super) servers: &'a dyn ServerMtls,
}

impl Selection<'_> {
    /// The endpoints that the client gets, with priorities and weights, and whether there were any
    /// before their localities were looked at.
    pub(super) fn endpoints(
        &self,
        endpoints: &[Endpoint],
    ) -> (Vec<BalancedEndpoint<UpstreamEndpoint>>, bool) {
        let kept = endpoints.iter().filter(|endpoint| self.keeps(endpoint));
        let kept: Vec<_> = kept.map(|endpoint| self.balanced(endpoint)).collect();
        let (any, place) = (!kept.is_empty(), place(self.client));
        let labels = |upstream: &UpstreamEndpoint| upstream.endpoint.labels().clone();
        (self.plan.arrange(&place, kept, labels), any)
    }

    fn keeps(&self, endpoint: &Endpoint) -> bool {
        let workload = &endpoint.workload;
        if self.subset.is_some_and(|labels| !labels.is_subset_of(endpoint.labels())) {
            return false;
        }
        // A list of addresses has no place for names; an endpoint without an address is reached
        // through the gateway of its network, which this client does not do.
        let reachable = match endpoint.address {
            EndpointAddress::Name(_) => self.discovery != Discovery::Eds,
            EndpointAddress::Network => false,
            _ => true,
        };
        let same_cluster = workload.cluster == self.client.cluster;
        let near = (!self.service.node_local || same_cluster && workload.node == self.client.node)
            && (!self.cluster_local || same_cluster);
        reachable && near && self.is_in_view(endpoint) && self.is_in_service(endpoint)
    }

    /// Whether the client asked to see the endpoint's network, if it asked for certain ones
    /// (`ISTIO_META_REQUESTED_NETWORK_VIEW`). What is on no network is always seen.
    fn is_in_view(&self, endpoint: &Endpoint) -> bool {
        let view = self.client.metadata.get("REQUESTED_NETWORK_VIEW");
        let view = view.filter(|view| !view.is_empty());
        view.is_none_or(|view| {
            let network = endpoint.network();
            network.is_empty() || view.split(',').any(|seen| *seen == **network)
        })
    }

    fn is_in_service(&self, endpoint: &Endpoint) -> bool {
        if endpoint.health == Health::Terminating {
            return false;
        }
        if is_draining(endpoint) {
            let session = self.service.labels.get("istio.io/persistent-session");
            return session.is_some_and(|label| !label.is_empty());
        }
        // In panic clients would send to unready endpoints; so where panic may come they are not
        // told of them.
        endpoint.health != Health::Unhealthy
            || self.min_health_percent == 0
            || self.service.traffic_distribution != TrafficDistribution::Any
    }

    fn balanced(&self, endpoint: &Endpoint) -> BalancedEndpoint<UpstreamEndpoint> {
        use meshwork_balance::Health as Balanced;
        let value =
            UpstreamEndpoint { mesh_tls: self.is_marked(endpoint), endpoint: endpoint.clone() };
        BalancedEndpoint {
            weight: endpoint.weight(),
            locality: endpoint.locality().clone(),
            health: match endpoint.health {
                _ if is_draining(endpoint) => Balanced::Draining,
                Health::Unhealthy => Balanced::Unhealthy,
                _ => Balanced::Healthy,
            },
            ..BalancedEndpoint::new(socket_text(endpoint), value)
        }
    }

    /// A mark is the endpoint's own and can be taken from it, never given to it.
    fn is_marked(&self, endpoint: &Endpoint) -> bool {
        if endpoint.tls_mode() != TlsMode::Istio {
            return false;
        }
        match self.tls_mode {
            Some(mode) => mode == ClientTlsMode::IstioMutual,
            None => !self.servers.is_disabled_for(
                endpoint.workload.namespace.as_str(),
                endpoint.labels(),
                endpoint.port,
            ),
        }
    }
}

fn is_draining(endpoint: &Endpoint) -> bool {
    endpoint.health == Health::Draining
        || endpoint.labels().get("istio.io/draining").is_some_and(|label| !label.is_empty())
}

/// `ip:port`, `[ip]:port`, `name:port` or the path of a socket.
fn socket_text(endpoint: &Endpoint) -> String {
    match &endpoint.address {
        EndpointAddress::Ip(address) => {
            std::net::SocketAddr::new(*address, endpoint.port).to_string()
        }
        EndpointAddress::Name(name) => format!("{name}:{}", endpoint.port),
        other => other.to_string(),
    }
}

/// Where the client is: its labels with those that Istio adds by itself.
fn place(client: &Proxy) -> Place {
    let locality = &client.locality;
    let topology = [
        ("topology.kubernetes.io/region", &*locality.region),
        ("topology.kubernetes.io/zone", &*locality.zone),
        ("topology.istio.io/subzone", &*locality.subzone),
        ("topology.istio.io/cluster", &*client.cluster),
        ("topology.istio.io/network", &*client.network),
        ("kubernetes.io/hostname", &*client.node),
    ];
    let added = topology
        .into_iter()
        .filter(|(key, value)| !value.is_empty() && client.labels.get(key).is_none());
    Place { locality: locality.clone(), labels: client.labels.iter().chain(added).collect() }
}
