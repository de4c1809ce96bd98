//! Sidecar: listeners of either direction.

use super::support::{check, whole};

fn ingress(fields: &str) -> String {
    format!("{{ingress: [{{{fields}}}]}}")
}

fn egress(fields: &str) -> String {
    format!("{{egress: [{{{fields}}}]}}")
}

#[test]
fn general() {
    check(
        "Sidecar",
        whole,
        &[
            ("{}", "E spec"),
            ("{workloadSelector: {labels: {a: b}}}", "E spec"),
            ("{outboundTrafficPolicy: {}}", ""),
            ("{workloadSelector: {}, outboundTrafficPolicy: {}}", "W spec.workloadSelector"),
            (
                "{workloadSelector: {labels: {'': b}}, outboundTrafficPolicy: {}}",
                "E spec.workloadSelector.labels[\"\"]",
            ),
            (
                "{workloadSelector: {labels: {a: 'b*'}}, outboundTrafficPolicy: {}}",
                "E spec.workloadSelector.labels.a",
            ),
            ("{inboundConnectionPool: {}}", "E spec.inboundConnectionPool"),
        ],
    );
}

#[test]
fn ingress_listeners() {
    check(
        "Sidecar",
        ingress,
        &[
            ("port: {number: 80, protocol: HTTP}", ""),
            ("", "E spec.ingress[0].port"),
            ("port: {number: 0, protocol: HTTP}", "E spec.ingress[0].port.number"),
            ("port: {number: 80, protocol: X}", "E spec.ingress[0].port.protocol"),
            ("port: {number: 80, name: a.b}", "E spec.ingress[0].port.name"),
            ("port: {number: 80, targetPort: 1}", "E spec.ingress[0].port.targetPort"),
            ("port: {number: 80}, bind: a", "E spec.ingress[0].bind"),
            ("port: {number: 80}, defaultEndpoint: '127.0.0.1:80'", ""),
            ("port: {number: 80}, defaultEndpoint: ':80'", ""),
            ("port: {number: 80}, defaultEndpoint: '[::1]:80'", ""),
            ("port: {number: 80}, defaultEndpoint: 'unix:///a'", ""),
            (
                "port: {number: 80}, defaultEndpoint: 'unix://a'",
                "E spec.ingress[0].defaultEndpoint",
            ),
            (
                "port: {number: 80}, defaultEndpoint: '10.0.0.1:80'",
                "E spec.ingress[0].defaultEndpoint",
            ),
            (
                "port: {number: 80}, defaultEndpoint: '127.0.0.1'",
                "E spec.ingress[0].defaultEndpoint",
            ),
            (
                "port: {number: 80}, defaultEndpoint: '127.0.0.1:0'",
                "E spec.ingress[0].defaultEndpoint",
            ),
            (
                "port: {number: 80, protocol: HTTPS}, tls: {mode: SIMPLE, serverCertificate: a, privateKey: b}",
                "",
            ),
            ("port: {number: 80, protocol: HTTP}, tls: {}", "E spec.ingress[0].tls"),
            (
                "port: {number: 80, protocol: TLS}, tls: {mode: ISTIO_MUTUAL}",
                "E spec.ingress[0].tls.mode",
            ),
            (
                "port: {number: 80, protocol: TLS}, tls: {mode: SIMPLE, credentialName: a}",
                "E spec.ingress[0].tls.credentialName",
            ),
            (
                "port: {number: 80, protocol: TLS}, tls: {httpsRedirect: true, subjectAltNames: [a]}",
                "E spec.ingress[0].tls.subjectAltNames, E spec.ingress[0].tls.httpsRedirect",
            ),
            (
                "port: {number: 80, protocol: TCP}, connectionPool: {http: {}}",
                "W spec.ingress[0].connectionPool.http",
            ),
            (
                "port: {number: 80, protocol: HTTP}, connectionPool: {tcp: {maxConnections: -1}}",
                "E spec.ingress[0].connectionPool.tcp.maxConnections",
            ),
        ],
    );
    check(
        "Sidecar",
        whole,
        &[(
            "{ingress: [{port: {number: 80}}, {port: {number: 80}}]}",
            "E spec.ingress[1].port.number",
        )],
    );
}

