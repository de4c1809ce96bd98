//! Counters by key, bounded: the key that was not seen for the longest time gives way.

use std::{collections::HashMap, hash::Hash, time::SystemTime};

/// Counters by key.
#[derive(Debug)]
pub(super) struct Table<K, V> {
    rows: HashMap<K, Row<V>>,
    /// How many keys gave way to others.
    pub(super) forgotten: u64,
    turns: u64,
}

/// One key's counters and when they were touched.
#[derive(Clone, Debug)]
pub(super) struct Row<V> {
    pub(super) value: V,
    pub(super) first_seen: SystemTime,
    pub(super) last_seen: SystemTime,
    /// Tells rows apart that were seen at the same time by a coarse clock.
    turn: u64,
}

/// How many keys a table holds.
pub(super) const MOST: usize = 1024;

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self { rows: HashMap::new(), forgotten: 0, turns: 0 }
    }
}

impl<K: Eq + Hash + Clone, V: Default> Table<K, V> {
    /// The counters of a key, seen now.
    pub(super) fn see(&mut self, key: K) -> &mut V {
        if self.rows.len() >= MOST && !self.rows.contains_key(&key) {
            let oldest =
                self.rows.iter().min_by_key(|(_, row)| row.turn).map(|(key, _)| key.clone());
            if let Some(oldest) = oldest {
                self.rows.remove(&oldest);
                self.forgotten += 1;
            }
        }
        self.turns += 1;
        let (turn, now) = (self.turns, now());
        let row = self.rows.entry(key).or_insert_with(|| Row {
            value: V::default(),
            first_seen: now,
            last_seen: now,
            turn,
        });
        row.last_seen = now;
        row.turn = turn;
        &mut row.value
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, &Row<V>)> {
        self.rows.iter()
    }
}

#[expect(clippy::disallowed_methods, reason = "a report says when, as its reader's clock does")]
fn now() -> SystemTime {
    SystemTime::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_gives_way() {
        let mut table = Table::<usize, u64>::default();
        for key in 0..MOST {
            *table.see(key) += 1;
        }
        *table.see(0) += 1;
        *table.see(MOST) += 1;
        assert_eq!(table.forgotten, 1);
        let keys: Vec<_> = table.iter().map(|(key, _)| *key).collect();
        assert_eq!(keys.len(), MOST);
        assert!(keys.contains(&0) && keys.contains(&MOST) && !keys.contains(&1));
        assert_eq!(*table.see(0), 2);
    }
}
