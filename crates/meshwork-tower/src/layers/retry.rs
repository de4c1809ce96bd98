//! Trying again.

use std::{
    mem,
    sync::{Arc, Mutex, PoisonError},
    task::{self, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderValue, Request, Response, request::Parts};
use meshwork_balance::{Attempts, Permit, Resource};
use meshwork_routing::{AvoidPreviousHosts, ResetReason, RetryPolicy, TryOutcome};
use tower_layer::Layer;
use tower_service::Service;

use crate::{
    AddedHeaders, BoxError, Clock, ClusterHandle, Flag, MeshContext, Replay, ReplayBody,
    ResponseFlags, StreamReset, Timing, UpstreamFailure, is_grpc,
};

/// Tries requests again as their route's `retries` say, and numbers the tries.
///
/// The body is kept while it streams, up to 1 MiB; a request that is longer is not tried again.
/// Pauses are drawn from the request's randomness, and each retry needs room in its cluster's
/// circuit breaker.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RetryLayer {
    clock: Clock,
    body_limit: usize,
}

impl RetryLayer {
    /// The layer, keeping bodies up to Envoy's 1 MiB; `clock` is the one that the clusters have.
    pub const fn new(clock: Clock) -> Self {
        Self { clock, body_limit: 1 << 20 }
    }

    /// Keeps bodies of up to so many bytes.
    #[must_use]
    pub const fn body_limit(mut self, limit: usize) -> Self {
        self.body_limit = limit;
        self
    }
}

impl<S> Layer<S> for RetryLayer {
    type Service = Retry<S>;

    fn layer(&self, inner: S) -> Retry<S> {
        Retry { inner, layer: *self }
    }
}

/// The service of [`RetryLayer`].
#[derive(Clone, Debug)]
pub struct Retry<S> {
    inner: S,
    layer: RetryLayer,
}

/// One try of a request: a request extension below the [`RetryLayer`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Attempt {
    /// Its number, from 1.
    pub number: u16,
    /// The endpoints that were tried; whoever picks one adds it.
    pub tried: Arc<Mutex<Attempts>>,
    /// Whether the try's own time is over.
    pub timing: Timing,
}

impl Attempt {
    /// The endpoints tried so far.
    pub fn tried(&self) -> Attempts {
        self.tried.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl<S, B, R> Service<Request<B>> for Retry<S>
where
    S: Service<Request<ReplayBody<B>>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
    R: From<Bytes> + Send + 'static,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Response<R>, S::Error>>;

    fn poll_ready(&mut self, cx: &mut task::Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let clone = self.inner.clone();
        let inner = mem::replace(&mut self.inner, clone);
        let (parts, body) = request.into_parts();
        let cx = parts.extensions.get::<MeshContext>();
        let policy = cx.and_then(|cx| cx.route()?.retry.clone());
        let added = cx.map(|cx| cx.added).unwrap_or_default();
        let grpc = cx.map_or_else(|| is_grpc(&parts.headers), |cx| cx.grpc);
        let limit = cx.and_then(|cx| cx.buffer_limit).unwrap_or(self.layer.body_limit);
        let body = Replay::new(body, limit);
        let tries = Tries { parts, body, added, grpc, policy, clock: self.layer.clock };
        Box::pin(tries.run(inner))
    }
}

/// A request that is being tried.
struct Tries<B> {
    parts: Parts,
    body: Replay<B>,
    policy: Option<RetryPolicy>,
    added: AddedHeaders,
    /// Whether the request came as gRPC.
    grpc: bool,
    clock: Clock,
}

impl<B> Tries<B>
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    async fn run<S, R>(self, mut inner: S) -> Result<Response<R>, S::Error>
    where
        S: Service<Request<ReplayBody<B>>, Response = Response<R>> + Clone,
        R: From<Bytes>,
    {
        let tried = Arc::new(Mutex::new(self.attempts()));
        let mut left = self.policy.as_ref().map_or(0, |policy| policy.attempts);
        let mut permit: Option<Permit> = None;
        let mut number = 1;
        loop {
            let attempt = Attempt { number, tried: Arc::clone(&tried), timing: Timing::default() };
            // The first try has been waited for by whoever called.
            if number > 1 {
                std::future::poll_fn(|cx| inner.poll_ready(cx)).await?;
            }
            let answer = self.attempt(&mut inner, attempt).await?;
            // A retry holds its place until its own outcome is known.
            drop(permit.take());
            let Some(policy) = self.policy.as_ref().filter(|policy| wants(policy, &answer)) else {
                return Ok(self.last(answer, number, None));
            };
            if !self.body.can_replay() {
                return Ok(self.last(answer, number, None));
            }
            if left == 0 {
                let flag = (policy.attempts > 0).then_some(Flag::UpstreamRetryLimitExceeded);
                return Ok(self.last(answer, number, flag));
            }
            left -= 1;
            permit = match self.permit() {
                Ok(permit) => permit,
                Err(()) => return Ok(self.last(answer, number, Some(Flag::UpstreamOverflow))),
            };
            drop(answer);
            tokio::time::sleep(self.pause(policy, number)).await;
            number += 1;
        }
    }

