//! The stack in front of an application.

use std::task::{self, Poll};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response, Uri, header::HOST};
use meshwork_config::Snapshot;
use meshwork_core::Live;
use tower_layer::Layer;
use tower_service::Service;

use crate::{
    AccessLog, AccessLogEntry, AccessLogLayer, AuthzLayer, BalanceService, Body, BoxError,
    Clusters, ContextLayer, Direction, HeaderChanges, HeadersLayer, LiveRouting, MeshContext,
    Normalize, NormalizeLayer, Propagate, PropagateLayer, RefusedRequest, Retry, RetryLayer,
    RouteLayer, RouteService, Seeds, TcpConnector, Timeout, TimeoutLayer, WithContext,
};

/// Begins the stack that receives a workload's requests.
///
/// ```
/// # use meshwork_config::Snapshot;
/// # use meshwork_core::Live;
/// # fn example(snapshot: Live<Snapshot>) {
/// use std::convert::Infallible;
///
/// use http::{Request, Response};
/// use meshwork_tower::{Body, CountedBody, inbound};
///
/// async fn hello(_request: Request<CountedBody<Body>>) -> Result<Response<Body>, Infallible> {
///     Ok(Response::new(Body::from("hello")))
/// }
/// let service = inbound(snapshot).port(9080).layer(tower::service_fn(hello));
/// # let _ = service;
/// # }
/// ```
pub fn inbound(snapshot: Live<Snapshot>) -> Inbound {
    Inbound {
        context: ContextLayer::new(Direction::Inbound).snapshot(snapshot),
        log: AccessLogLayer::new(),
        authz: AuthzLayer::new(),
        clusters: None,
    }
}

/// A stack that is being put together.
#[derive(Clone, Debug)]
pub struct Inbound {
    context: ContextLayer,
    log: AccessLogLayer,
    authz: AuthzLayer,
    clusters: Option<Clusters>,
}

impl Inbound {
    /// The port of the workload, where connections do not say.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.context = self.context.port(port);
        self
    }

    /// Where the randomness comes from.
    #[must_use]
    pub fn seeds(mut self, seeds: Seeds) -> Self {
        self.context = self.context.seeds(seeds);
        self
    }

    /// Hands each line of the access log to `take` too.
    #[must_use]
    pub fn on_access(mut self, take: impl Fn(&AccessLogEntry) + Send + Sync + 'static) -> Self {
        self.log = self.log.also(take);
        self
    }

    /// Evaluates security policies and logs what they would refuse, and refuses nothing.
    #[must_use]
    pub fn observe(mut self) -> Self {
        self.authz = self.authz.observe();
        self
    }

    /// Tells `tell` of every request that policies do not allow, whether it is refused or observed.
    #[must_use]
    pub fn on_refusal(
        mut self,
        tell: impl Fn(&RefusedRequest<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.authz = self.authz.on_refusal(tell);
        self
    }

    /// The clusters that [`forward`](Self::forward) uses.
    #[must_use]
    pub fn clusters(mut self, clusters: Clusters) -> Self {
        self.clusters = Some(clusters);
        self
    }

    /// The stack in front of an application in this process.
    pub fn layer<S>(self, app: S) -> InboundService<Propagate<Restore<S>>> {
        let app = PropagateLayer::new().layer(Restore { inner: app });
        self.around(app)
    }

    /// The stack of a sidecar: requests go on to the application's port.
    pub fn forward(self) -> InboundService<HeaderChanges<Timeout<Retry<BalanceService>>>> {
        let clusters = self.clusters.clone();
        let clock = clusters.as_ref().map(Clusters::clock).unwrap_or_default();
        let stack = RetryLayer::new(clock).layer(BalanceService::new());
        let stack = TimeoutLayer::new().layer(stack);
        self.around(HeadersLayer::new().layer(stack))
    }

    fn around<S>(self, inner: S) -> InboundService<S> {
        let clusters = self.clusters.unwrap_or_else(|| Clusters::new(TcpConnector::new()));
        let routing = LiveRouting::new(clusters);
        let stack = RouteLayer::new(routing).guarded(self.authz).layer(inner);
        let stack = NormalizeLayer::new().layer(stack);
        let stack = self.log.layer(stack);
        self.context.layer(stack)
    }
}

/// A finished inbound stack.
pub type InboundService<S> = WithContext<AccessLog<Normalize<RouteService<S, LiveRouting>>>>;

/// Gives requests back the form that applications expect: a Host header, a URI as the server gave
/// it, with the normalised path.
#[derive(Clone, Debug)]
pub struct Restore<S> {
    inner: S,
}

impl<S, B, R> Service<Request<B>> for Restore<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Future: Send + 'static,
    R: http_body::Body<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Response<Body>, S::Error>>;

    fn poll_ready(&mut self, cx: &mut task::Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        restore(&mut request);
        let answer = self.inner.call(request);
        Box::pin(async move { Ok(answer.await?.map(Body::new)) })
    }
}

fn restore<B>(request: &mut Request<B>) {
    let Some(head) = MeshContext::of(request).map(|cx| cx.head.clone()) else { return };
    if let Ok(path) = head.path_and_query.parse() {
        let mut parts = std::mem::take(request.uri_mut()).into_parts();
        parts.path_and_query = Some(path);
        if let Ok(uri) = Uri::from_parts(parts) {
            *request.uri_mut() = uri;
        }
    }
    if let Ok(host) = head.authority.parse() {
        request.headers_mut().insert(HOST, host);
    }
}
