//! Clusters towards the proxy's own workload, and those for unknown destinations.

use meshwork_api::{
    mesh::{InboundTrafficPolicyMode, MeshConfig},
    networking::ConnectionPoolSettings,
};
use meshwork_balance::{Algorithm, RoundRobin};
use meshwork_registry::{Proxy, Service, ServicePort};

use super::{ClusterPolicy, Discovery, UpstreamProtocol};
use crate::{ConnectionPool, DestinationPolicies, TrafficPolicy, Transport, inherit::Blocks};

impl DestinationPolicies {
    /// The cluster of a port of the proxy's own workload.
    ///
    /// Of the rule that the proxy's namespace has for the service, only the connection pool and
    /// the retry budget count. `override_pool` goes before it: the one of a `Sidecar`. `number` is
    /// the port that is listened on, `service` and `port` are the first that lead to it.
    pub fn inbound(
        &self,
        server: &Proxy,
        service: &Service,
        port: &ServicePort,
        number: u16,
        override_pool: Option<&ConnectionPoolSettings>,
    ) -> ClusterPolicy {
        let rule = self.inbound_rule(server, service).map(|rule| &**rule);
        let mut blocks = Blocks::resolve(rule, None, port.number, Some(self.mesh()));
        blocks.connection_pool = override_pool.or(blocks.connection_pool);
        // A rule without any policy leaves no trace.
        let rule = rule.filter(|rule| rule.traffic_policy().is_some());
        let mut policy = TrafficPolicy::new(rule, &blocks, service, self.mesh());
        policy.inbound();
        let protocol = match UpstreamProtocol::declared(port.protocol, server.kind) {
            _ if policy.connection_pool.use_client_protocol => UpstreamProtocol::Downstream,
            declared => declared,
        };
        let mode = self.mesh().inbound_traffic_policy.as_ref().map(|policy| policy.mode);
        let localhost = mode == Some(InboundTrafficPolicyMode::Localhost);
        ClusterPolicy {
            name: format!("inbound|{number}||").into(),
            discovery: if localhost {
                Discovery::Static
            } else {
                Discovery::OriginalDestination { port: None, inbound: true }
            },
            traffic_policy: policy,
            protocol,
            transport: Transport::Plaintext,
        }
    }

    /// `PassthroughCluster`: destinations that nothing is known of.
    pub fn passthrough(&self) -> ClusterPolicy {
        self.unknown_destination("PassthroughCluster", false)
    }

    /// `InboundPassthroughCluster`: ports of the workload that no service has.
    pub fn inbound_passthrough(&self) -> ClusterPolicy {
        self.unknown_destination("InboundPassthroughCluster", true)
    }

    /// `BlackHoleCluster`: destinations that must not be reached.
    pub fn black_hole(&self) -> ClusterPolicy {
        let mut traffic_policy =
            TrafficPolicy::without_rule(ConnectionPool::new(None, None, self.mesh()));
        traffic_policy.load_balancing.algorithm = Algorithm::RoundRobin(RoundRobin::default());
        // Envoy's option for connections has nothing to hold on to here.
        traffic_policy.connection_pool.tcp_keepalive = None;
        ClusterPolicy {
            name: "BlackHoleCluster".into(),
            discovery: Discovery::Nowhere,
            traffic_policy,
            protocol: UpstreamProtocol::Http1,
            transport: Transport::Plaintext,
        }
    }

    fn unknown_destination(&self, name: &str, inbound: bool) -> ClusterPolicy {
        let mesh: &MeshConfig = self.mesh();
        let settings =
            mesh.default_traffic_policy.as_ref().and_then(|policy| policy.connection_pool.as_ref());
        let pool = ConnectionPool::new(settings, None, mesh).of_passthrough();
        ClusterPolicy {
            name: name.into(),
            discovery: Discovery::OriginalDestination { port: None, inbound },
            traffic_policy: TrafficPolicy::without_rule(pool),
            protocol: UpstreamProtocol::Downstream,
            transport: Transport::Plaintext,
        }
    }
}
