//! The settings of the snapshot in force.

use std::sync::{Arc, PoisonError, RwLock};

use meshwork_api::mesh::MeshConfig;
use meshwork_config::Snapshot;
use meshwork_registry::Proxy;

use super::HttpSettings;
use crate::Direction;

/// The [`HttpSettings`] of whichever snapshot is in force, worked out when what they follow from
/// has changed.
#[derive(Clone, Debug, Default)]
pub struct CurrentSettings(Arc<Slots>);

/// For each direction what was worked out last.
#[derive(Debug, Default)]
struct Slots {
    outbound: Slot,
    inbound: Slot,
    gateway: Slot,
}

type Slot = RwLock<Option<Known>>;

/// Settings, and the proxy and the configuration that they follow from.
#[derive(Debug)]
struct Known {
    proxy: Arc<Proxy>,
    mesh: Arc<MeshConfig>,
    settings: Arc<HttpSettings>,
}

impl CurrentSettings {
    /// Nothing is known yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// What a snapshot says for a direction.
    pub fn of(&self, snapshot: &Snapshot, direction: Direction) -> Arc<HttpSettings> {
        let slot = match direction {
            Direction::Outbound => &self.0.outbound,
            Direction::Inbound => &self.0.inbound,
            Direction::Gateway => &self.0.gateway,
        };
        if let Some(known) = &*slot.read().unwrap_or_else(PoisonError::into_inner)
            && Arc::ptr_eq(&known.proxy, &snapshot.proxy)
            && Arc::ptr_eq(&known.mesh, &snapshot.mesh)
        {
            return Arc::clone(&known.settings);
        }
        let settings = Arc::new(HttpSettings::of_snapshot(snapshot, direction));
        let (proxy, mesh) = (Arc::clone(&snapshot.proxy), Arc::clone(&snapshot.mesh));
        let known = Known { proxy, mesh, settings: Arc::clone(&settings) };
        *slot.write().unwrap_or_else(PoisonError::into_inner) = Some(known);
        settings
    }
}
