//! The mappings of messages.

use serde::{Serialize, Serializer};
use std::borrow::Borrow;
use std::fmt;
use std::ops::Index;

/// A mapping, sorted by key: labels, conditions on headers, ports.
///
/// Resources are full of mappings that are empty or hold a few entries, so it is a sorted list of
/// exactly the size that it needs: a quarter of a hash map where it is empty, and much less than
/// one where it is small. Inserting moves all entries; to fill a large mapping, collect into it.
/// What is written does not depend on the order in which it was filled.
///
/// ```
/// use meshwork_api::Map;
/// let mut labels = Map::from([("version".to_owned(), "v1".to_owned())]);
/// labels.insert("app".to_owned(), "reviews".to_owned());
/// assert_eq!(labels["app"], "reviews");
/// assert_eq!(labels.keys().collect::<Vec<_>>(), ["app", "version"]);
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Map<K, V> {
    // INVARIANT: sorted by key, each key once.
    entries: Box<[(K, V)]>,
}

impl<K, V> Map<K, V> {
    /// A mapping without entries.
    pub fn new() -> Self {
        Self { entries: Box::default() }
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entries.
    pub fn iter(&self) -> Iter<'_, K, V> {
        Iter(self.entries.iter())
    }

    /// The keys.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &K> + DoubleEndedIterator + Clone {
        self.entries.iter().map(|(key, _)| key)
    }

    /// The values, in the order of their keys.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &V> + DoubleEndedIterator + Clone {
        self.entries.iter().map(|(_, value)| value)
    }

    /// The values, to be changed.
    pub fn values_mut(&mut self) -> impl ExactSizeIterator<Item = &mut V> + DoubleEndedIterator {
        self.entries.iter_mut().map(|(_, value)| value)
    }

    /// Keeps the entries for which `keep` says so.
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        self.change(|entries| entries.retain_mut(|(key, value)| keep(key, value)));
    }
}

impl<K, V> Map<K, V> {
    fn change<T>(&mut self, change: impl FnOnce(&mut Vec<(K, V)>) -> T) -> T {
        let mut entries = std::mem::take(&mut self.entries).into_vec();
        let result = change(&mut entries);
        self.entries = entries.into_boxed_slice();
        result
    }
}

impl<K: Ord, V> Map<K, V> {
    /// The value of a key.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let at = self.find(key).ok()?;
        self.entries.get(at).map(|(_, value)| value)
    }

    /// The value of a key, to be changed.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let at = self.find(key).ok()?;
        self.entries.get_mut(at).map(|(_, value)| value)
    }

    /// Whether there is such a key.
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.find(key).is_ok()
    }

    /// Sets the value of a key, and gives back the one that it had.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.find(&key) {
            Ok(at) => {
                self.entries.get_mut(at).map(|(_, present)| std::mem::replace(present, value))
            }
            Err(at) => {
                self.change(|entries| {
                    entries.reserve_exact(1);
                    entries.insert(at, (key, value));
                });
                None
            }
        }
    }

    /// Takes a key out, and gives back its value.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let at = self.find(key).ok()?;
        Some(self.change(|entries| entries.remove(at)).1)
    }

    fn find<Q: Ord + ?Sized>(&self, key: &Q) -> Result<usize, usize>
    where
        K: Borrow<Q>,
    {
        self.entries.binary_search_by(|(present, _)| present.borrow().cmp(key))
    }
}

impl<K, V> Default for Map<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for Map<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

impl<K: Ord, V> Extend<(K, V)> for Map<K, V> {
    /// Of several entries with one key the last one stays.
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        self.change(|present| {
            present.extend(entries);
            settle(present);
        });
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for Map<K, V> {
    /// Of several entries with one key the last one stays.
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut entries: Vec<_> = entries.into_iter().collect();
        settle(&mut entries);
        Self { entries: entries.into_boxed_slice() }
    }
}

/// Restores the order after entries were added at the end; of equal keys the last one stays.
fn settle<K: Ord, V>(entries: &mut Vec<(K, V)>) {
    entries.sort_by(|(left, _), (right, _)| left.cmp(right));
    entries.dedup_by(|later, earlier| {
        let same = later.0 == earlier.0;
        if same {
            std::mem::swap(later, earlier);
        }
        same
    });
}

impl<K: Ord, V, const N: usize> From<[(K, V); N]> for Map<K, V> {
    fn from(entries: [(K, V); N]) -> Self {
        entries.into_iter().collect()
    }
}

impl<K: Ord + Borrow<Q>, V, Q: Ord + ?Sized> Index<&Q> for Map<K, V> {
    type Output = V;

    /// The value of a key that is there.
    ///
    /// # Panics
    /// There is no such key.
    #[expect(clippy::expect_used, reason = "as with every other mapping")]
    fn index(&self, key: &Q) -> &V {
        self.get(key).expect("the mapping has the key")
    }
}

/// The entries of a [`Map`], by key.
#[derive(Debug)]
pub struct Iter<'a, K, V>(std::slice::Iter<'a, (K, V)>);

impl<K, V> Clone for Iter<'_, K, V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<'a, K, V> Iterator for Iter<'a, K, V> {
    type Item = (&'a K, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(key, value)| (key, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<K, V> DoubleEndedIterator for Iter<'_, K, V> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.0.next_back().map(|(key, value)| (key, value))
    }
}

impl<K, V> ExactSizeIterator for Iter<'_, K, V> {}

impl<'a, K, V> IntoIterator for &'a Map<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Iter<'a, K, V>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<K, V> IntoIterator for Map<K, V> {
    type Item = (K, V);
    type IntoIter = std::vec::IntoIter<(K, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_vec().into_iter()
    }
}

impl<K: Serialize, V: Serialize> Serialize for Map<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_equal_keys_stays() {
        let map = Map::from([("b", 1), ("a", 2), ("b", 3), ("b", 4), ("a", 5)]);
        assert_eq!(map.iter().collect::<Vec<_>>(), [(&"a", &5), (&"b", &4)]);
        let mut more = map.clone();
        more.extend([("a", 6), ("c", 7)]);
        assert_eq!(more, Map::from([("c", 7), ("b", 4), ("a", 6)]));
    }

    #[test]
    fn entries_come_and_go() {
        let mut map = Map::new();
        assert_eq!(map.insert(2, "two"), None);
        assert_eq!(map.insert(1, "one"), None);
        assert_eq!(map.insert(2, "deux"), Some("two"));
        assert_eq!((map.get(&1), map.get(&2), map.get(&3)), (Some(&"one"), Some(&"deux"), None));
        assert!(map.contains_key(&1));
        assert_eq!(map.remove(&1), Some("one"));
        assert_eq!(map.remove(&1), None);
        map.retain(|_, value| *value != "deux");
        assert!(map.is_empty());
    }
}
