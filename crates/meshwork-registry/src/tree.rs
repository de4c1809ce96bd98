//! A persistent ordered map: a clone is one pointer, and a change copies one path.
//!
//! It is a B+ tree whose nodes are shared. A node that nobody else holds is changed in place, so
//! that a full build copies nothing.

mod iter;

use std::{borrow::Borrow, fmt, sync::Arc};

use self::iter::{Cursor, Iter};

/// Entries of a leaf, and children of a branch.
const FULL: usize = 32;

/// An ordered map with cheap clones and shared structure.
#[derive(Clone)]
pub(crate) struct Tree<K, V> {
    root: Arc<Node<K, V>>,
    len: usize,
}

#[derive(Clone)]
enum Node<K, V> {
    Leaf(Vec<(K, V)>),
    /// The smallest key below each child, and the child. INVARIANT: no child is empty.
    Branch(Vec<(K, Arc<Node<K, V>>)>),
}

impl<K, V> Default for Tree<K, V> {
    fn default() -> Self {
        Self { root: Arc::new(Node::Leaf(Vec::new())), len: 0 }
    }
}

impl<K: Ord + Clone, V: Clone> Tree<K, V> {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Whether both are one tree, so that nothing in them can differ.
    #[cfg(test)]
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.root, &other.root)
    }

    pub(crate) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let mut node = &*self.root;
        loop {
            match node {
                Node::Leaf(entries) => {
                    let at = entries.binary_search_by(|(k, _)| k.borrow().cmp(key)).ok()?;
                    return entries.get(at).map(|(_, value)| value);
                }
                Node::Branch(children) => node = &*children.get(child_of(children, key))?.1,
            }
        }
    }

    /// The key that is equal to `key`.
    pub(crate) fn key<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&K>
    where
        K: Borrow<Q>,
    {
        self.iter_after(|k| k.borrow() < key)
            .next()
            .map(|(k, _)| k)
            .filter(|k| (*k).borrow() == key)
    }

    /// Puts `value` at `key` and returns what was there.
    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
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
    pub(crate) fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
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
    pub(crate) fn iter(&self) -> Iter<'_, K, V> {
        Iter { stack: vec![Cursor::at(&self.root, 0)] }
    }

    /// The entries after those that are `before`, in the order of their keys. What is `before` has
    /// to be the beginning of that order.
    pub(crate) fn iter_after(&self, before: impl Fn(&K) -> bool) -> Iter<'_, K, V> {
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
    pub(crate) fn keys(&self) -> impl Iterator<Item = &K> {
        self.iter().map(|(key, _)| key)
    }

    /// The values in the order of their keys.
    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }
}

impl<A: Ord + Clone, B: Ord + Clone, V: Clone> Tree<(A, B), V> {
    /// The entries whose key begins with `first`.
    pub(crate) fn group<'a, 'q, Q: Ord + ?Sized>(
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

impl<K: fmt::Debug + Ord + Clone, V: fmt::Debug + Clone> fmt::Debug for Tree<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<K: Ord + Clone, V: PartialEq + Clone> PartialEq for Tree<K, V> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.root, &other.root)
            || (self.len == other.len && self.iter().eq(other.iter()))
    }
}

#[cfg(test)]
mod tests;
