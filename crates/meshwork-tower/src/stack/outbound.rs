//! The stack of a client, of a sidecar's outbound side, and of a gateway.

use std::{
    convert::Infallible,
    fmt,
    task::{self, Poll},
};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use meshwork_config::Snapshot;
use meshwork_core::Live;
use tower_layer::Layer as _;
use tower_service::Service;

use crate::{
    AccessLogEntry, AccessLogLayer, AuthzLayer, BalanceService, Body, BoxError, Clusters, Connect,
    ContextLayer, CorsLayer, Direction, FaultLayer, HeadersLayer, LiveRouting, MirrorLayer,
    NormalizeLayer, RefusedRequest, RetryLayer, RouteLayer, Seeds, TcpConnector, TimeoutLayer,
};

/// Begins the stack that sends a workload's requests into the mesh.
///
/// ```
/// # use meshwork_config::Snapshot;
/// # use meshwork_core::Live;
/// # async fn example(snapshot: Live<Snapshot>) -> Result<(), Box<dyn std::error::Error>> {
/// use meshwork_tower::{Body, outbound};
/// use tower::ServiceExt as _;
///
/// let client = outbound(snapshot).build();
/// let request = http::Request::get("http://ratings:9080/ratings/0").body(Body::empty())?;
/// let response = client.oneshot(request).await?;
/// # Ok(())
/// # }
/// ```
pub fn outbound(snapshot: Live<Snapshot>) -> Outbound {
    Outbound::new(snapshot, Direction::Outbound)
}

/// Begins the stack of a gateway: requests that come from outside go into the mesh.
///
/// The port that a request came to chooses the listener: the connection's, or
/// [`Outbound::port`].
pub fn gateway(snapshot: Live<Snapshot>) -> Outbound {
    Outbound::new(snapshot, Direction::Gateway)
}

/// A stack that is being put together.
#[derive(Debug)]
pub struct Outbound {
    context: ContextLayer,
    log: AccessLogLayer,
    authz: AuthzLayer,
    seeds: Seeds,
    clusters: Option<Clusters>,
}

impl Outbound {
    fn new(snapshot: Live<Snapshot>, direction: Direction) -> Self {
        Self {
            context: ContextLayer::new(direction).snapshot(snapshot),
            log: AccessLogLayer::new(),
            authz: AuthzLayer::new(),
            seeds: Seeds::random(),
            clusters: None,
        }
    }

    /// Makes connections by `connector`; plain TCP otherwise.
    #[must_use]
    pub fn connector(mut self, connector: impl Connect) -> Self {
        self.clusters = Some(Clusters::seeded(connector, self.seeds.clone()));
        self
    }

    /// Shares clusters with other stacks: their connections, counters and ejections.
    #[must_use]
    pub fn clusters(mut self, clusters: Clusters) -> Self {
        self.clusters = Some(clusters);
        self
    }

    /// Where the randomness comes from; call it before [`connector`](Self::connector).
    #[must_use]
    pub fn seeds(mut self, seeds: Seeds) -> Self {
        self.context = self.context.seeds(seeds.clone());
        self.seeds = seeds;
        self
    }

    /// The port that requests came to, where their connection does not say.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.context = self.context.port(port);
        self
    }

    /// Hands each line of the access log to `take` too.
    #[must_use]
    pub fn on_access(mut self, take: impl Fn(&AccessLogEntry) + Send + Sync + 'static) -> Self {
        self.log = self.log.also(take);
        self
    }

    /// Evaluates a gateway's security policies and logs what they would refuse, and refuses
    /// nothing.
    #[must_use]
    pub fn observe(mut self) -> Self {
        self.authz = self.authz.observe();
        self
    }

    /// Tells `tell` of every request that a gateway's policies do not allow, whether it is refused
    /// or observed.
    #[must_use]
    pub fn on_refusal(
        mut self,
        tell: impl Fn(&RefusedRequest<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.authz = self.authz.on_refusal(tell);
        self
    }

    /// The finished stack.
    pub fn build(self) -> OutboundService {
        let clusters = self
            .clusters
            .unwrap_or_else(|| Clusters::seeded(TcpConnector::new(), self.seeds.clone()));
        let end = BalanceService::new();
        let stack = RetryLayer::new(clusters.clock()).layer(end);
        let stack = TimeoutLayer::new().layer(stack);
        let stack = MirrorLayer::new(end).layer(stack);
        let stack = HeadersLayer::new().layer(stack);
        let stack = CorsLayer::new().layer(stack);
        let stack = FaultLayer::new().layer(stack);
        let routing = LiveRouting::new(clusters.clone());
        let stack = RouteLayer::new(routing).guarded(self.authz).layer(stack);
        let stack = NormalizeLayer::new().layer(stack);
        let stack = self.log.layer(stack);
        let stack = self.context.layer(stack);
        OutboundService { stack: Box::new(Boxed(stack)), clusters }
    }
}

/// A finished stack: any request in, a response out; it never fails.
pub struct OutboundService {
    stack: Box<dyn Stack>,
    clusters: Clusters,
}

impl OutboundService {
    /// The clusters that the stack sends to.
    pub fn clusters(&self) -> &Clusters {
        &self.clusters
    }
}

impl Clone for OutboundService {
    fn clone(&self) -> Self {
        Self { stack: self.stack.boxed_clone(), clusters: self.clusters.clone() }
    }
}

impl fmt::Debug for OutboundService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutboundService").field("clusters", &self.clusters).finish_non_exhaustive()
    }
}

impl<B> Service<Request<B>> for OutboundService
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        self.stack.send(request.map(Body::new))
    }
}

/// A stack whose type is not written out.
pub(super) trait Stack: Send + Sync {
    fn send(
        &mut self,
        request: Request<Body>,
    ) -> BoxFuture<'static, Result<Response<Body>, Infallible>>;
    fn boxed_clone(&self) -> Box<dyn Stack>;
}

struct Boxed<S>(S);

impl<S, R> Stack for Boxed<S>
where
    S: Service<Request<Body>, Response = Response<R>, Error = Infallible>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send,
    R: http_body::Body<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    fn send(
        &mut self,
        request: Request<Body>,
    ) -> BoxFuture<'static, Result<Response<Body>, Infallible>> {
        // Every layer of these stacks is always ready.
        let answer = self.0.call(request);
        Box::pin(async move { Ok(answer.await?.map(Body::new)) })
    }

    fn boxed_clone(&self) -> Box<dyn Stack> {
        Box::new(Self(self.0.clone()))
    }
}
