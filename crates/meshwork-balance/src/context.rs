//! What one pick depends on.

use std::time::Duration;

use smallvec::SmallVec;

use crate::HostId;

/// The circumstances of one pick. The same circumstances and the same state give the same
/// endpoint.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Context<'a> {
    /// The time on the caller's clock: a duration since any fixed moment.
    pub now: Duration,
    /// A random number; all chance of this pick follows from it.
    pub random: u64,
    /// The request's hash, where it has one. Without it hashing algorithms choose by chance.
    pub hash: Option<u64>,
    /// The earlier attempts of the same request, `None` at the first.
    pub attempts: Option<&'a Attempts>,
}

impl<'a> Context<'a> {
    /// A first attempt without a hash.
    pub const fn new(now: Duration, random: u64) -> Self {
        Self { now, random, hash: None, attempts: None }
    }

    /// With the hash of the request.
    pub const fn with_hash(mut self, hash: Option<u64>) -> Self {
        self.hash = hash;
        self
    }

    /// With the attempts that were made before.
    pub const fn with_attempts(mut self, attempts: &'a Attempts) -> Self {
        self.attempts = Some(attempts);
        self
    }
}

/// The endpoints that a request has tried, and what that means for the next attempt.
#[derive(Clone, Debug)]
pub struct Attempts {
    avoid_previous_hosts: bool,
    remote_localities: bool,
    tried: SmallVec<[(HostId, u32); 4]>,
}

impl Default for Attempts {
    fn default() -> Self {
        Self::new(true, false)
    }
}

impl Attempts {
    /// No attempt yet.
    ///
    /// With `avoid_previous_hosts` (Envoy's `previous_hosts`) a host that was tried is passed
    /// over, up to five times in a pick; after that it is taken all the same. With
    /// `remote_localities` (Istio's `retryRemoteLocalities`) after every second attempt the
    /// priorities tried so far are left out.
    pub fn new(avoid_previous_hosts: bool, remote_localities: bool) -> Self {
        Self { avoid_previous_hosts, remote_localities, tried: SmallVec::new() }
    }

    /// Notes the endpoint of an attempt.
    pub fn record<E>(&mut self, pick: &crate::Pick<E>) {
        self.tried.push((pick.host_id(), pick.priority()));
    }

    /// How many attempts were recorded.
    pub fn len(&self) -> usize {
        self.tried.len()
    }

    /// Whether none was recorded.
    pub fn is_empty(&self) -> bool {
        self.tried.is_empty()
    }

    pub(crate) fn rejects(&self, host: HostId) -> bool {
        self.avoid_previous_hosts && self.tried.iter().any(|(tried, _)| *tried == host)
    }

    /// How many more times a pick may choose.
    pub(crate) const fn more_choices(&self) -> u32 {
        if self.avoid_previous_hosts { MORE_CHOICES } else { 0 }
    }

    /// Which priorities of `len` are left out, as bits; beyond the 64th none ever is.
    ///
    /// `is_usable` says whether without some priorities anything is left that can take requests;
    /// where not, everything begins anew.
    pub(crate) fn excluded_priorities(&self, mut is_usable: impl FnMut(u64) -> bool) -> u64 {
        if !self.remote_localities {
            return 0;
        }
        let mut excluded = 0_u64;
        let mut since = 0_usize;
        for end in 1..=self.tried.len() {
            let attempted = self.tried.get(since..end).unwrap_or_default();
            if attempted.len() % UPDATE_FREQUENCY != 0 {
                continue;
            }
            for (_, priority) in attempted {
                excluded |= 1_u64.checked_shl(*priority).unwrap_or(0);
            }
            if !is_usable(excluded) {
                excluded = 0;
                since = end;
            }
        }
        excluded
    }
}

/// Istio's `host_selection_retry_max_attempts`.
const MORE_CHOICES: u32 = 5;

/// Istio's `update_frequency` of the previous priorities.
const UPDATE_FREQUENCY: usize = 2;
