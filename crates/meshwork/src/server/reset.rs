//! A connection that ends with a reset where it was refused.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use crate::connections::Open;

/// Says that a connection is refused; it is reset when it is dropped, as a sidecar does with
/// plaintext where mutual TLS is STRICT. The client then does not take the end for an empty answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Refusal(Arc<AtomicBool>);

impl Refusal {
    pub(super) fn refuse(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_refused(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// An accepted connection.
#[derive(Debug)]
pub(super) struct Resettable {
    stream: TcpStream,
    refusal: Refusal,
    /// Counted as long as the socket lives.
    _open: Open,
}

impl Resettable {
    pub(super) const fn new(stream: TcpStream, refusal: Refusal, open: Open) -> Self {
        Self { stream, refusal, _open: open }
    }
}

impl Drop for Resettable {
    fn drop(&mut self) {
        if self.refusal.is_refused() {
            // A socket that cannot be told so is closed the usual way.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Resettable {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Resettable {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, data)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, data)
    }
}
