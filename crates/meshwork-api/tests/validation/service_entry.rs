//! ServiceEntry: hosts, addresses, ports, resolutions.

use super::support::{check, object, said, whole};

const PORT: &str = "{number: 80, name: http, protocol: HTTP}";

fn dns(fields: &str) -> String {
    format!("{{resolution: DNS, ports: [{PORT}], {fields}}}")
}

#[test]
fn hosts_and_addresses() {
    check(
        "ServiceEntry",
        dns,
        &[
            ("hosts: [a.b]", ""),
            ("hosts: []", "E spec.hosts"),
            ("hosts: ['*'], endpoints: [{address: 10.0.0.1}]", "E spec.hosts[0]"),
            ("hosts: [a_b], endpoints: [{address: 10.0.0.1}]", "E spec.hosts[0]"),
            ("hosts: ['*a.b'], endpoints: [{address: 10.0.0.1}]", "W spec.hosts[0]"),
            ("hosts: [a.b], addresses: [10.0.0.1]", ""),
            ("hosts: [a.b], addresses: [x]", "E spec.addresses[0]"),
            ("hosts: [a.b], addresses: [10.0.0.0/8]", "E spec.addresses"),
            ("hosts: [a.b], exportTo: ['~']", ""),
            ("hosts: [a.b], exportTo: ['~', ns]", "E spec.exportTo"),
            (
                "hosts: [a.b], workloadSelector: {labels: {a: b}}, endpoints: [{address: a.b}]",
                "E spec",
            ),
            ("hosts: [a.b], workloadSelector: {labels: {a: b}}, endpoints: []", ""),
            ("hosts: [a.b], workloadSelector: {}", "W spec.workloadSelector"),
        ],
    );
}

#[test]
fn ports() {
    check(
        "ServiceEntry",
        |ports| format!("{{hosts: [a.b], resolution: DNS, ports: [{ports}]}}"),
        &[
            ("{number: 80, name: a, protocol: HTTP}, {number: 81, name: b}", ""),
            ("{number: 80, name: a}, {number: 81, name: a}", "E spec.ports[1].name"),
            ("{number: 80, name: a}, {number: 80, name: b}", "E spec.ports[1].number"),
            ("{number: 0, name: a}", "E spec.ports[0].number"),
            ("{number: 80, name: a, targetPort: 70000}", "E spec.ports[0].targetPort"),
            ("{number: 80}", "E spec.ports[0].name"),
            ("{number: 80, name: a, protocol: X}", "E spec.ports[0].protocol"),
            ("null", "E spec.ports[0].name, E spec.ports[0].number"),
        ],
    );
}

#[test]
fn tcp_without_addresses() {
    let warning = "W spec.ports[0].protocol";
    check(
        "ServiceEntry",
        |fields| format!("{{hosts: [a.b], {fields}}}"),
        &[
            ("ports: [{number: 80, name: a, protocol: TCP}]", warning),
            ("ports: [{number: 80, name: a}]", warning),
            ("ports: [{number: 80, name: a, protocol: tcp}]", ""),
            ("ports: [{number: 80, name: a, protocol: TCP}], addresses: [10.0.0.1]", ""),
            ("ports: [{number: 80, name: a, protocol: TCP}], resolution: DNS", ""),
        ],
    );
    let mut opted_out = object(
        "ServiceEntry",
        "{hosts: [a.b], ports: [{number: 80, name: a, protocol: TCP}], resolution: DNS}",
    );
    opted_out["metadata"]["labels"]["networking.istio.io/enable-autoallocate-ip"] = "False".into();
    assert_eq!(said(&opted_out), [warning]);
}

