//! One connection to a gateway.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use meshwork_config::Snapshot;
use meshwork_core::{Draw, Draws as _, SeededDraws};
use meshwork_routing::{
    ConnectionAction, ConnectionDecision, Destination, ListenAddress, ServerTls,
};
use meshwork_tower::{
    ConnectionInfo, Direction, HttpServer, Io, OutboundService, RefusedRequest, TcpProxy, TcpTarget,
};
use meshwork_transport::{Accepted, DetectionLimits, MeshAcceptor, accept_proxy_header};
use tokio::{net::TcpStream, sync::watch};

use super::{listener::stopped, supervisor::Place};
use crate::{Mesh, forbidden, report::Refused};

/// What serves the connections of a gateway.
pub(super) struct Serving {
    mesh: Mesh,
    acceptor: MeshAcceptor,
    stack: OutboundService,
    http: HttpServer,
    drain: Duration,
}

/// A connection that was let in.
struct Admitted {
    accepted: Accepted,
    draws: SeededDraws,
    tls: Option<Arc<ServerTls>>,
}

impl Serving {
    pub(super) fn new(mesh: Mesh) -> Self {
        let assembly = mesh.assembly();
        let stack = meshwork_tower::gateway(mesh.snapshot())
            .seeds(assembly.seeds.clone())
            .clusters(assembly.clusters.clone());
        let reports = Arc::clone(&assembly.reports);
        let told = move |request: &RefusedRequest<'_>| {
            let port = request.connection.port().unwrap_or_default();
            reports.refused(&Refused::request(port, request));
        };
        let stack = if assembly.enforce { stack } else { stack.observe().on_refusal(told) };
        Self {
            acceptor: assembly.acceptor.clone().gateway(),
            stack: stack.build(),
            http: HttpServer::new().drain(assembly.drain),
            drain: assembly.drain,
            mesh,
        }
    }

    /// Serves one connection until it ends, `stop` says so, or the configuration forbids it.
    pub(super) async fn connection(
        self: Arc<Self>,
        stream: TcpStream,
        peer: SocketAddr,
        place: Place,
        mut stop: watch::Receiver<bool>,
    ) {
        let port = place.0;
        let snapshot = self.mesh.snapshot().load();
        let settings = self.mesh.assembly().settings.of(&snapshot, Direction::Gateway);
        let most = settings.limits.global_connections;
        let Some(_open) = self.mesh.assembly().connections.open(most) else {
            tracing::warn!(port, %peer, "a connection is refused: there are too many");
            return;
        };
        let mut connection = ConnectionInfo::new(Some(peer), stream.local_addr().ok());
        connection.listener_port = Some(port);
        let admitted = tokio::select! {
            admitted = self.admit(stream, (connection, settings.proxy_protocol), &place, &snapshot) => admitted,
            () = stopped(&mut stop) => return,
        };
        let admitted = match admitted {
            Ok(admitted) => admitted,
            Err(reason) => {
                tracing::info!(port, %peer, %reason, "a connection is refused");
                return;
            }
        };
        let Admitted { accepted, draws, tls } = admitted;
        let Accepted { io, connection, action, .. } = accepted;
        let connection = Arc::new(connection);
        let http = matches!(action, ConnectionAction::Http(_));
        let forbidden = forbidden::until_not(&self.mesh, |snapshot| {
            self.still(snapshot, &connection, port, (http, tls.as_ref()))
        });
        let stopped = stopped(&mut stop);
        match action {
            ConnectionAction::Http(_) => {
                let ends = async {
                    tokio::select! {
                        () = stopped => {}
                        () = forbidden => told(port, peer),
                    }
                };
                let http = self.http.clone().settings(&settings);
                http.serve(io, Arc::clone(&connection), self.stack.clone(), ends).await;
            }
            ConnectionAction::Forward(destination) => {
                let ends = async {
                    let drained = async {
                        stopped.await;
                        tokio::time::sleep(self.drain).await;
                    };
                    tokio::select! {
                        () = drained => {}
                        () = forbidden => told(port, peer),
                    }
                };
                self.forward(io, &connection, &snapshot, (&destination, &draws), ends).await;
            }
            ConnectionAction::Passthrough
            | ConnectionAction::Close(_)
            | ConnectionAction::Refuse => {
                // No listener of a gateway passes connections on to where they were meant to go;
                // the others were refused before.
            }
        }
    }

    /// Reads the PROXY header where there has to be one, decides by the first bytes, and ends TLS.
    async fn admit(
        &self,
        stream: TcpStream,
        (mut connection, proxy_protocol): (ConnectionInfo, bool),
        (port, bind): &Place,
        snapshot: &Snapshot,
    ) -> Result<Admitted, String> {
        let io: Box<dyn Io> = if proxy_protocol {
            let (addresses, io) = accept_proxy_header(stream, PROXY_HEADER_TIMEOUT)
                .await
                .map_err(|error| error.to_string())?;
            if let Some(addresses) = addresses {
                connection.direct_source = connection.source.replace(addresses.source);
                // Servers of one address are found by the address that was connected to.
                if *bind == ListenAddress::Wildcard {
                    connection.destination = Some(addresses.destination);
                }
            }
            Box::new(io)
        } else {
            Box::new(stream)
        };
        let mut limits = DetectionLimits::default();
        let timeout = snapshot.mesh.protocol_detection_timeout.map(meshwork_api::Duration::as_std);
        limits.detection_timeout = timeout.filter(|timeout| !timeout.is_zero());
        let inspection = connection
            .with_attributes(|attributes| snapshot.routes.gateway_inspection(*port, attributes));
        let draws = self.mesh.assembly().seeds.draws();
        let mut tls = None;
        let acceptor = self.acceptor.clone().limits(limits);
        let accepted = acceptor
            .accept(io, connection, inspection, |connection| {
                let decision = decide(snapshot, connection, *port, &draws);
                tls.clone_from(&decision.tls);
                decision
            })
            .await
            .map_err(|error| error.to_string())?;
        match &accepted.action {
            ConnectionAction::Close(reason) => return Err(reason.to_string()),
            ConnectionAction::Refuse => return Err("nothing listens on the port".to_owned()),
            ConnectionAction::Forward(_) => {
                forbidden::check(&self.mesh, snapshot, &accepted.connection)?;
            }
            ConnectionAction::Http(_) | ConnectionAction::Passthrough => {}
        }
        Ok(Admitted { accepted, draws, tls })
    }

    /// Whether a connection would be let in now, behind the same TLS and for the same protocol.
    fn still(
        &self,
        snapshot: &Snapshot,
        connection: &ConnectionInfo,
        port: u16,
        (http, tls): (bool, Option<&Arc<ServerTls>>),
    ) -> bool {
        let decision = decide(snapshot, connection, port, &SeededDraws::new(0));
        let same = match &decision.action {
            ConnectionAction::Http(_) => http,
            ConnectionAction::Forward(_) => {
                !http && forbidden::is_allowed(&self.mesh, snapshot, connection)
            }
            _ => false,
        };
        same && decision.tls.as_ref() == tls
    }

    async fn forward(
        &self,
        io: Box<dyn Io>,
        connection: &ConnectionInfo,
        snapshot: &Snapshot,
        (destination, draws): (&Destination, &SeededDraws),
        ends: impl Future<Output = ()>,
    ) {
        let cluster = self.mesh.clusters().cluster(snapshot, &destination.cluster);
        let target = TcpTarget::new(cluster, draws.draw(Draw::Endpoint(0)));
        let outcome = TcpProxy::new().proxy_until(io, connection, &target, ends).await;
        tracing::info!(
            target: "meshwork::access",
            source = ?connection.source,
            server_name = connection.sni.as_deref().unwrap_or("-"),
            cluster = &*destination.cluster,
            endpoint = outcome.endpoint.as_deref().unwrap_or("-"),
            flags = %outcome.flags,
            sent = outcome.sent,
            received = outcome.received,
            "a connection has ended"
        );
    }
}

fn decide(
    snapshot: &Snapshot,
    connection: &ConnectionInfo,
    port: u16,
    draws: &SeededDraws,
) -> ConnectionDecision {
    connection.with_attributes(|attributes| {
        snapshot.routes.gateway(port, attributes, connection.first_bytes, draws)
    })
}

fn told(port: u16, peer: SocketAddr) {
    tracing::info!(port, %peer, "a connection ends: it would be refused now");
}

/// How long the PROXY header may take.
const PROXY_HEADER_TIMEOUT: Duration = Duration::from_secs(10);
