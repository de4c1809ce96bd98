//! A persistent map by name, found by hash.

use std::{fmt, hash::BuildHasher, sync::Arc};

use hashbrown::DefaultHashBuilder;

use super::PersistentMap;

/// A map from names with cheap clones, in no order: a look-up compares one name.
///
/// Names may come from anybody, so every map hashes with a seed of its own, which its clones keep.
///
/// ```
/// use meshwork_core::NameMap;
/// let mut before = NameMap::default();
/// before.insert("web".into(), 1);
/// let mut after = before.clone();
/// after.insert("web".into(), 2);
/// assert_eq!((before.get("web"), after.get("web"), after.get("api")), (Some(&1), Some(&2), None));
/// ```
#[derive(Clone)]
pub struct NameMap<V> {
    hasher: DefaultHashBuilder,
    entries: PersistentMap<(u64, Arc<str>), V>,
}

impl<V> Default for NameMap<V> {
    fn default() -> Self {
        Self { hasher: DefaultHashBuilder::default(), entries: PersistentMap::default() }
    }
}

impl<V: Clone> NameMap<V> {
    /// How many names there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether both are one map, so that nothing in them can differ.
    pub fn is_same(&self, other: &Self) -> bool {
        self.entries.is_same(&other.entries)
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&V> {
        let hash = self.hash(name);
        let found = self.entries.find(|(own, key)| own.cmp(&hash).then_with(|| (**key).cmp(name)));
        found.map(|(_, value)| value)
    }

    /// Puts `value` at `name` and returns what was there.
    pub fn insert(&mut self, name: Arc<str>, value: V) -> Option<V> {
        let hash = self.hash(&name);
        self.entries.insert((hash, name), value)
    }

    /// Takes `name` out and returns what was there.
    pub fn remove(&mut self, name: &str) -> Option<V> {
        self.entries.remove(&(self.hash(name), Arc::from(name)))
    }

    /// All names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &V)> {
        self.entries.iter().map(|((_, name), value)| (name, value))
    }

    /// All values.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.entries.values()
    }

    fn hash(&self, name: &str) -> u64 {
        self.hasher.hash_one(name)
    }
}

impl<V: Clone> FromIterator<(Arc<str>, V)> for NameMap<V> {
    fn from_iter<I: IntoIterator<Item = (Arc<str>, V)>>(entries: I) -> Self {
        let hasher = DefaultHashBuilder::default();
        let hashed = |(name, value): (Arc<str>, V)| ((hasher.hash_one(&*name), name), value);
        Self { entries: entries.into_iter().map(hashed).collect(), hasher }
    }
}

impl<V: Clone + PartialEq> PartialEq for NameMap<V> {
    fn eq(&self, other: &Self) -> bool {
        self.is_same(other)
            || self.len() == other.len()
                && self.iter().all(|(name, value)| other.get(name) == Some(value))
    }
}

impl<V: fmt::Debug + Clone> fmt::Debug for NameMap<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}
