//! A request body that is kept while it streams, so that it can be sent again.

use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use super::BoxError;

/// The one source of a request body, of which several copies are streamed.
///
/// A copy streams the body as it arrives and what has passed is kept, up to a limit, so that the
/// next copy can begin with it. Shadows (a mirror beside the request) follow the copy and never
/// hurry it. Beyond the limit nothing is kept: the copy goes on, shadows that lag behind end with
/// an error, and no further copy is whole.
pub struct Replay<B>(Arc<Mutex<Source<B>>>);

struct Source<B> {
    body: Option<Pin<Box<B>>>,
    kept: VecDeque<Bytes>,
    /// How many chunks at the front have gone, after the limit was passed.
    gone: usize,
    kept_len: usize,
    /// The next chunk of the copy that leads.
    front: usize,
    /// Which copy leads: the last one that was made.
    leader: u32,
    leading: bool,
    limit: usize,
    trailers: Option<http::HeaderMap>,
    failed: Option<Arc<str>>,
    overflowed: bool,
    size: SizeHint,
    waiting: Vec<Waker>,
}

impl<B> Replay<B>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    /// Envoy's default limit of what is kept: 1 MiB, inclusive.
    pub const LIMIT: usize = 1 << 20;

    /// Keeps up to `limit` bytes of `body`.
    pub fn new(body: B, limit: usize) -> Self {
        let size = body.size_hint();
        let ended = body.is_end_stream();
        let too_long = size.lower() > u64::try_from(limit).unwrap_or(u64::MAX);
        Self(Arc::new(Mutex::new(Source {
            body: (!ended).then(|| Box::pin(body)),
            kept: VecDeque::new(),
            gone: 0,
            kept_len: 0,
            front: 0,
            leader: 0,
            leading: false,
            limit,
            trailers: None,
            failed: None,
            overflowed: too_long,
            size,
            waiting: Vec::new(),
        })))
    }

    /// A copy from the beginning, which leads from now on.
    pub fn copy(&self) -> ReplayBody<B> {
        let mut source = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        source.leader += 1;
        source.leading = true;
        source.front = 0;
        self.reader(Some(source.leader))
    }

    /// A copy from the beginning that follows the others.
    pub fn shadow(&self) -> ReplayBody<B> {
        self.reader(None)
    }

    fn reader(&self, leader: Option<u32>) -> ReplayBody<B> {
        let source = Arc::clone(&self.0);
        ReplayBody { source, leader, next: 0, trailers_done: false, sent: 0 }
    }

    /// Whether a further copy would still be whole.
    pub fn can_replay(&self) -> bool {
        let source = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        !source.overflowed && source.failed.is_none()
    }

    /// Whether the whole request has arrived.
    pub fn is_complete(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).body.is_none()
    }

    /// Waits until the whole request has arrived, or failed to.
    pub async fn completed(&self) {
        std::future::poll_fn(|cx| {
            let mut source = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if source.body.is_none() {
                return Poll::Ready(());
            }
            source.waiting.push(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

impl<B> Clone for Replay<B> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<B> fmt::Debug for Replay<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        f.debug_struct("Replay")
            .field("kept", &source.kept_len)
            .field("overflowed", &source.overflowed)
            .finish()
    }
}

impl<B> Source<B>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    /// The chunk of a number, if it is here already.
    fn chunk(&self, number: usize) -> Option<Result<Bytes, BoxError>> {
        if number < self.gone {
            return Some(Err("the request body is no longer kept".into()));
        }
        self.kept.get(number - self.gone).cloned().map(Ok)
    }

    /// Takes one more frame of the body; `Ready` when something changed.
    fn advance(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(body) = &mut self.body else { return Poll::Ready(()) };
        match body.as_mut().poll_frame(cx) {
            Poll::Pending => {
                self.waiting.push(cx.waker().clone());
                return Poll::Pending;
            }
            Poll::Ready(None) => self.body = None,
            Poll::Ready(Some(Err(error))) => {
                self.failed = Some(error.into().to_string().into());
                self.body = None;
            }
            Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                Ok(data) => {
                    self.kept_len += data.len();
                    self.kept.push_back(data);
                    if self.kept_len > self.limit {
                        self.overflowed = true;
                    }
                    while self.overflowed && self.gone < self.front {
                        self.kept.pop_front();
                        self.gone += 1;
                    }
                }
                Err(frame) => {
                    self.trailers = frame.into_trailers().ok();
                    self.body = None;
                }
            },
        }
        if self.body.as_ref().is_some_and(|body| body.is_end_stream()) {
            self.body = None;
        }
        for waker in self.waiting.drain(..) {
            waker.wake();
        }
        Poll::Ready(())
    }
}

/// One copy of a request body.
pub struct ReplayBody<B> {
    source: Arc<Mutex<Source<B>>>,
    /// Its number, where it may lead.
    leader: Option<u32>,
    next: usize,
    trailers_done: bool,
    sent: u64,
}

impl<B> fmt::Debug for ReplayBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplayBody").field("sent", &self.sent).finish_non_exhaustive()
    }
}

impl<B> http_body::Body for ReplayBody<B>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        let mut source = this.source.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(chunk) = source.chunk(this.next) {
                this.next += 1;
                if this.leader == Some(source.leader) {
                    source.front = this.next;
                }
                return Poll::Ready(Some(chunk.map(|data| {
                    this.sent += data.len() as u64;
                    Frame::data(data)
                })));
            }
            if source.body.is_none() {
                if let Some(reason) = &source.failed {
                    return Poll::Ready(Some(Err(reason.to_string().into())));
                }
                if !std::mem::replace(&mut this.trailers_done, true)
                    && let Some(trailers) = source.trailers.clone()
                {
                    return Poll::Ready(Some(Ok(Frame::trailers(trailers))));
                }
                return Poll::Ready(None);
            }
            if this.leader.is_none() && source.leading {
                source.waiting.push(cx.waker().clone());
                return Poll::Pending;
            }
            if source.advance(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        let source = self.source.lock().unwrap_or_else(PoisonError::into_inner);
        source.body.is_none()
            && source.failed.is_none()
            && self.next >= source.gone + source.kept.len()
            && (self.trailers_done || source.trailers.is_none())
    }

    fn size_hint(&self) -> SizeHint {
        let size = self.source.lock().unwrap_or_else(PoisonError::into_inner).size;
        let mut left = SizeHint::new();
        if let Some(upper) = size.upper() {
            left.set_upper(upper.saturating_sub(self.sent));
        }
        left.set_lower(size.lower().saturating_sub(self.sent));
        left
    }
}

impl<B> Drop for ReplayBody<B> {
    fn drop(&mut self) {
        let mut source = self.source.lock().unwrap_or_else(PoisonError::into_inner);
        if self.leader == Some(source.leader) {
            source.leading = false;
            for waker in source.waiting.drain(..) {
                waker.wake();
            }
        }
    }
}

#[cfg(test)]
mod tests;
