//! A scenario over real sockets on loopback, with real handshakes.

mod authority;
mod connector;
mod endpoints;
mod tls;

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use meshwork_config::Snapshot;
use meshwork_core::SeededDraws;
use meshwork_registry::ProxyKind;
use meshwork_routing::{CertificateSource, ConnectionDecision, Inspection};
use meshwork_tower::{ConnectionInfo, Direction, HttpSettings, Io};
use meshwork_transport::{
    Identity, MeshAcceptor, MeshConnector, ProxiedAddresses, ProxyProtocolVersion,
    accept_proxy_header, proxy_header,
};
use rustls_pki_types::ServerName;
use tokio::{
    io::AsyncWriteExt as _,
    net::{TcpListener, TcpStream},
    time::{Instant, sleep, timeout},
};
use tokio_rustls::TlsConnector;

use crate::vectors::scenario::Send;

use super::{
    accept::{self, Accepted},
    client::{self, Got},
    network::Network,
    transport::{Conversation, Transport},
    vantage::Vantage,
};
use authority::{Authority, Fixed};
use connector::Connector;
use endpoints::Endpoints;

/// Real sockets and handshakes.
pub(super) struct Sockets {
    network: Network,
    authority: Arc<Authority>,
    endpoints: Endpoints,
    /// Other names of the mesh's trust domain.
    aliases: Vec<String>,
}

impl Sockets {
    /// The sockets of a scenario with these endpoints.
    pub(super) fn new(network: Network, aliases: Vec<String>) -> Result<Self, String> {
        let authority = Arc::new(Authority::new()?);
        let endpoints = Endpoints::new(network.clone(), Arc::clone(&authority));
        Ok(Self { network, authority, endpoints, aliases })
    }

    /// The client's side: a connection that says whom it stands for, then TLS, then the case.
    async fn ask(&self, to: SocketAddr, info: &ConnectionInfo, send: &Send) -> Got {
        let Ok(mut stream) = TcpStream::connect(to).await else { return Got::Closed };
        let addresses = info.source.zip(info.destination);
        let addresses = addresses.map(|(from, to)| ProxiedAddresses::new(from, to));
        let header = proxy_header(ProxyProtocolVersion::V2, addresses);
        if stream.set_nodelay(true).is_err() || stream.write_all(&header).await.is_err() {
            return Got::Closed;
        }
        let io: Box<dyn Io> = match &send.tls {
            None => Box::new(stream),
            Some(hello) => {
                let names = hello.principal.as_deref();
                let certificate = names.map(|names| self.authority.certified(names)).transpose();
                let config = certificate
                    .and_then(|shown| tls::client(&self.authority, shown, &client::alpn(send)));
                let (Ok(config), Some(name)) = (config, server_name(send)) else {
                    return Got::Closed;
                };
                let mut config = (*config).clone();
                config.enable_sni = hello.sni.is_some();
                match TlsConnector::from(Arc::new(config)).connect(name, stream).await {
                    Ok(stream) => Box::new(stream),
                    Err(_) => return Got::Closed,
                }
            }
        };
        client::send(send, io, PATIENCE).await
    }
}

/// The server name that a client asks for; `None` where rustls does not send it.
pub(in super::super) fn server_name(send: &Send) -> Option<ServerName<'static>> {
    match send.tls.as_ref().and_then(|hello| hello.sni.as_deref()) {
        None => Some(ServerName::IpAddress(Ipv4Addr::UNSPECIFIED.into())),
        Some(name) => match ServerName::try_from(name.to_owned()).ok()? {
            name @ ServerName::DnsName(_) => Some(name),
            _ => None,
        },
    }
}

