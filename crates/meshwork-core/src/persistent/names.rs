//! A persistent map by name, found by hash.
//!
//! It is a trie over the bits of the hash. A node has a slot for each of 64 values of the next six
//! bits, as far as they are in use; nodes are shared between versions, and a change copies the few
//! that lead to its name.

use std::{fmt, hash::BuildHasher, sync::Arc};

use hashbrown::DefaultHashBuilder;

/// How many bits of the hash a node looks at.
const BITS: u32 = 6;

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
    root: Arc<Node<V>>,
    len: usize,
}

/// INVARIANT: there are as many slots as bits are set. Once the hash is used up, slots are a list
/// and bits mean nothing.
#[derive(Clone)]
struct Node<V> {
    used: u64,
    slots: Vec<Slot<V>>,
}

#[derive(Clone)]
enum Slot<V> {
    Entry(u64, Arc<str>, V),
    Node(Arc<Node<V>>),
}

impl<V> Default for NameMap<V> {
    fn default() -> Self {
        let root = Arc::new(Node { used: 0, slots: Vec::new() });
        Self { hasher: DefaultHashBuilder::default(), root, len: 0 }
    }
}

impl<V: Clone> NameMap<V> {
    /// How many names there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether both are one map, so that nothing in them can differ.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.root, &other.root)
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&V> {
        if self.len == 0 {
            return None;
        }
        self.root.get(self.hasher.hash_one(name), name)
    }

    /// Puts `value` at `name` and returns what was there.
    pub fn insert(&mut self, name: Arc<str>, value: V) -> Option<V> {
        let hash = self.hasher.hash_one(&*name);
        let old = Arc::make_mut(&mut self.root).insert(hash, name, value, 0);
        self.len += usize::from(old.is_none());
        old
    }

    /// Takes `name` out and returns what was there. Nothing is copied where there is nothing.
    pub fn remove(&mut self, name: &str) -> Option<V> {
        let hash = self.hasher.hash_one(name);
        self.root.get(hash, name)?;
        let old = Arc::make_mut(&mut self.root).remove(hash, name, 0)?;
        self.len -= 1;
        Some(old)
    }

    /// All names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &V)> {
        let mut walk = vec![self.root.slots.iter()];
        std::iter::from_fn(move || {
            loop {
                match walk.last_mut()?.next() {
                    Some(Slot::Entry(_, name, value)) => return Some((name, value)),
                    Some(Slot::Node(node)) => walk.push(node.slots.iter()),
                    None => drop(walk.pop()),
                }
            }
        })
    }

    /// All values.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }
}

/// The bit of a hash in a node that many bits down, and the slots before it.
fn place(used: u64, hash: u64, depth: u32) -> (u64, usize) {
    let bit = 1 << (hash >> depth & 63);
    (bit, (used & (bit - 1)).count_ones() as usize)
}

impl<V: Clone> Node<V> {
    #[inline]
    fn get(&self, hash: u64, name: &str) -> Option<&V> {
        let mut node = self;
        let mut depth = 0;
        while depth < u64::BITS {
            let (bit, at) = place(node.used, hash, depth);
            if node.used & bit == 0 {
                return None;
            }
            match node.slots.get(at)? {
                Slot::Entry(own, key, value) => {
                    return (*own == hash && **key == *name).then_some(value);
                }
                Slot::Node(below) => node = below,
            }
            depth += BITS;
        }
        node.slots.iter().find_map(|slot| match slot {
            Slot::Entry(_, key, value) if **key == *name => Some(value),
            _ => None,
        })
    }

