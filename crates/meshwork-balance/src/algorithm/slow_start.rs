//! Warming up: a new host gets its full share only after a while.

use std::time::Duration;

use crate::{Decimal, Host};

/// How a new host's weight grows (Istio's `warmup`, Envoy's slow start).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SlowStart {
    /// How long the growth takes.
    pub window: Duration,
    /// The least share in percent of the full one; Istio's default is 10.
    pub minimum_percent: Decimal,
    /// The bend of the growth: 1 is linear, more is faster at first. Must be positive.
    pub aggression: Decimal,
}

impl SlowStart {
    /// Grows linearly from 10 % within `window`.
    pub fn new(window: Duration) -> Self {
        Self { window, minimum_percent: Decimal::from(10), aggression: Decimal::from(1) }
    }

    pub(crate) fn is_active(&self, host: &Host, now: Duration) -> bool {
        now.saturating_sub(host.since()) < self.window
    }

    /// By what the weight is to be multiplied; 1 after the window.
    pub(crate) fn factor(&self, host: &Host, now: Duration) -> f64 {
        if !self.is_active(host, now) {
            return 1.0;
        }
        let age = now.saturating_sub(host.since()).max(Duration::from_millis(1));
        let aggression = self.aggression.value();
        let part = (age.as_secs_f64() / self.window.as_secs_f64()).powf(if aggression > 0.0 {
            1.0 / aggression
        } else {
            1.0
        });
        // A minimum of 0 is legal in Istio; a weight must stay above it all the same.
        part.max(self.minimum_percent.value() / 100.0).max(f64::MIN_POSITIVE.sqrt())
    }
}

/// Whether any host of a set is still warming up.
pub(super) fn any_active(slow: Option<&SlowStart>, hosts: &[Host], now: Duration) -> bool {
    slow.is_some_and(|slow| hosts.iter().any(|host| slow.is_active(host, now)))
}

/// The factor of a host, 1 without slow start.
pub(super) fn factor(slow: Option<&SlowStart>, host: &Host, now: Duration) -> f64 {
    slow.map_or(1.0, |slow| slow.factor(host, now))
}
