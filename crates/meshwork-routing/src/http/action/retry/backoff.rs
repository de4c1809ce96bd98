//! Pauses between tries.

use std::time::Duration;

use meshwork_core::{Draw, Draws};

/// Exponential pauses with full jitter: each is spread evenly from nothing to an interval that
/// doubles up to a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Backoff {
    /// The interval before the first retry.
    pub base: Duration,
    /// The interval that is not exceeded.
    pub max: Duration,
}

impl Default for Backoff {
    /// Envoy's 25 and 250 milliseconds.
    fn default() -> Self {
        Self { base: Duration::from_millis(25), max: Duration::from_millis(250) }
    }
}

impl Backoff {
    /// `retries.backoff`: the limit is ten times the base.
    pub fn from_base(base: Duration) -> Self {
        Self { base, max: base.saturating_mul(10) }
    }

    /// The interval before retry number `n` (the first is 1).
    ///
    /// ```
    /// use meshwork_routing::Backoff;
    /// let millis: Vec<_> = (1..=6).map(|n| Backoff::default().interval(n).as_millis()).collect();
    /// assert_eq!(millis, [25, 50, 100, 200, 250, 250]);
    /// ```
    pub fn interval(&self, n: u16) -> Duration {
        let mut interval = self.base;
        for _ in 1..n {
            if interval == self.max {
                break;
            }
            interval = if interval < self.max / 2 { interval * 2 } else { self.max };
        }
        interval
    }

    /// The pause before retry number `n`, in whole milliseconds as Envoy counts.
    pub fn pause(&self, n: u16, draws: &dyn Draws) -> Duration {
        let interval = u64::try_from(self.interval(n).as_millis()).unwrap_or(u64::MAX).max(1);
        Duration::from_millis(draws.draw(Draw::Backoff(n)) % interval)
    }
}
