//! A persistent ordered map: a clone is one pointer, and a change copies one path.
//!
//! It is a B+ tree whose nodes are shared. A node that nobody else holds is changed in place, so
//! that a full build copies nothing.

mod diff;
mod iter;
mod names;

use std::{borrow::Borrow, cmp::Ordering, fmt, sync::Arc};

use self::iter::Cursor;
pub use self::{
    diff::{Diff, EntryChange},
    iter::Iter,
    names::NameMap,
};

/// Entries of a leaf, and children of a branch.
const FULL: usize = 32;

/// An ordered map with cheap clones and shared structure.
///
/// A clone costs one pointer, a change of it the logarithm of its size, and what two versions do
/// not share is found in time that follows the difference ([`Self::diff`]).
///
/// ```
/// use meshwork_core::PersistentMap;
/// let before: PersistentMap<u32, &str> = (0..1_000).map(|number| (number, "a")).collect();
/// let mut after = before.clone();
/// after.insert(7, "b");
/// assert_eq!(before.get(&7), Some(&"a"));
/// let changed: Vec<u32> = before.diff(&after).map(|change| *change.key).collect();
/// assert!(changed.contains(&7) && changed.len() <= 32);
/// ```
#[derive(Clone)]
pub struct PersistentMap<K, V> {
    root: Arc<Node<K, V>>,
    len: usize,
}

#[derive(Clone)]
enum Node<K, V> {
    Leaf(Vec<(K, V)>),
    /// The smallest key below each child, and the child. INVARIANT: no child is empty.
    Branch(Vec<(K, Arc<Node<K, V>>)>),
}

impl<K, V> Default for PersistentMap<K, V> {
    fn default() -> Self {
        Self { root: Arc::new(Node::Leaf(Vec::new())), len: 0 }
    }
}

impl<K: Ord + Clone, V: Clone> PersistentMap<K, V> {
    /// How many entries there are.
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

    /// The value at `key`.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.find(|k| k.borrow().cmp(key)).map(|(_, value)| value)
    }

    /// The entry that `ordering` says to be equal; it has to agree with the order of the keys.
    pub fn find(&self, ordering: impl Fn(&K) -> Ordering) -> Option<(&K, &V)> {
        let mut node = &*self.root;
        loop {
            match node {
                Node::Leaf(entries) => {
                    let at = entries.binary_search_by(|(key, _)| ordering(key)).ok()?;
                    return entries.get(at).map(|(key, value)| (key, value));
                }
                Node::Branch(children) => {
                    let after = children.partition_point(|(first, _)| ordering(first).is_le());
                    node = &*children.get(after.checked_sub(1)?)?.1;
                }
            }
        }
    }

    /// The key that is equal to `key`.
    pub fn key<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&K>
    where
        K: Borrow<Q>,
    {
        self.find(|k| k.borrow().cmp(key)).map(|(key, _)| key)
    }

    /// Puts `value` at `key` and returns what was there.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        let (old, split) = insert(Arc::make_mut(&mut self.root), key, value);
        if let Some((right_key, right)) = split
            && let Some(left_key) = self.root.first_key().cloned()
        {
            let left = Arc::clone(&self.root);
            self.root = Arc::new(Node::Branch(vec![(left_key, left), (right_key, right)]));
        }
        if old.is_none() {
            self.len += 1;
        }
        old
    }

    /// Takes `key` out and returns what was there. Nothing is copied where there is nothing.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.get(key)?;
        let removed = remove(Arc::make_mut(&mut self.root), key)?;
        self.len -= 1;
        while let Node::Branch(children) = &*self.root {
            match children.as_slice() {
                [] => self.root = Arc::new(Node::Leaf(Vec::new())),
                [(_, only)] => self.root = Arc::clone(only),
                _ => break,
            }
        }
        Some(removed)
    }

    /// All entries in the order of their keys.
    pub fn iter(&self) -> Iter<'_, K, V> {
        Iter { stack: vec![Cursor::at(&self.root, 0)] }
    }

    /// The entries after those that are `before`, in the order of their keys. What is `before` has
    /// to be the beginning of that order.
    pub fn iter_after(&self, before: impl Fn(&K) -> bool) -> Iter<'_, K, V> {
        let mut stack = Vec::new();
        let mut node = &*self.root;
        loop {
            match node {
                Node::Leaf(entries) => {
                    stack.push(Cursor::at(node, entries.partition_point(|(key, _)| before(key))));
                    return Iter { stack };
                }
                Node::Branch(children) => {
                    let at = children.partition_point(|(key, _)| before(key)).saturating_sub(1);
                    stack.push(Cursor::at(node, at + 1));
                    match children.get(at) {
                        Some((_, child)) => node = child,
                        None => return Iter { stack },
                    }
                }
            }
        }
    }

    /// The keys in order.
    pub fn keys(&self) -> impl Iterator<Item = &K> + Clone {
        self.iter().map(|(key, _)| key)
    }

    /// The values in the order of their keys.
    pub fn values(&self) -> impl Iterator<Item = &V> + Clone {
        self.iter().map(|(_, value)| value)
    }
}

