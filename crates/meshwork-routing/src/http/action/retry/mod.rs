//! Retries: when a request is tried again, how often, after which pause, and where.

mod backoff;
mod conditions;
mod outcome;

use std::{sync::Arc, time::Duration};

use http::StatusCode;

pub use backoff::Backoff;
pub use conditions::{RetryCondition, RetryConditions};
pub use outcome::{ResetReason, TryOutcome};

/// `http[].retries`, the mesh's `defaultHttpRetryPolicy`, or Istio's built-in policy.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// How many tries may follow the first.
    pub attempts: u32,
    /// After how long a single try is given up; `None` leaves only the route's timeout.
    pub per_try_timeout: Option<Duration>,
    /// What is retried.
    pub conditions: RetryConditions,
    /// The statuses that `retriable-status-codes` stands for.
    pub status_codes: Arc<[StatusCode]>,
    /// The pauses between tries.
    pub backoff: Backoff,
    /// Whether endpoints that were tried already are avoided.
    pub avoid_previous_hosts: AvoidPreviousHosts,
    /// How often an endpoint is picked anew in order to avoid one that was tried.
    pub host_selection_attempts: u32,
    /// Whether localities that were tried already are avoided (`retryRemoteLocalities`), and
    /// after how many tries that is looked at again.
    pub avoid_previous_localities: Option<u32>,
}

/// Whether a retry avoids endpoints that were tried already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "who picks endpoints has to handle each")]
pub enum AvoidPreviousHosts {
    /// It may pick them again (`retryIgnorePreviousHosts: false`).
    Never,
    /// It avoids them.
    Always,
    /// It avoids them unless the cluster picks endpoints by a hash: Istio's default for a route
    /// with one destination.
    UnlessHashed,
}

impl RetryPolicy {
    /// What Istio does where nothing is configured: two more tries, for requests that no backend
    /// has begun to serve.
    pub fn built_in() -> Self {
        Self {
            attempts: 2,
            per_try_timeout: None,
            conditions: RetryConditions::built_in(),
            status_codes: Arc::default(),
            backoff: Backoff::default(),
            avoid_previous_hosts: AvoidPreviousHosts::Always,
            host_selection_attempts: 5,
            avoid_previous_localities: None,
        }
    }

    /// What Istio does for requests to the own workload on ports that are not gRPC: two more
    /// tries while nothing of the request has been sent.
    pub fn inbound() -> Self {
        Self {
            conditions: RetryConditions::of(&[RetryCondition::ResetBeforeRequest]),
            avoid_previous_hosts: AvoidPreviousHosts::Never,
            ..Self::built_in()
        }
    }

    /// Whether the outcome of a try is one that is retried; how many tries are left is the
    /// caller's count.
    pub fn should_retry(&self, outcome: &TryOutcome<'_>) -> bool {
        outcome.is_retried_by(&self.conditions, &self.status_codes)
    }

    /// The pause before retry number `n` (the first is 1).
    pub fn backoff(&self, n: u16, draws: &dyn meshwork_core::Draws) -> Duration {
        self.backoff.pause(n, draws)
    }
}
