//! The listeners that take a workload's own connections.

mod build;
mod entry;

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};

use hashbrown::HashSet;
use meshwork_api::mesh::MeshConfig;
use meshwork_core::{FieldPath, Hostname, PersistentMap, Removed, ResourceRef};
use meshwork_registry::{EgressScope, Interception, OutboundPolicy, Proxy, Registry};

use super::{
    ChainAction, ChainDraft, ChainMatch, FilterChain, Inspection, ListenAddress, Listener,
};
use crate::table::{Changes, TableName};
use crate::tcp::{Destinations, TcpRoute};
use crate::{CompileError, Destination, HttpRoutes};

/// The outbound listeners of one sidecar.
///
/// A connection goes to the listener of its exact destination, else to the one of its port, else
/// to the virtual outbound listener, which follows the outbound traffic policy.
#[derive(Clone, Debug)]
pub(crate) struct OutboundListeners {
    exact: PersistentMap<SocketAddr, Arc<Listener>>,
    wildcard: PersistentMap<u16, Arc<Listener>>,
    sockets: PersistentMap<Arc<str>, Arc<Listener>>,
    /// The name of a route table, and where a listener has it.
    holders: PersistentMap<(Arc<str>, build::Key), ()>,
    /// For destinations that nobody knows; `None` where nothing is captured.
    unknown: Option<Arc<Listener>>,
    /// Envoy's own ports, which lead nowhere.
    own: Arc<Listener>,
    own_port: u16,
    /// What is to be said of the listeners of each port.
    reports: BTreeMap<u16, Arc<Report>>,
}

/// What compilation of the listeners of a port has to say.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    pub(crate) removed: Vec<Removed>,
    pub(crate) errors: Vec<CompileError>,
}

/// What outbound listeners are compiled from.
pub(crate) struct OutboundInputs<'a> {
    pub(crate) proxy: &'a Proxy,
    pub(crate) mesh: &'a MeshConfig,
    pub(crate) registry: &'a Registry,
    pub(crate) scope: &'a EgressScope,
    /// The routes for HTTP to unknown destinations, where the policy resolves their names.
    pub(crate) catch_all: &'a Arc<HttpRoutes>,
    pub(crate) previous: Option<&'a OutboundListeners>,
}

impl OutboundListeners {
    /// No listener at all, as at a gateway.
    pub(crate) fn none() -> Self {
        Self {
            exact: PersistentMap::default(),
            wildcard: PersistentMap::default(),
            sockets: PersistentMap::default(),
            holders: PersistentMap::default(),
            unknown: None,
            own: Arc::new(always(black_hole())),
            own_port: 0,
            reports: BTreeMap::new(),
        }
    }

    /// Compiles the listeners of the ports that `changes` concern, and takes over all others. Those
    /// that come out equal to a former one are shared with it. With them come the ports that were
    /// compiled although no change concerns them.
    pub(crate) fn compile(
        inputs: &OutboundInputs<'_>,
        changes: &Changes,
        tables: &mut dyn FnMut(&TableName) -> Arc<HttpRoutes>,
    ) -> (Self, HashSet<u16>) {
        let lookup = |host: &Hostname| inputs.scope.service(host.as_str()).cloned();
        let destinations = Destinations::new(inputs.proxy, &lookup);
        let builder = build::Builder::new(
            inputs.proxy,
            inputs.mesh,
            inputs.registry,
            &destinations,
            changes,
            tables,
        );
        let built = builder.build(inputs.scope);
        let stays = |port: u16| !built.ports.contains(&port) && !changes.concern(port);
        let fallback = fallback(inputs);
        let captured = inputs.proxy.interception == Interception::Captured;
        let unknown = captured.then(|| Arc::new(virtual_outbound(inputs, fallback.clone())));
        let own_port = proxy_ports(inputs.mesh)[0];
        let mut listeners = Self { unknown, own_port, ..Self::none() };
        if let Some(previous) = inputs.previous {
            listeners.take_over(previous, stays);
        }
        let mut reports: BTreeMap<u16, Report> = BTreeMap::new();
        for (port, removed) in built.removed {
            reports.entry(port).or_default().removed.push(removed);
        }
        for ((address, port), chains) in built.chains {
            match finish(chains, &fallback) {
                Ok(listener) => listeners.insert(address, port, listener, inputs.previous),
                Err((rule, message)) => {
                    let message = format!("listener {address}:{port}: {message}");
                    let error = rule.map(|field| CompileError::new((*field).clone(), message));
                    reports.entry(port).or_default().errors.extend(error);
                }
            }
        }
        let reports = reports.into_iter().map(|(port, report)| (port, Arc::new(report)));
        listeners.reports.extend(reports);
        (listeners, built.ports)
    }