#[test]
fn egress_listeners() {
    check(
        "Sidecar",
        egress,
        &[
            ("hosts: ['*/*']", ""),
            ("", "E spec.egress[0].hosts"),
            ("port: {number: 80, protocol: HTTP}, hosts: [./*]", ""),
            ("port: {number: 0}, hosts: [./*]", "E spec.egress[0].port.number"),
            ("port: {number: 0}, bind: 'unix:///a', hosts: [./*]", ""),
            (
                "port: {number: 0}, bind: 'unix:///a', captureMode: IPTABLES, hosts: [./*]",
                "E spec.egress[0].captureMode",
            ),
            ("port: {number: 0}, bind: 'unix://', hosts: [./*]", "E spec.egress[0].bind"),
            ("port: {number: 80}, bind: a, hosts: [./*]", "E spec.egress[0].bind"),
            ("port: {number: 70000}, hosts: [./*]", "E spec.egress[0].port.number"),
            ("port: {number: 80, targetPort: 1}, hosts: [./*]", "E spec.egress[0].port.targetPort"),
        ],
    );
    check(
        "Sidecar",
        whole,
        &[
            ("{egress: [{hosts: [./*]}, {port: {number: 80}, hosts: [./*]}]}", "E spec.egress[0]"),
            (
                "{egress: [{port: {number: 80}, hosts: [./*]}, {port: {number: 80}, hosts: [./*]}]}",
                "E spec.egress[1].port",
            ),
            (
                "{egress: [{port: {}, bind: 'unix:///a', hosts: [./*]}, {port: {}, bind: 'unix:///a', hosts: [./*]}]}",
                "E spec.egress[1].port",
            ),
        ],
    );
}

#[test]
fn egress_hosts() {
    check(
        "Sidecar",
        |hosts| egress(&format!("hosts: [{hosts}]")),
        &[
            ("ns/a.b, './*.c', '~ns/a.b', '~/a.b'", ""),
            ("a.b", "E spec.egress[0].hosts[0]"),
            ("/a.b", "E spec.egress[0].hosts[0]"),
            ("ns/", "E spec.egress[0].hosts[0]"),
            ("n.s/a.b", "E spec.egress[0].hosts[0]"),
            ("ns/a", "E spec.egress[0].hosts[0]"),
            ("ns/10.0.0.1", "E spec.egress[0].hosts[0]"),
            ("'ns/*a.b'", "E spec.egress[0].hosts[0]"),
            ("ns/a.b, ns/a.b", "W spec.egress[0].hosts[1]"),
            ("./a.b, default/a.b", "W spec.egress[0].hosts[1]"),
            ("'ns/*', ns/a.b", "W spec.egress[0].hosts[1]"),
            ("ns/a.b, 'ns/*'", "W spec.egress[0].hosts[1]"),
            ("'*/*', ns/a.b", "W spec.egress[0].hosts"),
        ],
    );
}

#[test]
fn outbound_traffic_policies() {
    check(
        "Sidecar",
        |policy| format!("{{outboundTrafficPolicy: {policy}}}"),
        &[
            ("{mode: ALLOW_ANY, egressProxy: {host: a.b, port: {number: 80}}}", ""),
            (
                "{mode: REGISTRY_ONLY, egressProxy: {host: a.b}}",
                "E spec.outboundTrafficPolicy.egressProxy",
            ),
            (
                "{mode: ALLOW_ANY, egressProxy: {host: '*.b', port: {number: 80}}}",
                "E spec.outboundTrafficPolicy.egressProxy.host",
            ),
            (
                "{mode: ALLOW_ANY, egressProxy: {host: a.b}}",
                "E spec.outboundTrafficPolicy.egressProxy.port",
            ),
            (
                "{mode: ALLOW_ANY, egressProxy: {host: a.b, subset: a.b, port: {number: 80}}}",
                "E spec.outboundTrafficPolicy.egressProxy.subset",
            ),
            ("{mode: 3}", "E spec.outboundTrafficPolicy.mode"),
            ("{mode: ALLOW_ANY_DYNAMIC_DNS}", "R spec.outboundTrafficPolicy.mode"),
        ],
    );
}
