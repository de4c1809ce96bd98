//! Header operations and rewrites of the route.

use std::{mem, task};

use futures_util::future::{BoxFuture, Either};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use meshwork_routing::Rewrite;
use tower_layer::Layer;
use tower_service::Service;

use crate::MeshContext;

/// Changes the forwarded request and its answer as the route says: `headers`, `rewrite`.
///
/// Path and authority are changed in the [`MeshContext`]'s head, which is what is forwarded.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct HeadersLayer {}

impl HeadersLayer {
    /// The layer.
    pub const fn new() -> Self {
        Self {}
    }
}

impl<S> Layer<S> for HeadersLayer {
    type Service = HeaderChanges<S>;

    fn layer(&self, inner: S) -> HeaderChanges<S> {
        HeaderChanges { inner }
    }
}

/// The service of [`HeadersLayer`].
#[derive(Clone, Debug)]
pub struct HeaderChanges<S> {
    inner: S,
}

impl<S, B, R> Service<Request<B>> for HeaderChanges<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Either<S::Future, BoxFuture<'static, Result<Response<R>, S::Error>>>;

    fn poll_ready(&mut self, cx: &mut task::Context<'_>) -> task::Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        change_request(&mut request);
        let Some(cx) = MeshContext::of(&request).filter(|cx| cx.changes_response()).cloned() else {
            return Either::Left(self.inner.call(request));
        };
        let (method, version) = (request.method().clone(), request.version());
        let headers = request.headers().clone();
        let clone = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, clone);
        Either::Right(Box::pin(async move {
            let mut response = inner.call(request).await?;
            let code = response.status().as_u16();
            cx.change_response((&method, version), &headers, &mut response, code);
            Ok(response)
        }))
    }
}

fn change_request<B>(request: &mut Request<B>) {
    let Some(mut cx) = request.extensions_mut().remove::<MeshContext>() else { return };
    if let Some(routed) = cx.routed.clone() {
        let (method, version) = (request.method().clone(), request.version());
        let mut headers = mem::take(request.headers_mut());
        let before = HeaderMap::new();
        let mut format = cx.format_context(version);
        format.request = Some(cx.head.with(&method, &before));
        routed.decision.change_request(&mut headers, &format);
        if let Some(path) =
            routed.route().and_then(|route| route.rewrite.apply(&cx.head.path_and_query))
        {
            if cx.added.debug {
                note(&mut headers, "x-envoy-original-path", &cx.head.path_and_query);
            }
            cx.head.path_and_query = path.into();
        }
        // One that is rewritten to itself is told of too.
        if let Some(authority) = routed.decision.authority() {
            if cx.added.debug {
                note(&mut headers, "x-envoy-original-host", &cx.head.authority);
            }
            if cx.added.forwarded_host
                && routed.route().is_some_and(|route| route.rewrite != Rewrite::default())
            {
                append_host(&mut headers, &cx.head.authority);
            }
            cx.head.authority = authority.into();
        }
        *request.headers_mut() = headers;
    }
    request.extensions_mut().insert(cx);
}

/// Appends a host to `x-forwarded-host`, where it is not the last one there.
fn append_host(headers: &mut HeaderMap, host: &str) {
    let before = headers.get(&FORWARDED_HOST).map(HeaderValue::as_bytes).unwrap_or_default();
    if host.is_empty() || before.rsplit(|byte| *byte == b',').next() == Some(host.as_bytes()) {
        return;
    }
    let separator: &[u8] = if before.is_empty() { b"" } else { b"," };
    if let Ok(hosts) = HeaderValue::from_bytes(&[before, separator, host.as_bytes()].concat()) {
        headers.insert(FORWARDED_HOST, hosts);
    }
}

const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

fn note(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
