//! Connections of bytes that policies forbid, at once or later.

use meshwork_config::{InboundVerdict, Snapshot};
use meshwork_tower::ConnectionInfo;

use crate::{Mesh, report::Refused};

/// Whether the policies of the workload let a connection of bytes through, where they are enforced.
pub(crate) fn is_allowed(mesh: &Mesh, snapshot: &Snapshot, connection: &ConnectionInfo) -> bool {
    !mesh.assembly().enforce || verdict(snapshot, connection).is_allowed()
}

/// The same for a connection that has just come: what is refused, or would be, is told of.
///
/// # Errors
/// Why it is refused.
pub(crate) fn check(
    mesh: &Mesh,
    snapshot: &Snapshot,
    connection: &ConnectionInfo,
) -> Result<(), String> {
    let verdict = verdict(snapshot, connection);
    if verdict.is_allowed() {
        return Ok(());
    }
    let (enforced, peer) = (mesh.assembly().enforce, connection.source);
    tracing::info!(
        target: "meshwork::authz",
        enforced,
        ?peer,
        reason = %verdict,
        "a connection is not allowed"
    );
    if enforced {
        return Err(verdict.to_string());
    }
    let port = connection.port().unwrap_or_default();
    mesh.assembly().reports.refused(&Refused::connection(port, connection, &verdict));
    Ok(())
}

fn verdict(snapshot: &Snapshot, connection: &ConnectionInfo) -> InboundVerdict {
    connection.with_attributes(|attributes| snapshot.security.check_connection(attributes))
}

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
