//! What two versions of a map do not share.

use std::{cmp::Ordering, sync::Arc};

use super::{Node, PersistentMap};

/// An entry that two versions of a map do not share; its values may be equal all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "an entry before and after, and nothing else")]
pub struct EntryChange<'a, K, V> {
    /// The key.
    pub key: &'a K,
    /// The value in the older version, where it has the key.
    pub before: Option<&'a V>,
    /// The value in the newer version, where it has the key.
    pub after: Option<&'a V>,
}

/// The entries that two versions do not share, in the order of their keys.
#[expect(missing_debug_implementations, reason = "a walk has nothing to show")]
pub struct Diff<'a, K, V> {
    older: Walk<'a, K, V>,
    newer: Walk<'a, K, V>,
}

impl<K, V> Clone for Diff<'_, K, V> {
    fn clone(&self) -> Self {
        Self { older: self.older.clone(), newer: self.newer.clone() }
    }
}

/// What is left of a walk: the innermost node last.
struct Walk<'a, K, V>(Vec<Frame<'a, K, V>>);

impl<K, V> Clone for Walk<'_, K, V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

enum Frame<'a, K, V> {
    Leaf(&'a [(K, V)]),
    Branch(&'a [(K, Arc<Node<K, V>>)]),
}

impl<K, V> Clone for Frame<'_, K, V> {
    fn clone(&self) -> Self {
        match self {
            Self::Leaf(entries) => Self::Leaf(entries),
            Self::Branch(children) => Self::Branch(children),
        }
    }
}

/// The next thing of a walk, not yet taken.
enum Next<'a, K, V> {
    Entry(&'a K, &'a V),
    /// A node, with its smallest key and how far above the leaves it stands.
    Node(&'a K, &'a Arc<Node<K, V>>, usize),
}

impl<K: Ord + Clone, V: Clone> PersistentMap<K, V> {
    /// The entries in which `newer` differs from this version.
    ///
    /// Nodes that both share are skipped, so this costs about the changes between the two where
    /// one was made from the other. Entries beside a changed one come too: whether a value is
    /// really another is for the caller to say.
    pub fn diff<'a>(&'a self, newer: &'a Self) -> Diff<'a, K, V> {
        let (mut one, mut other) = (Walk(Vec::new()), Walk(Vec::new()));
        if !self.is_same(newer) {
            one.enter(&self.root);
            other.enter(&newer.root);
        }
        Diff { older: one, newer: other }
    }
}

impl<'a, K: Ord, V> Iterator for Diff<'a, K, V> {
    type Item = EntryChange<'a, K, V>;

    fn next(&mut self) -> Option<Self::Item> {
        use Next::{Entry, Node};
        loop {
            let order = match (self.older.peek(), self.newer.peek()) {
                (None, None) => return None,
                (Some(Entry(key, value)), None) => {
                    self.older.skip();
                    return Some(EntryChange { key, before: Some(value), after: None });
                }
                (None, Some(Entry(key, value))) => {
                    self.newer.skip();
                    return Some(EntryChange { key, before: None, after: Some(value) });
                }
                (Some(Entry(key, before)), Some(Entry(other, after))) => match key.cmp(other) {
                    Ordering::Less => {
                        self.older.skip();
                        return Some(EntryChange { key, before: Some(before), after: None });
                    }
                    Ordering::Greater => {
                        self.newer.skip();
                        return Some(EntryChange { key: other, before: None, after: Some(after) });
                    }
                    Ordering::Equal => {
                        self.older.skip();
                        self.newer.skip();
                        return Some(EntryChange { key, before: Some(before), after: Some(after) });
                    }
                },
                (Some(Node(_, one, _)), Some(Node(_, other, _))) if Arc::ptr_eq(one, other) => {
                    self.older.skip();
                    self.newer.skip();
                    continue;
                }
                (Some(Node(..)), None) => Ordering::Less,
                (None, Some(Node(..))) => Ordering::Greater,
                // An entry before all of a node is in one version alone.
                (Some(Entry(key, value)), Some(Node(first, ..))) if key < first => {
                    self.older.skip();
                    return Some(EntryChange { key, before: Some(value), after: None });
                }
                (Some(Node(first, ..)), Some(Entry(key, value))) if key < first => {
                    self.newer.skip();
                    return Some(EntryChange { key, before: None, after: Some(value) });
                }
                (Some(Entry(..)), Some(Node(..))) => Ordering::Greater,
                (Some(Node(..)), Some(Entry(..))) => Ordering::Less,
                // Nodes that begin alike are entered down to one height, where they may be shared.
                (Some(Node(one, _, height)), Some(Node(other, _, other_height))) => {
                    one.cmp(other).then(other_height.cmp(&height))
                }
            };
            if order.is_le() {
                self.older.descend();
            }
            if order.is_ge() {
                self.newer.descend();
            }
        }
    }
}

impl<'a, K, V> Walk<'a, K, V> {
    fn enter(&mut self, node: &'a Node<K, V>) {
        self.0.push(match node {
            Node::Leaf(entries) => Frame::Leaf(entries),
            Node::Branch(children) => Frame::Branch(children),
        });
    }

    fn peek(&mut self) -> Option<Next<'a, K, V>> {
        loop {
            match self.0.last()? {
                Frame::Leaf([(key, value), ..]) => return Some(Next::Entry(key, value)),
                Frame::Branch([(first, child), ..]) => {
                    return Some(Next::Node(first, child, height(child)));
                }
                Frame::Leaf([]) | Frame::Branch([]) => drop(self.0.pop()),
            }
        }
    }

    /// Takes what is next.
    fn skip(&mut self) {
        match self.0.last_mut() {
            Some(Frame::Leaf(entries)) => *entries = entries.get(1..).unwrap_or_default(),
            Some(Frame::Branch(children)) => *children = children.get(1..).unwrap_or_default(),
            None => {}
        }
    }

    /// Takes what is next and goes into it; an entry stays.
    fn descend(&mut self) {
        if let Some(Frame::Branch(children)) = self.0.last_mut()
            && let Some(((_, child), rest)) = children.split_first()
        {
            *children = rest;
            self.enter(child);
        }
    }
}

fn height<K, V>(mut node: &Node<K, V>) -> usize {
    let mut height = 0;
    while let Node::Branch(children) = node
        && let Some((_, child)) = children.first()
    {
        height += 1;
        node = child;
    }
    height
}
