//! Texts that many resources have in common, kept once.

use std::sync::Arc;

use meshwork_api::ObjectMeta;
use meshwork_core::{Labels, Namespace, PersistentMap as Tree, ResourceRef};

use crate::derive::labels::Written;

/// Texts that are in use, each kept once: label keys and values, namespaces, nodes, accounts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Strings {
    known: Tree<Arc<str>, ()>,
    /// How many there were when unused ones were last dropped.
    swept: usize,
    /// The labels made last: replicas, which come one after another, have the same.
    last: Labels,
}

impl Strings {
    /// The one copy of `text`.
    pub(crate) fn get(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.known.key(text) {
            return Arc::clone(known);
        }
        let text: Arc<str> = text.into();
        self.known.insert(Arc::clone(&text), ());
        text
    }

    /// The labels of a resource.
    pub(crate) fn labels(&mut self, written: &Written) -> Labels {
        let labels: Labels =
            written.iter().map(|(key, value)| (self.get(key), self.get(value))).collect();
        if self.last != labels {
            self.last = labels;
        }
        self.last.clone()
    }

    /// Namespace and name of a resource.
    pub(crate) fn name(&mut self, namespace: &str, name: &str) -> (Namespace, Arc<str>) {
        (Namespace::new(self.get(namespace)), self.get(name))
    }

    /// The reference to a resource.
    pub(crate) fn reference(&mut self, kind: &str, meta: &ObjectMeta) -> ResourceRef {
        ResourceRef {
            kind: self.get(kind),
            namespace: self.get(&meta.namespace),
            name: self.get(&meta.name),
        }
    }

    /// Drops what nothing uses any more, once there is enough of it to be worth the work.
    pub(crate) fn sweep(&mut self) {
        if self.known.len() <= 2 * self.swept + 1024 {
            return;
        }
        let unused: Vec<Arc<str>> =
            self.known.keys().filter(|text| Arc::strong_count(text) == 1).cloned().collect();
        for text in unused {
            self.known.remove(&*text);
        }
        self.swept = self.known.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_copy_of_each_and_none_of_what_is_gone() {
        let mut strings = Strings::default();
        let first = strings.get("a");
        assert!(Arc::ptr_eq(&first, &strings.get("a")));
        for number in 0..3000 {
            strings.get(&number.to_string());
        }
        strings.sweep();
        // Inner nodes of the tree hold some of them once more; the next sweep finds those.
        assert!(strings.known.len() < 300, "{}", strings.known.len());
        assert!(Arc::ptr_eq(&first, &strings.get("a")));
    }
}
