//! What a proxy does with a connection of a case: the decision, TLS, HTTP or bytes.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use meshwork_core::SeededDraws;
use meshwork_routing::{
    BLACK_HOLE_CLUSTER, CloseReason, ConnectionAction, ConnectionDecision, FirstBytes,
    INBOUND_PASSTHROUGH_CLUSTER, PASSTHROUGH_CLUSTER,
};
use meshwork_tower::{ConnectionInfo, HttpServer, Io, TcpProxy, TcpTarget};
use tokio::{io::DuplexStream, task::JoinHandle};

use crate::vectors::scenario::Send;

use super::{client, tls, vantage::Vantage};

/// What became of a connection, apart from what its client saw.
#[derive(Clone, Debug, Default)]
pub(super) struct Accepted {
    /// There is no listener.
    pub(super) refused: bool,
    /// The cluster that the bytes went to, where they were not HTTP.
    pub(super) cluster: Option<String>,
    /// Envoy's flags of the connection.
    pub(super) flags: Vec<String>,
    /// Envoy's details of the connection.
    pub(super) details: Option<String>,
    /// The endpoints that the bytes went to.
    pub(super) attempts: Vec<String>,
}

/// The connection of a case as a listener sees it.
pub(super) fn connection(vantage: &Vantage, send: &Send) -> ConnectionInfo {
    let own = vantage.address();
    let address = |ip: &str, port: u16| ip.parse().ok().map(|ip| SocketAddr::new(ip, port));
    let destination = match (&send.outbound, &send.inbound, &send.gateway) {
        (Some(to), _, _) => address(&to.ip, to.port),
        (_, Some(to), _) => address(to.ip.as_deref().unwrap_or(own), to.port),
        (_, _, Some(to)) => address(own, to.port),
        _ => None,
    };
    let stranger = if send.outbound.is_some() { own } else { "10.99.0.1" };
    let source =
        address(send.source.as_deref().unwrap_or(stranger), send.source_port.unwrap_or(40000));
    let mut info = ConnectionInfo::new(source, destination);
    let first = client::first_bytes(send);
    let unclear = if first.is_empty() { FirstBytes::None } else { FirstBytes::Other };
    info.first_bytes = FirstBytes::detect(&first).unwrap_or(unclear);
    if let Some(hello) = &send.tls {
        info.sni = hello.sni.as_deref().map(Arc::from);
        info.alpn =
            client::alpn(send).iter().map(|protocol| Arc::from(protocol.as_str())).collect();
    }
    info
}

/// Accepts the connection, its TLS by the model, and does with it what the proxy's routes say.
pub(super) async fn accept(vantage: Arc<Vantage>, send: Send, mut io: DuplexStream) -> Accepted {
    let mut info = connection(&vantage, &send);
    let draws = SeededDraws::new(vantage.seeds.next());
    let decision = decide(&vantage, &send, &info, &draws);
    if let Some(settings) = &decision.tls {
        if tls::accept(&mut io).await.is_err() || !vantage.handshake(settings, &send) {
            return Accepted::default();
        }
        vantage.end_tls(&mut info, settings, &send);
    }
    carry_out(&vantage, &send, &decision.action, info, Box::new(io), &draws).await
}

/// What became of a connection whose client is done; a panic goes on.
pub(super) async fn joined(accepting: JoinHandle<Accepted>) -> Accepted {
    match tokio::time::timeout(PATIENCE, accepting).await {
        Ok(Ok(accepted)) => accepted,
        Ok(Err(panic)) if panic.is_panic() => std::panic::resume_unwind(panic.into_panic()),
        _ => Accepted::default(),
    }
}

/// How long a proxy may go on with a connection that its client has left.
const PATIENCE: Duration = Duration::from_secs(5);

/// Does with a connection whose TLS is ended what was decided.
pub(super) async fn carry_out(
    vantage: &Vantage,
    send: &Send,
    action: &ConnectionAction,
    info: ConnectionInfo,
    io: Box<dyn Io>,
    draws: &SeededDraws,
) -> Accepted {
    let mut accepted = Accepted::default();
    if send.outbound.is_none()
        && !matches!(action, ConnectionAction::Http(_))
        && !vantage.admits_connection(&info)
    {
        accepted.cluster = cluster_of(action, send);
        return accepted;
    }
    match action {
        ConnectionAction::Refuse => accepted.refused = true,
        ConnectionAction::Close(reason) => {
            let black_hole = *reason == CloseReason::BlackHole;
            accepted.cluster = black_hole.then(|| BLACK_HOLE_CLUSTER.to_owned());
            accepted.flags.extend(reason.flag().map(str::to_owned));
        }
        ConnectionAction::Http(_) => {
            let (connection, stack) = (Arc::new(info), vantage.stack(send));
            let server = HttpServer::new().settings(&vantage.settings(send));
            let outcome = server.serve(io, connection, stack, std::future::pending()).await;
            accepted.flags = names(&outcome.flags.to_string());
            accepted.details = outcome.details.map(str::to_owned);
        }
        ConnectionAction::Forward(destination) => {
            forward(vantage, &destination.cluster, io, &info, draws, &mut accepted).await;
        }
        ConnectionAction::Passthrough => {
            let name = passthrough(send);
            forward(vantage, name, io, &info, draws, &mut accepted).await;
        }
    }
    accepted
}

/// What becomes of the connection, by what is known of it.
pub(super) fn decide(
    vantage: &Vantage,
    send: &Send,
    info: &ConnectionInfo,
    draws: &SeededDraws,
) -> ConnectionDecision {
    let (routes, first) = (&vantage.snapshot.routes, info.first_bytes);
    info.with_attributes(|attributes| match (&send.outbound, &send.inbound, &send.gateway) {
        (_, Some(to), _) => routes.inbound(to.port, attributes, first, vantage.mode(to.port)),
        (_, _, Some(to)) => routes.gateway(to.port, attributes, first, draws),
        _ => routes.outbound(attributes, first, draws),
    })
}

/// Where the bytes would go.
fn cluster_of(action: &ConnectionAction, send: &Send) -> Option<String> {
    match action {
        ConnectionAction::Forward(destination) => Some(destination.cluster.to_string()),
        ConnectionAction::Passthrough => Some(passthrough(send).to_owned()),
        _ => None,
    }
}

fn passthrough(send: &Send) -> &'static str {
    if send.inbound.is_some() { INBOUND_PASSTHROUGH_CLUSTER } else { PASSTHROUGH_CLUSTER }
}

async fn forward(
    vantage: &Vantage,
    cluster: &str,
    io: Box<dyn Io>,
    info: &ConnectionInfo,
    draws: &SeededDraws,
    accepted: &mut Accepted,
) {
    use meshwork_core::{Draw, Draws as _};
    let handle = vantage.cluster(cluster);
    accepted.cluster = handle.is_some().then(|| cluster.to_owned());
    let target = TcpTarget::new(handle, draws.draw(Draw::Endpoint(0)));
    let outcome = TcpProxy::new().proxy(io, info, &target).await;
    accepted.flags = names(&outcome.flags.to_string());
    accepted.attempts.extend(outcome.endpoint.map(|endpoint| endpoint.to_string()));
}

/// Flags as Envoy writes them, one by one.
pub(super) fn names(flags: &str) -> Vec<String> {
    flags.split(',').filter(|flag| !flag.is_empty() && *flag != "-").map(str::to_owned).collect()
}
