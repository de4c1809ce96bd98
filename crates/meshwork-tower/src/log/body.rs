//! Bodies that are counted while they pass.

use std::{
    fmt,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::layer::Line;

pin_project_lite::pin_project! {
    /// A request body whose bytes are counted.
    pub struct CountedBody<B> {
        #[pin]
        body: B,
        count: Arc<AtomicU64>,
    }
}

impl<B> CountedBody<B> {
    pub(super) const fn new(body: B, count: Arc<AtomicU64>) -> Self {
        Self { body, count }
    }
}

impl<B: Body<Data = Bytes>> Body for CountedBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = self.project();
        let frame = this.body.poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &frame
            && let Some(data) = frame.data_ref()
        {
            this.count.fetch_add(data.len() as u64, Ordering::Relaxed);
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

impl<B> fmt::Debug for CountedBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CountedBody").field("count", &self.count).finish_non_exhaustive()
    }
}

pin_project_lite::pin_project! {
    /// An answer's body; when it has passed, the request's line is written.
    pub struct LoggedBody<R> {
        #[pin]
        body: R,
        line: Option<Line>,
    }
}

impl<R> LoggedBody<R> {
    pub(super) const fn new(body: R, line: Line) -> Self {
        Self { body, line: Some(line) }
    }
}

impl<R: Body<Data = Bytes>> Body for LoggedBody<R> {
    type Data = Bytes;
    type Error = R::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, R::Error>>> {
        let mut this = self.project();
        let frame = this.body.as_mut().poll_frame(cx);
        match &frame {
            Poll::Ready(Some(Ok(frame))) => {
                if let (Some(line), Some(data)) = (this.line.as_mut(), frame.data_ref()) {
                    line.sent += data.len() as u64;
                }
            }
            Poll::Ready(Some(Err(_))) => {
                if let Some(line) = this.line.take() {
                    line.finish(true);
                }
            }
            Poll::Ready(None) | Poll::Pending => {}
        }
        if (matches!(frame, Poll::Ready(None)) || this.body.is_end_stream())
            && let Some(line) = this.line.take()
        {
            line.finish(true);
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

impl<R> fmt::Debug for LoggedBody<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoggedBody").finish_non_exhaustive()
    }
}
