//! The clock that runtime state is kept by.

use std::time::Duration;

use tokio::time::Instant;

/// Time since a fixed moment, by tokio's clock: a paused runtime pauses it.
#[derive(Clone, Copy, Debug)]
pub struct Clock(Instant);

impl Clock {
    /// Begins now.
    pub fn new() -> Self {
        Self(Instant::now())
    }

    /// The time since it began.
    pub fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}
