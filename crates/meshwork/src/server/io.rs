//! The bytes of a connection that was let in.

use std::{
    fmt,
    future::Future,
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll},
};

use meshwork_tower::Io;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Peer;

/// A connection that the mesh let in, in plaintext where TLS was ended.
///
/// When a policy comes that would refuse the connection now, it is given five seconds
/// (Istio's `terminationDrainDuration`) and then fails.
pub struct MeshIo {
    io: Box<dyn Io>,
    peer: Peer,
    /// Completes when the connection must not go on.
    revoked: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl MeshIo {
    pub(crate) fn new(
        io: Box<dyn Io>,
        peer: Peer,
        revoked: impl Future<Output = ()> + Send + 'static,
    ) -> Self {
        Self { io, peer, revoked: Some(Box::pin(revoked)) }
    }

    /// Who the other side is.
    pub const fn peer(&self) -> &Peer {
        &self.peer
    }

    fn poll_revoked(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        let revoked = match &mut self.revoked {
            Some(revoked) => revoked.as_mut().poll(cx).is_ready(),
            None => true,
        };
        if revoked {
            self.revoked = None;
            let reason = "the connection would be refused now";
            return Err(io::Error::new(io::ErrorKind::ConnectionAborted, reason));
        }
        Ok(())
    }
}

impl AsyncRead for MeshIo {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.poll_revoked(cx)?;
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl AsyncWrite for MeshIo {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_revoked(cx)?;
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
        data: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_revoked(cx)?;
        Pin::new(&mut self.io).poll_write_vectored(cx, data)
    }
}

impl fmt::Debug for MeshIo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MeshIo").field("peer", &self.peer).finish_non_exhaustive()
    }
}
