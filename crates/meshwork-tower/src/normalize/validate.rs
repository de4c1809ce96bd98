//! What a request has to be before anything else is asked, and what Envoy answers otherwise.

use std::sync::Arc;

use http::{
    HeaderMap, HeaderValue, Method, StatusCode, Version,
    header::{HOST, TRANSFER_ENCODING},
    request::Parts,
};

use super::PathNormalization;
use crate::{Flag, Head, LocalReply};

/// Reads the head of a request: authority, path and scheme are checked and normalised.
///
/// The Host header leaves the map; the authority stands in the head from here on. The scheme is
/// the target's, or empty where the target has none.
pub(super) fn head(parts: &mut Parts, path: PathNormalization) -> Result<Head, Box<LocalReply>> {
    if parts.version <= Version::HTTP_11 && !is_understood(parts) {
        return Err(codec_error());
    }
    if parts.version < Version::HTTP_11 {
        return Err(LocalReply::protocol_error(StatusCode::UPGRADE_REQUIRED, "low_version").into());
    }
    if parts.headers.len() > MAX_HEADERS {
        let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        return Err(LocalReply::protocol_error(status, "http1.too_many_headers").into());
    }
    if !is_plainly_chunked(&parts.headers) {
        let details = "http1.invalid_transfer_encoding";
        return Err(LocalReply::protocol_error(StatusCode::NOT_IMPLEMENTED, details).into());
    }
    let authority = authority(parts)?;
    let scheme = parts.uri.scheme_str().unwrap_or_default().into();
    let target = target(parts, path)?;
    Ok(Head { scheme, authority, path_and_query: target })
}

/// The authority of the target, else the Host lines, joined where there are several.
fn authority(parts: &mut Parts) -> Result<Arc<str>, Box<LocalReply>> {
    let host = take_host(&mut parts.headers);
    if let Some(authority) = parts.uri.authority() {
        return Ok(authority.as_str().into());
    }
    let Some(host) = host else {
        let reply = LocalReply::new(StatusCode::BAD_REQUEST, "missing_host_header").close();
        return Err(if parts.version == Version::HTTP_2 {
            reply.flag(Flag::DownstreamProtocolError).into()
        } else {
            reply.into()
        });
    };
    match std::str::from_utf8(&host) {
        Ok(host) if host.bytes().all(is_authority_byte) => Ok(host.into()),
        _ => {
            let details = "http.invalid_authority";
            Err(LocalReply::protocol_error(StatusCode::BAD_REQUEST, details).into())
        }
    }
}

fn take_host(headers: &mut HeaderMap) -> Option<Vec<u8>> {
    if !headers.contains_key(HOST) {
        return None;
    }
    // An empty line leaves no trace: a policy on hosts must not miss the other one.
    let lines = headers.get_all(HOST).iter().map(HeaderValue::as_bytes);
    let host = lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(&b',');
    headers.remove(HOST);
    Some(host)
}

fn target(parts: &Parts, path: PathNormalization) -> Result<Arc<str>, Box<LocalReply>> {
    if parts.method == Method::CONNECT {
        return Ok(parts.uri.path_and_query().map_or_else(|| "".into(), |t| t.as_str().into()));
    }
    let Some(target) = parts.uri.path_and_query() else {
        return if parts.uri.scheme().is_some() { Ok("/".into()) } else { Err(codec_error()) };
    };
    let target = target.as_str();
    if target == "*" && parts.method != Method::OPTIONS && parts.version == Version::HTTP_11 {
        let status = StatusCode::BAD_REQUEST;
        return Err(LocalReply::protocol_error(status, "http1.invalid_url").into());
    }
    if !target.starts_with('/') {
        return Err(LocalReply::new(StatusCode::NOT_FOUND, "absolute_path_rejected").into());
    }
    let normalized = path.apply(target).map_err(|_| {
        Box::new(LocalReply::new(StatusCode::BAD_REQUEST, "path_normalization_failed"))
    })?;
    if normalized.redirect {
        let refused = |status| LocalReply::new(status, "path_normalization_failed");
        let reply = match normalized.target.parse() {
            Ok(to) => refused(StatusCode::TEMPORARY_REDIRECT).header(http::header::LOCATION, to),
            Err(_) => refused(StatusCode::BAD_REQUEST),
        };
        return Err(reply.into());
    }
    Ok(normalized.target.into())
}

fn codec_error() -> Box<LocalReply> {
    LocalReply::protocol_error(StatusCode::BAD_REQUEST, "http1.codec_error").into()
}

