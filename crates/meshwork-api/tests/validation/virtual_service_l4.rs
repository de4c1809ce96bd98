//! VirtualService: TLS and TCP routes.

use super::support::{check, whole};

const ROUTE: &str = "route: [{destination: {host: a}}]";

#[test]
fn tls() {
    let frame =
        |fields: &str| format!("{{hosts: [db.example, '*.wild.example'], tls: [{{{fields}}}]}}");
    let matched = |fields: &str| frame(&format!("{ROUTE}, match: [{{{fields}}}]"));
    check(
        "VirtualService",
        frame,
        &[
            ("route: [{destination: {host: a}}]", "E spec.tls[0].match"),
            ("match: [{sniHosts: [db.example]}]", "E spec.tls[0].route"),
            (
                "match: [{sniHosts: [db.example]}], route: [{}]",
                "E spec.tls[0].route[0].destination",
            ),
            (
                "match: [{sniHosts: [db.example]}], route: [{destination: {host: a}, weight: -1}]",
                "E spec.tls[0].route[0].weight",
            ),
            (
                "match: [{sniHosts: [db.example]}], route: [{destination: {host: a}}, {destination: {host: b}}]",
                "E spec.tls[0].route",
            ),
        ],
    );
    check(
        "VirtualService",
        matched,
        &[
            ("sniHosts: [db.example, a.wild.example, '*.b.wild.example']", ""),
            ("sniHosts: []", "E spec.tls[0].match[0].sniHosts"),
            ("sniHosts: ['a_b']", "E spec.tls[0].match[0].sniHosts[0]"),
            ("sniHosts: [other.example]", "E spec.tls[0].match[0].sniHosts[0]"),
            ("sniHosts: ['*.example']", "E spec.tls[0].match[0].sniHosts[0]"),
            ("sniHosts: [10.0.0.1]", "W spec.tls[0].match[0].sniHosts[0]"),
            (
                "sniHosts: [db.example], destinationSubnets: [10.0.0.0/33]",
                "E spec.tls[0].match[0].destinationSubnets[0]",
            ),
            ("sniHosts: [db.example], port: 70000", "E spec.tls[0].match[0].port"),
            (
                "sniHosts: [db.example], sourceLabels: {a: '-'}",
                "E spec.tls[0].match[0].sourceLabels.a",
            ),
            ("sniHosts: [db.example], gateways: [edge.ns]", "W spec.tls[0].match[0].gateways[0]"),
            ("sniHosts: [db.example], sourceNamespace: a.b", ""),
        ],
    );
}

#[test]
fn names_of_auto_passthrough_gateways() {
    let name = "outbound_.80_._.web.example";
    let frame = |gateways: &str| {
        format!(
            "{{hosts: [{name}], gateways: {gateways}, tls: [{{{ROUTE}, match: [{{sniHosts: [{name}]}}]}}]}}"
        )
    };
    check(
        "VirtualService",
        frame,
        &[
            ("[ns/edge]", ""),
            ("[mesh]", "E spec.hosts[0], E spec.tls[0].match[0].sniHosts[0]"),
            ("[]", "E spec.hosts[0]"),
        ],
    );
}

#[test]
fn tcp() {
    let frame = |fields: &str| format!("{{hosts: [db], tcp: [{{{fields}}}]}}");
    check(
        "VirtualService",
        frame,
        &[
            (ROUTE, ""),
            ("match: [{port: 80}]", "E spec.tcp[0].route"),
            ("match: [null], route: [{destination: {host: a}}]", ""),
            (
                "match: [{port: 70000}], route: [{destination: {host: a}}]",
                "E spec.tcp[0].match[0].port",
            ),
            (
                "match: [{destinationSubnets: [a]}], route: [{destination: {host: a}}]",
                "E spec.tcp[0].match[0].destinationSubnets[0]",
            ),
            ("match: [{gateways: [edge.ns]}], route: [{destination: {host: a}}]", ""),
            (
                "match: [{gateways: [a/b/c]}], route: [{destination: {host: a}}]",
                "E spec.tcp[0].match[0].gateways[0]",
            ),
            ("route: [{destination: {host: '*'}}]", "E spec.tcp[0].route[0].destination.host"),
        ],
    );
    check("VirtualService", whole, &[("{hosts: [a], tcp: [null]}", "E spec.tcp[0].route")]);
}
