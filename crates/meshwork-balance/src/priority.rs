//! How much of the traffic each priority takes, and which priorities are in panic.

/// The hosts of one priority, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Census {
    /// All hosts.
    pub(crate) hosts: u32,
    /// Hosts that take requests.
    pub(crate) healthy: u32,
    /// Hosts that take requests only when healthy ones do not suffice.
    pub(crate) degraded: u32,
    /// Hosts that do not count, neither as capacity nor in the total.
    pub(crate) excluded: u32,
}

impl Census {
    const fn total(self) -> u32 {
        self.hosts.saturating_sub(self.excluded)
    }

    /// The capacity of `part` hosts in percent: a priority counts as whole down to 1/1.4.
    fn capacity(self, part: u32) -> u32 {
        let total = u64::from(self.total());
        let capacity = (140 * u64::from(part)).checked_div(total).unwrap_or(0).min(100);
        u32::try_from(capacity).unwrap_or(100)
    }

    fn is_below(self, threshold: u32) -> bool {
        let available = f64::from(self.healthy) + f64::from(self.degraded);
        let percent =
            if self.total() == 0 { 0.0 } else { 100.0 * available / f64::from(self.total()) };
        percent < f64::from(threshold)
    }
}

/// Which hosts of a priority are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Availability {
    Healthy,
    Degraded,
}

/// The share of one priority, in percent of all traffic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Load {
    pub(crate) healthy: u32,
    pub(crate) degraded: u32,
}

/// The shares of all priorities.
#[derive(Clone, Debug, Default)]
pub(crate) struct Loads {
    pub(crate) loads: Box<[Load]>,
    /// Priorities that use all of their hosts, whatever their health.
    pub(crate) panic: Box<[bool]>,
    /// Healthy and degraded capacity of each priority in percent.
    capacities: Box<[Load]>,
}

impl Loads {
    pub(crate) fn new(census: &[Census], panic_threshold: u8) -> Self {
        let threshold = u32::from(panic_threshold.min(100));
        let capacities: Box<[Load]> = census
            .iter()
            .map(|c| Load { healthy: c.capacity(c.healthy), degraded: c.capacity(c.degraded) })
            .collect();
        let mut loads = vec![Load::default(); census.len()].into_boxed_slice();
        let total = distribute(&mut loads, |index| capacities.get(index).copied());
        let panic: Box<[bool]> =
            census.iter().map(|c| total != 100 && c.is_below(threshold)).collect();
        if threshold == 0 && total == 0 {
            // The loads have to make 100 even where nobody can take any.
            if let Some(first) = loads.first_mut() {
                first.healthy = 100;
            }
        } else if panic.iter().all(|panic| *panic) {
            spread_by_count(&mut loads, census);
        }
        Self { loads, panic, capacities }
    }

    /// Finds the priority for a number from 0 to 99.
    pub(crate) fn choose(loads: &[Load], number: u64) -> Option<(usize, Availability)> {
        let mut sum = 0;
        let healthy = loads.iter().map(|load| load.healthy).enumerate();
        for (priority, load) in healthy {
            sum += u64::from(load);
            if number < sum {
                return Some((priority, Availability::Healthy));
            }
        }
        for (priority, load) in loads.iter().map(|load| load.degraded).enumerate() {
            sum += u64::from(load);
            if number < sum {
                return Some((priority, Availability::Degraded));
            }
        }
        None
    }

    /// The shares without the priorities that `excluded` names, written to `loads`; false where
    /// nobody else has any capacity.
    pub(crate) fn without(&self, excluded: impl Fn(usize) -> bool, loads: &mut [Load]) -> bool {
        loads.fill(Load::default());
        let capacity = |index| match self.capacities.get(index) {
            Some(capacity) if !excluded(index) => Some(*capacity),
            _ => None,
        };
        distribute(loads, capacity) > 0
    }
}

/// Gives each priority as much as it can take, the first ones first; answers the sum of all
/// capacities, at most 100.
fn distribute(loads: &mut [Load], capacity: impl Fn(usize) -> Option<Load>) -> u32 {
    let capacity = |index| capacity(index).unwrap_or_default();
    let sum: u32 = (0..loads.len()).map(|i| capacity(i).healthy + capacity(i).degraded).sum();
    let total = sum.min(100);
    if total == 0 {
        return 0;
    }
    let mut left = 100;
    for (index, load) in loads.iter_mut().enumerate() {
        load.healthy = left.min(capacity(index).healthy * 100 / total);
        left -= load.healthy;
    }
    for (index, load) in loads.iter_mut().enumerate() {
        load.degraded = left.min(capacity(index).degraded * 100 / total);
        left -= load.degraded;
    }
    // What rounding left over goes to the first that can take it.
    let first = |wanted: fn(Load) -> u32| (0..loads.len()).find(|i| wanted(capacity(*i)) > 0);
    if let Some(index) = first(|c| c.healthy) {
        if let Some(load) = loads.get_mut(index) {
            load.healthy += left;
        }
    } else if let Some(load) = first(|c| c.degraded).and_then(|index| loads.get_mut(index)) {
        load.degraded += left;
    }
    total
}

/// Where everybody is in panic, priorities share by their number of hosts.
fn spread_by_count(loads: &mut [Load], census: &[Census]) {
    let all: u64 = census.iter().map(|c| u64::from(c.hosts)).sum();
    let mut left = 100;
    for (load, census) in loads.iter_mut().zip(census) {
        let share = (100 * u64::from(census.hosts)).checked_div(all).unwrap_or(0);
        *load = Load { healthy: u32::try_from(share).unwrap_or(100), degraded: 0 };
        left -= load.healthy;
    }
    let first = census.iter().position(|c| c.hosts > 0).unwrap_or(0);
    if let Some(load) = loads.get_mut(first) {
        load.healthy += left;
    }
}

#[cfg(test)]
#[path = "priority/tests.rs"]
mod tests;
