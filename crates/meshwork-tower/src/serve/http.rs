//! HTTP on an accepted connection, with Envoy's settings.

use std::{error::Error as _, fmt, pin::Pin, sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;
use http::{
    HeaderValue, Method, Request, Response, StatusCode, Version,
    header::{CONNECTION, HOST},
};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::{Builder, UpgradeableConnection},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    sync::Notify,
};
use tower_service::Service;

use super::{
    Peeked,
    life::{Life, Living, Watched},
};
use crate::{
    Body, BoxError, ConnectionInfo, ConnectionLimits, Flag, HttpSettings, Io, LocalReply,
    ResponseFlags,
};

/// Serves HTTP/1.1 and HTTP/2 on connections, by a stack.
///
/// ```
/// # use std::{convert::Infallible, sync::Arc};
/// # use meshwork_tower::{Body, ConnectionInfo, HttpServer};
/// # async fn example(io: tokio::net::TcpStream) {
/// let stack = tower::service_fn(|_request: http::Request<Body>| async {
///     Ok::<_, Infallible>(http::Response::new(Body::from("hello")))
/// });
/// let connection = Arc::new(ConnectionInfo::new(io.peer_addr().ok(), io.local_addr().ok()));
/// HttpServer::new().serve(io, connection, stack, std::future::pending()).await;
/// # }
/// ```
#[derive(Clone)]
pub struct HttpServer {
    builder: Builder<TokioExecutor>,
    drain: Duration,
    limits: Option<ConnectionLimits>,
    server: Option<HeaderValue>,
}

/// How a connection ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionOutcome {
    /// The flags of what never became a request: `DPE` where the client broke the protocol.
    pub flags: ResponseFlags,
    /// Envoy's details of it.
    pub details: Option<&'static str>,
}

impl HttpServer {
    /// Envoy's settings: 100 header lines, 60 KiB of them, no limit on idle time before a request.
    pub fn new() -> Self {
        let mut builder = Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(None)
            .max_headers(100)
            .max_buf_size(MAX_HEADER_BYTES as usize);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(None)
            .max_header_list_size(MAX_HEADER_BYTES);
        Self { builder, drain: Duration::from_secs(5), limits: None, server: None }
    }

    /// Serves connections as a listener with these settings does: their limits, and the case of
    /// header names.
    ///
    /// A connection that was idle for too long, or has lived for too long, is drained: answers over
    /// HTTP/1.1 say `connection: close`, HTTP/2 says GOAWAY, and it ends after the drain timeout
    /// once nothing is under way. The head of an HTTP/1.1 request that takes too long is answered
    /// with 408.
    #[must_use]
    pub fn settings(mut self, settings: &HttpSettings) -> Self {
        let limits = settings.limits;
        self.builder.http1().preserve_header_case(settings.header_case);
        self.builder
            .http2()
            .max_concurrent_streams(limits.max_concurrent_streams)
            .initial_stream_window_size(limits.stream_window)
            .initial_connection_window_size(limits.connection_window);
        self.server.clone_from(&settings.server);
        self.limits = Some(limits);
        self
    }

    /// How long a connection may go on after shutdown was asked for
    /// (`terminationDrainDuration`, 5 s by default).
    #[must_use]
    pub const fn drain(mut self, drain: Duration) -> Self {
        self.drain = drain;
        self
    }

