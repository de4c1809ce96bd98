//! The layer that routes.

use std::task::{self, Poll};

use bytes::Bytes;
use futures_util::future::{Either, Ready, ready};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use meshwork_routing::RouteDecision;
use tower_layer::Layer;
use tower_service::Service;

use super::{
    Routing,
    answer::{is_head, own_answer},
};
use crate::{AuthzLayer, LocalReply, MeshContext, Routed, Upgrade, is_grpc};

/// Finds the route of each request; redirects, direct responses and requests without a route are
/// answered here, the others go on with [`MeshContext::routed`] set.
#[derive(Clone, Debug)]
pub struct RouteLayer<T> {
    routing: T,
    guard: Option<AuthzLayer>,
}

impl<T: Routing> RouteLayer<T> {
    /// Routes by `routing`.
    pub const fn new(routing: T) -> Self {
        Self { routing, guard: None }
    }

    /// Asks policies once the route is known and before it answers anything, as a gateway does: a
    /// request that no rule allows gets 403, whether it has a route or not.
    #[must_use]
    pub fn guarded(mut self, guard: AuthzLayer) -> Self {
        self.guard = Some(guard);
        self
    }
}

impl<S, T: Clone> Layer<S> for RouteLayer<T> {
    type Service = RouteService<S, T>;

    fn layer(&self, inner: S) -> RouteService<S, T> {
        RouteService { inner, routing: self.routing.clone(), guard: self.guard.clone() }
    }
}

/// The service of [`RouteLayer`].
#[derive(Clone, Debug)]
pub struct RouteService<S, T> {
    inner: S,
    routing: T,
    guard: Option<AuthzLayer>,
}

impl<S, T, B, R> Service<Request<B>> for RouteService<S, T>
where
    S: Service<Request<B>, Response = Response<R>>,
    T: Routing,
    R: From<Bytes>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Either<S::Future, Ready<Result<Response<R>, S::Error>>>;

    fn poll_ready(&mut self, cx: &mut task::Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let Some(mut cx) = request.extensions_mut().remove::<MeshContext>() else {
            return Either::Left(self.inner.call(request));
        };
        let routed = if has_no_protocol(request.headers()) {
            Routed::new(RouteDecision::NO_ROUTE)
        } else {
            self.routing.route(&cx, request.method(), request.headers())
        };
        note(&cx, &routed);
        cx.routed = Some(routed.into());
        if let Some(reply) = refuse(&cx, &request) {
            return Either::Right(ready(Ok(answer(reply, &cx, &request))));
        }
        let denied = self.guard.as_ref().and_then(|guard| guard.refusal(&cx, &request));
        if let Some(reply) = denied {
            let grpc = is_grpc(request.headers());
            return Either::Right(ready(Ok(reply.into_response(grpc))));
        }
        if let Some(reply) = answered(&cx, &request) {
            return Either::Right(ready(Ok(answer(reply, &cx, &request))));
        }
        request.extensions_mut().insert(cx);
        Either::Left(self.inner.call(request))
    }
}

/// Whether the protocol before all proxies is said to be nothing. Envoy finds no route then,
/// whatever the routes are.
fn has_no_protocol(headers: &HeaderMap) -> bool {
    headers.get("x-forwarded-proto").is_some_and(HeaderValue::is_empty)
}

/// The refusal of what no route can be for.
fn refuse<B>(cx: &MeshContext, request: &Request<B>) -> Option<LocalReply> {
    if *request.method() == Method::CONNECT {
        return Some(LocalReply::no_route().close());
    }
    // Without a route there is nothing that the protocol could be wrong for.
    (cx.upgrade == Some(Upgrade::Other) && cx.route().is_some())
        .then(|| LocalReply::new(StatusCode::FORBIDDEN, "upgrade_failed").close())
}

/// The answer of the route itself, or the refusal of a request that has none.
fn answered<B>(cx: &MeshContext, request: &Request<B>) -> Option<LocalReply> {
    let Some(route) = cx.route() else { return Some(LocalReply::no_route()) };
    own_answer(route, &cx.head.with(request.method(), request.headers()))
}

fn answer<B, R: From<Bytes>>(
    reply: LocalReply,
    cx: &MeshContext,
    request: &Request<B>,
) -> Response<R> {
    let code = reply.status.as_u16();
    let mut response: Response<R> = reply.into_response(is_grpc(request.headers()));
    if is_head(request.method()) {
        *response.body_mut() = R::from(Bytes::new());
    }
    let line = (request.method(), request.version());
    cx.change_response(line, request.headers(), &mut response, code);
    response
}

fn note(cx: &MeshContext, routed: &Routed) {
    cx.record.write(|info| {
        info.cluster = routed.cluster.as_ref().map(|cluster| cluster.name().clone());
        if let Some(route) = routed.route() {
            info.route = route.name.clone();
            info.rule = Some(route.rule.to_string().into());
        }
    });
}