/// Whether the transfer coding, where one is named, is `chunked` and nothing besides. A reader
/// behind us that took `chunked, chunked` for something else would see other bounds of the body.
fn is_plainly_chunked(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => true,
        (Some(coding), None) => coding.as_bytes().eq_ignore_ascii_case(b"chunked"),
        (Some(_), Some(_)) => false,
    }
}

/// Whether Envoy's HTTP/1 codec reads the first line: names of methods are case-sensitive, and
/// CONNECT names an authority and no path.
fn is_understood(parts: &Parts) -> bool {
    let known = METHODS.binary_search(&parts.method.as_str()).is_ok();
    known && (parts.method != Method::CONNECT || parts.uri.authority().is_some())
}

/// What RFC 3986 lets stand in an authority.
fn is_authority_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:%@[]".contains(&byte)
}

/// Envoy's limit of header lines.
const MAX_HEADERS: usize = 100;

const METHODS: [&str; 34] = [
    "ACL",
    "BIND",
    "CHECKOUT",
    "CONNECT",
    "COPY",
    "DELETE",
    "GET",
    "HEAD",
    "LINK",
    "LOCK",
    "MERGE",
    "MKACTIVITY",
    "MKCALENDAR",
    "MKCOL",
    "MOVE",
    "MSEARCH",
    "NOTIFY",
    "OPTIONS",
    "PATCH",
    "POST",
    "PROPFIND",
    "PROPPATCH",
    "PURGE",
    "PUT",
    "REBIND",
    "REPORT",
    "SEARCH",
    "SOURCE",
    "SUBSCRIBE",
    "TRACE",
    "UNBIND",
    "UNLINK",
    "UNLOCK",
    "UNSUBSCRIBE",
];

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    fn check(request: http::request::Builder) -> Result<Head, Box<LocalReply>> {
        head(&mut request.body(()).unwrap().into_parts().0, PathNormalization::BASE)
    }

    #[test]
    fn methods_are_sorted_for_the_search() {
        assert!(METHODS.is_sorted());
    }

    #[test]
    fn the_authority_is_the_targets_or_the_hosts() {
        let target = check(Request::get("http://a.example:80/x").header("host", "b")).unwrap();
        assert_eq!((&*target.authority, &*target.scheme), ("a.example:80", "http"));
        let host = check(Request::get("/x").header("host", "b").header("host", "c")).unwrap();
        assert_eq!((&*host.authority, &*host.scheme), ("b,c", ""));
        assert_eq!(&*check(Request::get("/").header("host", "")).unwrap().authority, "");
        for hosts in [["", "a.example"], ["a.example", ""]] {
            let [first, second] = hosts;
            let host = check(Request::get("/").header("host", first).header("host", second));
            assert_eq!(&*host.unwrap().authority, "a.example");
        }
    }

    #[test]
    fn what_is_no_request_is_refused() {
        let refused = |request| {
            let reply = check(request).unwrap_err();
            (reply.status.as_u16(), reply.details.0.into_owned())
        };
        let host = || Request::builder().header("host", "a");
        assert_eq!(refused(Request::get("/")), (400, "missing_host_header".into()));
        assert_eq!(refused(host().method("get")), (400, "http1.codec_error".into()));
        assert_eq!(refused(host().method("POSTX")), (400, "http1.codec_error".into()));
        assert_eq!(refused(host().method("M-SEARCH")), (400, "http1.codec_error".into()));
        assert_eq!(refused(host().method("CONNECT").uri("/x")), (400, "http1.codec_error".into()));
        let old = host().version(Version::HTTP_10).method("get");
        assert_eq!(refused(old), (400, "http1.codec_error".into()));
        let reply = check(Request::get("/").header("host", "a.example/x")).unwrap_err();
        assert_eq!(reply.details.0, "http.invalid_authority");
        assert!(reply.flags.contains(Flag::DownstreamProtocolError));
        assert_eq!(refused(host().version(Version::HTTP_10)), (426, "low_version".into()));
        assert_eq!(refused(host().uri("*")), (400, "http1.invalid_url".into()));
        let options = host().method("OPTIONS").uri("*");
        assert_eq!(refused(options), (404, "absolute_path_rejected".into()));
        assert_eq!(refused(host().uri("http://h?q")), (404, "absolute_path_rejected".into()));
        assert_eq!(refused(host().uri("/%00")), (400, "path_normalization_failed".into()));
    }
}
