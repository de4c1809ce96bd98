//! Plain connections.

use std::{io, task};

use futures_util::future::BoxFuture;
use tokio::net::TcpStream;
use tower_service::Service;

use super::{Dial, DialAddress, Io};

/// Connects in plaintext: TCP, or a Unix domain socket; names are looked up by the system.
///
/// Whatever TLS the cluster's policy asks for is not spoken; that is the connector's business
/// that stands in front of this one.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct TcpConnector {}

impl TcpConnector {
    /// A plain connector.
    pub const fn new() -> Self {
        Self {}
    }
}

impl Service<Dial> for TcpConnector {
    type Response = Box<dyn Io>;
    type Error = io::Error;
    type Future = BoxFuture<'static, io::Result<Box<dyn Io>>>;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> task::Poll<io::Result<()>> {
        task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, dial: Dial) -> Self::Future {
        Box::pin(async move {
            let stream = match &dial.address {
                DialAddress::Ip(address) => TcpStream::connect(address).await?,
                DialAddress::Name(name, port) => TcpStream::connect((&**name, *port)).await?,
                DialAddress::Unix(path) => return unix(path).await,
            };
            stream.set_nodelay(true)?;
            Ok(Box::new(stream) as Box<dyn Io>)
        })
    }
}

#[cfg(unix)]
async fn unix(path: &std::path::Path) -> io::Result<Box<dyn Io>> {
    Ok(Box::new(tokio::net::UnixStream::connect(path).await?))
}

#[cfg(not(unix))]
async fn unix(_: &std::path::Path) -> io::Result<Box<dyn Io>> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "no Unix domain sockets on this system"))
}
