//! Copies of requests, sent and forgotten.

use std::{sync::Arc, task, time::Duration};

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::Either;
use tower_layer::Layer;
use tower_service::Service;

use crate::{BoxError, ClusterHandle, EndpointChoice, MeshContext, Replay, ReplayBody, Routed};

/// Sends copies of requests to the mirrors of their route, and throws the answers away.
///
/// The copy is what the route forwards: it stands below the [`HeadersLayer`](crate::HeadersLayer)
/// and above retries. Nothing is copied where the request itself has no cluster or no endpoint,
/// and nothing to a mirror that is found by the original destination: a copy has no connection
/// that was meant to go anywhere, in Envoy either.
#[derive(Clone, Debug)]
pub struct MirrorLayer<M> {
    shadow: M,
}

impl<M> MirrorLayer<M> {
    /// Sends copies by `shadow`, usually a [`BalanceService`](crate::BalanceService).
    pub const fn new(shadow: M) -> Self {
        Self { shadow }
    }
}

impl<S, M: Clone> Layer<S> for MirrorLayer<M> {
    type Service = Mirroring<S, M>;

    fn layer(&self, inner: S) -> Mirroring<S, M> {
        Mirroring { inner, shadow: self.shadow.clone() }
    }
}

/// The service of [`MirrorLayer`].
#[derive(Clone, Debug)]
pub struct Mirroring<S, M> {
    inner: S,
    shadow: M,
}

/// A request body, kept for a mirror or not.
type Mirrored<B> = Either<B, ReplayBody<B>>;

impl<S, M, B> Service<Request<B>> for Mirroring<S, M>
where
    S: Service<Request<Mirrored<B>>>,
    M: Service<Request<ReplayBody<B>>> + Clone + Send + 'static,
    M::Future: Send,
    M::Error: Send,
    M::Response: IntoDrained + Send,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut task::Context<'_>) -> task::Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> S::Future {
        let targets = targets(&request);
        if targets.is_empty() {
            return self.inner.call(request.map(Either::Left));
        }
        let (parts, body) = request.into_parts();
        let replay = Replay::new(body, Replay::<B>::LIMIT);
        for target in targets {
            let mut copy = Request::from_parts(parts.clone(), replay.shadow());
            let mut limit = None;
            copy.extensions_mut().remove::<hyper::upgrade::OnUpgrade>();
            if let Some(cx) = copy.extensions_mut().get_mut::<MeshContext>() {
                limit = cx.route().and_then(|route| route.timeout);
                cx.record = Default::default();
                cx.routed = cx.routed.as_ref().map(|routed| {
                    let cluster = Some(target);
                    Arc::new(Routed { cluster, ..Routed::new(routed.decision.clone()) })
                });
            }
            tokio::spawn(send(self.shadow.clone(), copy, limit));
        }
        self.inner.call(Request::from_parts(parts, Either::Right(replay.copy())))
    }
}

/// The clusters that get a copy of this request.
fn targets<B>(request: &Request<B>) -> Vec<ClusterHandle> {
    let Some(cx) = MeshContext::of(request) else { return Vec::new() };
    let Some(routed) = cx.routed.as_ref().filter(|routed| !routed.mirrors.is_empty()) else {
        return Vec::new();
    };
    let has_host = || routed.cluster.as_ref().is_some_and(ClusterHandle::has_host);
    if *request.method() == Method::CONNECT || !has_host() {
        return Vec::new();
    }
    routed
        .decision
        .mirrors(&cx.draws)
        .filter_map(|mirror| routed.mirrors.get(usize::from(mirror.index))?.clone())
        .filter(|mirror| {
            !matches!(mirror.options().choice, EndpointChoice::OriginalDestination { .. })
        })
        .collect()
}

async fn send<M, B>(mut shadow: M, copy: Request<B>, limit: Option<Duration>)
where
    M: Service<Request<B>>,
    M::Response: IntoDrained,
{
    let exchange = async {
        if std::future::poll_fn(|cx| shadow.poll_ready(cx)).await.is_err() {
            return;
        }
        if let Ok(answer) = shadow.call(copy).await {
            answer.drained().await;
        }
    };
    match limit {
        // Nobody is told what became of a copy.
        Some(limit) => drop(tokio::time::timeout(limit, exchange).await),
        None => exchange.await,
    }
}

/// Answers that can be read to their end and dropped.
pub trait IntoDrained {
    /// Reads the body and forgets it.
    fn drained(self) -> impl Future<Output = ()> + Send;
}

impl<R> IntoDrained for Response<R>
where
    R: http_body::Body + Send,
{
    async fn drained(self) {
        let mut body = std::pin::pin!(self.into_body());
        while let Some(Ok(_)) = std::future::poll_fn(|cx| body.as_mut().poll_frame(cx)).await {}
    }
}