    /// Serves one connection until it ends.
    ///
    /// Every request carries `connection` as an extension. When `shutdown` completes the
    /// connection takes no more requests (GOAWAY, `connection: close`); it is dropped when the
    /// drain time is over.
    pub async fn serve<I, S, R>(
        &self,
        io: I,
        connection: Arc<ConnectionInfo>,
        stack: S,
        shutdown: impl Future<Output = ()>,
    ) -> ConnectionOutcome
    where
        I: Io,
        S: Service<Request<Body>, Response = Response<R>> + Clone + Send + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send,
        R: http_body::Body<Data = Bytes> + Send + 'static,
        R::Error: Into<BoxError>,
    {
        tokio::pin!(shutdown);
        let life = self.limits.map(Life::new);
        let life = life.as_ref();
        let silence = async {
            match life {
                Some(life) => life.silence().await,
                None => std::future::pending().await,
            }
        };
        let first = tokio::select! {
            first = first_bytes(io) => first,
            () = &mut shutdown => return ConnectionOutcome::default(),
            () = silence => return ConnectionOutcome::default(),
        };
        let io = match first {
            Ok(Some(io)) => io,
            Ok(None) => return ConnectionOutcome::broken("http1.codec_error"),
            Err(_) => return ConnectionOutcome::default(),
        };
        let violated = Arc::new(Notify::new());
        let adapter =
            Adapter { stack, connection, violated: Arc::clone(&violated), life: life.cloned() };
        let io = Watched::new(io, life.cloned(), self.server.clone());
        let mut served = self.connection(io, adapter);
        let mut stage = Stage::Open;
        let result = loop {
            tokio::select! {
                result = &mut served => break result,
                // Envoy ends the whole connection, whatever else goes on there.
                () = violated.notified() => {
                    return ConnectionOutcome::broken("http2.violation.of.messaging.rule");
                }
                () = &mut shutdown => {
                    served.as_mut().finish();
                    break tokio::time::timeout(self.drain, served).await.unwrap_or(Ok(()));
                }
                details = late_head(life) => {
                    if let Some(life) = life {
                        life.give_up();
                    }
                    // The client need not read what it is told.
                    let _ = tokio::time::timeout(FAREWELL, served).await;
                    let flags = ResponseFlags::NONE;
                    return ConnectionOutcome { flags, details: Some(details) };
                }
                () = stage.ends(life) => stage = stage.next(life, served.as_mut()),
            }
        };
        match result {
            Ok(()) => ConnectionOutcome::default(),
            Err(error) => ConnectionOutcome::of(&*error),
        }
    }
}

impl HttpServer {
    fn connection<I, S, R>(&self, io: I, service: Adapter<S>) -> Pin<Box<dyn Served>>
    where
        I: Io,
        S: Service<Request<Body>, Response = Response<R>> + Clone + Send + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send,
        R: http_body::Body<Data = Bytes> + Send + 'static,
        R::Error: Into<BoxError>,
    {
        let served = self.builder.serve_connection_with_upgrades(TokioIo::new(io), service);
        Box::pin(served.into_owned())
    }
}

/// How far the end of a connection has come that has idled or lived for too long.
#[derive(Clone, Copy)]
enum Stage {
    /// It takes requests.
    Open,
    /// It says that it ends, and still takes requests.
    Draining,
    /// It ends with what is under way.
    Finishing,
}

impl Stage {
    async fn ends(self, life: Option<&Arc<Life>>) {
        match (self, life) {
            (Self::Open, Some(life)) => life.until_drain().await,
            (Self::Draining, Some(life)) => tokio::time::sleep(life.drain_timeout()).await,
            _ => std::future::pending().await,
        }
    }

    fn next(self, life: Option<&Arc<Life>>, served: Pin<&mut (dyn Served + 'static)>) -> Self {
        match self {
            Self::Open => {
                // The codec of HTTP/2 tells its client, who then begins nothing more.
                if life.is_some_and(|life| life.drain()) {
                    served.finish();
                }
                Self::Draining
            }
            Self::Draining | Self::Finishing => {
                served.finish();
                Self::Finishing
            }
        }
    }
}

async fn late_head(life: Option<&Arc<Life>>) -> &'static str {
    match life {
        Some(life) => life.late_head().await,
        None => std::future::pending().await,
    }
}

/// How long a client whose head is late is waited for to take its answer.
const FAREWELL: Duration = Duration::from_secs(1);

/// Waits for the first bytes; what no method of HTTP begins with is answered at once, as Envoy's
/// codec does: the rest of the line need never come.
async fn first_bytes<I: Io>(mut io: I) -> std::io::Result<Option<Peeked<I>>> {
    let mut bytes = BytesMut::with_capacity(8 * 1024);
    loop {
        let ended = io.read_buf(&mut bytes).await? == 0;
        let first = bytes.iter().find(|byte| !matches!(byte, b'\r' | b'\n'));
        match first {
            Some(byte) if !FIRST_OF_METHODS.contains(byte) => {
                io.write_all(BAD_REQUEST).await?;
                io.shutdown().await?;
                return Ok(None);
            }
            None if !ended => {}
            _ => return Ok(Some(Peeked::new(bytes.freeze(), io))),
        }
    }
}

