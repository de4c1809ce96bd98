//! The routes of one proxy: listeners, and the HTTP route tables behind them.

mod changes;
mod compile;
mod explain;
mod inputs;
mod name;
mod names;
mod origins;
mod patch;

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use hashbrown::HashMap;
use meshwork_api::mesh::MeshConfig;
use meshwork_core::{Attributes, Draws, FieldPath, PersistentMap, Removed};
use meshwork_registry::Proxy;

pub(crate) use changes::Changes;
pub use inputs::{CompileError, RouteInputs, Subsets};
pub(crate) use name::TableName;

use changes::Basis;
use names::Names;
use origins::Origins;

use crate::gateway::GatewayListeners;
use crate::http::{GatewayRoutes, PortRoutes};
use crate::inbound::{InboundListeners, InboundPort, MtlsMode};
use crate::listener::{
    ConnectionAction, ConnectionDecision, FirstBytes, Inspection, ListenAddress, OutboundListeners,
};
use crate::{HttpRoutes, ServerTls};

/// All routes of one proxy.
///
/// A table is a value: it is compiled when configuration changes and never changes afterwards.
/// Parts that are equal to those of the table before are shared with it.
///
/// A connection is decided by [`outbound`](Self::outbound), [`gateway`](Self::gateway) or
/// [`inbound`](Self::inbound); where it speaks HTTP, the [`HttpRoutes`] of the decision route each
/// request. A client in process, which has no connections to show, asks [`client`](Self::client).
#[derive(Clone, Debug)]
pub struct RouteTable {
    proxy: Arc<Proxy>,
    mesh: Arc<MeshConfig>,
    outbound: OutboundListeners,
    inbound: InboundListeners,
    gateway: GatewayListeners,
    /// Route tables of sidecars by name.
    tables: PersistentMap<TableName, Table>,
    /// The virtual hosts that the tables of each port are made of.
    ports: PersistentMap<u16, Arc<PortRoutes>>,
    names: Names,
    /// Route tables of gateways by the name of their route configuration.
    gateway_tables: HashMap<Box<str>, GatewayRoutes>,
    catch_all: Arc<HttpRoutes>,
    removed: Arc<[Removed]>,
    origins: Origins,
    basis: Basis,
}

/// An HTTP route table, and what Envoy would refuse of it beside what its port has to say.
#[derive(Clone, Debug)]
struct Table {
    routes: Arc<HttpRoutes>,
    errors: Arc<[CompileError]>,
}

/// A compiled table and what is to be said of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Compiled {
    /// The table.
    pub table: RouteTable,
    /// What Envoy would refuse.
    pub diagnostics: Vec<CompileError>,
}

impl RouteTable {
    /// What becomes of a connection that the proxy's workload opens to `attributes.destination`.
    ///
    /// `first` are the first bytes that the workload sends; [`Self::outbound_inspection`] says
    /// whether they have to be waited for. Without a destination the connection is refused.
    pub fn outbound(
        &self,
        attributes: &Attributes<'_>,
        first: FirstBytes,
        draws: &dyn Draws,
    ) -> ConnectionDecision {
        let listener =
            attributes.destination.and_then(|destination| self.outbound.find(destination));
        match listener {
            Some(listener) => listener.decide(attributes, first, draws),
            None => ConnectionDecision::by_default(ConnectionAction::Refuse),
        }
    }

    /// Which first bytes a connection to `destination` has to show before it is decided.
    pub fn outbound_inspection(&self, destination: SocketAddr) -> Inspection {
        self.outbound
            .find(destination)
            .map_or(Inspection::default(), |listener| listener.inspection())
    }

    /// What becomes of a connection to a Unix domain socket that a `Sidecar`'s egress listener
    /// binds; `None` where there is no such listener. The path has no `unix://`.
    pub fn outbound_socket(
        &self,
        path: &str,
        attributes: &Attributes<'_>,
        first: FirstBytes,
        draws: &dyn Draws,
    ) -> Option<ConnectionDecision> {
        let listener = self.outbound.socket(path)?;
        Some(listener.decide(attributes, first, draws))
    }

