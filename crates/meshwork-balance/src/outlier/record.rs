//! The counters of one host, and when it is out.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use super::{Outcome, OutlierDetection, outcome::grpc_to_http};

/// What a host has done lately.
#[derive(Debug, Default)]
pub(crate) struct HostRecord {
    errors: AtomicU32,
    gateway_errors: AtomicU32,
    local_failures: AtomicU32,
    ejected: AtomicBool,
    ejection: Mutex<Ejection>,
}

#[derive(Debug, Default)]
struct Ejection {
    /// How many times the base time the last ejection lasted, less one for each quiet interval.
    multiplier: u32,
    ejected_at: Duration,
    returned_at: Duration,
}

/// A counter that reached its threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trigger {
    Errors,
    GatewayErrors,
    LocalFailures,
}

impl HostRecord {
    /// Whether the host is out.
    pub(crate) fn is_ejected(&self) -> bool {
        self.ejected.load(Ordering::Relaxed)
    }

    /// Counts an outcome; answers the counters that reached their thresholds by it, in Envoy's
    /// order.
    pub(crate) fn count(
        &self,
        config: &OutlierDetection,
        outcome: Outcome,
    ) -> [Option<Trigger>; 2] {
        let split = config.split_external_local_origin_errors;
        if split && outcome.was_connected() {
            // Whoever obtained a connection has shown that the host can be reached.
            clear(&self.local_failures);
        }
        if split && outcome.is_local_failure() {
            let threshold = config.consecutive_local_origin_failure;
            return [reached(&self.local_failures, threshold, Trigger::LocalFailures), None];
        }
        let status = match outcome {
            Outcome::Response { grpc_status: Some(status), .. } => grpc_to_http(status),
            Outcome::Response { status, grpc_status: None } => config.status(status),
            Outcome::Connected => 200,
            Outcome::ConnectFailure | Outcome::Reset => 503,
            Outcome::ConnectTimeout | Outcome::Timeout => 504,
        };
        if status < 500 {
            clear(&self.errors);
            clear(&self.gateway_errors);
            return [None, None];
        }
        let gateway = if (502..=504).contains(&status) {
            let threshold = config.consecutive_gateway_failure.unwrap_or(u32::MAX);
            reached(&self.gateway_errors, threshold, Trigger::GatewayErrors)
        } else {
            clear(&self.gateway_errors);
            None
        };
        let threshold = config.consecutive_5xx.unwrap_or(u32::MAX);
        [gateway, reached(&self.errors, threshold, Trigger::Errors)]
    }

    /// Begins anew with the counter that triggered, whether or not the host was ejected.
    pub(crate) fn reset(&self, trigger: Trigger) {
        let counter = match trigger {
            Trigger::Errors => &self.errors,
            Trigger::GatewayErrors => &self.gateway_errors,
            Trigger::LocalFailures => &self.local_failures,
        };
        counter.store(0, Ordering::Relaxed);
    }

    pub(crate) fn eject(&self, config: &OutlierDetection, now: Duration) {
        let mut ejection = self.ejection();
        let limit = config.max_ejection_time.saturating_add(config.base_ejection_time);
        if config.base_ejection_time.saturating_mul(ejection.multiplier) < limit {
            ejection.multiplier += 1;
        }
        ejection.ejected_at = now;
        self.ejected.store(true, Ordering::Relaxed);
    }

    /// The periodic look at a host: whether it came back now.
    pub(crate) fn tick(&self, config: &OutlierDetection, now: Duration) -> bool {
        let mut ejection = self.ejection();
        if !self.is_ejected() {
            if now.saturating_sub(ejection.returned_at) >= config.interval {
                ejection.multiplier = ejection.multiplier.saturating_sub(1);
            }
            return false;
        }
        let time = config.base_ejection_time.saturating_mul(ejection.multiplier);
        if now.saturating_sub(ejection.ejected_at) < time.min(config.max_ejection_time) {
            return false;
        }
        ejection.returned_at = now;
        self.errors.store(0, Ordering::Relaxed);
        self.gateway_errors.store(0, Ordering::Relaxed);
        self.local_failures.store(0, Ordering::Relaxed);
        self.ejected.store(false, Ordering::Relaxed);
        true
    }

    /// Whether nothing is left that a tick could change.
    pub(crate) fn is_quiet(&self) -> bool {
        !self.is_ejected() && self.ejection().multiplier == 0
    }

    fn ejection(&self) -> MutexGuard<'_, Ejection> {
        self.ejection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether one more of `hosts` may be taken out when `ejected` are out.
pub(crate) fn may_eject(config: &OutlierDetection, ejected: usize, hosts: usize) -> bool {
    100.0 * (ejected as f64 + 1.0) / hosts as f64 <= f64::from(config.max_ejection_percent)
}

fn reached(counter: &AtomicU32, threshold: u32, trigger: Trigger) -> Option<Trigger> {
    let count = counter.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
    (count == threshold).then_some(trigger)
}

/// Nearly all requests succeed: reading first spares other threads' caches.
fn clear(counter: &AtomicU32) {
    if counter.load(Ordering::Relaxed) != 0 {
        counter.store(0, Ordering::Relaxed);
    }
}
