//! Which chain takes an inbound connection, by mode, protocol and first bytes (security.md 4.3).

use meshwork_core::{Attributes, Protocol};

use super::mode::{self, MtlsMode, Spoken};
use super::{FirstBytes, Seen, choose};

/// What becomes of a connection: spoken behind the chain, and whether the mesh's TLS is ended.
fn check(
    protocol: Protocol,
    mode: MtlsMode,
    first: FirstBytes,
    alpn: &[&str],
    expected: Option<(Spoken, bool)>,
) {
    let chains = mode::chains(protocol, mode);
    let mut attributes = Attributes::default();
    attributes.alpn = alpn;
    let seen = Seen::new(mode::inspection(chains), &attributes, first);
    let found = choose(chains, &seen).map(|chain| (chain.spoken, chain.mtls));
    assert_eq!(found, expected, "{protocol} {mode:?} {first:?} {alpn:?}");
}

use FirstBytes::{Http1, Http2, Http10, None as Silent, Other, Tls};
use MtlsMode::{Disable, Permissive, Strict};
use Protocol::{Auto, Http, Tcp};

const HTTP_MTLS: Option<(Spoken, bool)> = Some((Spoken::Http, true));
const HTTP_PLAIN: Option<(Spoken, bool)> = Some((Spoken::Http, false));
const TCP_MTLS: Option<(Spoken, bool)> = Some((Spoken::Tcp, true));
const TCP_PLAIN: Option<(Spoken, bool)> = Some((Spoken::Tcp, false));

#[test]
fn permissive() {
    for (first, alpn, auto, http, tcp) in [
        (Tls, &["istio-http/1.1", "istio"][..], HTTP_MTLS, HTTP_MTLS, TCP_MTLS),
        (Tls, &["istio-peer-exchange", "istio"], TCP_MTLS, HTTP_MTLS, TCP_MTLS),
        (Tls, &["istio"], TCP_MTLS, HTTP_MTLS, TCP_MTLS),
        (Tls, &[], TCP_PLAIN, None, TCP_PLAIN),
        (Tls, &["h2", "http/1.1"], TCP_PLAIN, None, TCP_PLAIN),
        (Http1, &[], HTTP_PLAIN, HTTP_PLAIN, TCP_PLAIN),
        (Http2, &[], HTTP_PLAIN, HTTP_PLAIN, TCP_PLAIN),
        (Http10, &[], TCP_PLAIN, HTTP_PLAIN, TCP_PLAIN),
        (Other, &[], TCP_PLAIN, HTTP_PLAIN, TCP_PLAIN),
        (Silent, &[], TCP_PLAIN, HTTP_PLAIN, TCP_PLAIN),
    ] {
        check(Auto, Permissive, first, alpn, auto);
        check(Http, Permissive, first, alpn, http);
        check(Tcp, Permissive, first, alpn, tcp);
    }
}

#[test]
fn strict() {
    for (first, alpn, auto, http, tcp) in [
        (Tls, &["istio-h2"][..], HTTP_MTLS, HTTP_MTLS, TCP_MTLS),
        (Tls, &[], TCP_MTLS, HTTP_MTLS, TCP_MTLS),
        (Tls, &["h2"], TCP_MTLS, HTTP_MTLS, TCP_MTLS),
        (Http1, &[], None, None, None),
        (Other, &[], None, None, None),
        (Silent, &[], None, None, None),
    ] {
        check(Auto, Strict, first, alpn, auto);
        check(Http, Strict, first, alpn, http);
        check(Tcp, Strict, first, alpn, tcp);
    }
}

#[test]
fn disabled() {
    for (first, auto, http, tcp) in [
        (Tls, TCP_PLAIN, HTTP_PLAIN, TCP_PLAIN),
        (Http1, HTTP_PLAIN, HTTP_PLAIN, TCP_PLAIN),
        (Http10, TCP_PLAIN, HTTP_PLAIN, TCP_PLAIN),
        (Other, TCP_PLAIN, HTTP_PLAIN, TCP_PLAIN),
    ] {
        check(Auto, Disable, first, &["istio"], auto);
        check(Http, Disable, first, &["istio"], http);
        check(Tcp, Disable, first, &["istio"], tcp);
    }
}
