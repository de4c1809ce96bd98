//! What a cluster is told about its endpoints.

use std::sync::Arc;

use meshwork_core::Locality;

/// How an endpoint was reported (Envoy's EDS health status), before outlier detection has its say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Health {
    /// Takes requests.
    #[default]
    Healthy,
    /// Takes requests that healthy endpoints cannot take. Istio never reports it.
    Degraded,
    /// Is never picked outside of panic, but counts when capacity is reckoned.
    Unhealthy,
    /// Is never picked and does not count either.
    Draining,
}

/// One endpoint of a cluster, with a value of the caller's (an address, a connector, a channel).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint<E> {
    /// `ip:port` (`[ip]:port` for IPv6). It is the endpoint's identity: state is kept while it
    /// stays the same. It is also the hash key of ring hash and Maglev.
    pub address: Arc<str>,
    /// What [`Pick::endpoint`](crate::Pick::endpoint) hands back.
    pub value: E,
    /// Share relative to other endpoints; 0 counts as 1.
    pub weight: u32,
    /// The reported health.
    pub health: Health,
    /// Where it runs.
    pub locality: Locality,
    /// Envoy's priority: 0 is used first.
    pub priority: u32,
    /// The weight of its whole locality within the priority; only
    /// [`LocalityRouting::Weighted`](crate::LocalityRouting::Weighted) reads it.
    pub locality_weight: u32,
}

impl<E> Endpoint<E> {
    /// A healthy endpoint of weight 1 and priority 0, of no known locality.
    pub fn new(address: impl Into<Arc<str>>, value: E) -> Self {
        Self {
            address: address.into(),
            value,
            weight: 1,
            health: Health::Healthy,
            locality: Locality::default(),
            priority: 0,
            locality_weight: 1,
        }
    }
}
