//! The less loaded of two hosts.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use super::{
    Edf, SlowStart, same_weights,
    slow_start::{any_active, factor},
};
use crate::{Balance, Choice, Decimal, Host, Picker, Set};

/// Prefers hosts with few requests under way (Istio's `LEAST_REQUEST`, its default).
///
/// With equal weights two hosts are drawn, the same one perhaps twice, and the one with fewer
/// requests under way is taken. With unequal weights hosts take turns by
/// `weight / (active + 1)^bias`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LeastRequest {
    /// How many hosts are drawn; Istio always has 2. Less than 1 counts as 1.
    pub choice_count: u32,
    /// How strongly requests under way reduce a weight; Istio always has 1.
    pub active_request_bias: Decimal,
    /// How new hosts warm up; `None` at once.
    pub slow_start: Option<SlowStart>,
}

impl Default for LeastRequest {
    fn default() -> Self {
        Self { choice_count: 2, active_request_bias: Decimal::from(1), slow_start: None }
    }
}

impl Balance for LeastRequest {
    fn picker(&self, set: &Set<'_>) -> Box<dyn Picker> {
        let weighted =
            !same_weights(set.hosts) || any_active(self.slow_start.as_ref(), set.hosts, set.now);
        let turns = (weighted && set.hosts.len() > 1).then(|| {
            let weight = |index| self.weight(set.hosts, index, set.now);
            Mutex::new(Edf::with_picks(set.hosts.len(), weight, set.seed))
        });
        Box::new(LeastRequestPicker { turns, config: self.clone() })
    }
}

impl LeastRequest {
    fn weight(&self, hosts: &[Host], index: usize, now: Duration) -> f64 {
        let Some(host) = hosts.get(index) else { return 1.0 };
        let weight = f64::from(host.weight());
        let load = f64::from(host.active_requests()) + 1.0;
        let bias = self.active_request_bias.value();
        // The usual bias is spared the power function.
        let weight = if bias == 1.0 { weight / load } else { weight / load.powf(bias) };
        weight * factor(self.slow_start.as_ref(), host, now)
    }
}

#[derive(Debug)]
struct LeastRequestPicker {
    turns: Option<Mutex<Edf>>,
    config: LeastRequest,
}

impl Picker for LeastRequestPicker {
    fn pick(&self, hosts: &[Host], choice: &mut Choice<'_>) -> Option<usize> {
        if let Some(edf) = &self.turns {
            return edf
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pick(|index| self.config.weight(hosts, index, choice.now));
        }
        let mut best = choice.random.index(hosts.len())?;
        for _ in 1..self.config.choice_count {
            let other = choice.random.index(hosts.len())?;
            if active(hosts, other) < active(hosts, best) {
                best = other;
            }
        }
        Some(best)
    }
}

fn active(hosts: &[Host], index: usize) -> u32 {
    hosts.get(index).map_or(u32::MAX, Host::active_requests)
}
