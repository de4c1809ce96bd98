//! One connection to an endpoint that speaks HTTP.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use http::{Request, Response};
use hyper::{body::Incoming, client::conn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::time::Instant;

use super::{PoolSettings, UpstreamFailure};
use crate::{Body, DialProtocol, Io};

/// The sending end of a connection with what is known of its life.
pub(super) struct Connection {
    sender: Sender,
    /// How many requests it has taken.
    pub(super) used: u32,
    pub(super) opened: Instant,
    pub(super) idle_since: Instant,
}

enum Sender {
    Http1(conn::http1::SendRequest<Body>),
    Http2 { sender: conn::http2::SendRequest<Body>, streams: Arc<AtomicU32> },
}

/// A request that could not be sent or got no response.
pub(super) struct SendError {
    /// The request, where nothing of it was sent.
    pub(super) unsent: Option<Box<Request<Body>>>,
    pub(super) failure: UpstreamFailure,
}

/// Counts a stream of an HTTP/2 connection until it is dropped.
pub(super) struct Stream(Arc<AtomicU32>);

impl Drop for Stream {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Connection {
    /// Speaks HTTP on `io`; `closed` is called when the connection has ended.
    pub(super) async fn handshake(
        io: Box<dyn Io>,
        protocol: DialProtocol,
        settings: &PoolSettings,
        closed: impl FnOnce() + Send + 'static,
    ) -> Result<Self, hyper::Error> {
        let io = TokioIo::new(io);
        let sender = if protocol == DialProtocol::Http2 {
            let mut builder = conn::http2::Builder::new(TokioExecutor::new());
            let streams = usize::try_from(settings.max_concurrent_streams).unwrap_or(usize::MAX);
            builder.timer(TokioTimer::new()).initial_max_send_streams(streams);
            if let Some((interval, timeout)) = settings.http2_keep_alive {
                builder.keep_alive_interval(interval).keep_alive_timeout(timeout);
            }
            let (sender, connection) = builder.handshake(io).await?;
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!(%error, "an upstream connection ended");
                }
                closed();
            });
            Sender::Http2 { sender, streams: Arc::default() }
        } else {
            let mut builder = conn::http1::Builder::new();
            builder.preserve_header_case(settings.preserve_header_case);
            let (mut sender, connection) = builder.handshake(io).await?;
            tokio::spawn(async move {
                if let Err(error) = connection.with_upgrades().await {
                    tracing::debug!(%error, "an upstream connection ended");
                }
                closed();
            });
            // Only its task makes it ready; until then the pool would take it for a busy one.
            sender.ready().await?;
            Sender::Http1(sender)
        };
        let now = Instant::now();
        Ok(Self { sender, used: 0, opened: now, idle_since: now })
    }

    /// Whether it still takes requests.
    pub(super) fn is_usable(&self, settings: &PoolSettings) -> bool {
        let spent = settings.max_requests_per_connection.is_some_and(|max| self.used >= max);
        let old = settings.max_connection_duration.is_some_and(|max| self.opened.elapsed() >= max);
        let ended = match &self.sender {
            Sender::Http1(sender) => sender.is_closed(),
            Sender::Http2 { sender, .. } => sender.is_closed(),
        };
        !spent && !old && !ended
    }

    /// Whether it takes a request right now.
    pub(super) fn is_ready(&self, settings: &PoolSettings) -> bool {
        self.is_usable(settings)
            && match &self.sender {
                Sender::Http1(sender) => sender.is_ready(),
                Sender::Http2 { streams, .. } => {
                    streams.load(Ordering::Relaxed) < settings.max_concurrent_streams
                }
            }
    }

    /// Whether requests are under way on a connection that carries several.
    pub(super) fn is_busy(&self) -> bool {
        match &self.sender {
            Sender::Http1(_) => false,
            Sender::Http2 { streams, .. } => streams.load(Ordering::Relaxed) > 0,
        }
    }

    /// Another handle to a connection that carries several requests at once; it takes one stream.
    pub(super) fn share(&mut self) -> Option<(Self, Stream)> {
        let Sender::Http2 { sender, streams } = &self.sender else { return None };
        self.used = self.used.saturating_add(1);
        self.idle_since = Instant::now();
        streams.fetch_add(1, Ordering::Relaxed);
        let stream = Stream(Arc::clone(streams));
        let sender = Sender::Http2 { sender: sender.clone(), streams: Arc::clone(streams) };
        Some((Self { sender, ..*self }, stream))
    }

    /// Waits until the response before has been read; `false` where the connection has ended.
    pub(super) async fn ready(&mut self) -> bool {
        match &mut self.sender {
            Sender::Http1(sender) => sender.ready().await.is_ok(),
            Sender::Http2 { sender, .. } => sender.ready().await.is_ok(),
        }
    }

    /// Sends a request and waits for the head of its response.
    pub(super) async fn send(
        &mut self,
        request: Request<Body>,
    ) -> Result<Response<Incoming>, SendError> {
        let sent = match &mut self.sender {
            Sender::Http1(sender) => {
                self.used = self.used.saturating_add(1);
                sender.try_send_request(request).await
            }
            Sender::Http2 { sender, .. } => sender.try_send_request(request).await,
        };
        sent.map_err(|mut error| {
            let unsent = error.take_message().map(Box::new);
            let failure = UpstreamFailure::from_hyper(error.error(), unsent.is_none());
            SendError { unsent, failure }
        })
    }
}
