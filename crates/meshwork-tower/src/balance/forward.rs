//! The form in which a request goes to an endpoint.

use http::{
    HeaderValue, Request, Uri, Version,
    header::{CONNECTION, HOST, UPGRADE},
    uri::{Authority, PathAndQuery, Scheme},
};

use crate::{Body, DialAddress, DialProtocol, Head};

/// Writes the head of a request back into it: HTTP/1.1 gets a Host header and a path, HTTP/2 a
/// whole URI, or a Host header too where it is no authority. `false` where the head cannot be
/// written.
pub(super) fn write_head(request: &mut Request<Body>, head: &Head, protocol: DialProtocol) -> bool {
    let Ok(path) = PathAndQuery::try_from(&*head.path_and_query) else { return false };
    if protocol == DialProtocol::Http2 {
        request.headers_mut().remove(CONNECTION);
        request.headers_mut().remove(UPGRADE);
        if let Ok(authority) = Authority::try_from(&*head.authority) {
            let https = &*head.scheme == "https";
            let mut parts = http::uri::Parts::default();
            parts.scheme = Some(if https { Scheme::HTTPS } else { Scheme::HTTP });
            parts.authority = Some(authority);
            parts.path_and_query = Some(path);
            let Ok(uri) = Uri::from_parts(parts) else { return false };
            *request.uri_mut() = uri;
            *request.version_mut() = Version::HTTP_2;
            return true;
        }
        // The codec takes a path alone from requests that are passed on from HTTP/1.1.
    }
    *request.version_mut() = Version::HTTP_11;
    *request.uri_mut() = Uri::from(path);
    write_host(request, head)
}

fn write_host(request: &mut Request<Body>, head: &Head) -> bool {
    let Ok(host) = HeaderValue::from_str(&head.authority) else { return false };
    request.headers_mut().insert(HOST, host);
    true
}

/// The address that an authority points to, with the default port of its scheme.
pub(super) fn address_of(head: &Head) -> Option<DialAddress> {
    let authority: Authority = head.authority.parse().ok()?;
    let default = if &*head.scheme == "https" { 443 } else { 80 };
    let port = authority.port_u16().unwrap_or(default);
    let host = authority.host();
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    Some(match host.parse() {
        Ok(ip) => DialAddress::Ip(std::net::SocketAddr::new(ip, port)),
        Err(_) => DialAddress::Name(host.into(), port),
    })
}
