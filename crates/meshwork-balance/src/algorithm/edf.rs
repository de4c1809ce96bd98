//! Earliest deadline first: weighted turns in exact proportion.

use std::{
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
};

/// Takes turns among entries so that each has its share by weight in every cycle.
///
/// An entry of weight `w` is due every `1/w`. A weight is read anew when its entry has been
/// picked, so weights that change take effect with each entry's next turn, as in Envoy.
#[derive(Debug)]
pub(crate) struct Edf {
    heap: BinaryHeap<Reverse<Entry>>,
    now: f64,
    order: u64,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    deadline: f64,
    order: u64,
    index: usize,
}

impl Edf {
    /// A scheduler in the state that `picks` turns would have left, so that clients that start at
    /// the same time do not all begin with the same entry.
    pub(crate) fn with_picks(len: usize, weight: impl Fn(usize) -> f64, picks: u64) -> Self {
        let picks = f64::from(u32::try_from(picks % MAX_PICKS).unwrap_or_default());
        let total: f64 = (0..len).map(&weight).sum();
        let mut edf = Self { heap: BinaryHeap::with_capacity(len), now: 0.0, order: 0 };
        let mut done = 0.0;
        for index in 0..len {
            // The tiny addition keeps rational weights from ending in a tie.
            let weight = weight(index) + 1e-13;
            let mut own = (picks * weight / total).floor();
            if own > 0.0 && own / weight >= picks / total {
                own -= 1.0;
            }
            done += own;
            edf.now = edf.now.max(own / weight);
            edf.push((own + 1.0) / weight, index);
        }
        while done < picks && len > 0 {
            edf.pick(&weight);
            done += 1.0;
        }
        edf
    }

    /// The entry whose turn it is; it goes back in with the weight it has now.
    pub(crate) fn pick(&mut self, weight: impl Fn(usize) -> f64) -> Option<usize> {
        let Reverse(entry) = self.heap.pop()?;
        self.now = entry.deadline;
        self.push(self.now + 1.0 / weight(entry.index), entry.index);
        Some(entry.index)
    }

    fn push(&mut self, deadline: f64, index: usize) {
        let order = self.order;
        self.order += 1;
        self.heap.push(Reverse(Entry { deadline, order, index }));
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        self.deadline.total_cmp(&other.deadline).then(self.order.cmp(&other.order))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Entry {}

/// Envoy bounds the emulated turns so that divisions keep their precision.
const MAX_PICKS: u64 = 429_496_729;
