//! Configuration of a cluster: plain data that can be compared, so that state can be kept.

use crate::{
    CircuitBreakers, CustomBalance, LeastRequest, Maglev, OutlierDetection, Random, RingHash,
    RoundRobin,
};

/// Everything that decides how a cluster treats its endpoints.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ClusterConfig {
    /// Who gets the next request.
    pub load_balancing: LoadBalancing,
    /// When an endpoint is taken out for a while; `None` never.
    pub outlier_detection: Option<OutlierDetection>,
    /// How much may be under way at once.
    pub circuit_breakers: CircuitBreakers,
}

/// Which endpoint gets the next request (Istio's `trafficPolicy.loadBalancer`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct LoadBalancing {
    /// The algorithm among the endpoints that come into question.
    pub algorithm: Algorithm,
    /// What localities mean within a priority.
    pub locality: LocalityRouting,
    /// Below this percentage of available endpoints a priority uses all of its endpoints, the
    /// unhealthy too (Istio's `minHealthPercent`, Envoy's `healthy_panic_threshold`). 0 is never,
    /// more than 100 counts as 100.
    pub panic_threshold: u8,
}

/// The algorithm; Istio's default is least request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// In turn, by weight.
    RoundRobin(RoundRobin),
    /// The less loaded of two.
    LeastRequest(LeastRequest),
    /// By chance.
    Random(Random),
    /// By the place of the request's hash on a ring.
    RingHash(RingHash),
    /// By a table of the request's hash.
    Maglev(Maglev),
    /// The address that the application dialled (Istio's `PASSTHROUGH`): nothing is balanced,
    /// [`Cluster::pick`](crate::Cluster::pick) finds nothing and
    /// [`Cluster::pick_address`](crate::Cluster::pick_address) is used.
    OriginalDestination,
    /// An algorithm of the caller's.
    Custom(CustomBalance),
}

impl Default for Algorithm {
    fn default() -> Self {
        Self::LeastRequest(LeastRequest::default())
    }
}

/// What localities mean among the endpoints of one priority.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LocalityRouting {
    /// Nothing: every endpoint counts the same wherever it runs.
    #[default]
    Ignored,
    /// Localities share the requests by their weights (Envoy's `locality_weighted_lb_config`).
    Weighted,
    /// Endpoints of the caller's own zone first, as far as they can take it.
    ZoneAware(ZoneAware),
}

/// Zone-aware routing (Istio's `zoneAwareLbSetting`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ZoneAware {
    /// The percentage of requests that are routed by zone; Istio sets 100, or 0 when disabled.
    pub routing_percent: u8,
    /// With fewer healthy endpoints than this, zones are ignored.
    pub min_cluster_size: u64,
}

impl Default for ZoneAware {
    fn default() -> Self {
        Self { routing_percent: 100, min_cluster_size: 6 }
    }
}
