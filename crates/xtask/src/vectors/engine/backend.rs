//! One connection of an endpoint: HTTP/1, HTTP/2, or bytes that it sends back.

use std::{convert::Infallible, sync::Mutex, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Version};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use indexmap::IndexMap;
use meshwork_identity::{PeerIdentity, Purpose};
use meshwork_tower::Io;
use tokio::io::AsyncReadExt;
use tokio_rustls::TlsAcceptor;

use crate::vectors::{
    recorded::{Received, ReceivedTls},
    scenario::{OneOrMany, Step},
};

use super::{network::Place, pipe::Prefixed, tls::accept};

/// How endpoints end TLS.
#[derive(Clone)]
pub(super) enum Termination {
    /// In the form that this runner models.
    Modelled,
    /// Really.
    Real(TlsAcceptor),
}

/// Serves one connection until it ends. `tls` is what its client said, where that was modelled
/// out of band.
pub(super) async fn serve(
    place: Place,
    termination: Termination,
    mut tls: Option<ReceivedTls>,
    mut io: Box<dyn Io>,
) {
    loop {
        let mut first = [0; 1024];
        let Ok(read) = io.read(&mut first).await else { return };
        let bytes = Bytes::copy_from_slice(first.get(..read).unwrap_or_default());
        match (bytes.first(), &termination) {
            (None, _) => return,
            // Nobody expects TLS inside of TLS.
            (Some(0x16), _) if tls.is_some() => return,
            (Some(0x16), Termination::Real(acceptor)) => {
                match acceptor.accept(Prefixed::new(bytes, io)).await {
                    Ok(stream) => {
                        tls = Some(said(stream.get_ref().1));
                        io = Box::new(stream);
                    }
                    Err(_) => return place.failed(),
                }
            }
            (Some(0x16), Termination::Modelled) => {
                let mut rest = Prefixed::new(bytes, io);
                let Ok(hello) = accept(&mut rest).await else { return };
                tls = Some(hello);
                if !rest.is_drained() {
                    return any(place, tls, rest).await;
                }
                io = rest.into_rest();
            }
            (Some(_), _) => return any(place, tls, Prefixed::new(bytes, io)).await,
        }
    }
}

/// What a client said and showed in a real handshake.
fn said(session: &rustls::ServerConnection) -> ReceivedTls {
    let leaf = session.peer_certificates().and_then(|chain| chain.first());
    let peer = leaf.and_then(|leaf| PeerIdentity::from_certificate(leaf, Purpose::Client).ok());
    let alpn = session.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned());
    let name = |peer: &PeerIdentity| {
        let host = || peer.dns_names().first().map(ToString::to_string);
        peer.uri().map(str::to_owned).or_else(host)
    };
    ReceivedTls {
        sni: session.server_name().map(str::to_owned),
        alpn,
        client: peer.as_ref().and_then(name),
    }
}

/// HTTP, or bytes that are sent back.
async fn any(place: Place, tls: Option<ReceivedTls>, io: Prefixed) {
    if io.first().is_some_and(|byte| byte.is_ascii_uppercase()) {
        http(place, tls, io).await;
    } else {
        echo(place, tls, io).await;
    }
}

async fn echo(place: Place, tls: Option<ReceivedTls>, io: Prefixed) {
    let step = place.next_step();
    let protocol = Some("tcp".to_owned());
    let endpoint = Some(place.endpoint.clone());
    place.saw(Received { protocol, tls, endpoint, ..Received::default() });
    if let Some(delay) = step.delay_ms {
        tokio::time::sleep(Duration::from_millis(delay)).await;
    }
    if step.reset {
        return;
    }
    let (mut read, mut write) = tokio::io::split(io);
    let _ended = tokio::io::copy(&mut read, &mut write).await;
}

async fn http(place: Place, tls: Option<ReceivedTls>, io: Prefixed) {
    // The server drops fragments; of the first request the target is known as it was sent.
    let first = Mutex::new(io.target().filter(|target| target.contains('#')));
    let service = service_fn(move |request: Request<Incoming>| {
        let (place, tls) = (place.clone(), tls.clone());
        let target = first.lock().ok().and_then(|mut target| target.take());
        async move { answer(&place, tls, target, request).await }
    });
    let mut server = auto::Builder::new(TokioExecutor::new());
    server.http1().half_close(false);
    // An endpoint that resets ends the connection with an error, which nobody has to see.
    let _ended = server.serve_connection_with_upgrades(TokioIo::new(io), service).await;
}

