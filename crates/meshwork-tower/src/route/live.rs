//! Routing by the snapshot of the request.

use std::sync::Arc;

use http::{HeaderMap, Method};
use meshwork_core::RequestIdentity;
use meshwork_registry::Service;
use meshwork_routing::{
    ConnectionAction, FirstBytes, HttpRoutes, MtlsMode, RouteAction, RouteDecision, RouteInput,
    RouteTable,
};

use crate::{Clusters, ConnectionInfo, Direction, MeshContext, Routed};

/// Decides where requests go. [`LiveRouting`] does so by the configuration in force; another
/// implementation serves tests and proxies with routes of their own.
pub trait Routing: Clone + Send + Sync + 'static {
    /// The route of a request and the clusters that it needs.
    fn route(&self, cx: &MeshContext, method: &Method, headers: &HeaderMap) -> Routed;
}

impl<F> Routing for F
where
    F: Fn(&MeshContext, &Method, &HeaderMap) -> Routed + Clone + Send + Sync + 'static,
{
    fn route(&self, cx: &MeshContext, method: &Method, headers: &HeaderMap) -> Routed {
        self(cx, method, headers)
    }
}

/// Routes by the snapshot that the request's context holds.
#[derive(Clone, Debug)]
pub struct LiveRouting {
    clusters: Clusters,
}

impl LiveRouting {
    /// Finds the state of clusters in `clusters`.
    pub const fn new(clusters: Clusters) -> Self {
        Self { clusters }
    }
}

impl Routing for LiveRouting {
    fn route(&self, cx: &MeshContext, method: &Method, headers: &HeaderMap) -> Routed {
        let Some(snapshot) = &cx.snapshot else { return Routed::new(RouteDecision::NO_ROUTE) };
        let decision = match table(&snapshot.routes, cx) {
            Some(routes) => decide(&routes, cx, method, headers),
            None => RouteDecision::NO_ROUTE,
        };
        let cluster = match decision.route.as_ref().map(|route| &route.action) {
            Some(RouteAction::DynamicForward) => self.clusters.dynamic(snapshot),
            _ => decision.cluster().and_then(|name| self.clusters.cluster(snapshot, name)),
        };
        let mirrors = decision.route.iter().flat_map(|route| route.mirrors.iter());
        let mirrors = mirrors
            .map(|mirror| self.clusters.cluster(snapshot, &mirror.destination.cluster))
            .collect();
        let hash_policies = hash_policies(cx, &decision);
        Routed { cluster, mirrors, hash_policies, ..Routed::new(decision) }
    }
}

/// The HTTP routes behind the listener that the request came to.
fn table(routes: &RouteTable, cx: &MeshContext) -> Option<Arc<HttpRoutes>> {
    let connection = &*cx.connection;
    let first = match connection.first_bytes {
        FirstBytes::None => FirstBytes::Http1,
        first => first,
    };
    let action = match (cx.direction, connection.port()) {
        (Direction::Outbound, _) if connection.destination.is_none() => {
            return Some(in_process(routes, cx, connection));
        }
        (Direction::Outbound, _) => connection
            .with_attributes(|attributes| routes.outbound(attributes, first, &cx.draws).action),
        (Direction::Gateway, Some(port)) => connection.with_attributes(|attributes| {
            routes.gateway(port, attributes, first, &cx.draws).action
        }),
        (Direction::Inbound, Some(port)) => {
            if let Some(port) = routes.inbound_port(port) {
                return Some(Arc::clone(&port.routes));
            }
            connection.with_attributes(|attributes| {
                routes.inbound(port, attributes, first, MtlsMode::Permissive).action
            })
        }
        (Direction::Gateway | Direction::Inbound, None) => return None,
    };
    match action {
        ConnectionAction::Http(routes) => Some(routes),
        // What is no HTTP to its listener never comes to this layer by an acceptor that asked the
        // same table.
        _ => None,
    }
}

/// A client in process has no connection to show: the port of its URI is the listener's.
fn in_process(
    routes: &RouteTable,
    cx: &MeshContext,
    connection: &ConnectionInfo,
) -> Arc<HttpRoutes> {
    let authority = cx.head.authority.parse::<http::uri::Authority>().ok();
    let default = if &*cx.head.scheme == "https" { 443 } else { 80 };
    let named = authority.as_ref().and_then(http::uri::Authority::port_u16);
    let port = connection.listener_port.or(named).unwrap_or(default);
    let host = authority.as_ref().map_or("", http::uri::Authority::host);
    Arc::clone(routes.client(host, port))
}

fn decide(
    routes: &HttpRoutes,
    cx: &MeshContext,
    method: &Method,
    headers: &HeaderMap,
) -> RouteDecision {
    let head = cx.head.with(method, headers);
    let identity: Option<&RequestIdentity> = cx.identity.as_deref();
    cx.connection.with_attributes(|attributes| {
        routes.route(&RouteInput::new(head, attributes, &cx.draws).with_identity(identity))
    })
}

/// The hash policies of all destinations of the route, where the chosen cluster goes by a hash.
fn hash_policies(cx: &MeshContext, decision: &RouteDecision) -> Vec<meshwork_policy::HashPolicy> {
    let Some(snapshot) = cx.snapshot.as_ref() else { return Vec::new() };
    let Some(route) = &decision.route else { return Vec::new() };
    let service = |name: &str| -> Option<&Arc<Service>> { Some(&snapshot.cluster(name)?.service) };
    route
        .destinations()
        .iter()
        .filter_map(|entry| {
            let destination = &entry.destination;
            let (service, subset) = (service(&destination.cluster)?, destination.subset.as_deref());
            let port = entry.names_port.then_some(destination.port);
            snapshot.policies.hash_policy(&snapshot.proxy, service, subset, port)
        })
        .collect()
}
