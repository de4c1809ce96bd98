//! Connections as whoever intercepts them hands them over.

use std::{io, net::SocketAddr};

use meshwork_transport::original_destination;
use tokio::net::TcpStream;

/// A connection that was captured on its way, and where it was meant to go.
#[derive(Debug)]
pub struct Captured<I> {
    pub(super) io: I,
    pub(super) inbound: bool,
    pub(super) source: Option<SocketAddr>,
    pub(super) destination: SocketAddr,
    /// The proxy's own listener, where it is known.
    pub(super) listener: Option<SocketAddr>,
}

impl<I> Captured<I> {
    /// A connection that the workload opened to `destination`.
    pub const fn outbound(io: I, destination: SocketAddr) -> Self {
        Self { io, inbound: false, source: None, destination, listener: None }
    }

    /// A connection that a peer opened to `destination`, a port of the workload.
    pub const fn inbound(io: I, destination: SocketAddr) -> Self {
        Self { io, inbound: true, source: None, destination, listener: None }
    }

    /// Who opened the connection.
    #[must_use]
    pub const fn source(mut self, source: SocketAddr) -> Self {
        self.source = Some(source);
        self
    }

    /// The address of the proxy's own listener. Connections that would be passed on to it, because
    /// they were not captured but dialled it, are refused then; without it they come back for ever.
    #[must_use]
    pub const fn accepted_on(mut self, listener: SocketAddr) -> Self {
        self.listener = Some(listener);
        self
    }
}

impl Captured<TcpStream> {
    /// A connection of the workload's that the kernel redirected (iptables `REDIRECT`), or passed
    /// with its destination kept (`TPROXY`).
    ///
    /// # Errors
    /// Where the socket cannot be asked.
    pub fn outbound_stream(stream: TcpStream) -> io::Result<Self> {
        let destination = original_destination(&stream)?;
        Self::outbound(stream, destination).addressed()
    }

    /// The same for a connection of a peer.
    ///
    /// # Errors
    /// Where the socket cannot be asked.
    pub fn inbound_stream(stream: TcpStream) -> io::Result<Self> {
        let destination = original_destination(&stream)?;
        Self::inbound(stream, destination).addressed()
    }

    fn addressed(self) -> io::Result<Self> {
        let (source, listener) = (self.io.peer_addr()?, self.io.local_addr()?);
        Ok(self.source(source).accepted_on(listener))
    }
}