async fn answer(
    place: &Place,
    tls: Option<ReceivedTls>,
    target: Option<String>,
    request: Request<Incoming>,
) -> Result<Response<Answer>, Reset> {
    let (head, body) = request.into_parts();
    let step = place.next_step();
    let content_type = head.headers.get("content-type").map(HeaderValue::as_bytes);
    let is_grpc = content_type.is_some_and(|kind| kind.starts_with(b"application/grpc"));
    place.saw(received(&head, place.endpoint.clone(), tls, target));
    let _read = body.collect().await;
    if let Some(delay) = step.delay_ms {
        tokio::time::sleep(Duration::from_millis(delay)).await;
    }
    if step.reset {
        return Err(Reset);
    }
    let mut response = response(&step, is_grpc);
    // hyper leaves the body out in HTTP/1.1 alone.
    if head.method == Method::HEAD {
        *response.body_mut() = Full::default().with_trailers(std::future::ready(None));
    }
    Ok(response)
}

fn received(
    head: &http::request::Parts,
    endpoint: String,
    tls: Option<ReceivedTls>,
    target: Option<String>,
) -> Received {
    let mut headers = headers_of(&head.headers);
    // In HTTP/2 a cookie may come in pieces, which whoever receives it puts together.
    if let Some(OneOrMany(pieces)) =
        headers.get_mut("cookie").filter(|_| head.version == Version::HTTP_2)
    {
        *pieces = vec![pieces.join("; ")];
    }
    let host = headers.shift_remove("host").and_then(|OneOrMany(hosts)| hosts.into_iter().next());
    let authority = head.uri.authority().map(|authority| authority.as_str().to_owned());
    let path = head.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string);
    let protocol = match head.version {
        Version::HTTP_2 => Some("HTTP/2.0".to_owned()),
        Version::HTTP_10 => Some("HTTP/1.0".to_owned()),
        _ => None,
    };
    Received {
        method: Some(head.method.to_string()),
        authority: authority.or(host).filter(|authority| !authority.is_empty()),
        path: Some(target.unwrap_or(path)),
        headers,
        tls,
        protocol,
        endpoint: Some(endpoint),
        body: None,
    }
}

/// Headers with their values as text, names in lower case, in the order of their first values.
pub(super) fn headers_of(map: &HeaderMap) -> IndexMap<String, OneOrMany> {
    let mut headers: IndexMap<String, OneOrMany> = IndexMap::new();
    for (name, value) in map {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        headers.entry(name.as_str().to_owned()).or_default().0.push(value);
    }
    headers
}

fn response(step: &Step, is_grpc: bool) -> Response<Answer> {
    let trailers = (is_grpc || step.grpc.is_some()).then(|| {
        let status = step.grpc.as_ref().map_or("0", |status| status.0.as_str());
        let status = HeaderValue::from_str(status).unwrap_or(HeaderValue::from_static("2"));
        HeaderMap::from_iter([(HeaderName::from_static("grpc-status"), status)])
    });
    let empty = trailers.is_some() || step.status == Some(101);
    let body = Full::new(Bytes::from_static(if empty { b"" } else { b"seen" }));
    let mut response =
        Response::new(body.with_trailers(std::future::ready(trailers.clone().map(Ok))));
    let status = step.status.and_then(|status| StatusCode::from_u16(status).ok());
    *response.status_mut() = status.unwrap_or(StatusCode::OK);
    let headers = response.headers_mut();
    if trailers.is_some() {
        headers.insert("content-type", HeaderValue::from_static("application/grpc"));
    }
    for (name, OneOrMany(values)) in &step.headers {
        for value in values {
            let name = HeaderName::from_bytes(name.as_bytes());
            if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
                headers.append(name, value);
            }
        }
    }
    response
}

/// The body of an answer, with what a gRPC server says at its end.
type Answer = http_body_util::combinators::WithTrailers<
    Full<Bytes>,
    std::future::Ready<Option<Result<HeaderMap, Infallible>>>,
>;

/// The endpoint ends the connection instead of answering.
#[derive(Debug, thiserror::Error)]
#[error("reset by the scenario")]
struct Reset;

impl From<Infallible> for Reset {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}
