//! The layer that routes.

use std::task::{self, Poll};

use bytes::Bytes;
use futures_util::future::{Either, Ready, ready};
use http::{Method, Request, Response, StatusCode};
use tower_layer::Layer;
use tower_service::Service;

use super::{
    Routing,
    answer::{is_head, own_answer},
};
use crate::{LocalReply, MeshContext, Routed, Upgrade, is_grpc};

/// Finds the route of each request; redirects, direct responses and requests without a route are
/// answered here, the others go on with [`MeshContext::routed`] set.
#[derive(Clone, Debug)]
pub struct RouteLayer<T> {
    routing: T,
}

impl<T: Routing> RouteLayer<T> {
    /// Routes by `routing`.
    pub const fn new(routing: T) -> Self {
        Self { routing }
    }
}

impl<S, T: Clone> Layer<S> for RouteLayer<T> {
    type Service = RouteService<S, T>;

    fn layer(&self, inner: S) -> RouteService<S, T> {
        RouteService { inner, routing: self.routing.clone() }
    }
}

/// The service of [`RouteLayer`].
#[derive(Clone, Debug)]
pub struct RouteService<S, T> {
    inner: S,
    routing: T,
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
        let routed = self.routing.route(&cx, request.method(), request.headers());
        note(&cx, &routed);
        cx.routed = Some(routed.into());
        if let Some(reply) = refuse(&cx, &request) {
            return Either::Right(ready(Ok(answer(reply, &cx, &request))));
        }
        request.extensions_mut().insert(cx);
        Either::Left(self.inner.call(request))
    }
}

/// The answer of the route itself, or the refusal of a request that has none.
fn refuse<B>(cx: &MeshContext, request: &Request<B>) -> Option<LocalReply> {
    let route = cx.route();
    if *request.method() == Method::CONNECT {
        return Some(LocalReply::no_route().close());
    }
    if cx.upgrade == Some(Upgrade::Other) {
        return Some(LocalReply::new(StatusCode::FORBIDDEN, "upgrade_failed").close());
    }
    let Some(route) = route else { return Some(LocalReply::no_route()) };
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
