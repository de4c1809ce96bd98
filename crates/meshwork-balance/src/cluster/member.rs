//! An endpoint with its state, as the cluster holds it.

use std::sync::Arc;

use meshwork_core::Locality;

use crate::{Health, Host, host::HostState};

/// One endpoint of the cluster.
#[derive(Debug)]
pub(crate) struct Member<E> {
    pub(crate) value: Arc<E>,
    pub(crate) state: Arc<HostState>,
    pub(crate) weight: u32,
    pub(crate) reported: Health,
    pub(crate) locality: Locality,
    pub(crate) priority: usize,
    pub(crate) locality_weight: u32,
}

impl<E> Member<E> {
    /// The health that counts, `None` where the endpoint takes nothing.
    pub(crate) fn health(&self) -> Option<Health> {
        match self.reported {
            _ if self.state.record.is_ejected() => None,
            Health::Unhealthy | Health::Draining => None,
            health => Some(health),
        }
    }

    pub(crate) fn host(&self) -> Host {
        Host::new(self.weight, Arc::clone(&self.state))
    }
}

// Not derived: the value itself need not be cloned.
impl<E> Clone for Member<E> {
    fn clone(&self) -> Self {
        Self {
            value: Arc::clone(&self.value),
            state: Arc::clone(&self.state),
            locality: self.locality.clone(),
            ..*self
        }
    }
}

/// The callers among which this client is one, for zone-aware routing.
#[derive(Debug)]
pub(crate) struct Callers {
    pub(crate) own: Locality,
    pub(crate) counts: Vec<(Locality, u32)>,
}
