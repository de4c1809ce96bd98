//! Who may see a resource (`exportTo`).

use std::sync::Arc;

use meshwork_core::Namespace;

/// The namespaces that may see a resource, as its `exportTo` and the mesh's defaults say.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Visibility {
    /// Every namespace (`*`).
    Public,
    /// These namespaces, in order; the resource's own one only where it is among them.
    Namespaces(Arc<[Namespace]>),
    /// Nobody (`~`).
    Nobody,
}

impl Visibility {
    /// What `export_to` means in a resource of `namespace`.
    ///
    /// `*` wins over everything, then `~`; `.` is the resource's own namespace. An empty list is
    /// visible to nobody: defaults are the caller's.
    ///
    /// ```
    /// use meshwork_registry::Visibility;
    /// let visibility = Visibility::of(["." , "b"], "a");
    /// assert!(visibility.visible_to("a") && visibility.visible_to("b"));
    /// assert!(!visibility.visible_to("c"));
    /// ```
    pub fn of<'a>(export_to: impl IntoIterator<Item = &'a str>, namespace: &str) -> Self {
        let mut namespaces = Vec::new();
        let mut hidden = false;
        for entry in export_to {
            match entry {
                "*" => return Self::Public,
                "~" => hidden = true,
                "." => namespaces.push(Namespace::from(namespace)),
                other => namespaces.push(Namespace::from(other)),
            }
        }
        if hidden || namespaces.is_empty() {
            return Self::Nobody;
        }
        namespaces.sort();
        namespaces.dedup();
        Self::Namespaces(namespaces.into())
    }

    /// Whether a proxy of `namespace` may see the resource.
    pub fn visible_to(&self, namespace: &str) -> bool {
        match self {
            Self::Public => true,
            Self::Nobody => false,
            Self::Namespaces(namespaces) => {
                namespaces.binary_search_by(|candidate| candidate.as_str().cmp(namespace)).is_ok()
            }
        }
    }

    /// Whether every namespace may.
    pub fn is_public(&self) -> bool {
        matches!(self, Self::Public)
    }
}
