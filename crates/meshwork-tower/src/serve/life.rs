//! The life of one connection: how long it may idle, live, and wait for the head of a request.

use std::{
    fmt, io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Buf as _, Bytes};
use futures_util::task::AtomicWaker;
use http::HeaderValue;
use http_body::{Body, Frame, SizeHint};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::Notify,
    time::Instant,
};

use crate::ConnectionLimits;

/// What is known of a connection that is being served.
pub(super) struct Life {
    limits: ConnectionLimits,
    began: Instant,
    /// Requests under way.
    active: AtomicUsize,
    /// Since when there has been none, in microseconds of the connection's life.
    idle_since: AtomicU64,
    /// When the first byte of a head came that is not whole yet, plus 1; 0 where there is none.
    head_since: AtomicU64,
    head_began: Notify,
    http2: AtomicBool,
    draining: AtomicBool,
    late: AtomicBool,
    reader: AtomicWaker,
}

impl Life {
    pub(super) fn new(limits: ConnectionLimits) -> Arc<Self> {
        Arc::new(Self {
            limits,
            began: Instant::now(),
            active: AtomicUsize::new(0),
            idle_since: AtomicU64::new(0),
            head_since: AtomicU64::new(0),
            head_began: Notify::new(),
            http2: AtomicBool::new(false),
            draining: AtomicBool::new(false),
            late: AtomicBool::new(false),
            reader: AtomicWaker::new(),
        })
    }

    /// Waits for as long as a connection may say nothing at all; there is nothing to drain then.
    pub(super) async fn silence(&self) {
        match self.drain_at(false) {
            Some(at) => tokio::time::sleep_until(at).await,
            None => std::future::pending().await,
        }
    }

    /// Waits until the connection has been idle, or has lived, for too long.
    pub(super) async fn until_drain(&self) {
        loop {
            match self.drain_at(self.is_busy()) {
                Some(at) if at <= Instant::now() => return,
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        }
    }

    /// When the connection is drained at the earliest, by what is known now.
    fn drain_at(&self, busy: bool) -> Option<Instant> {
        let idle = Some(self.limits.idle_timeout).filter(|timeout| !timeout.is_zero());
        let idle = idle.map(|timeout| {
            // Whoever is busy now will not have been idle for that long before.
            let since = if busy { Instant::now() } else { self.at(&self.idle_since) };
            since + timeout
        });
        let aged = self.limits.max_duration.map(|duration| self.began + duration);
        idle.into_iter().chain(aged).min()
    }

    pub(super) fn drain_timeout(&self) -> Duration {
        self.limits.drain_timeout
    }

    /// From now on answers say that the connection ends; whether it is one of HTTP/2, which says so
    /// itself.
    pub(super) fn drain(&self) -> bool {
        self.draining.store(true, Ordering::Relaxed);
        self.http2.load(Ordering::Relaxed)
    }

    pub(super) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Waits until the head of a request is late; Envoy's details of it.
    pub(super) async fn late_head(&self) -> &'static str {
        let Some((limit, _, details)) = self.limits.head() else {
            return std::future::pending().await;
        };
        loop {
            let since = self.head_since.load(Ordering::Relaxed);
            if since == 0 {
                self.head_began.notified().await;
                continue;
            }
            let began = self.began + Duration::from_micros(since.saturating_sub(1));
            tokio::time::sleep_until(began + limit).await;
            if self.head_since.load(Ordering::Relaxed) == since {
                return details;
            }
        }
    }

    /// Answers the head that is late instead of waiting for its rest.
    pub(super) fn give_up(&self) {
        self.late.store(true, Ordering::Relaxed);
        self.reader.wake();
    }

    /// The head of a request is whole.
    pub(super) fn begin(self: &Arc<Self>, http2: bool) -> Underway {
        self.active.fetch_add(1, Ordering::Relaxed);
        self.head_since.store(0, Ordering::Relaxed);
        if http2 {
            self.http2.store(true, Ordering::Relaxed);
        }
        Underway(Arc::clone(self))
    }

    fn is_busy(&self) -> bool {
        self.active.load(Ordering::Relaxed) > 0 || self.head_since.load(Ordering::Relaxed) > 0
    }

