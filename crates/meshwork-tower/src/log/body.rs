//! Bodies that are counted while they pass.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep};

use super::layer::Line;
use crate::{BoxError, Record};

pin_project_lite::pin_project! {
    /// A request body whose bytes are counted.
    pub struct CountedBody<B> {
        #[pin]
        body: B,
        record: Record,
    }
}

impl<B: Body> CountedBody<B> {
    pub(super) fn new(body: B, record: Record) -> Self {
        if body.is_end_stream() {
            record.progress().set_complete();
        }
        Self { body, record }
    }
}

impl<B: Body<Data = Bytes>> Body for CountedBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let mut this = self.project();
        let frame = this.body.as_mut().poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &frame
            && let Some(data) = frame.data_ref()
        {
            this.record.progress().receive(data.len() as u64);
        }
        if matches!(frame, Poll::Ready(None)) || frame.is_ready() && this.body.is_end_stream() {
            this.record.progress().set_complete();
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
        let received = self.record.progress().received();
        f.debug_struct("CountedBody").field("received", &received).finish_non_exhaustive()
    }
}

pin_project_lite::pin_project! {
    /// An answer's body; when it has passed, the request's line is written. It fails when the
    /// request has gone on, or has been silent, for longer than its limits allow.
    pub struct LoggedBody<R> {
        #[pin]
        body: R,
        line: Option<Line>,
        timer: Option<Pin<Box<Sleep>>>,
    }
}

impl<R> LoggedBody<R> {
    pub(super) fn new(body: R, line: Line) -> Self {
        let due = line.record.progress().answer_due();
        let timer = due.map(|at| Box::pin(tokio::time::sleep_until(at)));
        Self { body, line: Some(line), timer }
    }
}

impl<R> Body for LoggedBody<R>
where
    R: Body<Data = Bytes>,
    R::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let mut this = self.project();
        let frame = this.body.as_mut().poll_frame(cx);
        match &frame {
            Poll::Ready(Some(Ok(frame))) => {
                if let (Some(line), Some(data)) = (this.line.as_mut(), frame.data_ref()) {
                    line.sent += data.len() as u64;
                }
                if let (Some(line), Some(_)) = (this.line.as_ref(), this.timer.as_ref()) {
                    line.record.progress().touch();
                }
            }
            Poll::Ready(Some(Err(_))) => {
                if let Some(line) = this.line.take() {
                    line.finish(true);
                }
            }
            Poll::Ready(None) => {}
            Poll::Pending => {
                let Some(line) = is_late(this.timer, this.line, cx) else { return Poll::Pending };
                line.finish(true);
                let late = "the time of the request is over";
                return Poll::Ready(Some(Err(late.into())));
            }
        }
        if (matches!(frame, Poll::Ready(None)) || this.body.is_end_stream())
            && let Some(line) = this.line.take()
        {
            line.finish(true);
        }
        frame.map(|frame| frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The line of a request whose time is over.
fn is_late(
    timer: &mut Option<Pin<Box<Sleep>>>,
    line: &mut Option<Line>,
    cx: &mut Context<'_>,
) -> Option<Line> {
    while let Some(sleep) = timer {
        if sleep.as_mut().poll(cx).is_pending() {
            return None;
        }
        let progress = line.as_ref()?.record.progress();
        match progress.answer_due() {
            Some(at) if at > Instant::now() => sleep.as_mut().reset(at),
            due => {
                *timer = None;
                let flag = due.and_then(|_| progress.answer_flag());
                let line = line.take()?;
                if let Some(flag) = flag {
                    line.record.flag(flag);
                }
                return Some(line);
            }
        }
    }
    None
}

impl<R> fmt::Debug for LoggedBody<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoggedBody").finish_non_exhaustive()
    }
}
