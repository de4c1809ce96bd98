//! The one request extension of a stack.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use http::{HeaderMap, Method, Response, Version};
use meshwork_config::Snapshot;
use meshwork_core::{RequestHead, RequestIdentity, SeededDraws};
use meshwork_policy::HashPolicy;
use meshwork_routing::{FormatContext, Route, RouteDecision};

use super::{ConnectionInfo, Direction, Record, Timing};
use crate::{AddedHeaders, ClusterHandle, Details, ResponseFlags, is_grpc};

/// What a stack knows of a request; its only request extension.
///
/// The first layer of a stack makes it, each layer adds what it finds out. A layer that is used
/// alone and misses something does nothing, as if no rule concerned it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MeshContext {
    /// Whose listener the request came to.
    pub direction: Direction,
    /// The connection.
    pub connection: Arc<ConnectionInfo>,
    /// The configuration that the whole request is decided by.
    pub snapshot: Option<Arc<Snapshot>>,
    /// The normalised head.
    pub head: Head,
    /// Whether the request came as gRPC: the mesh's own answers are gRPC then, whatever became of
    /// the headers.
    pub grpc: bool,
    /// The upgrade that the request asks for.
    pub upgrade: Option<Upgrade>,
    /// The client behind trusted proxies.
    pub client: Option<IpAddr>,
    /// The verified claims of the request's token.
    pub identity: Option<Arc<RequestIdentity>>,
    /// The randomness of this request.
    pub draws: SeededDraws,
    /// What happens to the request.
    pub record: Record,
    /// Where the request goes.
    pub routed: Option<Arc<Routed>>,
    /// The time limits of the request.
    pub timing: Timing,
    /// When the caller of the application gives up; calls that the application makes on its behalf
    /// end by then.
    pub deadline: Option<tokio::time::Instant>,
    /// Which headers forwarding adds.
    pub added: AddedHeaders,
    /// How much of the body is kept for retries, where the listener says so.
    pub buffer_limit: Option<usize>,
}

/// The head of a request as its owner: authority, path and scheme after validation and
/// normalisation. The Host header is not among the headers meanwhile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Head {
    /// `http` or `https`.
    pub scheme: Arc<str>,
    /// The authority as the client wrote it.
    pub authority: Arc<str>,
    /// Path and query.
    pub path_and_query: Arc<str>,
}

impl Head {
    /// The form that evaluators read.
    pub fn with<'a>(&'a self, method: &'a Method, headers: &'a HeaderMap) -> RequestHead<'a> {
        let (scheme, authority) = (&*self.scheme, &*self.authority);
        RequestHead::new(method.as_str(), scheme, authority, &self.path_and_query, headers)
    }
}

/// A protocol that an HTTP/1.1 request wants to change to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Upgrade {
    /// `websocket`: passed on.
    WebSocket,
    /// Anything else: refused with 403.
    Other,
}

/// The route of a request and the cluster that was chosen.
#[derive(Debug)]
#[non_exhaustive]
pub struct Routed {
    /// Route and destination.
    pub decision: RouteDecision,
    /// The cluster's runtime state; `None` where the cluster does not exist, or nothing is
    /// forwarded.
    pub cluster: Option<ClusterHandle>,
    /// The clusters of the route's mirrors, in their order; those that do not exist are `None`.
    pub mirrors: Vec<Option<ClusterHandle>>,
    /// What the endpoint is chosen by, where the cluster goes by a hash.
    pub hash_policies: Vec<HashPolicy>,
}

impl Routed {
    /// A decision without clusters.
    pub const fn new(decision: RouteDecision) -> Self {
        Self { decision, cluster: None, mirrors: Vec::new(), hash_policies: Vec::new() }
    }

    /// The route that matched.
    pub fn route(&self) -> Option<&Arc<Route>> {
        self.decision.route.as_ref()
    }
}

impl MeshContext {
    /// The context of a request that came on `connection`.
    pub fn new(direction: Direction, connection: Arc<ConnectionInfo>, draws: SeededDraws) -> Self {
        Self {
            direction,
            connection,
            snapshot: None,
            head: Head::default(),
            grpc: false,
            upgrade: None,
            client: None,
            identity: None,
            draws,
            record: Record::default(),
            routed: None,
            timing: Timing::default(),
            deadline: None,
            added: AddedHeaders::default(),
            buffer_limit: None,
        }
    }

    /// The context that a request carries.
    pub fn of<B>(request: &http::Request<B>) -> Option<&Self> {
        request.extensions().get()
    }

    /// Whether a request came as gRPC; one without context says so itself.
    pub(crate) fn is_grpc<B>(request: &http::Request<B>) -> bool {
        Self::of(request).map_or_else(|| is_grpc(request.headers()), |cx| cx.grpc)
    }

    /// The route of a request, where one matched.
    pub fn route(&self) -> Option<&Arc<Route>> {
        self.routed.as_ref()?.route()
    }

    /// What format strings read of this request, apart from its headers and the answer.
    pub fn format_context<'a>(&'a self, version: Version) -> FormatContext<'a> {
        let connection = &*self.connection;
        let mut cx = FormatContext::default();
        cx.protocol = Some(if version == Version::HTTP_2 { "HTTP/2" } else { "HTTP/1.1" });
        cx.route_name = self.route().and_then(|route| route.name.as_deref());
        let routed = self.routed.as_ref().filter(|routed| routed.cluster.is_some());
        cx.upstream_cluster = routed.and_then(|routed| routed.decision.cluster());
        let port = connection.source.map_or(0, |source| source.port());
        cx.downstream_direct_remote = connection.source;
        cx.downstream_remote = match self.client {
            Some(client) if connection.source.map(|source| source.ip()) != Some(client) => {
                Some(SocketAddr::new(client, 0))
            }
            Some(client) => Some(SocketAddr::new(client, port)),
            None => connection.source,
        };
        cx.downstream_local = connection.destination;
        cx.server_name = connection.sni.as_deref();
        cx.peer = connection.peer.as_deref();
        cx
    }

    /// Applies the response header operations of the route to an answer.
    ///
    /// `request` are the headers that the request had when it was answered.
    pub fn change_response<R>(
        &self,
        (method, version): (&Method, Version),
        request: &HeaderMap,
        response: &mut Response<R>,
        code: u16,
    ) {
        let Some(routed) = &self.routed else { return };
        let info = self.record.read();
        let of_answer = response.extensions().get::<ResponseFlags>().copied().unwrap_or_default();
        let flags = (info.flags | of_answer).to_string();
        let details = response.extensions().get::<Details>().cloned();
        let mut cx = self.format_context(version);
        cx.request = Some(self.head.with(method, request));
        // Envoy learns the status of its own answers later than their headers are changed.
        let from_endpoint = details.as_ref().is_none_or(|details| details.0 == "via_upstream");
        cx.response_code = Some(if from_endpoint { code } else { 0 });
        cx.response_status = Some(response.status().as_u16());
        cx.attempts = u32::try_from(info.attempts.len()).ok();
        cx.response_flags = Some(&flags);
        cx.response_code_details =
            Some(details.as_ref().map_or("via_upstream", |details| &details.0));
        cx.upstream_host = info.attempts.last().map(|endpoint| &**endpoint);
        routed.decision.change_response(response.headers_mut(), &cx);
    }

    /// Whether the route changes answers at all.
    pub fn changes_response(&self) -> bool {
        let Some(routed) = &self.routed else { return false };
        let own = routed.route().is_some_and(|route| !route.response_headers.is_empty());
        own || routed.decision.destination().is_some_and(|entry| !entry.response_headers.is_empty())
    }
}
