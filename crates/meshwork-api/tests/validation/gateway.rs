//! Gateway: servers, ports, hosts, TLS.

use super::support::{check, object, said, whole};

fn server(fields: &str) -> String {
    format!("{{servers: [{{{fields}}}]}}")
}

fn https(tls: &str) -> String {
    server(&format!(
        "hosts: [a.b], port: {{number: 443, name: s, protocol: HTTPS}}, tls: {{{tls}}}"
    ))
}

#[test]
fn servers() {
    check(
        "Gateway",
        whole,
        &[
            ("{}", "E spec.servers"),
            ("{servers: [null]}", "E spec.servers[0].hosts, E spec.servers[0].port"),
            (
                "{servers: [{hosts: [a.b], port: {number: 80, name: a, protocol: HTTP}}, {hosts: [c.d], port: {number: 81, name: a, protocol: HTTP}}]}",
                "E spec.servers[1].port.name",
            ),
        ],
    );
    let mut dotted =
        object("Gateway", &server("hosts: [a.b], port: {number: 80, name: a, protocol: HTTP}"));
    assert_eq!(said(&dotted), [""; 0]);
    dotted["metadata"]["name"] = "a.b".into();
    assert_eq!(said(&dotted), ["E metadata.name"]);
}

#[test]
fn hosts() {
    check(
        "Gateway",
        |hosts| server(&format!("hosts: [{hosts}], port: {{number: 80, name: a, protocol: HTTP}}")),
        &[
            ("'*', '*.a.b', ns/a.b, ./a.b, '*/a.b', 10.0.0.1", ""),
            ("a", "E spec.servers[0].hosts[0]"),
            ("ns/", "E spec.servers[0].hosts[0]"),
            ("/a.b", "E spec.servers[0].hosts[0]"),
            ("~/a.b", "E spec.servers[0].hosts[0]"),
            ("n.s/a.b", "E spec.servers[0].hosts[0]"),
            ("'*a.b'", "E spec.servers[0].hosts[0]"),
            ("'a.*.b'", "E spec.servers[0].hosts[0]"),
            ("a_b.c", "E spec.servers[0].hosts[0]"),
        ],
    );
}

#[test]
fn ports() {
    check(
        "Gateway",
        |fields| server(&format!("hosts: [a.b], {fields}")),
        &[
            ("bind: 10.0.0.1, port: {number: 80, name: a, protocol: http2}", ""),
            ("port: {number: 80, name: a}", "E spec.servers[0].port.protocol"),
            ("port: {number: 80, name: a, protocol: X}", "E spec.servers[0].port.protocol"),
            ("port: {number: 0, name: a, protocol: HTTP}", "E spec.servers[0].port.number"),
            ("port: {number: 65536, name: a, protocol: HTTP}", "E spec.servers[0].port.number"),
            (
                "port: {number: 80, name: a, protocol: HTTP, targetPort: 1}",
                "E spec.servers[0].port.targetPort",
            ),
            ("port: {number: 80, protocol: HTTP}", "E spec.servers[0].port.name"),
            ("bind: a, port: {number: 80, name: a, protocol: HTTP}", "E spec.servers[0].bind"),
            ("bind: 'unix:///a', port: {number: 0, name: a, protocol: HTTP}", ""),
            (
                "bind: 'unix:///a', port: {number: 80, name: a, protocol: HTTP}",
                "E spec.servers[0].bind",
            ),
            (
                "bind: 'unix://a', port: {number: 0, name: a, protocol: HTTP}",
                "E spec.servers[0].bind",
            ),
            ("port: {number: 443, name: a, protocol: HTTPS}", "E spec.servers[0].tls"),
            ("port: {number: 80, name: a, protocol: HTTP}, tls: {httpsRedirect: true}", ""),
            (
                "port: {number: 80, name: a, protocol: HTTP}, tls: {mode: SIMPLE, credentialName: c}",
                "E spec.servers[0].tls",
            ),
            (
                "port: {number: 80, name: a, protocol: HTTP}, tls: {privateKey: k}",
                "W spec.servers[0].tls, E spec.servers[0].tls",
            ),
            ("port: {number: 80, name: a, protocol: TCP}, tls: {}", "E spec.servers[0].tls"),
            (
                "port: {number: 443, name: a, protocol: TLS}, tls: {httpsRedirect: true}",
                "W spec.servers[0].tls.httpsRedirect",
            ),
        ],
    );
}

