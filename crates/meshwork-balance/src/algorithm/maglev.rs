//! Consistent hashing by a table (Maglev).

use xxhash_rust::xxh64::xxh64;

use crate::{Balance, Choice, Host, Picker, Set, randomness::reduce};

/// Fills a table in which every host has its share almost exactly; a request's hash is looked up
/// in it (Istio's `consistentHash.maglev`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Maglev {
    /// The number of entries: a prime from 2 to 5 000 011, what is outside counts as the nearest.
    pub table_size: u64,
}

impl Default for Maglev {
    fn default() -> Self {
        Self { table_size: 65_537 }
    }
}

impl Balance for Maglev {
    fn picker(&self, set: &Set<'_>) -> Box<dyn Picker> {
        Box::new(Table::new(self, set))
    }

    fn is_hashing(&self) -> bool {
        true
    }
}

/// The host of each entry; empty where there are no hosts.
pub(super) struct Table(pub(super) Box<[u32]>);

impl Table {
    pub(super) fn new(config: &Maglev, set: &Set<'_>) -> Self {
        let size = config.table_size.clamp(2, 5_000_011);
        let mut rows: Vec<Row<'_>> = set
            .hosts
            .iter()
            .zip(set.shares)
            .zip(0_u32..)
            .filter(|((_, share), _)| **share > 0.0)
            .map(|((host, share), index)| Row::new(host, index, *share, size))
            .collect();
        rows.sort_by(|a, b| a.address.cmp(b.address));
        let Some(most) = rows.iter().map(|row| row.share).reduce(f64::max) else {
            return Self(Box::default());
        };
        let Ok(len) = usize::try_from(size) else { return Self(Box::default()) };
        let mut table = vec![FREE; len];
        let mut filled = 0;
        let mut round = 0.0;
        while filled < len {
            round += 1.0;
            for row in &mut rows {
                // The host with the greatest share claims an entry in every round, one with a
                // third of it in every third.
                if filled == len || round * row.share < row.target {
                    continue;
                }
                row.target += most;
                if row.claim(&mut table, size) {
                    filled += 1;
                } else {
                    return Self(table.into());
                }
            }
        }
        Self(table.into())
    }
}

impl Picker for Table {
    fn pick(&self, _hosts: &[Host], choice: &mut Choice<'_>) -> Option<usize> {
        let attempt = u64::from(choice.attempt);
        let hash = if attempt == 0 { choice.hash } else { choice.hash ^ attempt.wrapping_neg() };
        let host = self.0.get(reduce(hash, self.0.len())?)?;
        (*host != FREE).then_some(*host as usize)
    }
}

struct Row<'a> {
    address: &'a str,
    index: u32,
    share: f64,
    target: f64,
    offset: u64,
    skip: u64,
    next: u64,
}

impl<'a> Row<'a> {
    fn new(host: &'a Host, index: u32, share: f64, size: u64) -> Self {
        let address = host.address();
        let offset = xxh64(address.as_bytes(), 0) % size;
        let skip = xxh64(address.as_bytes(), 1) % (size - 1) + 1;
        Self { address, index, share, target: 0.0, offset, skip, next: 0 }
    }

    /// Takes the next free entry of this host's permutation. With a size that is not prime a
    /// permutation may miss entries; it is given up after one cycle.
    fn claim(&mut self, table: &mut [u32], size: u64) -> bool {
        while self.next <= size.saturating_mul(2) {
            let entry = reduce(self.offset + self.skip * self.next, table.len());
            self.next += 1;
            if let Some(slot) = entry.and_then(|entry| table.get_mut(entry))
                && *slot == FREE
            {
                *slot = self.index;
                return true;
            }
        }
        false
    }
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table").field("size", &self.0.len()).finish()
    }
}

const FREE: u32 = u32::MAX;
