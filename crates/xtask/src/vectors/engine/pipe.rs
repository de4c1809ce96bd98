//! A stream whose first bytes were read already.

use std::{
    fmt, io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Buf, Bytes};
use meshwork_tower::Io;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Gives the bytes that were read, then the rest of the stream.
pub struct Prefixed {
    first: Bytes,
    rest: Box<dyn Io>,
}

impl Prefixed {
    /// A stream that begins with these bytes.
    pub fn new(first: Bytes, rest: Box<dyn Io>) -> Self {
        Self { first, rest }
    }

    /// The next byte, where it was read already.
    pub fn first(&self) -> Option<u8> {
        self.first.first().copied()
    }

    /// The target of an HTTP/1 request line, where its bytes were read already.
    pub fn target(&self) -> Option<String> {
        let line = self.first.split(|byte| *byte == b'\r').next()?;
        let target = line.split(|byte| *byte == b' ').nth(1)?;
        Some(String::from_utf8_lossy(target).into_owned())
    }

    /// Whether everything that was read already has been given.
    pub fn is_drained(&self) -> bool {
        self.first.is_empty()
    }

    /// The stream without what was read already.
    pub fn into_rest(self) -> Box<dyn Io> {
        self.rest
    }
}

impl fmt::Debug for Prefixed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prefixed").field("first", &self.first.len()).finish_non_exhaustive()
    }
}

impl AsyncRead for Prefixed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.first.is_empty() {
            return Pin::new(&mut self.rest).poll_read(cx, buffer);
        }
        let length = self.first.len().min(buffer.remaining());
        buffer.put_slice(self.first.get(..length).unwrap_or_default());
        self.first.advance(length);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Prefixed {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.rest).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.rest).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.rest).poll_shutdown(cx)
    }
}
