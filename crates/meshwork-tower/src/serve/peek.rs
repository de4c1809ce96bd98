//! Looking at the first bytes of a connection without taking them.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::{Buf as _, Bytes, BytesMut};
use meshwork_routing::FirstBytes;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};

/// A stream whose first bytes were looked at; reading begins with them.
#[derive(Debug)]
pub struct Peeked<I> {
    first: Bytes,
    io: I,
}

impl<I> Peeked<I> {
    /// A stream of which `first` was read already.
    pub const fn new(first: Bytes, io: I) -> Self {
        Self { first, io }
    }

    /// The bytes that were looked at and not read yet.
    pub fn first(&self) -> &[u8] {
        &self.first
    }
}

/// Waits until the first bytes of a connection show what it speaks, as Envoy's listener filters
/// do.
///
/// `timeout` is the mesh's `protocolDetectionTimeout`; without one it waits for as long as it
/// takes. A connection that says nothing in time, or ends, is [`FirstBytes::None`].
///
/// # Errors
/// The connection cannot be read.
pub async fn peek<I: AsyncRead + Unpin>(
    mut io: I,
    timeout: Option<Duration>,
) -> io::Result<(FirstBytes, Peeked<I>)> {
    let mut bytes = BytesMut::new();
    let look = async {
        loop {
            if let Some(first) = FirstBytes::detect(&bytes) {
                return Ok(first);
            }
            if io.read_buf(&mut bytes).await? == 0 {
                let none = bytes.is_empty();
                return Ok(if none { FirstBytes::None } else { FirstBytes::Other });
            }
        }
    };
    let first = match timeout {
        None => look.await,
        Some(timeout) => tokio::time::timeout(timeout, look).await.unwrap_or(Ok(FirstBytes::None)),
    };
    first.map(|first| (first, Peeked::new(bytes.freeze(), io)))
}

impl<I: AsyncRead + Unpin> AsyncRead for Peeked<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.first.has_remaining() {
            let count = self.first.len().min(buffer.remaining());
            buffer.put_slice(&self.first.split_to(count));
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Peeked<I> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt as _;

    #[tokio::test]
    async fn what_was_looked_at_is_still_there() {
        let (mut client, server) = tokio::io::duplex(64);
        client.write_all(b"GET / HT").await.unwrap();
        let looked = tokio::spawn(peek(server, None));
        client.write_all(b"TP/1.1\r\nhost: a\r\n").await.unwrap();
        let (first, mut io) = looked.await.unwrap().unwrap();
        assert_eq!(first, FirstBytes::Http1);
        drop(client);
        let mut all = String::new();
        io.read_to_string(&mut all).await.unwrap();
        assert_eq!(all, "GET / HTTP/1.1\r\nhost: a\r\n");
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_none() {
        let (_client, server) = tokio::io::duplex(64);
        let timeout = Some(Duration::from_secs(5));
        assert_eq!(peek(server, timeout).await.unwrap().0, FirstBytes::None);
    }
}
