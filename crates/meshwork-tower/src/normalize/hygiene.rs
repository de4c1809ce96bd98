//! Headers that end at a proxy, and headers that only a proxy may set.

use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode, Version,
    header::{CONNECTION, COOKIE, REFERER, TE, TRANSFER_ENCODING, UPGRADE},
};
use meshwork_routing::is_joined_request_header;

use super::HeadersWithUnderscores;
use crate::{Direction, LocalReply, Upgrade};

/// Cleans the headers of a request; says whether it asks for an upgrade.
pub(super) fn clean_request(
    headers: &mut HeaderMap,
    version: Version,
    direction: Direction,
) -> Result<Option<Upgrade>, Box<LocalReply>> {
    let upgrade = if version == Version::HTTP_2 {
        join_cookies(headers);
        None
    } else {
        clean_connection(headers)?
    };
    if upgrade.is_none() {
        headers.remove(CONNECTION);
        headers.remove(UPGRADE);
    }
    for name in [&KEEP_ALIVE, &PROXY_CONNECTION, &TRANSFER_ENCODING] {
        headers.remove(name);
    }
    clean_te(headers);
    join_lines(headers);
    if headers.get(REFERER).is_some_and(|referer| !is_url(referer.as_bytes())) {
        headers.remove(REFERER);
    }
    for name in INTERNAL {
        headers.remove(name);
    }
    if direction == Direction::Gateway {
        for name in INTERNAL_AT_THE_EDGE {
            headers.remove(name);
        }
    }
    Ok(upgrade)
}

/// Does with headers whose names hold `_` what the connection's settings say.
pub(super) fn underscores(
    headers: &mut HeaderMap,
    version: Version,
    action: HeadersWithUnderscores,
) -> Result<(), Box<LocalReply>> {
    let named = |name: &&HeaderName| name.as_str().contains('_');
    match action {
        HeadersWithUnderscores::Allow => Ok(()),
        HeadersWithUnderscores::Drop => {
            let names: Vec<HeaderName> = headers.keys().filter(named).cloned().collect();
            for name in names {
                headers.remove(name);
            }
            Ok(())
        }
        HeadersWithUnderscores::Reject if headers.keys().find(named).is_none() => Ok(()),
        HeadersWithUnderscores::Reject if version == Version::HTTP_2 => {
            Err(LocalReply::reset("http2.unexpected_underscore").into())
        }
        HeadersWithUnderscores::Reject => {
            let status = StatusCode::BAD_REQUEST;
            Err(LocalReply::protocol_error(status, "http1.unexpected_underscore").into())
        }
    }
}

/// Cleans the headers of a response; those of an upgrade stay.
pub(crate) fn clean_response(headers: &mut HeaderMap, status: StatusCode) {
    if status != StatusCode::SWITCHING_PROTOCOLS {
        headers.remove(CONNECTION);
        headers.remove(UPGRADE);
    }
    for name in [&KEEP_ALIVE, &PROXY_CONNECTION, &TRANSFER_ENCODING] {
        headers.remove(name);
    }
}

/// Removes what `Connection` names; says whether the request asks for an upgrade.
fn clean_connection(headers: &mut HeaderMap) -> Result<Option<Upgrade>, Box<LocalReply>> {
    let mut tokens = Vec::new();
    for line in headers.get_all(CONNECTION) {
        let line = line.to_str().unwrap_or_default();
        tokens.extend(line.split(',').map(|token| token.trim().to_ascii_lowercase()));
    }
    let mut wants_upgrade = false;
    for token in tokens {
        match token.as_str() {
            "" | "close" | "keep-alive" | "te" => {}
            "upgrade" => wants_upgrade = true,
            "x-forwarded-for" | "x-forwarded-host" | "x-forwarded-proto" => {
                let status = StatusCode::BAD_REQUEST;
                return Err(
                    LocalReply::protocol_error(status, "http1.connection_header_rejected").into()
                );
            }
            token => {
                headers.remove(token);
            }
        }
    }
    let Some(protocol) = headers.get(UPGRADE).filter(|_| wants_upgrade) else { return Ok(None) };
    Ok(if protocol.as_bytes().eq_ignore_ascii_case(b"h2c") {
        headers.remove("http2-settings");
        None
    } else if protocol.as_bytes().eq_ignore_ascii_case(b"websocket") {
        Some(Upgrade::WebSocket)
    } else {
        Some(Upgrade::Other)
    })
}

/// Of `TE` only `trailers` goes on.
fn clean_te(headers: &mut HeaderMap) {
    let trailers = headers.get_all(TE).iter().any(|line| {
        let line = line.to_str().unwrap_or_default();
        line.split(',').any(|token| token.trim().eq_ignore_ascii_case("trailers"))
    });
    if trailers {
        headers.insert(TE, HeaderValue::from_static("trailers"));
    } else {
        headers.remove(TE);
    }
}

