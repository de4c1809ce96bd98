//! The seam behind which connections are made.

use std::{fmt, future::poll_fn, sync::Arc};

use futures_util::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite};
use tower_service::Service;

use super::Dial;
use crate::BoxError;

/// A stream of bytes in both directions: a TCP connection, a TLS session, a pipe in memory.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Io for T {}

/// Makes connections: any `Service<Dial>` that answers with a stream of bytes.
///
/// The trait is implemented for all such services; it is there so that bounds stay short.
///
/// ```
/// use meshwork_tower::{Connect, Dial};
/// /// Every endpoint is the other end of a pipe.
/// fn in_memory() -> impl Connect {
///     tower::service_fn(|_dial: Dial| async { Ok::<_, std::io::Error>(tokio::io::duplex(64).0) })
/// }
/// ```
pub trait Connect: Clone + Send + Sync + 'static {
    /// Makes one connection. The caller sees to the timeout.
    fn connect(&self, dial: Dial) -> BoxFuture<'static, Result<Box<dyn Io>, BoxError>>;
}

impl<S> Connect for S
where
    S: Service<Dial> + Clone + Send + Sync + 'static,
    S::Response: Io,
    S::Error: Into<BoxError>,
    S::Future: Send,
{
    fn connect(&self, dial: Dial) -> BoxFuture<'static, Result<Box<dyn Io>, BoxError>> {
        let mut service = self.clone();
        Box::pin(async move {
            poll_fn(|cx| service.poll_ready(cx)).await.map_err(Into::into)?;
            let io = service.call(dial).await.map_err(Into::into)?;
            Ok(Box::new(io) as Box<dyn Io>)
        })
    }
}

/// A connector behind a pointer, so that what holds it needs no type parameter.
#[derive(Clone)]
pub struct SharedConnector(Arc<dyn ErasedConnect>);

trait ErasedConnect: Send + Sync {
    fn connect(&self, dial: Dial) -> BoxFuture<'static, Result<Box<dyn Io>, BoxError>>;
}

impl<C: Connect> ErasedConnect for C {
    fn connect(&self, dial: Dial) -> BoxFuture<'static, Result<Box<dyn Io>, BoxError>> {
        Connect::connect(self, dial)
    }
}

impl SharedConnector {
    /// Shares `connector`.
    pub fn new(connector: impl Connect) -> Self {
        Self(Arc::new(connector))
    }

    /// Makes one connection within the dial's timeout.
    ///
    /// # Errors
    /// [`ConnectError`] says whether the peer refused or did not answer in time.
    pub async fn connect(&self, dial: Dial) -> Result<Box<dyn Io>, ConnectError> {
        let timeout = dial.connect_timeout;
        match tokio::time::timeout(timeout, self.0.connect(dial)).await {
            Ok(Ok(io)) => Ok(io),
            Ok(Err(error)) => Err(ConnectError::Failed(error.to_string().into())),
            Err(_) => Err(ConnectError::TimedOut),
        }
    }
}

impl fmt::Debug for SharedConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedConnector").finish_non_exhaustive()
    }
}

/// No connection could be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// Refused, no name, no route, or the TLS handshake failed.
    #[error("the connection could not be made: {0}")]
    Failed(Arc<str>),
    /// Nobody answered within `tcp.connectTimeout`.
    #[error("the connection was not made in time")]
    TimedOut,
}
