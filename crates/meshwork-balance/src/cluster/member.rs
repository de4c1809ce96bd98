//! An endpoint with its state, as the cluster holds it.

use std::sync::Arc;

use meshwork_core::Locality;

use crate::{Health, Host, host::HostState};

/// One endpoint of the cluster.
#[derive(Debug)]
pub(crate) struct Member<E> {
    pub(crate) value: E,
    pub(crate) state: Arc<HostState>,
    pub(crate) weight: u32,
    pub(crate) reported: Health,
    pub(crate) locality: Locality,
    pub(crate) priority: usize,
    pub(crate) locality_weight: u32,
}

impl<E> Member<E> {
    /// An endpoint that the application dialled; it has no part in balancing.
    pub(crate) fn dialled(value: E, state: Arc<HostState>) -> Arc<Self> {
        Arc::new(Self {
            value,
            state,
            weight: 1,
            reported: Health::Healthy,
            locality: Locality::default(),
            priority: 0,
            locality_weight: 1,
        })
    }

    /// The health that counts, `None` where the endpoint takes nothing.
    pub(crate) fn health(&self) -> Option<Health> {
        match self.reported {
            _ if self.state.record.is_ejected() => None,
            Health::Unhealthy | Health::Draining => None,
            health => Some(health),
        }
    }

    /// Whether sets of hosts come out the same with `other` in its place.
    pub(crate) fn is_placed_as(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.state, &other.state)
            && self.weight == other.weight
            && self.reported == other.reported
            && self.locality == other.locality
            && self.priority == other.priority
            && self.locality_weight == other.locality_weight
    }

    pub(crate) fn host(&self) -> Host {
        Host::new(self.weight, Arc::clone(&self.state))
    }
}

/// The callers among which this client is one, for zone-aware routing.
#[derive(Debug)]
pub(crate) struct Callers {
    pub(crate) own: Locality,
    pub(crate) counts: Vec<(Locality, u32)>,
}
