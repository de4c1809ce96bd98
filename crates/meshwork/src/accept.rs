//! What becomes of a connection that comes in, before anything is served on it.

use std::time::Duration;

use meshwork_authn::MtlsMode;
use meshwork_config::Snapshot;
use meshwork_routing::{ConnectionAction, MtlsMode as RouteMode};
use meshwork_tower::{ConnectionInfo, Io};

use crate::{Mesh, reset::Refusal};

/// A connection that may be served.
pub(crate) struct Admitted {
    pub(crate) io: Box<dyn Io>,
    pub(crate) connection: ConnectionInfo,
    pub(crate) action: ConnectionAction,
}

impl Mesh {
    /// Looks at the first bytes, decides as the sidecar of the workload would, and ends TLS where
    /// that is the decision; `None` where the connection is refused.
    pub(crate) async fn admit(
        &self,
        io: impl Io,
        connection: ConnectionInfo,
        port: u16,
        (snapshot, refusal): (&Snapshot, &Refusal),
    ) -> Option<Admitted> {
        let peer = connection.source;
        let mode = self.mode(port, snapshot);
        let timeout = snapshot.mesh.protocol_detection_timeout;
        let timeout = timeout.map(meshwork_api::Duration::as_std).filter(|time| !time.is_zero());
        let admitted = self.decided(io, connection, (port, mode), timeout, snapshot).await;
        match admitted {
            Ok(Admitted { action: ConnectionAction::Close(reason), .. }) => {
                refusal.refuse();
                tracing::info!(port, ?peer, %reason, "a connection is refused");
                None
            }
            Ok(Admitted { action: ConnectionAction::Refuse, .. }) => None,
            Ok(admitted) => {
                let strict = snapshot.security.mtls_mode(port) == MtlsMode::Strict;
                if strict && !admitted.connection.tls {
                    tracing::info!(port, ?peer, "plaintext would be refused: mutual TLS is STRICT");
                }
                Some(admitted)
            }
            Err(reason) => {
                tracing::info!(port, ?peer, %reason, "a connection is refused");
                None
            }
        }
    }

    /// Completes when a connection that was admitted would be refused now, as plaintext is once
    /// mutual TLS is STRICT.
    pub(crate) async fn no_longer_admitted(&self, port: u16, connection: &ConnectionInfo) {
        let mut changes = self.assembly().engine.changes();
        while changes.changed().await.is_ok() {
            let snapshot = self.snapshot().load();
            let mode = self.mode(port, &snapshot);
            let decision = connection.with_attributes(|attributes| {
                snapshot.routes.inbound(port, attributes, connection.first_bytes, mode)
            });
            let closes =
                matches!(decision.action, ConnectionAction::Close(_) | ConnectionAction::Refuse);
            if closes || decision.tls.is_some() != connection.tls {
                let peer = connection.source;
                tracing::info!(port, ?peer, "a connection ends: it would be refused now");
                return;
            }
        }
        std::future::pending::<()>().await;
    }

    fn mode(&self, port: u16, snapshot: &Snapshot) -> RouteMode {
        match snapshot.security.mtls_mode(port) {
            MtlsMode::Disable => RouteMode::Disable,
            MtlsMode::Permissive => RouteMode::Permissive,
            MtlsMode::Strict if self.assembly().enforce => RouteMode::Strict,
            // Observed only: plaintext passes, and is told of.
            MtlsMode::Strict => RouteMode::Permissive,
        }
    }

    #[cfg(feature = "mtls")]
    async fn decided(
        &self,
        io: impl Io,
        connection: ConnectionInfo,
        (port, mode): (u16, RouteMode),
        timeout: Option<Duration>,
        snapshot: &Snapshot,
    ) -> Result<Admitted, meshwork_transport::AcceptError> {
        let mut limits = meshwork_transport::DetectionLimits::default();
        limits.detection_timeout = timeout;
        let mut inspection = snapshot.routes.inbound_inspection(port, mode);
        // In process it is always HTTP that is served, so the client speaks first.
        inspection.http = true;
        let decide = |connection: &ConnectionInfo| {
            connection.with_attributes(|attributes| {
                snapshot.routes.inbound(port, attributes, connection.first_bytes, mode)
            })
        };
        let acceptor = self.assembly().acceptor.clone().limits(limits);
        let accepted = acceptor.accept(io, connection, inspection, decide).await?;
        Ok(Admitted { io: accepted.io, connection: accepted.connection, action: accepted.action })
    }

    #[cfg(not(feature = "mtls"))]
    async fn decided(
        &self,
        io: impl Io,
        mut connection: ConnectionInfo,
        (port, mode): (u16, RouteMode),
        timeout: Option<Duration>,
        snapshot: &Snapshot,
    ) -> std::io::Result<Admitted> {
        let (first, io) = meshwork_tower::peek(io, timeout).await?;
        connection.first_bytes = first;
        let decision = connection
            .with_attributes(|attributes| snapshot.routes.inbound(port, attributes, first, mode));
        if decision.tls.is_some() {
            let reason = "mutual TLS is asked for, and the feature `mtls` is off";
            return Err(std::io::Error::new(std::io::ErrorKind::Unsupported, reason));
        }
        Ok(Admitted { io: Box::new(io), connection, action: decision.action })
    }
}