    fn insert(&mut self, hash: u64, name: Arc<str>, value: V, depth: u32) -> Option<V> {
        if depth >= u64::BITS {
            for slot in &mut self.slots {
                if let Slot::Entry(_, key, old) = slot
                    && **key == *name
                {
                    return Some(std::mem::replace(old, value));
                }
            }
            self.slots.push(Slot::Entry(hash, name, value));
            return None;
        }
        let (bit, at) = place(self.used, hash, depth);
        if self.used & bit == 0 {
            self.used |= bit;
            self.slots.insert(at, Slot::Entry(hash, name, value));
            return None;
        }
        let slot = self.slots.get_mut(at)?;
        match slot {
            Slot::Node(node) => {
                return Arc::make_mut(node).insert(hash, name, value, depth + BITS);
            }
            Slot::Entry(own, key, old) if *own == hash && *key == name => {
                return Some(std::mem::replace(old, value));
            }
            Slot::Entry(own, key, old) => {
                let mut node = Self { used: 0, slots: Vec::with_capacity(2) };
                node.insert(*own, Arc::clone(key), old.clone(), depth + BITS);
                node.insert(hash, name, value, depth + BITS);
                *slot = Slot::Node(Arc::new(node));
            }
        }
        None
    }

    /// The name is there.
    fn remove(&mut self, hash: u64, name: &str, depth: u32) -> Option<V> {
        let at = if depth >= u64::BITS {
            let own = |slot: &Slot<V>| matches!(slot, Slot::Entry(_, key, _) if **key == *name);
            self.slots.iter().position(own)?
        } else {
            let (bit, at) = place(self.used, hash, depth);
            if let Slot::Node(node) = self.slots.get_mut(at)? {
                let old = Arc::make_mut(node).remove(hash, name, depth + BITS);
                // A lone entry moves up, so that the same names always make the same trie.
                if let [Slot::Entry(..)] = node.slots.as_slice() {
                    let only = node.slots.first().cloned()?;
                    *self.slots.get_mut(at)? = only;
                }
                return old;
            }
            self.used &= !bit;
            at
        };
        match self.slots.remove(at) {
            Slot::Entry(_, _, value) => Some(value),
            Slot::Node(_) => None,
        }
    }
}

impl<V: Clone> FromIterator<(Arc<str>, V)> for NameMap<V> {
    /// Of entries with one name the last stays.
    fn from_iter<I: IntoIterator<Item = (Arc<str>, V)>>(entries: I) -> Self {
        let mut map = Self::default();
        for (name, value) in entries {
            map.insert(name, value);
        }
        map
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn agrees_with_a_map_of_the_standard_library() {
        let mut state = 3_u64;
        let mut next = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % below
        };
        let (mut map, mut model) = (NameMap::default(), BTreeMap::new());
        for step in 0..20_000 {
            let name = format!("host-{}.example.com", next(3_000));
            let before = map.clone();
            if next(if step < 10_000 { 4 } else { 2 }) == 0 {
                let known = model.get(&name).copied();
                assert_eq!(map.remove(&name), model.remove(&name));
                assert_eq!(before.get(&name).copied(), known);
            } else {
                assert_eq!(map.insert(name.as_str().into(), step), model.insert(name, step));
            }
            assert_eq!(map.len(), model.len());
        }
        for (name, value) in &model {
            assert_eq!(map.get(name), Some(value));
        }
        let mut all: Vec<_> = map.iter().map(|(name, value)| (name.to_string(), *value)).collect();
        all.sort();
        assert!(all.into_iter().eq(model.clone()));
        for name in model.keys() {
            assert!(map.remove(name).is_some());
        }
        assert!(map.is_empty() && map.root.slots.is_empty());
    }

    #[test]
    fn names_of_one_hash_are_told_apart() {
        let mut node = Node { used: 0, slots: Vec::new() };
        for (number, name) in ["a", "b", "c"].into_iter().enumerate() {
            assert_eq!(node.insert(77, name.into(), number, 0), None);
        }
        assert_eq!(node.insert(77, "b".into(), 9, 0), Some(1));
        let found = |node: &Node<usize>| ["a", "b", "c"].map(|name| node.get(77, name).copied());
        assert_eq!(found(&node), [Some(0), Some(9), Some(2)]);
        assert_eq!(node.remove(77, "a", 0), Some(0));
        assert_eq!(node.remove(77, "c", 0), Some(2));
        assert_eq!(found(&node), [None, Some(9), None]);
        assert!(matches!(node.slots.as_slice(), [Slot::Entry(77, _, 9)]));
    }
}
