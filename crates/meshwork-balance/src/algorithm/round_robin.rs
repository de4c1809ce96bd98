//! Hosts in turn.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use super::{
    Edf, SlowStart, same_weights,
    slow_start::{any_active, factor},
};
use crate::{Balance, Choice, Host, Picker, Set, randomness::reduce};

/// One host after the other, each as often as its weight says (Istio's `ROUND_ROBIN`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct RoundRobin {
    /// How new hosts warm up; `None` at once.
    pub slow_start: Option<SlowStart>,
}

impl Balance for RoundRobin {
    fn picker(&self, set: &Set<'_>) -> Box<dyn Picker> {
        let slow = self.slow_start.clone();
        let weighted = !same_weights(set.hosts) || any_active(slow.as_ref(), set.hosts, set.now);
        let turns = if weighted && set.hosts.len() > 1 {
            let weight = |index| weight(set.hosts, index, slow.as_ref(), set.now);
            Turns::Weighted(Mutex::new(Edf::with_picks(set.hosts.len(), weight, set.seed)))
        } else {
            Turns::Equal
        };
        // The turn goes on where it was, however the members have changed.
        let next = AtomicU64::new(set.position.unwrap_or(set.seed));
        Box::new(RoundRobinPicker { next, turns, slow })
    }
}

#[derive(Debug)]
struct RoundRobinPicker {
    next: AtomicU64,
    turns: Turns,
    slow: Option<SlowStart>,
}

#[derive(Debug)]
enum Turns {
    Equal,
    Weighted(Mutex<Edf>),
}

impl Picker for RoundRobinPicker {
    fn pick(&self, hosts: &[Host], choice: &mut Choice<'_>) -> Option<usize> {
        match &self.turns {
            Turns::Equal => reduce(self.next.fetch_add(1, Ordering::Relaxed), hosts.len()),
            Turns::Weighted(edf) => edf
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pick(|index| weight(hosts, index, self.slow.as_ref(), choice.now)),
        }
    }

    fn position(&self) -> u64 {
        self.next.load(Ordering::Relaxed)
    }
}

fn weight(hosts: &[Host], index: usize, slow: Option<&SlowStart>, now: std::time::Duration) -> f64 {
    hosts.get(index).map_or(1.0, |host| f64::from(host.weight()) * factor(slow, host, now))
}
