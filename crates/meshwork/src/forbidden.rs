//! Connections that a later configuration forbids.

use meshwork_config::Snapshot;

use crate::Mesh;

/// Completes when a configuration comes in force under which `still` does not hold.
///
/// It is asked once at the beginning too: the configuration may have changed since the connection
/// was decided.
pub(crate) async fn until_not(mesh: &Mesh, still: impl Fn(&Snapshot) -> bool) {
    let mut changes = mesh.assembly().engine.changes();
    loop {
        if !still(&mesh.snapshot().load()) {
            return;
        }
        if changes.changed().await.is_err() {
            // The mesh is gone; what ends its connections is its shutdown.
            return std::future::pending().await;
        }
    }
}
