//! Injected faults, before anything is sent.

use std::{mem, task};

use bytes::Bytes;
use futures_util::future::{BoxFuture, Either};
use http::{Request, Response, StatusCode};
use meshwork_routing::AbortStatus;
use tower_layer::Layer;
use tower_service::Service;

use crate::{Flag, LocalReply, MeshContext, is_grpc};

/// Delays and aborts requests as their route's `fault` says.
///
/// The draws of the request decide who is hit, so a seed repeats a run. Requests without a route or
/// without faults pass untouched.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct FaultLayer {}

impl FaultLayer {
    /// The layer.
    pub const fn new() -> Self {
        Self {}
    }
}

impl<S> Layer<S> for FaultLayer {
    type Service = FaultInjection<S>;

    fn layer(&self, inner: S) -> FaultInjection<S> {
        FaultInjection { inner }
    }
}

/// The service of [`FaultLayer`].
#[derive(Clone, Debug)]
pub struct FaultInjection<S> {
    inner: S,
}

impl<S, B, R> Service<Request<B>> for FaultInjection<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
    R: From<Bytes>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Either<S::Future, BoxFuture<'static, Result<Response<R>, S::Error>>>;

    fn poll_ready(&mut self, cx: &mut task::Context<'_>) -> task::Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let Some(cx) = MeshContext::of(&request) else {
            return Either::Left(self.inner.call(request));
        };
        let Some(fault) = cx.route().and_then(|route| route.fault.as_ref()) else {
            return Either::Left(self.inner.call(request));
        };
        let (delay, abort) = (fault.delay(&cx.draws), fault.abort(&cx.draws));
        if delay.is_none() && abort.is_none() {
            return Either::Left(self.inner.call(request));
        }
        let clone = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, clone);
        let record = cx.record.clone();
        Either::Right(Box::pin(async move {
            if let Some(delay) = delay {
                record.flag(Flag::DelayInjected);
                tokio::time::sleep(delay).await;
            }
            match abort {
                Some(abort) => Ok(aborted(&request, abort)),
                None => inner.call(request).await,
            }
        }))
    }
}

fn aborted<B, R: From<Bytes>>(request: &Request<B>, abort: AbortStatus) -> Response<R> {
    let reply = match abort {
        AbortStatus::Grpc(code) => LocalReply::fault(StatusCode::OK, Some(code)),
        AbortStatus::Http(status) => LocalReply::fault(status, None),
        _ => LocalReply::fault(StatusCode::INTERNAL_SERVER_ERROR, None),
    };
    let mut response = reply.into_response(is_grpc(request.headers()));
    if let Some(cx) = MeshContext::of(request) {
        let line = (request.method(), request.version());
        // Envoy knows no status yet when the abort's headers are made.
        cx.change_response(line, request.headers(), &mut response, 0);
    }
    response
}
