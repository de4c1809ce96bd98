//! The outermost layer: it notes what came of each request.

use std::{
    fmt,
    sync::Arc,
    task::{self, Poll},
};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Method, Request, Response, StatusCode, header::CONTENT_LENGTH};
use tokio::time::Instant;
use tower_layer::Layer;
use tower_service::Service;

use super::{AccessLogEntry, CountedBody, LoggedBody, entry::text};
use crate::{BoxError, Details, Flag, MeshContext, Record, ResponseFlags};

/// Somebody who is handed every line.
type Taker = Arc<dyn Fn(&AccessLogEntry) + Send + Sync>;

/// Writes one line for each request when its answer has passed, or when the client went away.
///
/// Lines go to `tracing`; [`AccessLogLayer::also`] hands them to somebody else as well.
#[derive(Clone, Default)]
pub struct AccessLogLayer {
    also: Option<Taker>,
}

impl AccessLogLayer {
    /// Lines for `tracing`.
    pub fn new() -> Self {
        Self::default()
    }

    /// Hands each line to `take` too.
    #[must_use]
    pub fn also(mut self, take: impl Fn(&AccessLogEntry) + Send + Sync + 'static) -> Self {
        self.also = Some(Arc::new(take));
        self
    }
}

impl fmt::Debug for AccessLogLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessLogLayer").finish_non_exhaustive()
    }
}

impl<S> Layer<S> for AccessLogLayer {
    type Service = AccessLog<S>;

    fn layer(&self, inner: S) -> AccessLog<S> {
        AccessLog { inner, layer: self.clone() }
    }
}

/// The service of [`AccessLogLayer`].
#[derive(Clone, Debug)]
pub struct AccessLog<S> {
    inner: S,
    layer: AccessLogLayer,
}

impl<S, B, R> Service<Request<B>> for AccessLog<S>
where
    S: Service<Request<CountedBody<B>>, Response = Response<R>>,
    S::Future: Send + 'static,
    B: http_body::Body,
    R: http_body::Body<Data = Bytes>,
    R::Error: Into<BoxError>,
{
    type Response = Response<LoggedBody<R>>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Self::Response, S::Error>>;

    fn poll_ready(&mut self, cx: &mut task::Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let mut line = Line::begin(&request, self.layer.clone());
        let record = line.record.clone();
        let answer = self.inner.call(request.map(|body| CountedBody::new(body, record)));
        Box::pin(async move {
            let mut response = answer.await?;
            line.answered(&mut response);
            if response.body().is_end_stream()
                || response.status() == StatusCode::SWITCHING_PROTOCOLS
            {
                line.write(false);
            }
            Ok(response.map(|body| LoggedBody::new(body, line)))
        })
    }
}

/// A line that is being gathered; it is written when it is dropped at the latest.
pub(super) struct Line {
    layer: AccessLogLayer,
    entry: Option<Box<AccessLogEntry>>,
    /// Whether the request has a context, whose record this is.
    known: bool,
    pub(super) record: Record,
    began: Instant,
    pub(super) sent: u64,
    /// How long the body is, where its head says so: a server asks no more of it then.
    length: Option<u64>,
}

impl Line {
    fn begin<B>(request: &Request<B>, layer: AccessLogLayer) -> Self {
        let cx = MeshContext::of(request);
        let uri = request.uri();
        let path = uri.path_and_query().map_or("", |target| target.as_str()).into();
        let host = text(request.headers(), "host").unwrap_or_default();
        let authority = uri.authority().map_or(host, |authority| authority.as_str().into());
        let connection = cx.map(|cx| &*cx.connection);
        let headers = request.headers();
        let entry = AccessLogEntry {
            direction: cx.map(|cx| cx.direction).unwrap_or_default(),
            method: request.method().clone(),
            path,
            protocol: request.version(),
            response_code: 0,
            info: Default::default(),
            bytes_received: 0,
            bytes_sent: 0,
            duration: Default::default(),
            upstream_service_time: None,
            forwarded_for: text(headers, "x-forwarded-for"),
            user_agent: text(headers, "user-agent"),
            request_id: text(headers, "x-request-id"),
            authority,
            downstream_local: connection.and_then(|connection| connection.destination),
            downstream_remote: connection.and_then(|connection| connection.source),
            server_name: connection.and_then(|connection| connection.sni.clone()),
        };
        let began = Instant::now();
        let record = cx.map(|cx| cx.record.clone()).unwrap_or_default();
        let entry = Some(Box::new(entry));
        Self { layer, entry, known: cx.is_some(), record, began, sent: 0, length: None }
    }

    /// Notes the head of the answer; the answer's own flags and those of the request become one.
    fn answered<R>(&mut self, response: &mut Response<R>) {
        let Some(entry) = &mut self.entry else { return };
        entry.response_code = response.status().as_u16();
        entry.upstream_service_time = text(response.headers(), "x-envoy-upstream-service-time");
        self.length = length(&entry.method, response);
        if !self.known {
            return;
        }
        self.record.progress().touch();
        let extensions = response.extensions_mut();
        let flags = extensions.get::<ResponseFlags>().copied().unwrap_or_default();
        let details = extensions.get::<Details>().cloned().unwrap_or(Details::VIA_UPSTREAM);
        self.record.answer(flags, &details);
        extensions.insert(self.record.read().flags);
    }

    /// The answer has passed, or failed on the way.
    pub(super) fn finish(mut self, passed: bool) {
        self.write(!passed);
    }

    fn write(&mut self, given_up: bool) {
        let Some(mut entry) = self.entry.take() else { return };
        entry.bytes_sent = self.sent;
        entry.bytes_received = self.record.progress().received();
        entry.duration = self.began.elapsed();
        if self.known {
            entry.info = self.record.read();
            if let Some(head) = entry.info.head.clone() {
                entry.path = head.path_and_query;
                entry.authority = head.authority;
            }
            entry.request_id = entry.info.request_id.clone().or(entry.request_id.take());
            entry.forwarded_for = entry.info.forwarded_for.clone().or(entry.forwarded_for.take());
        }
        if given_up {
            entry.info.flags.insert(Flag::DownstreamConnectionTermination);
            entry.info.details = Some("downstream_remote_disconnect".into());
        }
        entry.emit();
        if let Some(also) = &self.layer.also {
            also(&entry);
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.write(self.length != Some(self.sent));
    }
}

/// How many bytes of body will be asked for.
fn length<R>(method: &Method, response: &Response<R>) -> Option<u64> {
    let status = response.status();
    let bodyless = [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED].contains(&status);
    if *method == Method::HEAD || bodyless || status.is_informational() {
        return Some(0);
    }
    response.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
