//! Circuit breakers: how much may be under way in a cluster at once.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use crossbeam_utils::CachePadded;

use crate::Decimal;

/// The limits of one client on one cluster (Istio's `connectionPool`, Envoy's thresholds).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CircuitBreakers {
    /// Connections to all hosts together (`tcp.maxConnections`); `u32::MAX` is no limit, here as
    /// below.
    pub max_connections: u32,
    /// Requests that wait for a connection (`http.http1MaxPendingRequests`).
    pub max_pending_requests: u32,
    /// Requests under way (`http.http2MaxRequests`).
    pub max_requests: u32,
    /// Retries under way or waiting (`http.maxRetries`); not read where there is a budget.
    pub max_retries: u32,
    /// Limits retries by the load instead (`retryBudget`).
    pub retry_budget: Option<RetryBudget>,
}

/// Retries as a part of the load (Istio's `retryBudget`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RetryBudget {
    /// Of the requests under way, or of those begun within the interval.
    pub percent: Decimal,
    /// So many retries are allowed in any case.
    pub min_retry_concurrency: u32,
    /// Zero: the load is what is under way now.
    pub interval: Duration,
}

impl Default for CircuitBreakers {
    fn default() -> Self {
        Self {
            max_connections: u32::MAX,
            max_pending_requests: u32::MAX,
            max_requests: u32::MAX,
            max_retries: u32::MAX,
            retry_budget: None,
        }
    }
}

/// What a limit is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Resource {
    /// A connection.
    Connection,
    /// A request that waits for a connection.
    PendingRequest,
    /// A request that has a connection.
    Request,
    /// A retry, from the decision to retry to the outcome of the new attempt.
    Retry,
}

/// A limit is reached.
///
/// A request answers 503 with the flag `UO` then; it says nothing about the endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the circuit breaker for {0:?} is open")]
pub struct Overflow(pub Resource);

/// Counts what is under way against the limits.
#[derive(Debug)]
pub struct Breaker {
    limits: CircuitBreakers,
    counters: [CachePadded<AtomicU32>; 4],
    begun: Mutex<Begun>,
}

/// Something under way that is counted until this is dropped.
#[derive(Debug)]
#[must_use = "a permit that is dropped no longer counts"]
pub struct Permit {
    breaker: Arc<Breaker>,
    resource: Resource,
}

impl Breaker {
    /// Nothing is under way yet.
    pub fn new(limits: CircuitBreakers) -> Self {
        Self { limits, counters: Default::default(), begun: Mutex::default() }
    }

    /// How many are under way.
    pub fn count(&self, resource: Resource) -> u32 {
        self.counter(resource).load(Ordering::Relaxed)
    }

    /// Takes a permit if the limit allows it.
    ///
    /// # Errors
    /// The limit is reached.
    pub fn try_acquire(
        self: &Arc<Self>,
        resource: Resource,
        now: Duration,
    ) -> Result<Permit, Overflow> {
        let limit = match resource {
            Resource::Connection => self.limits.max_connections,
            Resource::PendingRequest => self.limits.max_pending_requests,
            Resource::Request => self.limits.max_requests,
            Resource::Retry => self.retry_limit(now),
        };
        self.counter(resource)
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| {
                (count < limit).then_some(count.wrapping_add(1))
            })
            .map_err(|_| Overflow(resource))?;
        if resource == Resource::Request
            && let Some(interval) = self.interval()
        {
            self.begun.lock().unwrap_or_else(PoisonError::into_inner).add(interval, now);
        }
        Ok(Permit { breaker: Arc::clone(self), resource })
    }

    /// Takes a permit whatever the limit: each host may always have one connection.
    pub fn acquire(self: &Arc<Self>, resource: Resource) -> Permit {
        self.counter(resource).fetch_add(1, Ordering::Relaxed);
        Permit { breaker: Arc::clone(self), resource }
    }

    fn retry_limit(&self, now: Duration) -> u32 {
        let Some(budget) = &self.limits.retry_budget else { return self.limits.max_retries };
        let load = match self.interval() {
            Some(interval) => {
                self.begun.lock().unwrap_or_else(PoisonError::into_inner).count(interval, now)
            }
            None => {
                u64::from(self.count(Resource::Request))
                    + u64::from(self.count(Resource::PendingRequest))
            }
        };
        let share = budget.percent.value() / 100.0 * load as f64;
        // The conversion truncates and saturates, as wanted.
        (share as u32).max(budget.min_retry_concurrency)
    }

    fn interval(&self) -> Option<Duration> {
        let interval = self.limits.retry_budget.as_ref()?.interval;
        (!interval.is_zero()).then_some(interval)
    }

    fn counter(&self, resource: Resource) -> &AtomicU32 {
        let [connections, pending, requests, retries] = &self.counters;
        match resource {
            Resource::Connection => connections,
            Resource::PendingRequest => pending,
            Resource::Request => requests,
            Resource::Retry => retries,
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.breaker.counter(self.resource).fetch_sub(1, Ordering::Relaxed);
    }
}

/// The requests begun within an interval, counted in tenths of it.
#[derive(Debug, Default)]
struct Begun {
    slots: [(u128, u64); 10],
}

impl Begun {
    fn add(&mut self, interval: Duration, now: Duration) {
        let tenth = tenth(interval, now);
        let index = usize::try_from(tenth % 10).unwrap_or_default();
        if let Some(slot) = self.slots.get_mut(index) {
            let before = if slot.0 == tenth { slot.1 } else { 0 };
            *slot = (tenth, before + 1);
        }
    }

    fn count(&self, interval: Duration, now: Duration) -> u64 {
        let tenth = tenth(interval, now);
        self.slots.iter().filter(|slot| slot.0 + 10 > tenth).map(|slot| slot.1).sum()
    }
}

fn tenth(interval: Duration, now: Duration) -> u128 {
    (now.as_nanos() * 10).checked_div(interval.as_nanos()).unwrap_or(0)
}

#[cfg(test)]
#[path = "breaker/tests.rs"]
mod tests;
