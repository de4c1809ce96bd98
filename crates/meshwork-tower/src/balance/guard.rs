//! A pick that reports what came of it, even where the try is given up.

use meshwork_balance::{Outcome, Pick};

use crate::{Clock, Timing, clusters::Upstream};

/// Reports [`Outcome::Timeout`] when it is dropped because a timeout struck; a client that went
/// away says nothing about the endpoint.
pub(super) struct PickGuard {
    pick: Pick<Upstream>,
    clock: Clock,
    timers: [Timing; 2],
    reported: bool,
}

impl PickGuard {
    pub(super) fn new(pick: Pick<Upstream>, clock: Clock, timers: [Timing; 2]) -> Self {
        Self { pick, clock, timers, reported: false }
    }

    pub(super) fn report(&mut self, outcome: Outcome) {
        self.reported = true;
        self.pick.report(outcome, self.clock.now());
    }

    /// Nothing is to be said of the endpoint.
    pub(super) fn say_nothing(&mut self) {
        self.reported = true;
    }
}

impl Drop for PickGuard {
    fn drop(&mut self) {
        if !self.reported && self.timers.iter().any(Timing::has_struck) {
            self.pick.report(Outcome::Timeout, self.clock.now());
        }
    }
}
