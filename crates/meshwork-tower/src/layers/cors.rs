//! Cross-origin requests.

use std::{mem, task};

use bytes::Bytes;
use futures_util::future::{BoxFuture, Either, Ready, ready};
use http::{
    HeaderMap, Request, Response, StatusCode,
    header::{ACCESS_CONTROL_REQUEST_METHOD, ORIGIN},
};
use tower_layer::Layer;
use tower_service::Service;

use crate::{LocalReply, MeshContext};

/// Answers preflights and decorates answers as the route's `corsPolicy` says.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct CorsLayer {}

impl CorsLayer {
    /// The layer.
    pub const fn new() -> Self {
        Self {}
    }
}

impl<S> Layer<S> for CorsLayer {
    type Service = Cors<S>;

    fn layer(&self, inner: S) -> Cors<S> {
        Cors { inner }
    }
}

/// The service of [`CorsLayer`].
#[derive(Clone, Debug)]
pub struct Cors<S> {
    inner: S,
}

impl<S, B, R> Service<Request<B>> for Cors<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
    R: From<Bytes> + Send + 'static,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Either<
        S::Future,
        Either<
            Ready<Result<Response<R>, S::Error>>,
            BoxFuture<'static, Result<Response<R>, S::Error>>,
        >,
    >;

    fn poll_ready(&mut self, cx: &mut task::Context<'_>) -> task::Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let concerned = MeshContext::of(&request)
            .filter(|_| request.headers().contains_key(ORIGIN))
            .and_then(|cx| Some((cx, cx.route().filter(|route| route.cors.is_some())?)));
        let Some((cx, route)) = concerned else {
            return Either::Left(self.inner.call(request));
        };
        let head = cx.head.with(request.method(), request.headers());
        if let Some(headers) = route.cors.as_ref().and_then(|policy| policy.preflight(&head)) {
            let mut reply = LocalReply::new(StatusCode::OK, "cors_response");
            reply.headers = headers;
            return Either::Right(Either::Left(ready(Ok(reply.into_response(false)))));
        }
        let (own_head, method, route) = (cx.head.clone(), request.method().clone(), route.clone());
        let asked: HeaderMap = [ORIGIN, ACCESS_CONTROL_REQUEST_METHOD]
            .into_iter()
            .filter_map(|name| Some((name.clone(), request.headers().get(&name)?.clone())))
            .collect();
        let clone = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, clone);
        Either::Right(Either::Right(Box::pin(async move {
            let mut response = inner.call(request).await?;
            if let Some(policy) = &route.cors {
                policy.decorate(&own_head.with(&method, &asked), response.headers_mut());
            }
            Ok(response)
        })))
    }
}
