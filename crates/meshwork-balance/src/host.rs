//! A host as the balancers see it, and the state that outlives configuration updates.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use crossbeam_utils::CachePadded;

use crate::outlier::HostRecord;

/// Names one host of one [`Cluster`](crate::Cluster) for as long as its address stays in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HostId(pub(crate) u64);

/// One endpoint as a balancer sees it.
#[derive(Clone)]
pub struct Host {
    weight: u32,
    state: Arc<HostState>,
}

impl Host {
    pub(crate) fn new(weight: u32, state: Arc<HostState>) -> Self {
        Self { weight: weight.max(1), state }
    }

    /// `address:port`, the key under which hashing balancers place it.
    pub fn address(&self) -> &str {
        &self.state.address
    }

    /// The configured weight, at least 1.
    pub const fn weight(&self) -> u32 {
        self.weight
    }

    /// Requests picked for this host and not finished yet (Envoy's `rq_active`).
    pub fn active_requests(&self) -> u32 {
        self.state.active.load(Ordering::Relaxed)
    }

    /// When the address came into the cluster, on the caller's clock.
    pub fn since(&self) -> Duration {
        self.state.since
    }

    /// Names the host within its cluster.
    pub fn id(&self) -> HostId {
        self.state.id
    }

    #[cfg(test)]
    pub(crate) const fn state(&self) -> &Arc<HostState> {
        &self.state
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host")
            .field("address", &self.address())
            .field("weight", &self.weight)
            .field("active_requests", &self.active_requests())
            .finish_non_exhaustive()
    }
}

/// What is remembered of an address from one update to the next.
#[derive(Debug)]
pub(crate) struct HostState {
    pub(crate) id: HostId,
    pub(crate) address: Arc<str>,
    pub(crate) since: Duration,
    pub(crate) active: CachePadded<AtomicU32>,
    pub(crate) record: HostRecord,
}

impl HostState {
    pub(crate) fn new(id: HostId, address: Arc<str>, since: Duration) -> Self {
        Self {
            id,
            address,
            since,
            active: CachePadded::new(AtomicU32::new(0)),
            record: HostRecord::default(),
        }
    }
}
