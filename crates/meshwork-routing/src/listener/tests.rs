//! Filter chain choice, the classification of first bytes, and chains that cannot stand together.

use std::sync::Arc;

use meshwork_core::Attributes;

use super::bytes::{FirstBytes, Inspection, Seen, Transport};
use super::chain::ChainMatch;
use super::index::{ChainError, ChainIndex};

const BOTH: Inspection = Inspection { tls: true, http: true };

fn chain(
    prefixes: &[&str],
    names: &[&str],
    transport: Option<Transport>,
    protocols: &'static [&'static str],
) -> ChainMatch {
    ChainMatch {
        prefixes: prefixes.iter().map(|range| range.parse().unwrap()).collect(),
        server_names: names.iter().map(|name| Arc::from(*name)).collect(),
        transport,
        protocols,
    }
}

fn tls<'a>(address: &str, sni: &'a str, alpn: &'a [&'a str]) -> Seen<'a> {
    let mut attributes = Attributes::default();
    attributes.destination = Some(format!("{address}:443").parse().unwrap());
    attributes.sni = (!sni.is_empty()).then_some(sni);
    attributes.alpn = alpn;
    Seen::new(BOTH, &attributes, FirstBytes::Tls)
}

#[test]
fn criteria_are_asked_one_after_the_other_and_never_again() {
    // T99: the address is chosen first, so the name that fits elsewhere does not help.
    let chains = [chain(&["10.0.0.0/8"], &["a.com"], None, &[]), chain(&[], &["b.com"], None, &[])];
    let index = ChainIndex::new(&chains).unwrap();
    assert_eq!(index.find(&tls("10.1.1.1", "a.com", &[])), Some(0));
    assert_eq!(index.find(&tls("10.1.1.1", "b.com", &[])), None);
    assert_eq!(index.find(&tls("11.1.1.1", "b.com", &[])), Some(1));
    assert_eq!(index.find(&tls("11.1.1.1", "a.com", &[])), None);
}

#[test]
fn the_longest_prefix_and_the_closest_name_win() {
    let chains = [
        chain(&["10.0.0.0/8"], &[], None, &[]),
        chain(&["10.1.0.0/16", "10.2.0.0/16"], &[], None, &[]),
        chain(&["10.1.1.1"], &[], None, &[]),
        chain(&[], &["*.com"], None, &[]),
        chain(&[], &["*.Example.com"], None, &[]),
        chain(&[], &["x.example.com", "y.example.com"], None, &[]),
        chain(&[], &[], None, &[]),
    ];
    let index = ChainIndex::new(&chains).unwrap();
    let check = |address, sni, expected| {
        assert_eq!(index.find(&tls(address, sni, &[])), Some(expected), "{address} {sni}");
    };
    check("10.9.9.9", "", 0);
    check("10.2.9.9", "", 1);
    check("10.1.1.2", "x.example.com", 1);
    check("10.1.1.1", "", 2);
    check("20.1.1.1", "a.com", 3);
    check("20.1.1.1", "a.b.example.com", 4);
    check("20.1.1.1", "X.EXAMPLE.com", 5);
    // T102: the `*` stands for at least a label.
    check("20.1.1.1", "example.com", 3);
    check("20.1.1.1", "com", 6);
    check("20.1.1.1", ".com", 6);
    check("20.1.1.1", "a.com.", 6);
    check("20.1.1.1", "", 6);
}

#[test]
fn transport_and_protocol_follow_the_name() {
    let chains = [
        chain(&[], &[], Some(Transport::Raw), &["http/1.1", "h2c"]),
        chain(&[], &[], Some(Transport::Tls), &["istio", "h2"]),
        chain(&[], &[], Some(Transport::Tls), &["istio-h2"]),
        chain(&[], &["only.raw"], Some(Transport::Raw), &[]),
    ];
    let index = ChainIndex::new(&chains).unwrap();
    let plain = |first| Seen::new(BOTH, &Attributes::default(), first);
    assert_eq!(index.find(&plain(FirstBytes::Http1)), Some(0));
    assert_eq!(index.find(&plain(FirstBytes::Http2)), Some(0));
    // HTTP/1.0 is not among the protocols that Istio matches.
    assert_eq!(index.find(&plain(FirstBytes::Http10)), None);
    assert_eq!(index.find(&plain(FirstBytes::Other)), None);
    // The client's order counts.
    assert_eq!(index.find(&tls("1.1.1.1", "", &["istio-h2", "istio"])), Some(2));
    assert_eq!(index.find(&tls("1.1.1.1", "", &["x", "istio", "istio-h2"])), Some(1));
    assert_eq!(index.find(&tls("1.1.1.1", "", &["x"])), None);
    assert_eq!(index.find(&tls("1.1.1.1", "only.raw", &["istio"])), None);
}

