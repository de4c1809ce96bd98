//! Labels of workloads and the equality selectors that Istio's resources use.

use std::{collections::BTreeMap, fmt, sync::Arc};

use serde::{Deserialize, Serialize};

/// The labels of a workload, an endpoint or a resource, in the order of their keys.
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Labels(Arc<BTreeMap<Arc<str>, Arc<str>>>);

impl Labels {
    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(AsRef::as_ref)
    }

    /// All pairs in the order of the keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (&**key, &**value))
    }

    /// How many labels there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether every label of `self` stands in `other` with an equal value.
    ///
    /// ```
    /// use meshwork_core::Labels;
    /// let subset: Labels = [("version", "v1")].into_iter().collect();
    /// let pod: Labels = [("app", "reviews"), ("version", "v1")].into_iter().collect();
    /// assert!(subset.is_subset_of(&pod));
    /// assert!(!pod.is_subset_of(&subset));
    /// ```
    pub fn is_subset_of(&self, other: &Self) -> bool {
        self.iter().all(|(key, value)| other.get(key) == Some(value))
    }
}

impl<K: Into<Arc<str>>, V: Into<Arc<str>>> FromIterator<(K, V)> for Labels {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        Self(Arc::new(pairs.into_iter().map(|(key, value)| (key.into(), value.into())).collect()))
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter()).finish()
    }
}

/// Which workloads a resource is about: all (`None` in Istio) or those that bear some labels.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Selector(Option<Labels>);

impl Selector {
    /// Every workload that the resource can reach.
    pub const fn all() -> Self {
        Self(None)
    }

    /// The workloads that bear all of `labels`; an empty set selects every one.
    pub fn labels(labels: Labels) -> Self {
        Self(Some(labels))
    }

    /// Whether a selector was written at all. An empty one counts: Istio ranks resources with a
    /// selector before those without.
    pub fn is_given(&self) -> bool {
        self.0.is_some()
    }

    /// Whether a workload with these labels is meant.
    pub fn selects(&self, workload: &Labels) -> bool {
        self.0.as_ref().is_none_or(|labels| labels.is_subset_of(workload))
    }
}
