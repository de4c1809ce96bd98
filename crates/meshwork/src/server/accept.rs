//! What becomes of a connection that comes in, before anything is served on it.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use meshwork_authn::MtlsMode;
use meshwork_config::Snapshot;
use meshwork_routing::{ConnectionAction, ConnectionDecision, FirstBytes, MtlsMode as RouteMode};
use meshwork_tower::{ConnectionInfo, Direction, Io};
use tokio::net::TcpStream;

use super::{
    peer::{Admission, Peer},
    reset::{Refusal, Resettable},
};
use crate::{Mesh, report::Refused};

/// A connection that may be served.
pub(super) struct Admitted {
    pub(super) io: Box<dyn Io>,
    pub(super) peer: Peer,
}

/// A connection that was looked at and decided.
struct Decided {
    io: Box<dyn Io>,
    connection: ConnectionInfo,
    action: ConnectionAction,
}

/// What a port asks for.
#[derive(Clone, Copy)]
struct Port {
    number: u16,
    mode: RouteMode,
    /// Whether plaintext passes for the sake of the probe paths.
    probed: bool,
}

impl Mesh {
    /// Looks at the first bytes, decides as the sidecar of the workload would, and ends TLS where
    /// that is the decision; `None` where the connection is refused.
    pub(super) async fn admit(
        &self,
        stream: TcpStream,
        (source, local): (SocketAddr, Option<SocketAddr>),
        (port, judged): (u16, bool),
    ) -> Option<Admitted> {
        let snapshot = self.snapshot().load();
        let settings = self.assembly().settings.of(&snapshot, Direction::Inbound);
        let Some(open) = self.assembly().connections.open(settings.limits.global_connections)
        else {
            tracing::warn!(port, ?source, "a connection is refused: there are too many");
            return None;
        };
        let mut connection = ConnectionInfo::new(Some(source), local);
        connection.listener_port = Some(port);
        let refusal = Refusal::default();
        let io = Resettable::new(stream, refusal.clone(), open);
        let port = self.port(port, &snapshot);
        let (number, reports) = (port.number, &self.assembly().reports);
        match self.decided(io, connection, port, &snapshot).await {
            Ok(Decided { action: ConnectionAction::Close(reason), connection, .. }) => {
                refusal.refuse();
                reports.plaintext(number, &connection, true);
                tracing::info!(port = number, ?source, %reason, "a connection is refused");
                None
            }
            Ok(Decided { action: ConnectionAction::Refuse, .. }) => None,
            Ok(decided) => {
                let admission = self.admission(port, &decided);
                if matches!(admission, Admission::Http | Admission::Connection) {
                    reports.plaintext(number, &decided.connection, false);
                    self.observe_strict(number, &decided.connection, &snapshot);
                    if judged && self.judge(number, &decided.connection, &snapshot).is_some() {
                        refusal.refuse();
                        return None;
                    }
                }
                let peer = Peer::new(Arc::new(decided.connection), admission);
                Some(Admitted { io: decided.io, peer })
            }
            Err(reason) => {
                tracing::info!(port = number, ?source, %reason, "a connection is refused");
                None
            }
        }
    }

    fn admission(&self, port: Port, decided: &Decided) -> Admission {
        if self.assembly().probes.ports.contains(&port.number) {
            return Admission::ProbePort;
        }
        if port.probed && !decided.connection.tls {
            return Admission::ProbePaths;
        }
        match decided.action {
            ConnectionAction::Http(_) => Admission::Http,
            // A port that no Service declares, or one that declares no HTTP: the application sees
            // what comes.
            _ => Admission::Connection,
        }
    }

    /// Envoy's details where policies refuse a connection of which nothing more will be known;
    /// `None` where it passes, or is observed only.
    pub(super) fn judge(
        &self,
        port: u16,
        connection: &ConnectionInfo,
        snapshot: &Snapshot,
    ) -> Option<String> {
        let verdict =
            connection.with_attributes(|attributes| snapshot.security.check_connection(attributes));
        if verdict.is_allowed() {
            return None;
        }
        let (enforced, peer) = (self.assembly().enforce, connection.source);
        tracing::info!(enforced, ?peer, reason = %verdict, "a connection is not allowed");
        if enforced {
            return Some(verdict.details());
        }
        self.assembly().reports.refused(&Refused::connection(port, connection, &verdict));
        None
    }