/// Joins the lines of headers that Envoy keeps in one slot; empty ones leave no trace.
fn join_lines(headers: &mut HeaderMap) {
    if headers.len() == headers.keys_len() {
        return;
    }
    let repeated: Vec<HeaderName> = headers
        .keys()
        .filter(|name| is_joined_request_header(name.as_str()))
        .filter(|name| headers.get_all(*name).iter().nth(1).is_some())
        .cloned()
        .collect();
    for name in repeated {
        join(headers, &name, b",");
    }
}

/// HTTP/2 clients may split cookies; they become one again.
fn join_cookies(headers: &mut HeaderMap) {
    if headers.get_all(COOKIE).iter().nth(1).is_some() {
        join(headers, &COOKIE, b"; ");
    }
}

fn join(headers: &mut HeaderMap, name: &HeaderName, separator: &[u8]) {
    let lines = headers.get_all(name).iter().map(HeaderValue::as_bytes);
    let lines: Vec<&[u8]> = lines.filter(|line| name == COOKIE || !line.is_empty()).collect();
    if let Ok(joined) = HeaderValue::from_bytes(&lines.join(separator)) {
        headers.insert(name, joined);
    }
}

/// Whether Envoy lets a `referer` through: printable ASCII without a fragment, and behind a scheme
/// a host with no user before it.
fn is_url(bytes: &[u8]) -> bool {
    if !bytes.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'#') {
        return false;
    }
    let scheme = match bytes.iter().position(|byte| b":/?".contains(byte)) {
        Some(end) if bytes.get(end) == Some(&b':') => bytes.get(..end).unwrap_or_default(),
        // It is relative.
        _ => return true,
    };
    let rest = bytes.get(scheme.len()..).and_then(|rest| rest.strip_prefix(b"://"));
    let Some(rest) = rest else { return false };
    let authority = rest.split(|byte| b"/?".contains(byte)).next().unwrap_or_default();
    scheme.first().is_some_and(u8::is_ascii_alphabetic)
        && scheme.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte))
        && is_host_and_port(authority)
}

fn is_host_and_port(authority: &[u8]) -> bool {
    let (host, rest) = match authority.strip_prefix(b"[") {
        Some(bracketed) => {
            let Some(end) = bracketed.iter().position(|byte| *byte == b']') else { return false };
            let (host, rest) = bracketed.split_at(end);
            if !host.iter().all(|byte| byte.is_ascii_hexdigit() || b":.".contains(byte)) {
                return false;
            }
            (host, rest.get(1..).unwrap_or_default())
        }
        None => {
            let end = authority.iter().position(|byte| *byte == b':');
            let (host, rest) = authority.split_at(end.unwrap_or(authority.len()));
            if !host.iter().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(byte)) {
                return false;
            }
            (host, rest)
        }
    };
    let is_port = |digits: &[u8]| {
        let text = std::str::from_utf8(digits).unwrap_or_default();
        digits.iter().all(u8::is_ascii_digit) && text.parse::<u16>().is_ok()
    };
    !host.is_empty() && (rest.is_empty() || rest.strip_prefix(b":").is_some_and(is_port))
}

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");

/// Headers that only Envoy's internal requests may bear; Istio makes no request internal.
const INTERNAL: [&str; 14] = [
    "x-envoy-expected-rq-timeout-ms",
    "x-envoy-force-trace",
    "x-envoy-hedge-on-per-try-timeout",
    "x-envoy-internal",
    "x-envoy-ip-tags",
    "x-envoy-max-retries",
    "x-envoy-original-url",
    "x-envoy-retriable-header-names",
    "x-envoy-retriable-status-codes",
    "x-envoy-retry-grpc-on",
    "x-envoy-retry-on",
    "x-envoy-upstream-alt-stat-name",
    "x-envoy-upstream-rq-per-try-timeout-ms",
    "x-envoy-upstream-rq-timeout-ms",
];

