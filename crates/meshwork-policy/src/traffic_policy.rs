//! The policy of one destination, with everything inherited.

use std::sync::Arc;

use meshwork_api::{
    mesh::MeshConfig,
    networking::{ProxyProtocolVersion, TunnelSettings},
};
use meshwork_balance::{Algorithm, LoadBalancing};
use meshwork_core::ResourceRef;
use meshwork_registry::{Service, TrafficDistribution};

use crate::{
    ClientTls, ConnectionPool, OutlierDetection, Rule, inherit::Blocks, load_balancer,
    load_balancer::LocalitySetting,
};

/// What holds for requests to a service, subset and port: rule, port entry, subset and mesh
/// defaults worked into one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct TrafficPolicy {
    /// The rule that it comes from; `None` where none counts.
    pub source: Option<ResourceRef>,
    /// Limits and timers.
    pub connection_pool: ConnectionPool,
    /// When endpoints are taken out; `None` never.
    pub outlier_detection: Option<OutlierDetection>,
    /// Which endpoint gets the next request.
    pub load_balancing: LoadBalancing,
    /// The rule's TLS; without it the mesh decides endpoint by endpoint.
    pub tls: Option<ClientTls>,
    /// For TCP and TLS routes: the tunnel that connections go through.
    pub tunnel: Option<Tunnel>,
    /// The PROXY protocol header that connections begin with.
    pub proxy_protocol: Option<ProxyProtocol>,
}

/// A tunnel through an HTTP proxy (`trafficPolicy.tunnel`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Tunnel {
    /// Whether the request is a `POST` instead of a `CONNECT`.
    pub post: bool,
    /// The host behind the proxy.
    pub target_host: Arc<str>,
    /// The port behind the proxy.
    pub target_port: u16,
}

/// The version of the PROXY protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProxyProtocol {
    /// The text form.
    V1,
    /// The binary form.
    V2,
}

impl TrafficPolicy {
    pub(crate) fn new(
        rule: Option<&Rule>,
        blocks: &Blocks<'_>,
        service: &Service,
        mesh: &MeshConfig,
    ) -> Self {
        let outlier_detection = blocks.outlier_detection.map(OutlierDetection::new);
        let locality =
            LocalitySetting::resolve(blocks.load_balancer, service.traffic_distribution, mesh);
        // Unready endpoints are sent to clients, so that panic must not reach them; where a
        // service prefers near endpoints that holds even against the rule.
        let forced = service.traffic_distribution != TrafficDistribution::Any;
        let panic_threshold = match &outlier_detection {
            Some(outlier) if !forced => outlier.min_health_percent,
            _ => 0,
        };
        let load_balancing = LoadBalancing {
            algorithm: load_balancer::algorithm(blocks.load_balancer),
            locality: locality.routing(outlier_detection.is_some()),
            panic_threshold,
        };
        Self {
            source: rule.map(|rule| rule.resource().clone()),
            connection_pool: ConnectionPool::new(blocks.connection_pool, blocks.retry_budget, mesh),
            outlier_detection,
            load_balancing,
            tls: blocks.tls.map(ClientTls::new),
            tunnel: blocks.tunnel.map(read_tunnel),
            proxy_protocol: blocks.proxy_protocol.map(|settings| match settings.version {
                ProxyProtocolVersion::V2 => ProxyProtocol::V2,
                _ => ProxyProtocol::V1,
            }),
        }
    }

    /// For destinations that no rule is about.
    pub(crate) fn without_rule(connection_pool: ConnectionPool) -> Self {
        let load_balancing =
            LoadBalancing { algorithm: Algorithm::OriginalDestination, ..LoadBalancing::default() };
        Self {
            source: None,
            connection_pool,
            outlier_detection: None,
            load_balancing,
            tls: None,
            tunnel: None,
            proxy_protocol: None,
        }
    }

    /// The configuration of the balancer.
    pub fn cluster_config(&self) -> meshwork_balance::ClusterConfig {
        meshwork_balance::ClusterConfig {
            load_balancing: self.load_balancing.clone(),
            outlier_detection: self.outlier_detection.as_ref().map(OutlierDetection::detector),
            circuit_breakers: self.connection_pool.circuit_breakers.clone(),
        }
    }

    /// For connections to where the client dialled: nothing is balanced.
    pub(crate) fn at_original_destination(&mut self) {
        self.load_balancing.algorithm = Algorithm::OriginalDestination;
    }
}

pub(crate) fn read_tunnel(settings: &TunnelSettings) -> Tunnel {
    Tunnel {
        post: settings.protocol.eq_ignore_ascii_case("POST"),
        target_host: settings.target_host.as_str().into(),
        target_port: u16::try_from(settings.target_port).unwrap_or(0),
    }
}
