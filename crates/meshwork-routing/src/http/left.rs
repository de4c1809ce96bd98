//! What compilation took out of a route table, with the hosts that it spoke of.

use std::sync::Arc;

use meshwork_core::{HostPattern, PersistentMap, Removed};
use meshwork_registry::Precedence;

/// A rule that was taken out, and the hosts of its VirtualService.
pub(crate) type LeftOut = (Box<[HostPattern]>, Removed);

/// Everything that was taken out of one route table.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Left {
    /// Of the VirtualServices alone, in their order.
    pub(crate) rules: PersistentMap<Precedence, Arc<[LeftOut]>>,
    /// What lost against others, by host at a gateway and together at a sidecar.
    pub(crate) conflicts: PersistentMap<Arc<str>, Arc<[LeftOut]>>,
}

impl Left {
    /// What lost against others, and nothing else.
    pub(crate) fn new(conflicts: Vec<LeftOut>) -> Self {
        let mut left = Self::default();
        if !conflicts.is_empty() {
            left.conflicts.insert("".into(), conflicts.into());
        }
        left
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &LeftOut> {
        self.rules.values().chain(self.conflicts.values()).flat_map(|left| left.iter())
    }
}
