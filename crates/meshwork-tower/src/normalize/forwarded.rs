//! Who the client is and how it came: `x-forwarded-*`, the scheme, the peer's certificate.

use std::net::IpAddr;

use http::{HeaderMap, HeaderName, HeaderValue, uri::Authority};

use super::{ForwardClientCert, HttpSettings};
use crate::{ConnectionInfo, Direction, Head};

/// Reads and writes the forwarding headers of a request; returns its scheme (where the target
/// names none) and the address of the client behind the proxies.
pub(super) fn forward(
    headers: &mut HeaderMap,
    connection: &ConnectionInfo,
    direction: Direction,
    settings: &HttpSettings,
) -> (&'static str, Option<IpAddr>) {
    let trusted_hops = settings.trusted_hops;
    let peer = connection.source.map(|address| address.ip());
    let own = if connection.tls { "https" } else { "http" };
    let client = if direction == Direction::Gateway {
        let client = match trusted_hops.checked_sub(1) {
            Some(hops) => address_from_the_end(headers, hops).or(peer),
            None => peer,
        };
        if let Some(peer) = peer {
            append_address(headers, peer);
        }
        if let Some(value) = client.and_then(|client| client.to_string().parse().ok()) {
            headers.insert(EXTERNAL_ADDRESS, value);
        }
        client
    } else {
        address_from_the_end(headers, trusted_hops).or(peer)
    };
    let overwritten = direction == Direction::Gateway && trusted_hops == 0;
    if overwritten || !headers.contains_key(&FORWARDED_PROTO) {
        headers.insert(FORWARDED_PROTO, HeaderValue::from_static(own));
    }
    let scheme = headers.get(&FORWARDED_PROTO).map(HeaderValue::as_bytes).unwrap_or_default();
    let scheme = if scheme.eq_ignore_ascii_case(b"https") {
        "https"
    } else if scheme.eq_ignore_ascii_case(b"http") {
        "http"
    } else {
        own
    };
    (scheme, client)
}

/// `x-forwarded-port`: the port that the client dialled. As with the scheme, a gateway believes
/// nobody but the proxies in front of it.
pub(super) fn forwarded_port(
    headers: &mut HeaderMap,
    connection: &ConnectionInfo,
    direction: Direction,
    trusted_hops: usize,
    head: &Head,
) {
    let overwritten = direction == Direction::Gateway && trusted_hops == 0;
    if !overwritten && headers.contains_key(&FORWARDED_PORT) {
        return;
    }
    let dialled = connection.destination.map(|address| address.port()).or(connection.port());
    // In process it is the one that the request names.
    let default = if &*head.scheme == "https" { 443 } else { 80 };
    let named = || head.authority.parse::<Authority>().ok()?.port_u16();
    let port = dialled.or_else(named).unwrap_or(default);
    headers.insert(FORWARDED_PORT, HeaderValue::from(port));
}

/// `x-forwarded-client-cert`: what a client sends is believed only as far as the mode says.
pub(super) fn client_certificate(
    headers: &mut HeaderMap,
    connection: &ConnectionInfo,
    mode: ForwardClientCert,
) {
    let element = connection.forwarded_client_cert.as_deref();
    let mutual = element.is_some();
    if mode == ForwardClientCert::AlwaysForwardOnly
        || mode == ForwardClientCert::ForwardOnly && mutual
    {
        return;
    }
    let mut elements: Vec<Vec<u8>> = Vec::new();
    if mode == ForwardClientCert::AppendForward && mutual {
        let lines = headers.get_all(&FORWARDED_CLIENT_CERT).iter();
        elements.extend(lines.map(|line| line.as_bytes().to_vec()).filter(|line| !line.is_empty()));
    }
    headers.remove(&FORWARDED_CLIENT_CERT);
    if mode != ForwardClientCert::Sanitize && mode != ForwardClientCert::ForwardOnly {
        elements.extend(element.map(|element| element.as_bytes().to_vec()));
    }
    if !elements.is_empty()
        && let Ok(value) = HeaderValue::from_maybe_shared(elements.join(&b','))
    {
        headers.insert(FORWARDED_CLIENT_CERT, value);
    }
}

/// The address that stands `skipped` places before the last one of `x-forwarded-for`. One in
/// brackets or with a port is none.
fn address_from_the_end(headers: &HeaderMap, skipped: usize) -> Option<IpAddr> {
    let addresses = headers.get(&FORWARDED_FOR)?.as_bytes();
    let address = addresses.rsplit(|byte| *byte == b',').nth(skipped)?;
    std::str::from_utf8(address.trim_ascii()).ok()?.parse().ok()
}

/// Appends the peer to `x-forwarded-for`, with a comma and no blank, as Envoy does.
fn append_address(headers: &mut HeaderMap, peer: IpAddr) {
    let value = match headers.get(&FORWARDED_FOR) {
        Some(before) if !before.is_empty() => {
            [before.as_bytes(), b",", peer.to_string().as_bytes()].concat()
        }
        _ => peer.to_string().into_bytes(),
    };
    if let Ok(value) = HeaderValue::from_maybe_shared(value) {
        headers.insert(FORWARDED_FOR, value);
    }
}

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_PORT: HeaderName = HeaderName::from_static("x-forwarded-port");
const FORWARDED_CLIENT_CERT: HeaderName = HeaderName::from_static("x-forwarded-client-cert");
const EXTERNAL_ADDRESS: &str = "x-envoy-external-address";

