//! What becomes of a captured connection.

use meshwork_authn::MtlsMode;
use meshwork_config::Snapshot;
use meshwork_core::SeededDraws;
use meshwork_routing::{ConnectionAction, ConnectionDecision, MtlsMode as RouteMode};
use meshwork_tower::{ConnectionInfo, Direction, Io};
use meshwork_transport::{DetectionLimits, detect};

use super::{Decided, ProxyError, TcpProxy};
use crate::{forbidden, report::Refused, server::is_plaintext};

impl TcpProxy {
    /// A connection of the workload's.
    pub(super) async fn decide_outbound<I: Io>(
        &self,
        io: I,
        mut connection: ConnectionInfo,
        snapshot: &Snapshot,
    ) -> Result<Decided, ProxyError> {
        let inspection = connection
            .destination
            .map(|destination| snapshot.routes.outbound_inspection(destination))
            .unwrap_or_default();
        let detected = detect(io, inspection, limits(snapshot)).await?;
        connection.first_bytes = detected.first;
        if let Some(hello) = detected.hello {
            connection.sni = hello.sni;
            connection.alpn = hello.alpn.into();
        }
        let draws = self.mesh.assembly().seeds.draws();
        let ConnectionDecision { action, rule, .. } = outbound(snapshot, &connection, &draws);
        Ok(Decided { io: Box::new(detected.io), connection, action, rule, draws })
    }

    /// A connection to the workload.
    pub(super) async fn decide_inbound<I: Io>(
        &self,
        io: I,
        connection: ConnectionInfo,
        snapshot: &Snapshot,
    ) -> Result<Decided, ProxyError> {
        let port = connection.port().unwrap_or_default();
        let mode = self.mode(snapshot, port);
        let inspection = snapshot.routes.inbound_inspection(port, mode);
        let draws = self.mesh.assembly().seeds.draws();
        let assembly = self.mesh.assembly();
        let details = assembly.settings.of(snapshot, Direction::Inbound).client_cert;
        let acceptor = assembly.acceptor.clone().limits(limits(snapshot)).client_cert(details);
        let accepted = acceptor
            .accept(io, connection, inspection, |connection| inbound(snapshot, connection, mode))
            .await?;
        let (connection, action) = (accepted.connection, accepted.action);
        if !connection.tls {
            self.plaintext(snapshot, &connection, port);
        }
        if !matches!(action, ConnectionAction::Http(_)) {
            forbidden::check(&self.mesh, snapshot, &connection).map_err(ProxyError::NotAllowed)?;
        }
        Ok(Decided { io: accepted.io, connection, action, rule: accepted.rule, draws })
    }

    /// Whether a connection would be passed on now, for the same protocol.
    pub(super) fn still(
        &self,
        snapshot: &Snapshot,
        connection: &ConnectionInfo,
        towards: bool,
        http: bool,
    ) -> bool {
        let decision = if towards {
            let port = connection.port().unwrap_or_default();
            inbound(snapshot, connection, self.mode(snapshot, port))
        } else {
            outbound(snapshot, connection, &SeededDraws::new(0))
        };
        let same = match decision.action {
            ConnectionAction::Http(_) => http,
            ConnectionAction::Forward(_) | ConnectionAction::Passthrough => {
                !http && (!towards || forbidden::is_allowed(&self.mesh, snapshot, connection))
            }
            ConnectionAction::Close(_) | ConnectionAction::Refuse => false,
        };
        same && decision.tls.is_some() == connection.tls
    }

    /// Notes who calls in plaintext, and that STRICT would refuse it where that is only observed.
    fn plaintext(&self, snapshot: &Snapshot, connection: &ConnectionInfo, port: u16) {
        let reports = &self.mesh.assembly().reports;
        reports.plaintext(port, connection, false);
        let strict = snapshot.security.mtls_mode(port) == MtlsMode::Strict;
        if strict && is_plaintext(connection) {
            reports.refused(&Refused::strict(port, connection, snapshot));
        }
    }

    fn mode(&self, snapshot: &Snapshot, port: u16) -> RouteMode {
        match snapshot.security.mtls_mode(port) {
            MtlsMode::Disable => RouteMode::Disable,
            MtlsMode::Strict if self.mesh.assembly().enforce => RouteMode::Strict,
            // Observed only: plaintext passes.
            MtlsMode::Permissive | MtlsMode::Strict => RouteMode::Permissive,
        }
    }
}

fn outbound(
    snapshot: &Snapshot,
    connection: &ConnectionInfo,
    draws: &SeededDraws,
) -> ConnectionDecision {
    connection.with_attributes(|attributes| {
        snapshot.routes.outbound(attributes, connection.first_bytes, draws)
    })
}

fn inbound(
    snapshot: &Snapshot,
    connection: &ConnectionInfo,
    mode: RouteMode,
) -> ConnectionDecision {
    let port = connection.port().unwrap_or_default();
    connection.with_attributes(|attributes| {
        snapshot.routes.inbound(port, attributes, connection.first_bytes, mode)
    })
}

fn limits(snapshot: &Snapshot) -> DetectionLimits {
    let mut limits = DetectionLimits::default();
    let timeout = snapshot.mesh.protocol_detection_timeout.map(meshwork_api::Duration::as_std);
    limits.detection_timeout = timeout.filter(|timeout| !timeout.is_zero());
    limits
}
