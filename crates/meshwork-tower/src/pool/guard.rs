//! A body that holds something until it has passed.

use std::{
    any::Any,
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

/// Keeps permits and picks alive until a response has been read, failed, or been given up.
pub(crate) struct Guarded<B> {
    body: B,
    guard: Option<Box<dyn Any + Send>>,
}

impl<B> Guarded<B> {
    pub(crate) fn new(body: B, guard: impl Any + Send) -> Self {
        Self { body, guard: Some(Box::new(guard)) }
    }
}

impl<B: http_body::Body<Data = Bytes> + Unpin> http_body::Body for Guarded<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if matches!(frame, Poll::Ready(None | Some(Err(_)))) || self.body.is_end_stream() {
            self.guard = None;
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

impl<B> fmt::Debug for Guarded<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guarded").field("held", &self.guard.is_some()).finish_non_exhaustive()
    }
}