    /// Notes that bytes came. Between requests of HTTP/1.1 they begin a head.
    fn read(&self, bytes: &[u8]) {
        if bytes.is_empty() || self.is_busy() || self.http2.load(Ordering::Relaxed) {
            return;
        }
        if bytes.starts_with(b"PRI ") {
            self.http2.store(true, Ordering::Relaxed);
            return;
        }
        self.head_since.store(self.now().saturating_add(1), Ordering::Relaxed);
        self.head_began.notify_one();
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn at(&self, micros: &AtomicU64) -> Instant {
        self.began + Duration::from_micros(micros.load(Ordering::Relaxed))
    }
}

/// A request under way, until it is dropped.
pub(super) struct Underway(Arc<Life>);

impl Drop for Underway {
    fn drop(&mut self) {
        self.0.idle_since.store(self.0.now(), Ordering::Relaxed);
        self.0.active.fetch_sub(1, Ordering::Relaxed);
    }
}

pin_project_lite::pin_project! {
    /// An answer's body; the request is under way until it has passed.
    pub(super) struct Living<R> {
        #[pin]
        body: R,
        underway: Option<Underway>,
        // The size is told and nothing more: an answer to HEAD.
        head_only: bool,
    }
}

impl<R> Living<R> {
    pub(super) const fn new(body: R, underway: Option<Underway>) -> Self {
        Self { body, underway, head_only: false }
    }

    pub(super) const fn head_only(mut self, head_only: bool) -> Self {
        self.head_only = head_only;
        self
    }
}

impl<R: Body> Body for Living<R> {
    type Data = R::Data;
    type Error = R::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<R::Data>, R::Error>>> {
        if self.head_only {
            return Poll::Ready(None);
        }
        self.project().body.poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.head_only || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The bytes of a connection whose life is known.
pub(super) struct Watched<I> {
    io: I,
    life: Option<Arc<Life>>,
    /// What is still to be said to a client whose head is late.
    farewell: Option<Bytes>,
    server: Option<HeaderValue>,
}

impl<I> Watched<I> {
    pub(super) fn new(io: I, life: Option<Arc<Life>>, server: Option<HeaderValue>) -> Self {
        // Nothing has to be known of bytes where no limit goes by them.
        let life = life.filter(|life| life.limits.head().is_some());
        Self { io, life, farewell: None, server }
    }
}

impl<I: AsyncWrite + Unpin> Watched<I> {
    /// Writes the answer to a head that is late; to the reader the connection has ended.
    fn poll_farewell(&mut self, life: &Life, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let (_, body, _) = life.limits.head().unwrap_or_default();
        let server = self.server.as_ref().and_then(|server| server.to_str().ok());
        let left = self.farewell.get_or_insert_with(|| farewell(body, server));
        while left.has_remaining() {
            let written = ready!(Pin::new(&mut self.io).poll_write(cx, left))?;
            left.advance(written);
        }
        Pin::new(&mut self.io).poll_flush(cx)
    }
}

fn farewell(body: &str, server: Option<&str>) -> Bytes {
    let server = server.map_or_else(String::new, |server| format!("server: {server}\r\n"));
    let length = body.len();
    Bytes::from(format!(
        "HTTP/1.1 408 Request Timeout\r\ncontent-length: {length}\r\n\
         content-type: text/plain\r\n{server}connection: close\r\n\r\n{body}"
    ))
}

impl<I: AsyncRead + AsyncWrite + Unpin> AsyncRead for Watched<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Some(life) = self.life.clone() else {
            return Pin::new(&mut self.io).poll_read(cx, buffer);
        };
        life.reader.register(cx.waker());
        if life.late.load(Ordering::Relaxed) {
            return self.poll_farewell(&life, cx);
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.io).poll_read(cx, buffer))?;
        life.read(buffer.filled().get(before..).unwrap_or_default());
        Poll::Ready(Ok(()))
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Watched<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, data)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, data)
    }
}

impl fmt::Debug for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Life").field("limits", &self.limits).finish_non_exhaustive()
    }
}