#[cfg(test)]
mod tests {
    use super::*;

    fn check(
        direction: Direction,
        hops: usize,
        (before, proto): (Option<&str>, Option<&str>),
        expected: (Option<&str>, &str, &str),
    ) -> Option<IpAddr> {
        let mut headers = HeaderMap::new();
        for (name, value) in [(FORWARDED_FOR, before), (FORWARDED_PROTO, proto)] {
            if let Some(value) = value {
                headers.insert(name, value.parse().unwrap());
            }
        }
        let source = Some("192.0.2.4:40000".parse().unwrap());
        let connection = ConnectionInfo::new(source, None);
        let settings = HttpSettings { trusted_hops: hops, ..HttpSettings::new(direction) };
        let (scheme, client) = forward(&mut headers, &connection, direction, &settings);
        let after = headers.get(FORWARDED_FOR).map(|value| value.to_str().unwrap());
        let proto = headers[FORWARDED_PROTO].to_str().unwrap();
        assert_eq!((after, proto, scheme), expected);
        client
    }

    #[test]
    fn sidecars_pass_on_and_believe() {
        let side = Direction::Outbound;
        let client = check(
            side,
            0,
            (Some("1.1.1.1, 2.2.2.2"), Some("HTTPS")),
            (Some("1.1.1.1, 2.2.2.2"), "HTTPS", "https"),
        );
        assert_eq!(client, Some("2.2.2.2".parse().unwrap()));
        check(side, 0, (None, Some("ftp")), (None, "ftp", "http"));
        check(side, 0, (None, None), (None, "http", "http"));
    }

    #[test]
    fn only_a_bare_address_is_one() {
        let found = |text: &str, skipped: usize| {
            let mut headers = HeaderMap::new();
            headers.insert(FORWARDED_FOR, HeaderValue::from_bytes(text.as_bytes()).unwrap());
            address_from_the_end(&headers, skipped).map(|address| address.to_string())
        };
        for (text, want) in [
            ("1.1.1.1, 2.2.2.2", Some("2.2.2.2")),
            ("1.1.1.1,\t2.2.2.2 ", Some("2.2.2.2")),
            ("é, 3.3.3.3", Some("3.3.3.3")),
            ("2001:DB8:0::1", Some("2001:db8::1")),
            ("::ffff:10.1.1.1", Some("::ffff:10.1.1.1")),
            ("[2001:db8::1]", None),
            ("[2001:db8::1]:80", None),
            ("2.2.2.2:80", None),
            ("2.2.2.2, ", None),
            ("3.3.3.3, é", None),
            ("010.1.1.1", None),
            ("10.1", None),
            ("10.1.1.1/8", None),
            ("unknown", None),
        ] {
            assert_eq!(found(text, 0).as_deref(), want, "{text}");
        }
        assert_eq!(found("1.1.1.1, , 3.3.3.3", 2).as_deref(), Some("1.1.1.1"));
        assert_eq!(found("1.1.1.1", 1), None);
    }

    #[test]
    fn gateways_append_and_overwrite() {
        let gateway = Direction::Gateway;
        let client = check(
            gateway,
            0,
            (Some("1.1.1.1, 2.2.2.2"), Some("https")),
            (Some("1.1.1.1, 2.2.2.2,192.0.2.4"), "http", "http"),
        );
        assert_eq!(client, Some("192.0.2.4".parse().unwrap()));
        let client = check(
            gateway,
            2,
            (Some("1.1.1.1, 2.2.2.2"), Some("https")),
            (Some("1.1.1.1, 2.2.2.2,192.0.2.4"), "https", "https"),
        );
        assert_eq!(client, Some("1.1.1.1".parse().unwrap()));
        check(gateway, 0, (None, None), (Some("192.0.2.4"), "http", "http"));
    }

    #[test]
    fn the_port_is_told_as_the_scheme_is() {
        let told = |direction, hops, before: Option<&str>| {
            let mut headers = HeaderMap::new();
            if let Some(before) = before {
                headers.insert(FORWARDED_PORT, before.parse().unwrap());
            }
            let connection = ConnectionInfo::new(None, Some("192.0.2.9:8443".parse().unwrap()));
            forwarded_port(&mut headers, &connection, direction, hops, &Head::default());
            headers[FORWARDED_PORT].to_str().unwrap().to_owned()
        };
        for side in [Direction::Inbound, Direction::Outbound] {
            assert_eq!(told(side, 0, None), "8443");
            assert_eq!(told(side, 0, Some("9")), "9");
        }
        assert_eq!(told(Direction::Gateway, 0, Some("9")), "8443");
        assert_eq!(told(Direction::Gateway, 1, Some("9")), "9");
        assert_eq!(told(Direction::Gateway, 1, None), "8443");
    }

    #[test]
    fn in_process_the_port_is_the_one_that_the_request_names() {
        for (scheme, authority, port) in [
            ("http", "a.example", "80"),
            ("https", "a.example", "443"),
            ("http", "a.example:9080", "9080"),
            ("http", "[2001:db8::1]:9080", "9080"),
        ] {
            let mut headers = HeaderMap::new();
            let (scheme, authority) = (scheme.into(), authority.into());
            let head = Head { scheme, authority, ..Head::default() };
            let nowhere = ConnectionInfo::default();
            forwarded_port(&mut headers, &nowhere, Direction::Outbound, 0, &head);
            assert_eq!(headers[FORWARDED_PORT], port);
        }
    }
}