#[test]
fn resolutions() {
    check(
        "ServiceEntry",
        |fields| format!("{{ports: [{PORT}], {fields}}}"),
        &[
            ("hosts: [a.b], endpoints: [{address: 10.0.0.1}]", "E spec.endpoints"),
            ("hosts: [a.b], workloadSelector: {labels: {a: b}}", "W spec.workloadSelector"),
            ("hosts: [a.b], addresses: [10.0.0.0/8]", ""),
            (
                "hosts: [a.b], resolution: STATIC, endpoints: [{address: 10.0.0.1, ports: {http: 81}}]",
                "",
            ),
            (
                "hosts: [a.b], resolution: STATIC, endpoints: [{address: a.b}]",
                "E spec.endpoints[0].address",
            ),
            ("hosts: [a.b], resolution: STATIC, endpoints: [{}]", "E spec.endpoints[0].address"),
            (
                "hosts: [a.b], resolution: STATIC, endpoints: [{network: net}]",
                "W spec.endpoints[0].address",
            ),
            (
                "hosts: [a.b], resolution: STATIC, endpoints: [{address: 10.0.0.1, ports: {x: 81}}]",
                "E spec.endpoints[0].ports.x",
            ),
            ("hosts: [a.b], resolution: STATIC, endpoints: [{address: 'unix:///a'}]", ""),
            (
                "hosts: [a.b], resolution: STATIC, endpoints: [{address: 'unix:///a', ports: {http: 1}}]",
                "E spec.endpoints[0].ports",
            ),
            (
                "hosts: [a.b], resolution: STATIC, endpoints: [{address: 10.0.0.1, labels: {a: '-'}}]",
                "E spec.endpoints[0].labels.a",
            ),
            ("hosts: ['*.b'], resolution: DNS", "E spec.hosts[0]"),
            ("hosts: ['*.b'], resolution: DNS, endpoints: [{address: c.d}]", ""),
            (
                "hosts: ['*.b'], resolution: DNS, workloadSelector: {labels: {a: b}}",
                "E spec.hosts[0]",
            ),
            (
                "hosts: [a.b], resolution: DNS, endpoints: [{address: 'unix:///a'}]",
                "E spec.endpoints[0].address",
            ),
            ("hosts: [a.b], resolution: DNS, endpoints: [{}]", "E spec.endpoints[0].address"),
            ("hosts: [a.b], resolution: DNS, endpoints: [{address: c.d}, {address: e.f}]", ""),
            (
                "hosts: [a.b], resolution: DNS_ROUND_ROBIN, endpoints: [{address: c.d}, {address: e.f}]",
                "E spec.endpoints",
            ),
            ("hosts: [a.b], resolution: DYNAMIC_DNS", "E spec.hosts[0]"),
            ("hosts: ['*.b'], resolution: DYNAMIC_DNS", ""),
            ("hosts: ['*a.b'], resolution: DYNAMIC_DNS", ""),
            ("hosts: ['*.b'], resolution: DYNAMIC_DNS, addresses: [10.0.0.1]", "E spec.addresses"),
            (
                "hosts: ['*.b'], resolution: DYNAMIC_DNS, endpoints: [{address: c.d}]",
                "E spec.endpoints",
            ),
            ("hosts: ['*.b'], resolution: 9", "E spec.resolution"),
        ],
    );
    check(
        "ServiceEntry",
        whole,
        &[
            (
                "{hosts: ['*.b'], resolution: DYNAMIC_DNS, ports: [{number: 443, name: a, protocol: HTTPS}]}",
                "E spec.ports[0].protocol",
            ),
            (
                "{hosts: ['*.b'], resolution: DYNAMIC_DNS, ports: [{number: 443, name: a, protocol: TLS}]}",
                "",
            ),
            (
                "{hosts: [a.b], resolution: STATIC, ports: [{number: 1, name: a}, {number: 2, name: b}], endpoints: [{address: 'unix:///a'}]}",
                "E spec.endpoints[0].address",
            ),
        ],
    );
    let mut waypoint = object(
        "ServiceEntry",
        "{hosts: ['*.b'], location: MESH_INTERNAL, resolution: DYNAMIC_DNS, ports: [{number: 80, name: a, protocol: HTTP}]}",
    );
    assert_eq!(said(&waypoint), [""; 0]);
    waypoint["metadata"]["labels"]["istio.io/use-waypoint"] = "w".into();
    assert_eq!(said(&waypoint), ["E spec.location"]);
}

#[test]
fn several_hosts() {
    check(
        "ServiceEntry",
        |fields| format!("{{hosts: [a.b, c.d], {fields}}}"),
        &[
            (
                "resolution: DNS, ports: [{number: 80, name: a, protocol: HTTP}, {number: 81, name: b, protocol: TLS}]",
                "",
            ),
            (
                "resolution: DNS, ports: [{number: 80, name: a, protocol: TCP}]",
                "E spec.ports[0].protocol",
            ),
            ("resolution: DNS, ports: [{number: 80, name: a}]", "E spec.ports[0].protocol"),
            (
                "resolution: NONE, addresses: [10.0.0.1], ports: [{number: 80, name: a, protocol: TCP}]",
                "",
            ),
            (
                "resolution: DNS, addresses: [10.0.0.1], ports: [{number: 443, name: a, protocol: TLS}]",
                "W spec.hosts",
            ),
        ],
    );
}
