//! An endpoint that was picked, until its outcome is known.

use std::{
    fmt,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use crate::{
    HostId, Outcome,
    cluster::{ClusterMember, Inner},
};

/// An endpoint for one attempt. It counts as a request under way until it is finished or dropped.
#[must_use = "a pick that is dropped no longer counts as a request under way"]
pub struct Pick<E> {
    cluster: Arc<Inner<E>>,
    member: Arc<ClusterMember<E>>,
    priority: u32,
}

impl<E> Pick<E> {
    pub(crate) fn new(
        cluster: Arc<Inner<E>>,
        member: Arc<ClusterMember<E>>,
        priority: u32,
    ) -> Self {
        member.state.active.fetch_add(1, Ordering::Relaxed);
        Self { cluster, member, priority }
    }

    /// The caller's value for the endpoint.
    pub fn endpoint(&self) -> &E {
        &self.member.value
    }

    /// `ip:port`.
    pub fn address(&self) -> &str {
        &self.member.state.address
    }

    /// Names the host within its cluster.
    pub fn host_id(&self) -> HostId {
        self.member.state.id
    }

    /// The priority that the endpoint was found in.
    pub const fn priority(&self) -> u32 {
        self.priority
    }

    /// Reports what came of the attempt, which goes on: the response's body is still to come, and
    /// until the pick is dropped the request counts as under way.
    pub fn report(&self, outcome: Outcome, now: Duration) {
        self.cluster.observe(&self.member.state, outcome, now);
    }

    /// Reports what came of the attempt, at the time `now` on the caller's clock.
    ///
    /// The endpoint may be ejected by it. A pick that is dropped instead says nothing about its
    /// endpoint, which is right for overflows and for clients that went away.
    pub fn finish(self, outcome: Outcome, now: Duration) {
        self.report(outcome, now);
    }
}

impl<E> Drop for Pick<E> {
    fn drop(&mut self) {
        self.member.state.active.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<E> fmt::Debug for Pick<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pick")
            .field("address", &self.address())
            .field("priority", &self.priority)
            .finish_non_exhaustive()
    }
}
