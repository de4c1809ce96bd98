//! What evaluators read of a request and of its connection.

use std::net::SocketAddr;

use http::{HeaderMap, Method};

/// The head of a request after validation and path normalisation, as Envoy's filters see it.
///
/// The first step of a stack owns the strings; evaluators borrow them and allocate nothing.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RequestHead<'a> {
    /// The method, case-sensitive.
    pub method: &'a str,
    /// `http` or `https`, as Envoy's `:scheme` says.
    pub scheme: &'a str,
    /// `:authority` or the Host header as the client wrote it, port included; empty where there
    /// is none.
    pub authority: &'a str,
    /// Path and query, without fragment; `*` for `OPTIONS *`, empty for CONNECT.
    pub path_and_query: &'a str,
    /// All other headers.
    pub headers: &'a HeaderMap,
}

impl<'a> RequestHead<'a> {
    /// A head from its parts.
    pub fn new(
        method: &'a str,
        scheme: &'a str,
        authority: &'a str,
        path_and_query: &'a str,
        headers: &'a HeaderMap,
    ) -> Self {
        Self { method, scheme, authority, path_and_query, headers }
    }

    /// The path without its query.
    pub fn path(&self) -> &'a str {
        self.path_and_query.split_once('?').map_or(self.path_and_query, |(path, _)| path)
    }

    /// The query without its `?`; `None` where there is none.
    pub fn query(&self) -> Option<&'a str> {
        self.path_and_query.split_once('?').map(|(_, query)| query)
    }

    /// Whether the request is a gRPC call: `content-type` is `application/grpc` or begins with
    /// `application/grpc+`, as Envoy asks.
    pub fn is_grpc(&self) -> bool {
        self.headers.get(http::header::CONTENT_TYPE).is_some_and(|value| {
            value
                .as_bytes()
                .strip_prefix(b"application/grpc")
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(b"+"))
        })
    }

    /// The head of a request whose target has not been normalised.
    ///
    /// The authority is the target's, else the Host header's.
    pub fn from_parts(parts: &'a http::request::Parts) -> Self {
        Self::from_pieces(&parts.method, &parts.uri, &parts.headers)
    }

    fn from_pieces(method: &'a Method, uri: &'a http::Uri, headers: &'a HeaderMap) -> Self {
        let authority = match uri.authority() {
            Some(authority) => authority.as_str(),
            None => headers
                .get(http::header::HOST)
                .and_then(|host| host.to_str().ok())
                .unwrap_or_default(),
        };
        Self {
            method: method.as_str(),
            scheme: uri.scheme_str().unwrap_or("http"),
            authority,
            path_and_query: uri.path_and_query().map_or("", |target| target.as_str()),
            headers,
        }
    }
}

impl<'a> From<&'a http::request::Parts> for RequestHead<'a> {
    fn from(parts: &'a http::request::Parts) -> Self {
        Self::from_parts(parts)
    }
}

impl<'a, B> From<&'a http::Request<B>> for RequestHead<'a> {
    fn from(request: &'a http::Request<B>) -> Self {
        Self::from_pieces(request.method(), request.uri(), request.headers())
    }
}

/// What is known of the connection that a request came on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attributes<'a> {
    /// The peer's address.
    pub source: Option<SocketAddr>,
    /// The address that the packets came from, where a PROXY header told another `source`.
    pub direct_source: Option<SocketAddr>,
    /// Where the connection was meant to go: the original destination of a captured connection,
    /// or the address it was accepted on.
    pub destination: Option<SocketAddr>,
    /// The server name of the client's TLS hello.
    pub sni: Option<&'a str>,
    /// The protocols that the client's TLS hello offers.
    pub alpn: &'a [&'a str],
    /// Whether the client speaks TLS.
    pub tls: bool,
    /// The verified identity of the peer (the URI of its certificate).
    pub peer: Option<&'a str>,
    /// A name of the peer's verified certificate where it bears no SPIFFE identity: its first URI,
    /// else its first DNS name. It is somebody, but nobody of the mesh.
    pub peer_name: Option<&'a str>,
}