    async fn attempt<S, R>(&self, inner: &mut S, attempt: Attempt) -> Result<Response<R>, S::Error>
    where
        S: Service<Request<ReplayBody<B>>, Response = Response<R>>,
        R: From<Bytes>,
    {
        let per_try = self.per_try_timeout();
        let timing = attempt.timing.clone();
        let answer = inner.call(self.request(attempt, per_try));
        let Some(per_try) = per_try else { return answer.await };
        let timer = async {
            self.body.completed().await;
            tokio::time::sleep(per_try).await;
        };
        tokio::select! {
            biased;
            answer = answer => answer,
            () = timer => {
                timing.strike();
                let failure = UpstreamFailure::PerTryTimeout;
                let mut response = failure.local_reply(false).into_response(self.grpc);
                response.extensions_mut().insert(failure);
                Ok(response)
            }
        }
    }

    /// The request of one try, numbered and with the time that it has.
    fn request(&self, attempt: Attempt, per_try: Option<Duration>) -> Request<ReplayBody<B>> {
        let mut parts = self.parts.clone();
        let cx = parts.extensions.get::<MeshContext>();
        let left = cx.and_then(|cx| cx.timing.remaining());
        let number = attempt.number;
        parts.extensions.insert(attempt);
        let headers = &mut parts.headers;
        if self.policy.is_some() && self.added.attempt_count {
            headers.insert("x-envoy-attempt-count", HeaderValue::from(number));
        }
        if let Some(expected) = per_try.into_iter().chain(left).min() {
            let millis = millis(expected);
            if self.added.debug {
                headers.insert("x-envoy-expected-rq-timeout-ms", HeaderValue::from(millis));
            }
            if self.grpc
                && let Ok(timeout) = format!("{millis}m").parse()
            {
                headers.insert("grpc-timeout", timeout);
            }
        }
        Request::from_parts(parts, self.body.copy())
    }

    /// The answer that the caller gets.
    fn last<R: From<Bytes>>(
        &self,
        answer: Response<R>,
        number: u16,
        flag: Option<Flag>,
    ) -> Response<R> {
        let mut answer = answer;
        if number > 1
            && let Some(failure) = answer.extensions().get::<UpstreamFailure>()
        {
            let failure = failure.clone();
            answer = failure.local_reply(true).into_response(self.grpc);
            answer.extensions_mut().insert(failure);
        }
        if let Some(flag) = flag {
            let flags = answer.extensions().get::<ResponseFlags>().copied().unwrap_or_default();
            answer.extensions_mut().insert(flags | flag);
        }
        answer
    }

    fn attempts(&self) -> Attempts {
        self.policy.as_ref().map_or_else(Attempts::default, |policy| {
            let remote = policy.avoid_previous_localities.is_some();
            let avoid = match policy.avoid_previous_hosts {
                AvoidPreviousHosts::Never => false,
                AvoidPreviousHosts::Always => true,
                AvoidPreviousHosts::UnlessHashed => {
                    !self.cluster().is_some_and(ClusterHandle::is_hashing)
                }
            };
            Attempts::new(avoid, remote)
        })
    }

    /// Room for a retry in the cluster's circuit breaker.
    fn permit(&self) -> Result<Option<Permit>, ()> {
        let Some(cluster) = self.cluster() else { return Ok(None) };
        let permit = cluster.breaker().try_acquire(Resource::Retry, self.clock.now());
        permit.map(Some).map_err(|_| ())
    }

    fn cluster(&self) -> Option<&ClusterHandle> {
        self.parts.extensions.get::<MeshContext>()?.routed.as_ref()?.cluster.as_ref()
    }

    fn pause(&self, policy: &RetryPolicy, number: u16) -> Duration {
        let cx = self.parts.extensions.get::<MeshContext>();
        cx.map_or(Duration::ZERO, |cx| policy.backoff(number, &cx.draws))
    }

    /// `perTryTimeout`; one that is not shorter than the timeout of all tries counts for nothing.
    fn per_try_timeout(&self) -> Option<Duration> {
        let per_try = self.policy.as_ref()?.per_try_timeout?;
        let limit = self.parts.extensions.get::<MeshContext>().and_then(|cx| cx.timing.limit());
        limit.is_none_or(|limit| per_try < limit).then_some(per_try)
    }
}

fn wants<R>(policy: &RetryPolicy, answer: &Response<R>) -> bool {
    let (status, headers): (_, &HeaderMap) = (answer.status(), answer.headers());
    let outcome = match answer.extensions().get::<UpstreamFailure>() {
        None => TryOutcome::Response { status, headers },
        Some(UpstreamFailure::Connect(_)) => TryOutcome::Reset(ResetReason::ConnectFailure),
        Some(UpstreamFailure::Reset { reason: StreamReset::RemoteRefusedStream, .. }) => {
            TryOutcome::Reset(ResetReason::RefusedStream)
        }
        Some(UpstreamFailure::Reset { reason: StreamReset::LocalReset, .. }) => return false,
        Some(UpstreamFailure::Reset { request_sent, .. }) => {
            TryOutcome::Reset(ResetReason::Reset { request_sent: *request_sent })
        }
        Some(UpstreamFailure::PerTryTimeout) => {
            TryOutcome::Reset(ResetReason::Reset { request_sent: true })
        }
        Some(
            UpstreamFailure::Overflow
            | UpstreamFailure::NoCluster(_)
            | UpstreamFailure::NoHealthyUpstream,
        ) => return false,
    };
    policy.should_retry(&outcome)
}

/// What is left of a time, in milliseconds begun; never 0, which would be taken for no limit.
fn millis(left: Duration) -> u64 {
    u64::try_from(left.as_micros().div_ceil(1000)).unwrap_or(u64::MAX).max(1)
}