#[test]
fn tls() {
    check(
        "Gateway",
        https,
        &[
            ("mode: PASSTHROUGH", ""),
            ("mode: PASSTHROUGH, credentialName: c", "W spec.servers[0].tls"),
            ("mode: AUTO_PASSTHROUGH, caCrl: c", "W spec.servers[0].tls"),
            ("mode: SIMPLE, credentialName: c", ""),
            ("mode: SIMPLE, serverCertificate: a, privateKey: b", ""),
            (
                "mode: SIMPLE",
                "E spec.servers[0].tls.serverCertificate, E spec.servers[0].tls.privateKey",
            ),
            ("mode: MUTUAL, serverCertificate: a, privateKey: b, caCertificates: c, caCrl: d", ""),
            (
                "mode: MUTUAL, serverCertificate: a, privateKey: b",
                "E spec.servers[0].tls.caCertificates",
            ),
            ("mode: OPTIONAL_MUTUAL, credentialName: c", ""),
            (
                "mode: OPTIONAL_MUTUAL, serverCertificate: a, privateKey: b",
                "E spec.servers[0].tls.caCertificates",
            ),
            ("mode: SIMPLE, credentialName: c, credentialNames: [d]", "E spec.servers[0].tls"),
            (
                "mode: SIMPLE, credentialName: c, serverCertificate: a, privateKey: b",
                "E spec.servers[0].tls",
            ),
            ("mode: SIMPLE, credentialName: c, serverCertificate: a", ""),
            (
                "mode: SIMPLE, tlsCertificates: [{serverCertificate: a}]",
                "E spec.servers[0].tls.tlsCertificates[0].privateKey",
            ),
            (
                "mode: SIMPLE, tlsCertificates: [{serverCertificate: a, privateKey: b}, {serverCertificate: a, privateKey: b}, {serverCertificate: a, privateKey: b}]",
                "W spec.servers[0].tls.tlsCertificates",
            ),
            (
                "mode: SIMPLE, serverCertificate: a, privateKey: b, caCrl: c",
                "E spec.servers[0].tls.caCrl",
            ),
            ("mode: SIMPLE, credentialName: a, caCrl: c", ""),
            ("mode: ISTIO_MUTUAL", ""),
            ("mode: ISTIO_MUTUAL, caCrl: c", ""),
            (
                "mode: ISTIO_MUTUAL, serverCertificate: a, credentialNames: [b]",
                "E spec.servers[0].tls.serverCertificate, E spec.servers[0].tls.credentialNames",
            ),
            ("minProtocolVersion: TLSV1_1", "W spec.servers[0].tls.minProtocolVersion"),
            ("minProtocolVersion: TLSV1_0, cipherSuites: [AES128-SHA]", ""),
            ("cipherSuites: [ALL, '-X', '', AES128-SHA]", ""),
            ("cipherSuites: [X]", "W spec.servers[0].tls.cipherSuites[0]"),
            ("cipherSuites: [AES128-SHA, AES128-SHA]", "W spec.servers[0].tls.cipherSuites[1]"),
            (
                "mode: 2",
                "E spec.servers[0].tls.caCertificates, E spec.servers[0].tls.serverCertificate, E spec.servers[0].tls.privateKey",
            ),
            ("mode: 42", ""),
            ("mode: simple", "R spec.servers[0].tls.mode"),
        ],
    );
}