/// Accepts a client as a sidecar or gateway does, and does with it what the routes say.
async fn accept(
    listener: TcpListener,
    acceptor: MeshAcceptor,
    vantage: Arc<Vantage>,
    send: Send,
) -> Accepted {
    let Ok((stream, _)) = listener.accept().await else { return Accepted::default() };
    let _unneeded = stream.set_nodelay(true);
    let Ok((addresses, io)) = accept_proxy_header(stream, PATIENCE).await else {
        return Accepted::default();
    };
    let info = ConnectionInfo::new(
        addresses.map(|addresses| addresses.source),
        addresses.map(|addresses| addresses.destination),
    );
    let inspection = inspection(&vantage, &send, &info);
    let draws = SeededDraws::new(vantage.seeds.next());
    let decide = |info: &ConnectionInfo| found(accept::decide(&vantage, &send, info, &draws));
    match acceptor.accept(io, info, inspection, decide).await {
        Ok(accepted) => {
            let (info, io) = (accepted.connection, accepted.io);
            accept::carry_out(&vantage, &send, &accepted.action, info, io, &draws).await
        }
        Err(_) => Accepted::default(),
    }
}

fn inspection(vantage: &Vantage, send: &Send, info: &ConnectionInfo) -> Inspection {
    let routes = &vantage.snapshot.routes;
    match (&send.inbound, &send.gateway, info.destination) {
        (Some(to), _, _) => routes.inbound_inspection(to.port, vantage.mode(to.port)),
        (_, Some(to), _) => {
            info.with_attributes(|attributes| routes.gateway_inspection(to.port, attributes))
        }
        (_, _, Some(destination)) => routes.outbound_inspection(destination),
        _ => Inspection::default(),
    }
}

/// The recording had every file that configuration names; so there are secrets here.
fn found(mut decision: ConnectionDecision) -> ConnectionDecision {
    if let Some(tls) = &mut decision.tls
        && matches!(tls.certificate, CertificateSource::Files { .. })
    {
        let names = Arc::from([Arc::from("found")]);
        let roots = Some(Arc::from("found"));
        Arc::make_mut(tls).certificate = CertificateSource::Credentials { names, roots };
    }
    decision
}

impl Transport for Sockets {
    type Connector = Connector;
    type Door = MeshAcceptor;

    async fn enroll(
        &self,
        snapshot: &Snapshot,
        identity: &str,
    ) -> Result<(Connector, MeshAcceptor), String> {
        let context = self.authority.workload(identity, &self.aliases)?;
        let secrets = self.authority.secret(identity)?;
        let identity = Identity::start(Fixed(context)).await.map_err(|error| error.to_string())?;
        let connector = MeshConnector::over(self.endpoints.clone(), Some(identity.clone()))
            .accept_unnamed(true)
            .secrets(secrets);
        // A gateway shows certificates of the user's; nobody looks at their names here.
        let secrets = self.authority.secret("gateway.example")?;
        let acceptor = MeshAcceptor::new(identity).secrets(secrets);
        let direction = match snapshot.proxy.kind {
            ProxyKind::Gateway => Direction::Gateway,
            _ => Direction::Inbound,
        };
        let details = HttpSettings::of_snapshot(snapshot, direction).client_cert;
        Ok((Connector(connector), acceptor.client_cert(details)))
    }

    async fn converse(
        &self,
        vantage: &Arc<Vantage>,
        door: &MeshAcceptor,
        send: &Send,
    ) -> Conversation {
        let began = Instant::now();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let bound = listener.and_then(|listener| Ok((listener.local_addr()?, listener)));
        let Ok((address, listener)) = bound else {
            let (got, elapsed, accepted) = (Got::Closed, Duration::ZERO, Accepted::default());
            return Conversation { got, elapsed, accepted };
        };
        let info = accept::connection(vantage, send);
        let (acceptor, vantage) = (door.clone(), Arc::clone(vantage));
        let serving = accept(listener, acceptor, vantage, send.clone());
        let accepting = tokio::task::spawn_local(serving);
        let got = timeout(PATIENCE, self.ask(address, &info, send)).await;
        let elapsed = began.elapsed();
        let got = got.unwrap_or(Got::Silence);
        Conversation { got, elapsed, accepted: accept::joined(accepting).await }
    }

    fn network(&self) -> &Network {
        &self.network
    }

    async fn settle(&self) {
        let began = Instant::now();
        sleep(Duration::from_millis(1)).await;
        while !self.network.is_quiet() && began.elapsed() < Duration::from_millis(500) {
            sleep(Duration::from_millis(1)).await;
        }
    }
}

/// How long a client waits for an answer.
const PATIENCE: Duration = Duration::from_secs(5);