/// Headers that a client from outside may not set either.
const INTERNAL_AT_THE_EDGE: [&str; 5] = [
    "x-envoy-decorator-operation",
    "x-envoy-downstream-service-cluster",
    "x-envoy-downstream-service-node",
    "x-envoy-original-path",
    "x-envoy-original-host",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            let name: HeaderName = name.parse().unwrap();
            headers.append(name, value.parse().unwrap());
        }
        headers
    }

    fn check(
        version: Version,
        lines: &[(&str, &str)],
        expected: &[(&str, &str)],
        upgrade: Option<Upgrade>,
    ) {
        let mut cleaned = headers(lines);
        assert_eq!(clean_request(&mut cleaned, version, Direction::Outbound).unwrap(), upgrade);
        assert_eq!(cleaned, headers(expected), "{lines:?}");
    }

    #[test]
    fn a_referer_is_something_like_a_url() {
        for kept in [
            "http://a.example/x",
            "https://a.example",
            "h2://a/b",
            "HTTP://A/",
            "h+x://a",
            "http://[::1]:80/",
            "http://a.example:065535/",
            "http://a.example/?a?b",
            "http://a.example/,http://b/",
            "http://a/\\x",
            "/rel",
            "a.example",
            "a_b",
            "a,b",
            "*/x",
            "//a.example/x",
            "?x",
            "a/://b",
            "/x?u=http://y",
            "",
        ] {
            assert!(is_url(kept.as_bytes()), "{kept}");
        }
        for dropped in [
            "http:/a",
            "http://",
            "http:///x",
            "http://?q",
            "http://a b/",
            "http://a_b.example/",
            "http://a.example:x/",
            "http://a.example:/",
            "http://a:65536/",
            "http://u@a.example/",
            "http://a.example#f",
            "/a#b",
            "http://a.example/\u{e9}",
            "http://*.example/",
            "a:80",
            "about:blank",
            "1http://a",
            "://a",
            "[::1]",
            "http://[zz]/",
            "http://[]/",
            "http://[::1]x/",
            "dev=1; u=2",
        ] {
            assert!(!is_url(dropped.as_bytes()), "{dropped}");
        }
        check(Version::HTTP_2, &[("referer", "about:blank"), ("x", "y")], &[("x", "y")], None);
    }

    #[test]
    fn hop_by_hop_headers_go() {
        let h1 = Version::HTTP_11;
        check(
            h1,
            &[("connection", "keep-alive, x-hop"), ("x-hop", "1"), ("te", "gzip"), ("x", "y")],
            &[("x", "y")],
            None,
        );
        check(h1, &[("te", "trailers, gzip")], &[("te", "trailers")], None);
        check(h1, &[("upgrade", "websocket")], &[], None);
        check(
            h1,
            &[
                ("connection", "Upgrade, HTTP2-Settings"),
                ("upgrade", "h2c"),
                ("http2-settings", "A"),
            ],
            &[],
            None,
        );
        let websocket = [("connection", "Upgrade"), ("upgrade", "WebSocket")];
        check(h1, &websocket, &websocket, Some(Upgrade::WebSocket));
        let mut rejected = headers(&[("connection", "x-forwarded-for")]);
        assert!(clean_request(&mut rejected, h1, Direction::Outbound).is_err());
    }

    #[test]
    fn lines_are_joined_where_envoy_has_one_slot() {
        check(
            Version::HTTP_11,
            &[
                ("accept", "a/b"),
                ("accept", "c/d"),
                ("x-l", "a"),
                ("x-l", "b"),
                ("x-forwarded-for", "1.1.1.1"),
                ("x-forwarded-for", ""),
                ("x-forwarded-client-cert", "URI=a"),
                ("x-forwarded-client-cert", "URI=b"),
                ("cookie", "a=1"),
                ("cookie", "b=2"),
            ],
            &[
                ("x-forwarded-for", "1.1.1.1"),
                ("x-forwarded-client-cert", "URI=a,URI=b"),
                ("accept", "a/b,c/d"),
                ("x-l", "a"),
                ("x-l", "b"),
                ("cookie", "a=1"),
                ("cookie", "b=2"),
            ],
            None,
        );
        check(
            Version::HTTP_2,
            &[("cookie", "a=1"), ("cookie", "b=2")],
            &[("cookie", "a=1; b=2")],
            None,
        );
    }

    #[test]
    fn underscores_in_names() {
        use HeadersWithUnderscores::{Allow, Drop, Reject};
        let lines = [("x_a", "1"), ("x-b", "2"), ("y__", "3")];
        let done = |version, action| {
            let mut headers = headers(&lines);
            underscores(&mut headers, version, action).map(|()| headers.len())
        };
        assert_eq!(done(Version::HTTP_11, Allow).unwrap(), 3);
        assert_eq!(done(Version::HTTP_2, Drop).unwrap(), 1);
        let refused = done(Version::HTTP_11, Reject).unwrap_err();
        assert_eq!((refused.status.as_u16(), refused.reset), (400, false));
        assert!(done(Version::HTTP_2, Reject).unwrap_err().reset);
        let mut plain = headers(&[("x-b", "2")]);
        assert!(underscores(&mut plain, Version::HTTP_11, Reject).is_ok());
    }
}
