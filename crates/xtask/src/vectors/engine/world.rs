//! The mesh of a scenario: its store, and the view of each of its proxies.

use std::sync::Arc;

use indexmap::IndexMap;
use meshwork_config::{ConfigStore, Event, Snapshot};

use crate::vectors::scenario::Question;

use super::{objects, proxy};

/// The view of each proxy by its name in the scenario.
#[derive(Debug)]
pub(super) struct World {
    pub(super) snapshots: IndexMap<String, Arc<Snapshot>>,
}

impl World {
    /// Compiles the view of each proxy.
    ///
    /// # Errors
    /// Why an object or the mesh's configuration cannot be read.
    pub(super) fn new(question: &Question) -> Result<Self, String> {
        let mut store = ConfigStore::new(objects::mesh(question)?);
        store.apply_all(objects::in_force(question)?.into_iter().map(Event::apply));
        let snapshots = question.proxies.iter().map(|(name, from)| {
            let (snapshot, _) = Snapshot::compile(&store, &proxy::proxy(from), None);
            (name.clone(), Arc::new(snapshot))
        });
        Ok(Self { snapshots: snapshots.collect() })
    }
}
