//! The layer of the first step.

use std::{
    mem,
    sync::Arc,
    task::{self, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{
    HeaderMap, HeaderValue, Request, Response, Version,
    header::{HeaderName, SERVER},
};
use meshwork_core::{Draw, Draws as _};
use tokio::time::Instant;
use tower_layer::Layer;
use tower_service::Service;

use super::{
    CurrentSettings, HttpSettings,
    forwarded::{client_certificate, forward, forwarded_port},
    hygiene::{clean_request, underscores},
    request_id::request_id,
    validate::head,
};
use crate::{Direction, LocalReply, MeshContext, is_grpc};

/// Checks and normalises requests as Envoy's connection manager does, before anything else looks
/// at them.
///
/// What is no valid request is answered here: 400, 404, 426, 431. Path, authority and scheme stand
/// in the [`MeshContext`] afterwards, hop-by-hop headers and those that only proxies may set are
/// gone, `x-forwarded-proto`, `x-forwarded-for` (at gateways) and `x-request-id` are there. Every
/// answer gets the `server` header. A request that takes longer than its
/// [`StreamLimits`](crate::StreamLimits) allow is given up.
///
/// Requests without a context are passed on untouched: a
/// [`ContextLayer`](crate::ContextLayer) stands above.
#[derive(Clone, Debug, Default)]
pub struct NormalizeLayer {
    settings: Option<Arc<HttpSettings>>,
    current: CurrentSettings,
}

impl NormalizeLayer {
    /// Takes the settings from the request's snapshot; Istio's defaults where it has none.
    pub fn new() -> Self {
        Self::default()
    }

    /// Uses these settings, whatever the snapshot says.
    pub fn with(settings: HttpSettings) -> Self {
        Self { settings: Some(Arc::new(settings)), ..Self::default() }
    }

    fn settings(&self, cx: &MeshContext) -> Arc<HttpSettings> {
        match (&self.settings, &cx.snapshot) {
            (Some(settings), _) => Arc::clone(settings),
            (None, Some(snapshot)) => self.current.of(snapshot, cx.direction),
            (None, None) => Arc::new(HttpSettings::new(cx.direction)),
        }
    }
}

impl<S> Layer<S> for NormalizeLayer {
    type Service = Normalize<S>;

    fn layer(&self, inner: S) -> Normalize<S> {
        Normalize { inner, layer: self.clone() }
    }
}

/// The service of [`NormalizeLayer`].
#[derive(Clone, Debug)]
pub struct Normalize<S> {
    inner: S,
    layer: NormalizeLayer,
}

impl<S, B, R> Service<Request<B>> for Normalize<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
    R: From<Bytes>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Response<R>, S::Error>>;

    fn poll_ready(&mut self, cx: &mut task::Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let Some(mut cx) = MeshContext::of(&request).cloned() else {
            return Box::pin(self.inner.call(request));
        };
        let settings = self.layer.settings(&cx);
        let clone = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, clone);
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            let mut response = match normalize(&mut parts, &mut cx, &settings) {
                Err(reply) => reply.into_response(is_grpc(&parts.headers)),
                Ok(()) => {
                    let limits = settings.limits.stream;
                    let held = limits.has_times().then(|| (cx.record.clone(), &parts.headers));
                    let held = held.map(|(record, headers)| (record, is_grpc(headers)));
                    parts.extensions.insert(cx);
                    let answer = inner.call(Request::from_parts(parts, body));
                    match held {
                        None => answer.await?,
                        Some((record, grpc)) => {
                            record.progress().begin(limits);
                            tokio::select! {
                                biased;
                                answer = answer => answer?,
                                reply = record.progress().exceeded() => reply.into_response(grpc),
                            }
                        }
                    }
                }
            };
            if !settings.added.debug && response.extensions().get::<LocalReply>().is_some() {
                response.headers_mut().remove(OVERLOADED);
            }
            if let Some(server) = &settings.server {
                response.headers_mut().insert(SERVER, server.clone());
            }
            Ok(response)
        })
    }
}

fn normalize(
    parts: &mut http::request::Parts,
    cx: &mut MeshContext,
    settings: &HttpSettings,
) -> Result<(), Box<LocalReply>> {
    if cx.direction == Direction::Inbound {
        cx.deadline = deadline(&parts.headers);
    }
    underscores(&mut parts.headers, parts.version, settings.underscores)?;
    cx.head = head(parts, settings.path)?;
    cx.upgrade = clean_request(&mut parts.headers, parts.version, cx.direction)?;
    let (scheme, client) = forward(&mut parts.headers, &cx.connection, cx.direction, settings);
    cx.client = client;
    cx.added = settings.added;
    let limits = &settings.limits;
    // To Envoy the window of a stream is how much of it is buffered.
    cx.buffer_limit = match parts.version {
        Version::HTTP_2 => limits.stream_window.and_then(|window| usize::try_from(window).ok()),
        _ => limits.stream.buffer_limit,
    };
    client_certificate(&mut parts.headers, &cx.connection, settings.forward_client_cert);
    if cx.head.scheme.is_empty() {
        cx.head.scheme = scheme.into();
    }
    let external = cx.direction == Direction::Gateway;
    if settings.forwarded_port {
        let headers = &mut parts.headers;
        forwarded_port(headers, &cx.connection, cx.direction, settings.trusted_hops, &cx.head);
    }
    if settings.request_id && (external || !parts.headers.contains_key(&REQUEST_ID)) {
        // Two numbers that nothing else of the request follows from.
        let (high, low) =
            (cx.draws.draw(Draw::Backoff(u16::MAX)), cx.draws.draw(Draw::Mirror(u16::MAX)));
        if let Some(id) = request_id(high, low) {
            parts.headers.insert(REQUEST_ID, id);
        }
    }
    let text = |name: &HeaderName| Some(parts.headers.get(name)?.to_str().ok()?.into());
    let (request_id, forwarded_for) = (text(&REQUEST_ID), text(&FORWARDED_FOR));
    cx.record.write(|info| {
        info.head = Some(cx.head.clone());
        info.request_id = request_id;
        info.forwarded_for = forwarded_for;
    });
    Ok(())
}

/// When the caller gives up, as its proxy or its gRPC library says.
fn deadline(headers: &HeaderMap) -> Option<Instant> {
    let millis = |value: &HeaderValue| value.to_str().ok()?.parse().ok().map(Duration::from_millis);
    let expected = headers.get("x-envoy-expected-rq-timeout-ms").and_then(millis);
    Some(Instant::now() + expected?)
}

const OVERLOADED: &str = "x-envoy-overloaded";
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