    /// Shares the listeners of the ports that stay as they are.
    fn take_over(&mut self, previous: &Self, stays: impl Fn(u16) -> bool) {
        let exact = previous.exact.iter().filter(|(address, _)| stays(address.port()));
        self.exact = exact.map(|(address, listener)| (*address, Arc::clone(listener))).collect();
        let wildcard = previous.wildcard.iter().filter(|(port, _)| stays(**port));
        self.wildcard = wildcard.map(|(port, listener)| (*port, Arc::clone(listener))).collect();
        if stays(0) {
            self.sockets.clone_from(&previous.sockets);
        }
        let holders = previous.holders.iter().filter(|((_, (_, port)), ())| stays(*port));
        self.holders = holders.map(|(holder, ())| (holder.clone(), ())).collect();
        let reports = previous.reports.iter().filter(|(port, _)| stays(**port));
        self.reports.extend(reports.map(|(port, report)| (*port, Arc::clone(report))));
    }

    /// What is to be said of the listeners, by port.
    pub(crate) fn reports(&self) -> impl Iterator<Item = &Report> {
        self.reports.values().map(|report| &**report)
    }

    fn insert(
        &mut self,
        address: ListenAddress,
        port: u16,
        listener: Listener,
        previous: Option<&Self>,
    ) {
        let known = previous.and_then(|previous| previous.at(&address, port));
        let listener = match known {
            Some(known) if **known == listener => Arc::clone(known),
            _ => Arc::new(listener),
        };
        for chain in listener.chains() {
            if let ChainAction::Http(routes) = &chain.action {
                self.holders.insert((routes.name().into(), (address.clone(), port)), ());
            }
        }
        self.put(address, port, listener);
    }

    fn at(&self, address: &ListenAddress, port: u16) -> Option<&Arc<Listener>> {
        match address {
            ListenAddress::Wildcard => self.wildcard.get(&port),
            ListenAddress::Ip(ip) => self.exact.get(&SocketAddr::new(*ip, port)),
            ListenAddress::Unix(path) => self.sockets.get(path),
        }
    }

    fn put(&mut self, address: ListenAddress, port: u16, listener: Arc<Listener>) {
        match address {
            ListenAddress::Wildcard => {
                self.wildcard.insert(port, listener);
            }
            ListenAddress::Ip(ip) => {
                self.exact.insert(SocketAddr::new(ip, port), listener);
            }
            ListenAddress::Unix(path) => {
                self.sockets.insert(path, listener);
            }
        }
    }

    /// Puts a route table in the place of the one with its name, in every listener that has it.
    pub(crate) fn replace(&mut self, routes: &Arc<HttpRoutes>) {
        let holders: Vec<build::Key> =
            self.holders.group(routes.name()).map(|(place, ())| place.clone()).collect();
        for (address, port) in holders {
            if let Some(listener) = self.at(&address, port) {
                let listener = Arc::new(listener.with_routes(routes));
                self.put(address, port, listener);
            }
        }
    }

    /// The listener that takes a connection to `destination`; `None` where it would be refused.
    pub(crate) fn find(&self, destination: SocketAddr) -> Option<&Arc<Listener>> {
        let destination = SocketAddr::new(destination.ip().to_canonical(), destination.port());
        if let Some(listener) = self.exact.get(&destination) {
            return Some(listener);
        }
        let port = destination.port();
        if let Some(listener) = self.wildcard.get(&port) {
            return Some(listener);
        }
        if self.own_port == port {
            return Some(&self.own);
        }
        self.unknown.as_ref()
    }