    /// What becomes of a connection that a client opens to `port` of the gateway.
    ///
    /// The port is the one that is listened on, see [`Self::gateway_binds`]. Where several
    /// addresses are bound, `attributes.destination` tells them apart. Where the decision has TLS
    /// settings, TLS is ended by them first.
    pub fn gateway(
        &self,
        port: u16,
        attributes: &Attributes<'_>,
        first: FirstBytes,
        draws: &dyn Draws,
    ) -> ConnectionDecision {
        let address = attributes.destination.map(|destination| destination.ip());
        match self.gateway.find(port, address) {
            Some(listener) => listener.decide(attributes, first, draws),
            None => ConnectionDecision::by_default(ConnectionAction::Refuse),
        }
    }

    /// Which first bytes a connection to a gateway's port has to show before it is decided.
    pub fn gateway_inspection(&self, port: u16, attributes: &Attributes<'_>) -> Inspection {
        let address = attributes.destination.map(|destination| destination.ip());
        self.gateway
            .find(port, address)
            .map_or(Inspection::default(), |listener| listener.inspection())
    }

    /// The addresses and ports that a gateway listens on.
    pub fn gateway_binds(&self) -> impl Iterator<Item = (u16, &ListenAddress)> {
        self.gateway.binds()
    }

    /// The TLS that a gateway ends, with the field that says so: a server, or the TCP route behind
    /// it.
    pub fn gateway_tls(&self) -> impl Iterator<Item = (&FieldPath, &Arc<ServerTls>)> {
        self.gateway.tls()
    }

    /// What becomes of a connection that a peer opens to `port` of the workload, where the port
    /// asks for mutual TLS as `mode` says.
    ///
    /// Bytes for a declared port go to [`InboundPort::endpoint`]; those for any other port pass to
    /// it as they are ([`ConnectionAction::Passthrough`], `InboundPassthroughCluster`).
    pub fn inbound(
        &self,
        port: u16,
        attributes: &Attributes<'_>,
        first: FirstBytes,
        mode: MtlsMode,
    ) -> ConnectionDecision {
        self.inbound.decide(port, attributes, first, mode)
    }

    /// Which first bytes a connection to a port of the workload has to show.
    pub fn inbound_inspection(&self, port: u16, mode: MtlsMode) -> Inspection {
        self.inbound.inspection(port, mode)
    }

    /// A port of the workload that a service or an ingress listener declares.
    pub fn inbound_port(&self, port: u16) -> Option<&Arc<InboundPort>> {
        self.inbound.port(port)
    }

    /// All declared ports of the workload.
    pub fn inbound_ports(&self) -> impl Iterator<Item = &Arc<InboundPort>> {
        self.inbound.iter()
    }

    /// The HTTP routes that all services of a port share: Envoy's route table `PORT`.
    ///
    /// A port without them is ruled by [`Self::catch_all`]; see [`Self::client`] for what a client
    /// in process meets.
    pub fn port(&self, port: u16) -> Option<&Arc<HttpRoutes>> {
        self.tables.get(&TableName::Port(port)).map(|table| &table.routes)
    }

    /// The HTTP routes of one service on a port that declares no protocol: Envoy's route table
    /// `HOST:PORT`, which takes any Host.
    pub fn sniffed(&self, host: &str, port: u16) -> Option<&Arc<HttpRoutes>> {
        self.tables.get(&TableName::Sniffed { host: host.into(), port }).map(|table| &table.routes)
    }

    /// The HTTP routes that a client in process meets for `http://host:port/`.
    ///
    /// They are those of the service that the name stands for, where its port declares no
    /// protocol; else those that the services of the port share; else what the outbound traffic
    /// policy says. An address is looked up as a connection to it would be.
    pub fn client(&self, host: &str, port: u16) -> &Arc<HttpRoutes> {
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        let exact = match address {
            Ok(address) => self.outbound.http_of(SocketAddr::new(address, port)),
            Err(_) => self.names.find(host, port),
        };
        exact.or_else(|| self.port(port)).unwrap_or(&self.catch_all)
    }

    /// What the outbound traffic policy says of HTTP to hosts that nobody knows.
    pub fn catch_all(&self) -> &Arc<HttpRoutes> {
        &self.catch_all
    }

    /// The rules that compilation took out for this proxy, and why.
    pub fn removed(&self) -> &[Removed] {
        &self.removed
    }
}
