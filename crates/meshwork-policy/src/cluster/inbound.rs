//! Clusters towards the proxy's own workload, and those for unknown destinations.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::Arc,
};

use meshwork_api::{
    mesh::{InboundTrafficPolicyMode, MeshConfig},
    networking::ConnectionPoolSettings,
};
use meshwork_balance::{Algorithm, RoundRobin};
use meshwork_core::Protocol;
use meshwork_registry::{DefaultEndpoint, Proxy, Service};

use super::{
    ClusterPolicy, Discovery, UpstreamProtocol,
    protocol::{keeps_header_case, preserves_header_case},
};
use crate::{
    ClientTls, ConnectionPool, DestinationPolicies, TrafficPolicy, Transport,
    inherit::Blocks,
    tls::{TlsInput, transport},
};

/// A port of the proxy's own workload.
#[derive(Clone, Copy, Debug)]
pub struct InboundTarget<'a> {
    /// The port that is listened on; it names the cluster.
    pub number: u16,
    /// The port by which a rule's `portLevelSettings` go: the service's, or the one that a
    /// `Sidecar` declares.
    pub port: u16,
    /// What it speaks.
    pub protocol: Protocol,
    /// What the host of the service that leads to it stands for where the proxy looks: its rule
    /// limits connections.
    pub service: Option<&'a Service>,
    /// Whether that service is one of the mesh. Of others the rule counts and is not noted.
    pub in_mesh: bool,
    /// Where a `Sidecar` sends connections that declares the port; `None` for a service's port, of
    /// which the mesh decides.
    pub endpoint: Option<&'a DefaultEndpoint>,
    /// The limits that a `Sidecar` sets; they go before a rule's.
    pub connection_pool: Option<&'a ConnectionPoolSettings>,
}

impl DestinationPolicies {
    /// The cluster of a port of the proxy's own workload.
    ///
    /// Of the rule that the proxy's namespace has for the service, only the connection pool and
    /// the retry budget count.
    pub fn inbound(&self, server: &Proxy, target: &InboundTarget<'_>) -> ClusterPolicy {
        let rule = target.service.and_then(|service| self.inbound_rule(server, service));
        let rule = rule.map(|rule| &**rule);
        let mut blocks = Blocks::resolve(rule, None, target.port, Some(self.mesh()));
        blocks.connection_pool = target.connection_pool.or(blocks.connection_pool);
        // A rule without any policy leaves no trace.
        let rule = rule.filter(|rule| rule.traffic_policy().is_some());
        let pool = ConnectionPool::new(blocks.connection_pool, blocks.retry_budget, self.mesh());
        let mut policy = TrafficPolicy::without_rule(pool);
        policy.source = rule.filter(|_| target.in_mesh).map(|rule| rule.resource().clone());
        let protocol = match UpstreamProtocol::declared(target.protocol, server.kind) {
            _ if policy.connection_pool.use_client_protocol => UpstreamProtocol::Downstream,
            declared => declared,
        };
        let address = self.inbound_address(server, target);
        if address.is_some() {
            policy.load_balancing.algorithm = Algorithm::RoundRobin(RoundRobin::default());
        }
        let is_local = address.as_deref().is_some_and(|text| {
            text.parse::<std::net::SocketAddr>().is_ok_and(|address| address.ip().is_loopback())
        });
        let source = own_addresses(server).into_iter().take(1).filter(|_| !is_local);
        ClusterPolicy {
            name: format!("inbound|{}||", target.number).into(),
            discovery: match address {
                Some(_) => Discovery::Static,
                None => Discovery::OriginalDestination { port: None, inbound: true, names: None },
            },
            protocol,
            address,
            source: source.collect(),
            preserve_header_case: keeps_header_case(server, target.protocol, self.mesh()),
            ..ClusterPolicy::plain(policy)
        }
    }

    /// The address that connections to a port of the workload go to; `None` where it is the one
    /// that was dialled.
    fn inbound_address(&self, server: &Proxy, target: &InboundTarget<'_>) -> Option<Arc<str>> {
        let of = |address: IpAddr, port: u16| {
            Some(std::net::SocketAddr::new(address, port).to_string().into())
        };
        let mode = self.mesh().inbound_traffic_policy.as_ref().map(|policy| policy.mode);
        match target.endpoint {
            Some(DefaultEndpoint::Unix(path)) => Some(format!("unix://{path}").into()),
            Some(DefaultEndpoint::Loopback(wanted, port)) => of(loopback(server, *wanted), *port),
            Some(DefaultEndpoint::Workload(port)) => {
                let own = server.addresses.iter().find(|address| address.is_ipv4());
                of(own.or(server.addresses.first()).copied().unwrap_or(LOOPBACK), *port)
            }
            None if mode == Some(InboundTrafficPolicyMode::Localhost) => {
                of(loopback(server, LOOPBACK), target.number)
            }
            _ => None,
        }
    }