/// Envoy's limit of the bytes of a request's head, its first line included.
const MAX_HEADER_BYTES: u32 = 60 * 1024;

/// The letters that the methods of Envoy's codec begin with.
const FIRST_OF_METHODS: &[u8] = b"ABCDGHLMNOPRSTU";

const BAD_REQUEST: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 11\r\n\
    content-type: text/plain\r\nconnection: close\r\n\r\nBad Request";

/// A connection that is being served, without its type.
trait Served: Future<Output = Result<(), BoxError>> + Send {
    /// Takes no more requests.
    fn finish(self: Pin<&mut Self>);
}

impl<I, S, R> Served for UpgradeableConnection<'static, TokioIo<I>, Adapter<S>, TokioExecutor>
where
    I: Io,
    S: Service<Request<Body>, Response = Response<R>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
    R: http_body::Body<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    fn finish(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

/// A stack in the form that hyper calls.
struct Adapter<S> {
    stack: S,
    connection: Arc<ConnectionInfo>,
    /// Told when a stream breaks the rules of HTTP/2.
    violated: Arc<Notify>,
    life: Option<Arc<Life>>,
}

impl<S, R> hyper::service::Service<Request<Incoming>> for Adapter<S>
where
    S: Service<Request<Body>, Response = Response<R>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
    R: Send + 'static,
{
    type Response = Response<Living<R>>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Response<Living<R>>, BoxError>>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        if request.version() == Version::HTTP_2 && !is_named(&request) {
            // There is no request to answer for Envoy's codec.
            self.violated.notify_one();
            return Box::pin(std::future::ready(Err("the request names no authority".into())));
        }
        request.extensions_mut().insert(Arc::clone(&self.connection));
        let (life, http2) = (self.life.clone(), request.version() == Version::HTTP_2);
        let underway = life.as_ref().map(|life| life.begin(http2));
        // hyper's HTTP/1.1 leaves such bodies out by itself.
        let head_only = http2 && request.method() == Method::HEAD;
        let answer = answer(self.stack.clone(), request.map(Body::new));
        Box::pin(async move {
            let mut response = answer.await?;
            let draining = !http2 && life.is_some_and(|life| life.is_draining());
            if draining && response.status() != StatusCode::SWITCHING_PROTOCOLS {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok(response.map(|body| Living::new(body, underway).head_only(head_only)))
        })
    }
}

/// Whether an HTTP/2 request names whom it is for, and nobody besides (`user@host`).
fn is_named(request: &Request<Incoming>) -> bool {
    match request.uri().authority() {
        Some(authority) => !authority.as_str().contains('@'),
        None => request.headers().contains_key(HOST),
    }
}

async fn answer<S, R>(mut stack: S, request: Request<Body>) -> Result<Response<R>, BoxError>
where
    S: Service<Request<Body>, Response = Response<R>>,
    S::Error: Into<BoxError>,
{
    std::future::poll_fn(|cx| stack.poll_ready(cx)).await.map_err(Into::into)?;
    let response = stack.call(request).await.map_err(Into::into)?;
    match response.extensions().get::<LocalReply>() {
        Some(reply) if reply.reset => Err(reply.details.0.clone().into()),
        _ => Ok(response),
    }
}

impl Default for HttpServer {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for HttpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpServer").field("drain", &self.drain).finish_non_exhaustive()
    }
}

impl ConnectionOutcome {
    fn broken(details: &'static str) -> Self {
        Self { flags: Flag::DownstreamProtocolError.into(), details: Some(details) }
    }

    fn of(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::debug!(error, "a downstream connection ended");
        match error.downcast_ref::<hyper::Error>() {
            Some(error) if error.is_parse_too_large() => Self::broken("http1.too_many_headers"),
            Some(error) if error.is_parse() => Self::broken("http1.codec_error"),
            Some(error) if error.source().is_some_and(<dyn std::error::Error>::is::<h2::Error>) => {
                Self::broken("http2.violation.of.messaging.rule")
            }
            _ => Self::default(),
        }
    }
}
