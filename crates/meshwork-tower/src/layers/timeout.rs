//! The time limit for all tries of a request.

use std::{
    fmt, mem,
    pin::Pin,
    task::{self, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use http_body::{Frame, SizeHint};
use tokio::{
    sync::watch,
    time::{Instant, Sleep},
};
use tower_layer::Layer;
use tower_service::Service;

use crate::{BoxError, LocalReply, MeshContext, Timing};

/// Gives up requests after their route's `timeout`, or after a gRPC caller's `grpc-timeout`.
///
/// The clock starts when the whole request has come and stops when the whole answer has passed; it
/// covers all tries and the pauses between them. Before the head of the answer the caller gets 504;
/// after it the stream is reset.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct TimeoutLayer {}

impl TimeoutLayer {
    /// The layer.
    pub const fn new() -> Self {
        Self {}
    }
}

impl<S> Layer<S> for TimeoutLayer {
    type Service = Timeout<S>;

    fn layer(&self, inner: S) -> Timeout<S> {
        Timeout { inner }
    }
}

/// The service of [`TimeoutLayer`].
#[derive(Clone, Debug)]
pub struct Timeout<S> {
    inner: S,
}

impl<S, B, R> Service<Request<B>> for Timeout<S>
where
    S: Service<Request<WatchedBody<B>>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: http_body::Body + Send + 'static,
    R: From<Bytes>,
{
    type Response = Response<TimedBody<R>>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Self::Response, S::Error>>;

    fn poll_ready(&mut self, cx: &mut task::Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let limit = MeshContext::of(&request).and_then(|cx| {
            let head = cx.head.with(request.method(), request.headers());
            let own = cx.route().and_then(|route| route.timeout(&head));
            // The caller's caller gives up at a moment of its own.
            let left = cx.deadline.map(|end| end.saturating_duration_since(Instant::now()));
            own.into_iter().chain(left).min()
        });
        let clone = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, clone);
        let Some(limit) = limit else {
            let answer = inner.call(request.map(WatchedBody::unwatched));
            return Box::pin(async move { Ok(answer.await?.map(TimedBody::untimed)) });
        };
        let timing = Timing::limited(limit);
        if let Some(cx) = request.extensions_mut().get_mut::<MeshContext>() {
            cx.timing = timing.clone();
        }
        let grpc = MeshContext::is_grpc(&request);
        let (complete, completed) = watch::channel(false);
        let request = request.map(|body| WatchedBody::new(body, complete, timing.clone()));
        let answer = inner.call(request);
        Box::pin(async move {
            let mut timer = Box::pin(after_completion(completed, limit));
            tokio::select! {
                biased;
                answer = answer => Ok(answer?.map(|body| TimedBody::new(body, &timing))),
                () = &mut timer => {
                    timing.strike();
                    let reply = LocalReply::timeout("response_timeout");
                    Ok(reply.into_response::<R>(grpc).map(TimedBody::untimed))
                }
            }
        })
    }
}

/// Waits until the request is complete and then for `limit`.
async fn after_completion(mut completed: watch::Receiver<bool>, limit: Duration) {
    if completed.wait_for(|complete| *complete).await.is_err() {
        // The body was dropped unread: nothing more of the request will come.
    }
    tokio::time::sleep(limit).await;
}

pin_project_lite::pin_project! {
    /// A request body that tells when it has come whole.
    pub struct WatchedBody<B> {
        #[pin]
        body: B,
        watch: Option<(watch::Sender<bool>, Timing)>,
    }
}

impl<B: http_body::Body> WatchedBody<B> {
    fn new(body: B, complete: watch::Sender<bool>, timing: Timing) -> Self {
        let mut this = Self { body, watch: Some((complete, timing)) };
        if this.body.is_end_stream() {
            tell(&mut this.watch);
        }
        this
    }

    fn unwatched(body: B) -> Self {
        Self { body, watch: None }
    }
}

fn tell(watch: &mut Option<(watch::Sender<bool>, Timing)>) {
    if let Some((complete, timing)) = watch.take() {
        timing.set_complete();
        complete.send_replace(true);
    }
}

impl<B: http_body::Body> http_body::Body for WatchedBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut task::Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let frame = this.body.as_mut().poll_frame(cx);
        if matches!(frame, Poll::Ready(None)) || this.body.is_end_stream() {
            tell(this.watch);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B> fmt::Debug for WatchedBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WatchedBody")
            .field("watched", &self.watch.is_some())
            .finish_non_exhaustive()
    }
}

pin_project_lite::pin_project! {
    /// An answer's body that fails when the time of its request is over.
    pub struct TimedBody<R> {
        #[pin]
        body: R,
        timer: Option<Pin<Box<Sleep>>>,
    }
}

impl<R> TimedBody<R> {
    fn new(body: R, timing: &Timing) -> Self {
        let timer = timing.remaining().map(|left| Box::pin(tokio::time::sleep(left)));
        Self { body, timer }
    }

    fn untimed(body: R) -> Self {
        Self { body, timer: None }
    }
}

impl<R: From<Bytes>> From<Bytes> for TimedBody<R> {
    fn from(bytes: Bytes) -> Self {
        Self::untimed(bytes.into())
    }
}

impl<R> http_body::Body for TimedBody<R>
where
    R: http_body::Body,
    R::Error: Into<BoxError>,
{
    type Data = R::Data;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut task::Context<'_>,
    ) -> Poll<Option<Result<Frame<R::Data>, BoxError>>> {
        let this = self.project();
        match this.body.poll_frame(cx) {
            Poll::Pending => {}
            Poll::Ready(frame) => {
                return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
            }
        }
        let Some(timer) = this.timer else { return Poll::Pending };
        std::task::ready!(timer.as_mut().poll(cx));
        *this.timer = None;
        Poll::Ready(Some(Err("the time of the request is over".into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<R> fmt::Debug for TimedBody<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimedBody").field("timed", &self.timer.is_some()).finish_non_exhaustive()
    }
}
