//! How an endpoint is doing, for people and metrics.

use std::sync::{Arc, atomic::Ordering};

use meshwork_core::Locality;

use super::member::Member;
use crate::Health;

/// One endpoint of a cluster at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EndpointStatus {
    /// `ip:port`.
    pub address: Arc<str>,
    /// The health that was reported.
    pub health: Health,
    /// Whether outlier detection has taken it out.
    pub ejected: bool,
    /// Requests under way.
    pub active_requests: u32,
    /// Its weight.
    pub weight: u32,
    /// Its priority.
    pub priority: usize,
    /// Where it runs.
    pub locality: Locality,
}

impl EndpointStatus {
    pub(super) fn new<E>(member: &Member<E>) -> Self {
        Self {
            address: Arc::clone(&member.state.address),
            health: member.reported,
            ejected: member.state.record.is_ejected(),
            active_requests: member.state.active.load(Ordering::Relaxed),
            weight: member.weight,
            priority: member.priority,
            locality: member.locality.clone(),
        }
    }
}
