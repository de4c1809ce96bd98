//! Certificates that resources name, out of the configuration in force.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use meshwork_config::Snapshot;
use meshwork_core::Live;
use meshwork_transport::{Secret, Secrets};

/// The Secrets of the configuration, those of the workload's own namespace; none before there is a
/// configuration.
#[derive(Clone, Default)]
pub(crate) struct ConfiguredSecrets(Arc<OnceLock<Live<Snapshot>>>);

impl ConfiguredSecrets {
    /// Reads from this configuration from now on.
    pub(crate) fn follow(&self, snapshot: Live<Snapshot>) {
        // A mesh has one configuration, and says so once.
        let _ = self.0.set(snapshot);
    }
}

impl Secrets for ConfiguredSecrets {
    fn secret(&self, name: &str) -> Option<Secret> {
        let snapshot = self.0.get()?.load();
        let held = snapshot.credentials.find(name)?;
        let mut secret = Secret::default();
        secret.chain = Arc::clone(&held.chain);
        secret.key = Arc::clone(&held.key);
        secret.authorities = Arc::clone(&held.authorities);
        secret.revoked = Arc::clone(&held.revoked);
        Some(secret)
    }

    fn version(&self) -> u64 {
        self.0.get().map_or(0, |snapshot| snapshot.load().credentials.generation())
    }
}

impl fmt::Debug for ConfiguredSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfiguredSecrets").finish_non_exhaustive()
    }
}
