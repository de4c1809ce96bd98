//! Tunnels through an HTTP proxy: `trafficPolicy.tunnel` of a DestinationRule.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Buf as _, Bytes};
use futures_util::future::BoxFuture;
use http::{HeaderValue, Method, Request, Response, Uri, Version, header::HOST};
use http_body_util::{BodyExt as _, StreamBody, combinators::UnsyncBoxBody};
use hyper::{body::Incoming, client::conn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use meshwork_policy::Tunnel;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::mpsc,
};

use crate::{BoxError, DialProtocol, Io};

/// Asks the proxy at the other end of `io` for a tunnel, and returns the bytes inside of it.
///
/// `CONNECT` makes the connection or the stream the tunnel. With `POST` the body of the request
/// carries the bytes there, and that of the answer the bytes back.
pub(super) async fn open(
    io: Box<dyn Io>,
    protocol: DialProtocol,
    tunnel: &Tunnel,
) -> Result<Box<dyn Io>, BoxError> {
    let host = &tunnel.target_host;
    let target = if host.contains(':') {
        format!("[{host}]:{}", tunnel.target_port)
    } else {
        format!("{host}:{}", tunnel.target_port)
    };
    let http2 = protocol == DialProtocol::Http2;
    let (bytes, body) = mpsc::channel::<Bytes>(CHUNKS);
    let request = request(&target, (tunnel.post, http2), body)?;
    let io = TokioIo::new(io);
    let response = if http2 {
        let (mut sender, connection) = conn::http2::handshake(TokioExecutor::new(), io).await?;
        tokio::spawn(ended(connection));
        sender.ready().await?;
        sender.send_request(request).await?
    } else {
        let (mut sender, connection) = conn::http1::handshake(io).await?;
        tokio::spawn(ended(connection.with_upgrades()));
        sender.ready().await?;
        sender.send_request(request).await?
    };
    let status = response.status();
    if !status.is_success() {
        return Err(format!("the tunnel to {target} was refused with status {status}").into());
    }
    if tunnel.post {
        return Ok(Box::new(Posted::new(response, bytes)));
    }
    let upgraded = hyper::upgrade::on(response).await?;
    Ok(Box::new(TokioIo::new(upgraded)))
}

fn request(
    target: &str,
    (post, http2): (bool, bool),
    body: mpsc::Receiver<Bytes>,
) -> Result<Request<TunnelBody>, BoxError> {
    let empty = || http_body_util::Empty::new().map_err(|never| match never {}).boxed_unsync();
    let mut request = Request::new(if post { streamed(body) } else { empty() });
    *request.method_mut() = if post { Method::POST } else { Method::CONNECT };
    *request.uri_mut() = match (post, http2) {
        (false, _) => target.parse::<Uri>()?,
        (true, false) => Uri::from_static("/"),
        (true, true) => {
            Uri::builder().scheme("http").authority(target).path_and_query("/").build()?
        }
    };
    if http2 {
        *request.version_mut() = Version::HTTP_2;
    } else {
        request.headers_mut().insert(HOST, HeaderValue::from_str(target)?);
    }
    Ok(request)
}

type TunnelBody = UnsyncBoxBody<Bytes, io::Error>;

fn streamed(chunks: mpsc::Receiver<Bytes>) -> TunnelBody {
    let next = |mut chunks: mpsc::Receiver<Bytes>| async {
        let chunk = chunks.recv().await?;
        Some((Ok(http_body::Frame::data(chunk)), chunks))
    };
    StreamBody::new(futures_util::stream::unfold(chunks, next)).boxed_unsync()
}

async fn ended<E: std::fmt::Display>(connection: impl Future<Output = Result<(), E>>) {
    if let Err(error) = connection.await {
        tracing::debug!(%error, "the connection of a tunnel ended");
    }
}

/// A tunnel in the bodies of a `POST` and its answer.
struct Posted {
    body: Incoming,
    read: Bytes,
    /// Where bytes go; `None` once their end was said.
    bytes: Option<mpsc::Sender<Bytes>>,
    /// A chunk that waits for room.
    sending: Option<BoxFuture<'static, bool>>,
}

impl Posted {
    fn new(response: Response<Incoming>, bytes: mpsc::Sender<Bytes>) -> Self {
        Self { body: response.into_body(), read: Bytes::new(), bytes: Some(bytes), sending: None }
    }

    fn poll_sent(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(sending) = &mut self.sending else { return Poll::Ready(Ok(())) };
        let taken = std::task::ready!(sending.as_mut().poll(cx));
        self.sending = None;
        Poll::Ready(if taken { Ok(()) } else { Err(io::ErrorKind::BrokenPipe.into()) })
    }
}

impl AsyncRead for Posted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        use http_body::Body as _;
        while self.read.is_empty() {
            match std::task::ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                None => return Poll::Ready(Ok(())),
                Some(Err(error)) => return Poll::Ready(Err(io::Error::other(error))),
                Some(Ok(frame)) => self.read = frame.into_data().unwrap_or_default(),
            }
        }
        let count = self.read.remaining().min(buffer.remaining());
        buffer.put_slice(&self.read.split_to(count));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Posted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        std::task::ready!(self.poll_sent(cx))?;
        let Some(bytes) = self.bytes.clone() else {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        };
        let chunk = Bytes::copy_from_slice(data);
        self.sending = Some(Box::pin(async move { bytes.send(chunk).await.is_ok() }));
        // What finds room at once is known to have been taken.
        match self.poll_sent(cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Ready(Ok(data.len())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_sent(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        std::task::ready!(self.poll_sent(cx))?;
        self.bytes = None;
        Poll::Ready(Ok(()))
    }
}

/// How many chunks wait for the proxy to take them.
const CHUNKS: usize = 4;