#[test]
fn without_an_inspector_nothing_is_seen() {
    let none = Inspection::default();
    let mut attributes = Attributes::default();
    attributes.sni = Some("a.com");
    attributes.alpn = &["h2"];
    let seen = Seen::new(none, &attributes, FirstBytes::Tls);
    assert_eq!((seen.transport, seen.server_name, seen.protocols.len()), (Transport::Raw, "", 0));
    let seen = Seen::new(none, &attributes, FirstBytes::Http1);
    assert!(seen.protocols.is_empty());
}

#[test]
fn overlapping_chains_are_refused() {
    let refused = |chains: &[ChainMatch]| ChainIndex::new(chains).err();
    let overlap = Some(ChainError::Overlap { first: 0, second: 1 });
    // T169: lists that overlap, and lists that are equal but for their order.
    assert_eq!(
        refused(&[chain(&[], &["a", "b"], None, &[]), chain(&[], &["a"], None, &[])]),
        overlap
    );
    assert_eq!(
        refused(&[chain(&[], &["a", "b"], None, &[]), chain(&[], &["b", "a"], None, &[])]),
        overlap
    );
    assert_eq!(refused(&[chain(&[], &[], None, &[]), chain(&[], &[], None, &[])]), overlap);
    assert_eq!(
        refused(&[chain(&[], &[], None, &["h2"]), chain(&[], &[], None, &["x", "h2"])]),
        overlap
    );
    assert_eq!(
        refused(&[
            chain(&["10.0.0.0/8"], &["a"], None, &[]),
            chain(&["10.0.0.0/9"], &["a"], None, &[])
        ]),
        None
    );
    assert_eq!(refused(&[chain(&[], &["a"], None, &[]), chain(&[], &["*.a"], None, &[])]), None);
    for name in ["*-a.com", "a.*", "*a.com", "*.*.com"] {
        let error = refused(&[chain(&[], &[name], None, &[])]);
        assert!(matches!(error, Some(ChainError::PartialWildcard { chain: 0, .. })), "{name}");
    }
}

#[test]
fn first_bytes_are_classified_as_soon_as_they_can_be() {
    let check = |bytes: &[u8], expected| {
        assert_eq!(FirstBytes::detect(bytes), expected, "{:?}", String::from_utf8_lossy(bytes));
    };
    check(b"", None);
    check(b"\x16", None);
    check(b"\x16\x03\x01\x00\x01", None);
    check(b"\x16\x03\x01\x00\x01\x01", Some(FirstBytes::Tls));
    check(b"\x16\x03\x01\x00\x05hello", Some(FirstBytes::Other));
    check(b"\x16abc", Some(FirstBytes::Other));
    check(b"PRI * HT", None);
    check(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0", Some(FirstBytes::Http2));
    check(b"GET / HTTP/1.1", None);
    check(b"GET / HTTP/1.1\r\n", Some(FirstBytes::Http1));
    check(b"get / HTTP/1.1\r\nhost: x", Some(FirstBytes::Http1));
    check(b"GET / HTTP/1.0\r\n", Some(FirstBytes::Http10));
    // As Envoy 1.40 tells them apart.
    for line in [
        &b"POSTX /a HTTP/1.1\n"[..],
        b"GET  /  HTTP/1.1 \r\n",
        b"GET\t*\tHTTP/1.1\r\n",
        b"CONNECT a:1 HTTP/1.1\r\n",
        b"GET x://a HTTP/1.1\r\n",
    ] {
        check(line, Some(FirstBytes::Http1));
    }
    for line in [&b"GET /\r\n"[..], b"HELLO / HTTP/0.9\n", b"GET / HTTP/2.0\n"] {
        check(line, Some(FirstBytes::Http10));
    }
    for line in [
        &b"POSTX /a b HTTP/1.1\n"[..],
        b"GET a HTTP/1.1\r\n",
        b"FOO a:1 HTTP/1.1\r\n",
        b"GET / HTTP/1.12\r\n",
        b"GET / http/1.1\r\n",
        b"GET /\xff HTTP/1.1\r\n",
        b"GET\r\n",
        b"\r\nGET / HTTP/1.1\r\n",
        b"EHLO x\r\n",
    ] {
        check(line, Some(FirstBytes::Other));
    }
    check(b"hello\n", Some(FirstBytes::Other));
    check(b"\0\x01", Some(FirstBytes::Other));
    check(b"<xml>", Some(FirstBytes::Other));
}