impl<A: Ord + Clone, B: Ord + Clone, V: Clone> PersistentMap<(A, B), V> {
    /// The entries whose key begins with `first`.
    pub fn group<'a, 'q, Q: Ord + ?Sized>(
        &'a self,
        first: &'q Q,
    ) -> impl Iterator<Item = (&'a B, &'a V)> + use<'a, 'q, A, B, V, Q>
    where
        A: Borrow<Q>,
    {
        self.iter_after(move |(a, _)| a.borrow() < first)
            .take_while(move |((a, _), _)| a.borrow() == first)
            .map(|((_, b), value)| (b, value))
    }
}

impl<K, V> Node<K, V> {
    fn first_key(&self) -> Option<&K> {
        match self {
            Self::Leaf(entries) => entries.first().map(|(key, _)| key),
            Self::Branch(children) => children.first().map(|(key, _)| key),
        }
    }
}

fn child_of<K: Borrow<Q>, Q: Ord + ?Sized, T>(children: &[(K, T)], key: &Q) -> usize {
    children.partition_point(|(first, _)| first.borrow() <= key).saturating_sub(1)
}

type Split<K, V> = Option<(K, Arc<Node<K, V>>)>;

fn insert<K: Ord + Clone, V: Clone>(
    node: &mut Node<K, V>,
    key: K,
    value: V,
) -> (Option<V>, Split<K, V>) {
    match node {
        Node::Leaf(entries) => match entries.binary_search_by(|(k, _)| k.cmp(&key)) {
            Ok(at) => {
                let old = entries.get_mut(at).map(|entry| std::mem::replace(&mut entry.1, value));
                (old, None)
            }
            Err(at) => (None, split(put(entries, at, (key, value)), Node::Leaf)),
        },
        Node::Branch(children) => {
            let at = child_of(children, &key);
            let Some((first, child)) = children.get_mut(at) else {
                return (None, None);
            };
            if key < *first {
                *first = key.clone();
            }
            let (old, right) = insert(Arc::make_mut(child), key, value);
            let right = right.and_then(|right| put(children, at + 1, right));
            (old, split(right, Node::Branch))
        }
    }
}

fn split<K: Clone, V, T>(
    right: Option<Vec<(K, T)>>,
    node: impl FnOnce(Vec<(K, T)>) -> Node<K, V>,
) -> Split<K, V> {
    let right = right?;
    let first = right.first()?.0.clone();
    Some((first, Arc::new(node(right))))
}

/// Puts `item` at its place and returns the right half of a list that was full.
fn put<T>(list: &mut Vec<T>, at: usize, item: T) -> Option<Vec<T>> {
    if list.len() < FULL {
        if list.len() == list.capacity() {
            list.reserve_exact(list.len().max(4).min(FULL - list.len()));
        }
        list.insert(at, item);
        return None;
    }
    // What comes in order leaves full nodes behind.
    if at == list.len() {
        return Some(vec![item]);
    }
    let mut right = list.split_off(FULL / 2);
    list.shrink_to_fit();
    match at.checked_sub(FULL / 2) {
        Some(at) if at > 0 => put(&mut right, at, item),
        _ => put(list, at, item),
    };
    Some(right)
}

fn remove<K: Ord + Clone + Borrow<Q>, V: Clone, Q: Ord + ?Sized>(
    node: &mut Node<K, V>,
    key: &Q,
) -> Option<V> {
    match node {
        Node::Leaf(entries) => {
            let at = entries.binary_search_by(|(k, _)| k.borrow().cmp(key)).ok()?;
            Some(entries.remove(at).1)
        }
        Node::Branch(children) => {
            let at = child_of(children, key);
            let (first, child) = children.get_mut(at)?;
            let removed = remove(Arc::make_mut(child), key)?;
            match child.first_key() {
                Some(key) => *first = key.clone(),
                None => {
                    children.remove(at);
                }
            }
            Some(removed)
        }
    }
}

impl<K: Ord + Clone, V: Clone> FromIterator<(K, V)> for PersistentMap<K, V> {
    /// Of entries with one key the last stays. Cheapest where the keys come in order.
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut entries: Vec<(K, V)> = entries.into_iter().collect();
        if !entries.is_sorted_by(|(a, _), (b, _)| a < b) {
            entries.reverse();
            entries.sort_by(|(a, _), (b, _)| a.cmp(b));
            entries.dedup_by(|(a, _), (b, _)| a == b);
        }
        let len = entries.len();
        let mut level = packed(entries, Node::Leaf);
        while level.len() > 1 {
            level = packed(level, Node::Branch);
        }
        match level.pop() {
            Some((_, root)) => Self { root, len },
            None => Self::default(),
        }
    }
}

/// Full nodes of what comes in order, each with its smallest key.
fn packed<K: Clone, V, T>(
    entries: Vec<(K, T)>,
    node: impl Fn(Vec<(K, T)>) -> Node<K, V>,
) -> Vec<(K, Arc<Node<K, V>>)> {
    let mut nodes = Vec::with_capacity(entries.len().div_ceil(FULL));
    let mut entries = entries.into_iter();
    loop {
        let next: Vec<(K, T)> = entries.by_ref().take(FULL).collect();
        let Some((first, _)) = next.first() else { return nodes };
        nodes.push((first.clone(), Arc::new(node(next))));
    }
}

impl<K: fmt::Debug + Ord + Clone, V: fmt::Debug + Clone> fmt::Debug for PersistentMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<K: Ord + Clone, V: PartialEq + Clone> PartialEq for PersistentMap<K, V> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.root, &other.root)
            || (self.len == other.len && self.iter().eq(other.iter()))
    }
}

#[cfg(test)]
mod tests;
