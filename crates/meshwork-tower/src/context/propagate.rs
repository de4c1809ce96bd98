//! What travels from a request that a workload serves to the calls that it makes meanwhile.

use std::task::{self, Poll};

use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use tokio::time::Instant;
use tower_layer::Layer;
use tower_service::Service;

use crate::MeshContext;

/// Lets calls that the application makes while it serves a request carry on its trace.
///
/// `x-request-id`, the trace headers that Istio's applications copy, and the caller's deadline go
/// into outbound calls that are made from the same task and do not bear such headers themselves.
/// Calls from tasks that the application spawns are its own affair: it copies the headers there, as
/// with a sidecar.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct PropagateLayer {}

impl PropagateLayer {
    /// The layer; it stands right above the application.
    pub const fn new() -> Self {
        Self {}
    }
}

impl<S> Layer<S> for PropagateLayer {
    type Service = Propagate<S>;

    fn layer(&self, inner: S) -> Propagate<S> {
        Propagate { inner }
    }
}

/// The service of [`PropagateLayer`].
#[derive(Clone, Debug)]
pub struct Propagate<S> {
    inner: S,
}

impl<S, B> Service<Request<B>> for Propagate<S>
where
    S: Service<Request<B>>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<S::Response, S::Error>>;

    fn poll_ready(&mut self, cx: &mut task::Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let headers = PROPAGATED
            .into_iter()
            .filter_map(|name| {
                let value = request.headers().get(name)?.clone();
                Some((HeaderName::from_static(name), value))
            })
            .collect();
        let deadline = MeshContext::of(&request).and_then(|cx| cx.deadline);
        let served = Served { headers, deadline };
        Box::pin(SERVED.scope(served, self.inner.call(request)))
    }
}

/// What the request that is being served hands on.
struct Served {
    headers: Vec<(HeaderName, HeaderValue)>,
    deadline: Option<Instant>,
}

tokio::task_local! {
    static SERVED: Served;
}

/// Adds what the request that is being served hands on; returns its deadline.
pub(super) fn adopt(headers: &mut HeaderMap) -> Option<Instant> {
    SERVED
        .try_with(|served| {
            for (name, value) in &served.headers {
                if !headers.contains_key(name) {
                    headers.insert(name.clone(), value.clone());
                }
            }
            served.deadline
        })
        .ok()
        .flatten()
}

const PROPAGATED: [&str; 12] = [
    "x-request-id",
    "traceparent",
    "tracestate",
    "b3",
    "x-b3-traceid",
    "x-b3-spanid",
    "x-b3-parentspanid",
    "x-b3-sampled",
    "x-b3-flags",
    "x-ot-span-context",
    "x-cloud-trace-context",
    "grpc-trace-bin",
];