    /// Tells of plaintext that STRICT would have refused, where policies are observed only.
    fn observe_strict(&self, port: u16, connection: &ConnectionInfo, snapshot: &Snapshot) {
        if connection.tls || !is_plaintext(connection) || self.assembly().enforce {
            return;
        }
        if snapshot.security.mtls_mode(port) == MtlsMode::Strict {
            let peer = connection.source;
            tracing::info!(port, ?peer, "plaintext would be refused: mutual TLS is STRICT");
            self.assembly().reports.refused(&Refused::strict(port, connection, snapshot));
        }
    }

    /// Completes when a connection that was admitted would be refused now, as plaintext is once
    /// mutual TLS is STRICT.
    pub(super) async fn no_longer_admitted(&self, port: u16, peer: &Peer) {
        let mut changes = self.assembly().engine.changes();
        let connection = peer.connection();
        while changes.changed().await.is_ok() {
            let snapshot = self.snapshot().load();
            let decision = decide(self.port(port, &snapshot), connection, &snapshot);
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

    fn port(&self, number: u16, snapshot: &Snapshot) -> Port {
        let assembly = self.assembly();
        if assembly.probes.ports.contains(&number) {
            return Port { number, mode: RouteMode::Disable, probed: false };
        }
        let mode = match snapshot.security.mtls_mode(number) {
            MtlsMode::Disable => RouteMode::Disable,
            MtlsMode::Permissive => RouteMode::Permissive,
            MtlsMode::Strict if assembly.enforce => RouteMode::Strict,
            // Observed only: plaintext passes, and is told of.
            MtlsMode::Strict => RouteMode::Permissive,
        };
        let probed = mode == RouteMode::Strict && !assembly.probes.paths.is_empty();
        Port { number, mode, probed }
    }

    #[cfg(feature = "mtls")]
    async fn decided(
        &self,
        io: impl Io,
        connection: ConnectionInfo,
        port: Port,
        snapshot: &Snapshot,
    ) -> Result<Decided, meshwork_transport::AcceptError> {
        let mut limits = meshwork_transport::DetectionLimits::default();
        limits.detection_timeout = detection_timeout(snapshot);
        let mut inspection = snapshot.routes.inbound_inspection(port.number, port.mode);
        // In process it is always HTTP that is served, so the client speaks first.
        inspection.http = true;
        let details = self.assembly().settings.of(snapshot, Direction::Inbound).client_cert;
        let acceptor = self.assembly().acceptor.clone().limits(limits).client_cert(details);
        let decide = |connection: &ConnectionInfo| decide(port, connection, snapshot);
        let accepted = acceptor.accept(io, connection, inspection, decide).await?;
        Ok(Decided { io: accepted.io, connection: accepted.connection, action: accepted.action })
    }

    #[cfg(not(feature = "mtls"))]
    async fn decided(
        &self,
        io: impl Io,
        mut connection: ConnectionInfo,
        port: Port,
        snapshot: &Snapshot,
    ) -> std::io::Result<Decided> {
        let (first, io) = meshwork_tower::peek(io, detection_timeout(snapshot)).await?;
        connection.first_bytes = first;
        let decision = decide(port, &connection, snapshot);
        if decision.tls.is_some() {
            let reason = "mutual TLS is asked for, and the feature `mtls` is off";
            return Err(std::io::Error::new(std::io::ErrorKind::Unsupported, reason));
        }
        Ok(Decided { io: Box::new(io), connection, action: decision.action })
    }
}

fn decide(port: Port, connection: &ConnectionInfo, snapshot: &Snapshot) -> ConnectionDecision {
    let first = connection.first_bytes;
    let mode = match first {
        FirstBytes::Http1 if port.probed => RouteMode::Permissive,
        _ => port.mode,
    };
    connection
        .with_attributes(|attributes| snapshot.routes.inbound(port.number, attributes, first, mode))
}

fn detection_timeout(snapshot: &Snapshot) -> Option<Duration> {
    let timeout = snapshot.mesh.protocol_detection_timeout;
    timeout.map(meshwork_api::Duration::as_std).filter(|time| !time.is_zero())
}

/// Whether something was said, and not by TLS.
pub(crate) fn is_plaintext(connection: &ConnectionInfo) -> bool {
    let said = !matches!(connection.first_bytes, FirstBytes::Tls | FirstBytes::None);
    said && !connection.tls
}