    /// The routes of HTTP to one address and port, where a listener of its own takes it.
    pub(crate) fn http_of(&self, destination: SocketAddr) -> Option<&Arc<HttpRoutes>> {
        let destination = SocketAddr::new(destination.ip().to_canonical(), destination.port());
        self.exact.get(&destination)?.chains().find_map(|chain| match &chain.action {
            ChainAction::Http(routes) => Some(routes),
            _ => None,
        })
    }

    /// The listener of a Unix domain socket.
    pub(crate) fn socket(&self, path: &str) -> Option<&Arc<Listener>> {
        self.sockets.get(path)
    }
}

/// The ports on which the proxy takes captured connections: outbound and inbound.
pub(crate) fn proxy_ports(mesh: &MeshConfig) -> [u16; 2] {
    let port =
        |number: i32, default| u16::try_from(number).ok().filter(|n| *n > 0).unwrap_or(default);
    [port(mesh.proxy_listen_port, 15001), port(mesh.proxy_inbound_listen_port, 15006)]
}

/// What happens to connections that no chain takes.
fn fallback(inputs: &OutboundInputs<'_>) -> FilterChain {
    let action = match &inputs.scope.outbound_policy {
        OutboundPolicy::RegistryOnly => ChainAction::BlackHole,
        OutboundPolicy::AllowAny { egress_proxy: Some(proxy) } => {
            // Istio asks no service for the port here: it has to be written, and so has the domain.
            let port = proxy.port.as_ref().and_then(|port| u16::try_from(port.number).ok());
            let subset = Some(proxy.subset.as_str().into());
            let host = Hostname::from(proxy.host.as_str());
            let destination = Destination::new(host, subset, port.unwrap_or_default());
            ChainAction::Tcp(TcpRoute::single(destination))
        }
        _ => ChainAction::Passthrough,
    };
    let field = "outboundTrafficPolicy";
    let sidecar = inputs.scope.sidecar.as_ref();
    let rule = match sidecar.filter(|object| object.spec.outbound_traffic_policy.is_some()) {
        Some(object) => FieldPath::new(object.reference(), format!("spec.{field}")),
        None => FieldPath::new(ResourceRef::new("MeshConfig", "", ""), field),
    };
    FilterChain { criteria: ChainMatch::ALL, action, tls: None, rule: Some(Arc::new(rule)) }
}

/// Accepts and ends.
fn black_hole() -> FilterChain {
    let action = ChainAction::BlackHole;
    FilterChain { criteria: ChainMatch::ALL, action, tls: None, rule: None }
}

fn virtual_outbound(inputs: &OutboundInputs<'_>, fallback: FilterChain) -> Listener {
    if !matches!(inputs.scope.outbound_policy, OutboundPolicy::AllowAnyDynamicDns) {
        return always(fallback);
    }
    let mut http = ChainDraft::new(ChainAction::Http(Arc::clone(inputs.catch_all)), None);
    http.protocols = super::PLAINTEXT_HTTP;
    let inspection = Inspection { tls: false, http: true };
    Listener::new(vec![http.finish()], Some(fallback.clone()), inspection)
        .unwrap_or_else(|_| always(fallback))
}

/// A listener that treats all connections alike.
fn always(chain: FilterChain) -> Listener {
    Listener::of_one(chain)
}

type Refused = (Option<Arc<FieldPath>>, String);

/// Puts a listener together. The chain for everything becomes Envoy's default chain; without one,
/// the outbound traffic policy does.
fn finish(drafts: Vec<ChainDraft>, policy: &FilterChain) -> Result<Listener, Refused> {
    let inspection = Inspection {
        tls: drafts.iter().any(|draft| !draft.server_names.is_empty()),
        http: drafts.iter().any(|draft| !draft.protocols.is_empty()),
    };
    let mut fallback = None;
    let mut chains = Vec::with_capacity(drafts.len());
    for draft in drafts {
        if draft.is_everything() {
            fallback = Some(draft.finish());
        } else {
            chains.push(draft.finish());
        }
    }
    let rules: Vec<_> = chains.iter().map(|chain| chain.rule.clone()).collect();
    Listener::new(chains, Some(fallback.unwrap_or_else(|| policy.clone())), inspection).map_err(
        |error| {
            let rule = rules.get(error.chain()).cloned().flatten();
            (rule, error.to_string())
        },
    )
}
