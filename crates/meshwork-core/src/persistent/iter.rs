//! Walks over a tree in the order of its keys.

use std::sync::Arc;

use super::Node;

/// Entries in the order of their keys.
#[expect(missing_debug_implementations, reason = "a walk has nothing to show")]
pub struct Iter<'a, K, V> {
    pub(super) stack: Vec<Cursor<'a, K, V>>,
}

pub(super) enum Cursor<'a, K, V> {
    Leaf(std::slice::Iter<'a, (K, V)>),
    Branch(std::slice::Iter<'a, (K, Arc<Node<K, V>>)>),
}

impl<K, V> Clone for Iter<'_, K, V> {
    fn clone(&self) -> Self {
        Self { stack: self.stack.clone() }
    }
}

impl<K, V> Clone for Cursor<'_, K, V> {
    fn clone(&self) -> Self {
        match self {
            Self::Leaf(entries) => Self::Leaf(entries.clone()),
            Self::Branch(children) => Self::Branch(children.clone()),
        }
    }
}

impl<'a, K, V> Cursor<'a, K, V> {
    pub(super) fn at(node: &'a Node<K, V>, index: usize) -> Self {
        match node {
            Node::Leaf(entries) => Self::Leaf(entries.get(index..).unwrap_or_default().iter()),
            Node::Branch(children) => {
                Self::Branch(children.get(index..).unwrap_or_default().iter())
            }
        }
    }
}

impl<'a, K, V> Iterator for Iter<'a, K, V> {
    type Item = (&'a K, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.stack.last_mut()? {
                Cursor::Leaf(entries) => {
                    if let Some((key, value)) = entries.next() {
                        return Some((key, value));
                    }
                    self.stack.pop();
                }
                Cursor::Branch(children) => match children.next() {
                    Some((_, child)) => self.stack.push(Cursor::at(child, 0)),
                    None => {
                        self.stack.pop();
                    }
                },
            }
        }
    }
}