    /// `PassthroughCluster`: destinations that nothing is known of.
    pub fn passthrough(&self, client: &Proxy) -> ClusterPolicy {
        self.unknown_destination("PassthroughCluster", client, false)
    }

    /// `InboundPassthroughCluster`: ports of the workload that no service has.
    pub fn inbound_passthrough(&self, server: &Proxy) -> ClusterPolicy {
        ClusterPolicy {
            source: own_addresses(server).into(),
            ..self.unknown_destination("InboundPassthroughCluster", server, true)
        }
    }

    /// `AllowAnyDynamicDNSCluster`: destinations that nothing is known of, by the name that each
    /// request asks for.
    pub fn dynamic_passthrough(&self, client: &Proxy) -> ClusterPolicy {
        let mesh: &MeshConfig = self.mesh();
        let pool = ConnectionPool::new(None, None, mesh);
        let tls = mesh.outbound_traffic_policy.as_ref().and_then(|policy| policy.tls.as_ref());
        let tls = tls.map(ClientTls::new).filter(|tls| tls.mode != crate::TlsMode::Disable);
        let cluster = ClusterPolicy {
            discovery: Discovery::Dynamic,
            ..self.unknown_destination("AllowAnyDynamicDNSCluster", client, false)
        };
        let policy = TrafficPolicy {
            connection_pool: match &tls {
                Some(_) => pool,
                None => pool.of_passthrough(),
            },
            ..cluster.traffic_policy
        };
        let Some(tls) = tls else { return ClusterPolicy { traffic_policy: policy, ..cluster } };
        let transport = transport(&TlsInput {
            client,
            tls: Some(&tls),
            rule_has_selector: false,
            auto_mtls: false,
            mesh_external: true,
            from_service_entry: false,
            original_destination: false,
            dynamic: true,
            http2: false,
            mesh_sni: Arc::default(),
            cluster: Arc::clone(&cluster.name),
            accounts: &[],
            defaults: mesh.tls_defaults.as_ref(),
        });
        ClusterPolicy {
            traffic_policy: policy,
            protocol: UpstreamProtocol::Http1,
            preserve_header_case: false,
            transport,
            ..cluster
        }
    }

    /// `BlackHoleCluster`: destinations that must not be reached.
    pub fn black_hole(&self) -> ClusterPolicy {
        let mut traffic_policy =
            TrafficPolicy::without_rule(ConnectionPool::new(None, None, self.mesh()));
        traffic_policy.load_balancing.algorithm = Algorithm::RoundRobin(RoundRobin::default());
        // Envoy's option for connections has nothing to hold on to here.
        traffic_policy.connection_pool.tcp_keepalive = None;
        ClusterPolicy { name: "BlackHoleCluster".into(), ..ClusterPolicy::plain(traffic_policy) }
    }

    fn unknown_destination(&self, name: &str, proxy: &Proxy, inbound: bool) -> ClusterPolicy {
        let mesh: &MeshConfig = self.mesh();
        let settings =
            mesh.default_traffic_policy.as_ref().and_then(|policy| policy.connection_pool.as_ref());
        let pool = ConnectionPool::new(settings, None, mesh).of_passthrough();
        ClusterPolicy {
            name: name.into(),
            discovery: Discovery::OriginalDestination { port: None, inbound, names: None },
            protocol: UpstreamProtocol::Downstream,
            preserve_header_case: preserves_header_case(proxy, mesh),
            ..ClusterPolicy::plain(TrafficPolicy::without_rule(pool))
        }
    }
}

impl ClusterPolicy {
    fn plain(traffic_policy: TrafficPolicy) -> Self {
        Self {
            name: Arc::default(),
            discovery: Discovery::Nowhere,
            traffic_policy,
            protocol: UpstreamProtocol::Http1,
            transport: Transport::Plaintext,
            address: None,
            source: Box::default(),
            preserve_header_case: false,
            persistent_sessions: false,
        }
    }
}

/// Istio's own addresses of the families that the proxy has: what comes from them is not captured.
fn own_addresses(proxy: &Proxy) -> Vec<IpAddr> {
    let v4 = proxy.addresses.iter().any(IpAddr::is_ipv4);
    let v6 = proxy.addresses.iter().any(IpAddr::is_ipv6);
    let mut addresses = Vec::new();
    if v4 || !v6 {
        addresses.push(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 6)));
    }
    if v6 {
        addresses.push(IpAddr::V6(Ipv6Addr::new(0, 0, 0, 0, 0, 0, 0, 6)));
    }
    addresses
}

/// The loopback address of the wanted family, or else of the one that the proxy has.
fn loopback(proxy: &Proxy, wanted: IpAddr) -> IpAddr {
    let v4 = proxy.addresses.is_empty() || proxy.addresses.iter().any(IpAddr::is_ipv4);
    let v6 = proxy.addresses.iter().any(IpAddr::is_ipv6);
    if v6 && (wanted.is_ipv6() || !v4) { IpAddr::V6(Ipv6Addr::LOCALHOST) } else { LOOPBACK }
}

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
