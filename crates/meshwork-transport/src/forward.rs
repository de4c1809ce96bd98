//! Handing what came in to the application behind.

use std::{
    io,
    pin::Pin,
    task::{self, Poll},
};

use futures_util::future::BoxFuture;
use http::{Request, Response, Uri, Version, uri::Scheme};
use hyper_util::{
    client::legacy::{Client, connect},
    rt::{TokioExecutor, TokioIo, TokioTimer},
};
use meshwork_tower::{Body, Dial, DialAddress, Io, SharedConnector, TcpConnector};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tower_service::Service;

/// Forwards to one address: the application that a proxy stands in front of.
///
/// Requests keep method, authority, path and headers, and their version: HTTP/2 goes on as HTTP/2
/// with prior knowledge. For bytes there is [`splice`](Self::splice).
///
/// ```no_run
/// use meshwork_transport::forward_to;
/// let app = forward_to("127.0.0.1:8080".parse::<std::net::SocketAddr>().unwrap());
/// ```
#[derive(Clone, Debug)]
pub struct Forward {
    address: DialAddress,
    http1: Client<Fixed, Body>,
    http2: Client<Fixed, Body>,
}

/// The application cannot be reached, or broke off.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ForwardError {
    /// The request has no host that could be forwarded.
    #[error("the request names no host")]
    NoHost,
    /// The application did not answer.
    #[error("the application did not answer: {0}")]
    Upstream(#[from] hyper_util::client::legacy::Error),
}

/// How many bytes went each way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Spliced {
    /// From the client to the application.
    pub sent: u64,
    /// From the application to the client.
    pub received: u64,
}

/// Forwards to `address`.
pub fn forward_to(address: impl Into<DialAddress>) -> Forward {
    let address = address.into();
    let fixed =
        Fixed { address: address.clone(), connector: SharedConnector::new(TcpConnector::new()) };
    let client = |http2| {
        Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .set_host(false)
            .http2_only(http2)
            .build(fixed.clone())
    };
    Forward { address, http1: client(false), http2: client(true) }
}

impl Forward {
    /// Passes bytes on until both sides have ended.
    ///
    /// # Errors
    /// The application cannot be reached, or one of the sides broke off.
    pub async fn splice(&self, mut client: impl Io) -> io::Result<Spliced> {
        let mut app = TcpConnector::new().call(Dial::new(self.address.clone(), "")).await?;
        let (sent, received) = tokio::io::copy_bidirectional(&mut client, &mut app).await?;
        Ok(Spliced { sent, received })
    }
}

impl<B> Service<Request<B>> for Forward
where
    B: http_body::Body<Data = bytes::Bytes> + Send + 'static,
    B::Error: Into<meshwork_tower::BoxError>,
{
    type Response = Response<Body>;
    type Error = ForwardError;
    type Future = BoxFuture<'static, Result<Response<Body>, ForwardError>>;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> Poll<Result<(), ForwardError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let mut request = request.map(Body::new);
        let http2 = request.version() == Version::HTTP_2;
        let client = if http2 { self.http2.clone() } else { self.http1.clone() };
        Box::pin(async move {
            absolute(&mut request).ok_or(ForwardError::NoHost)?;
            Ok(client.request(request).await?.map(Body::new))
        })
    }
}

/// Gives the target a scheme and an authority, which the client library asks for.
fn absolute<B>(request: &mut Request<B>) -> Option<()> {
    let mut parts = request.uri().clone().into_parts();
    if parts.authority.is_none() {
        let host = request.headers().get(http::header::HOST)?.to_str().ok()?;
        parts.authority = Some(host.parse().ok()?);
    }
    parts.scheme = Some(Scheme::HTTP);
    if parts.path_and_query.is_none() {
        parts.path_and_query = Some("/".parse().ok()?);
    }
    *request.uri_mut() = Uri::from_parts(parts).ok()?;
    Some(())
}

/// Connects to one address, whatever the target says.
#[derive(Clone, Debug)]
struct Fixed {
    address: DialAddress,
    connector: SharedConnector,
}

impl Service<Uri> for Fixed {
    type Response = TokioIo<Connection>;
    type Error = meshwork_tower::ConnectError;
    type Future = BoxFuture<'static, Result<TokioIo<Connection>, meshwork_tower::ConnectError>>;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let this = self.clone();
        Box::pin(async move {
            let io = this.connector.connect(Dial::new(this.address, "")).await?;
            Ok(TokioIo::new(Connection(io)))
        })
    }
}

/// A connection in the form that hyper's client keeps.
pub(crate) struct Connection(Box<dyn Io>);

impl connect::Connection for Connection {
    fn connected(&self) -> connect::Connected {
        connect::Connected::new()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut task::Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut task::Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, data)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
