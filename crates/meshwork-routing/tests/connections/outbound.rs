//! Outbound listeners: which one, which chain of it, and what is left for the policy.

use super::mesh::{Connection, Mesh};

const SERVICES: &str = "
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {clusterIP: 10.96.0.1, ports: [{name: http, port: 80}, {name: any, port: 81}, {name: tcp, port: 82}]}
---
apiVersion: v1
kind: Service
metadata: {name: api}
spec: {clusterIP: 10.96.0.2, ports: [{name: http, port: 80}, {name: https, port: 443}]}
---
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {clusterIP: 10.96.0.3, ports: [{name: tcp, port: 5432}]}
---
";

fn mesh(more: &str) -> Mesh {
    Mesh::new(&format!("{SERVICES}{more}"))
}

const WEB: &str = "outbound|82||web.default.svc.cluster.local";
const DB: &str = "outbound|5432||db.default.svc.cluster.local";
const API: &str = "outbound|443||api.default.svc.cluster.local";

#[test]
fn the_protocol_of_a_port_makes_the_listener() {
    // T47, T48, T53, T54.
    let table = mesh("").sidecar();
    let check = |connection: Connection<'_>, expected: &str| {
        assert_eq!(
            connection.outbound(&table),
            expected,
            "{} {:?}",
            connection.to,
            connection.first
        );
    };
    // A declared HTTP port does not look at the address, and passes on what is not HTTP.
    check(Connection::http("10.96.0.1:80"), "http 80");
    check(Connection::http("1.2.3.4:80"), "http 80");
    check(Connection::bytes("10.96.0.1:80"), "passthrough");
    check(Connection::tls("10.96.0.1:80", "web"), "passthrough");
    // An undeclared port knows its service by the address.
    check(Connection::http("10.96.0.1:81"), "http web.default.svc.cluster.local:81");
    check(Connection::bytes("10.96.0.1:81"), "outbound|81||web.default.svc.cluster.local");
    check(Connection::tls("10.96.0.1:81", "x"), "outbound|81||web.default.svc.cluster.local");
    check(Connection::http("10.96.0.9:81"), "passthrough");
    // A TCP port looks at nothing else.
    check(Connection::http("10.96.0.1:82"), WEB);
    check(Connection::bytes("10.96.0.1:82"), WEB);
    // The proxy's own port leads nowhere.
    check(Connection::bytes("1.2.3.4:15001"), "black hole");
    check(Connection::bytes("not an address"), "refused");
}

#[test]
fn unknown_destinations_follow_the_policy() {
    // T124: a policy without a mode is REGISTRY_ONLY.
    let sidecar = "
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: all}
spec: {outboundTrafficPolicy: {}}
";
    let table = mesh(sidecar).sidecar();
    for connection in [
        Connection::bytes("1.2.3.4:9999"),
        Connection::bytes("10.96.0.1:80"),
        Connection::tls("1.2.3.4:443", "x"),
    ] {
        assert_eq!(connection.outbound(&table), "black hole", "{}", connection.to);
    }
    assert_eq!(Connection::http("1.2.3.4:80").outbound(&table), "http 80");
}

#[test]
fn servers_that_speak_first_are_waited_for_only_where_bytes_are_looked_at() {
    let table = mesh("").sidecar();
    let looks = |to: &str| table.outbound_inspection(to.parse().unwrap());
    assert!(looks("10.96.0.1:80").http);
    assert!(looks("10.96.0.1:81").needs_bytes());
    assert!(!looks("10.96.0.1:82").needs_bytes());
    assert!(!looks("10.96.0.2:443").needs_bytes());
    assert!(!looks("9.9.9.9:9999").needs_bytes());
}

fn virtual_service(name: &str, spec: &str) -> String {
    format!(
        "
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: {name}}}
spec:
{spec}
---
"
    )
}

#[test]
fn tcp_routes_of_all_overlapping_virtual_services_are_one_list() {
    // T100: the first terminal match decides by age; how specific the host is does not count.
    let wild = virtual_service(
        "wild",
        "  hosts: ['*.default.svc.cluster.local']
  tcp: [{route: [{destination: {host: api}}]}]",
    );
    let exact = virtual_service(
        "exact",
        "  hosts: [db]
  tcp: [{route: [{destination: {host: web, port: {number: 82}}}]}]",
    );
    let port = |mesh: &Mesh| Connection::bytes("10.96.0.3:5432").outbound(&mesh.sidecar());
    // A destination without a port has the service's only one, else the listener's.
    assert_eq!(
        port(&mesh(&format!("{wild}{exact}"))),
        "outbound|5432||api.default.svc.cluster.local"
    );
    assert_eq!(port(&mesh(&format!("{exact}{wild}"))), WEB);
}

#[test]
fn every_predicate_of_an_l4_match_has_to_fit() {
    let check = |predicates: &str, expected: &str| {
        let rule = virtual_service(
            "rule",
            &format!(
                "  hosts: [db]
  tcp: [{{match: [{predicates}], route: [{{destination: {{host: web, port: {{number: 82}}}}}}]}}]"
            ),
        );
        let table = mesh(&rule).sidecar();
        assert_eq!(Connection::bytes("10.96.0.3:5432").outbound(&table), expected, "{predicates}");
    };
    check("{port: 5432}", WEB);
    check("{port: 5433}", DB);
    check("{sourceLabels: {app: client}}", WEB);
    check("{sourceLabels: {app: client, tier: front}}", DB);
    check("{sourceNamespace: default}", WEB);
    check("{sourceNamespace: other}", DB);
    check("{gateways: [mesh]}", WEB);
    check("{gateways: [gw]}", DB);
    check("{gateways: [mesh], sourceLabels: {app: other}}", DB);
    // Several matches are alternatives; the unsupported sourceSubnet is no predicate.
    check("{port: 5433}, {port: 5432}", WEB);
    check("{sourceSubnet: 10.250.0.0/16}", WEB);
    check("{destinationSubnets: [10.96.0.3/32]}", WEB);
    check("{destinationSubnets: [10.96.0.4/32]}", DB);
}

#[test]
fn every_predicate_of_a_tls_match_has_to_fit() {
    let check = |predicates: &str, expected: &str| {
        let rule = virtual_service(
            "api",
            &format!(
                "  hosts: [api]
  tls:
  - {{match: [{{sniHosts: [api], {predicates}}}], route: [{{destination: {{host: web, port: {{number: 82}}}}}}]}}"
            ),
        );
        let table = mesh(&rule).sidecar();
        let found = Connection::tls("10.96.0.2:443", "api").outbound(&table);
        assert_eq!(found, expected, "{predicates}");
    };
    check("port: 443", WEB);
    check("port: 444", API);
    check("sourceLabels: {app: client}", WEB);
    check("sourceLabels: {app: client, tier: front}", API);
    check("sourceNamespace: default", WEB);
    check("sourceNamespace: other", API);
    check("gateways: [mesh]", WEB);
    check("gateways: [gw]", API);
}

#[test]
fn tls_routes_take_the_service_away_from_other_names() {
    // T97, T102.
    let rule = virtual_service(
        "api",
        "  hosts: [api, '*.example.com']
  tls:
  - {match: [{sniHosts: [a.example.com]}], route: [{destination: {host: web, port: {number: 82}}}]}
  - {match: [{sniHosts: ['*.example.com']}], route: [{destination: {host: api}}]}",
    );
    let with = mesh(&rule).sidecar();
    let without = mesh("").sidecar();
    let check = |sni: &str, expected: &str| {
        assert_eq!(Connection::tls("10.96.0.2:443", sni).outbound(&with), expected, "{sni}");
        assert_eq!(Connection::tls("10.96.0.2:443", sni).outbound(&without), API, "{sni}");
    };
    check("a.example.com", WEB);
    check("A.Example.COM", WEB);
    check("b.example.com", API);
    check("example.com", "passthrough");
    check("other", "passthrough");
    check("", "passthrough");
}

#[test]
fn subnets_of_tls_matches_leak_into_later_ones() {
    // T98, T99.
    let entry = "
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: lab}
spec: {hosts: ['*.lab.example'], addresses: [10.50.0.0/16], resolution: NONE, ports: [{number: 443, name: tls, protocol: TLS}]}
---
";
    let rule = virtual_service(
        "lab",
        "  hosts: ['*.lab.example']
  tls:
  - {match: [{sniHosts: [a.lab.example]}], route: [{destination: {host: web, port: {number: 82}}}]}
  - {match: [{sniHosts: [b.lab.example], destinationSubnets: [10.60.0.0/16]}], route: [{destination: {host: db}}]}
  - {match: [{sniHosts: [c.lab.example]}], route: [{destination: {host: api}}]}",
    );
    let table = mesh(&format!("{entry}{rule}")).sidecar();
    let check = |to: &str, sni: &str, expected: &str| {
        assert_eq!(Connection::tls(to, sni).outbound(&table), expected, "{to} {sni}");
    };
    check("10.50.0.1:443", "a.lab.example", WEB);
    check("10.60.0.1:443", "a.lab.example", "passthrough");
    check("10.60.0.1:443", "b.lab.example", DB);
    check("10.60.0.1:443", "c.lab.example", API);
    check("10.50.0.1:443", "c.lab.example", "passthrough");
}

#[test]
fn overlapping_names_take_the_listener_down() {
    // T169: an identical list is dropped, an overlapping one is not.
    let rules = |second: &str| {
        virtual_service(
            "api",
            &format!(
                "  hosts: [api, '*.example.com']
  tls:
  - {{match: [{{sniHosts: [a.example.com, b.example.com]}}], route: [{{destination: {{host: api}}}}]}}
  - {{match: [{{sniHosts: {second}}}], route: [{{destination: {{host: db}}}}]}}"
            ),
        )
    };
    let to = Connection::tls("10.96.0.2:443", "a.example.com");
    let same = mesh(&rules("[a.example.com, b.example.com]"));
    assert_eq!(to.outbound(&same.sidecar()), API);
    for second in ["[a.example.com]", "[b.example.com, a.example.com]", "['*-x.example.com']"] {
        let compiled = mesh(&rules(second)).compile(&super::mesh::sidecar(), None);
        assert_eq!(to.outbound(&compiled.table), "passthrough", "{second}");
        let error = compiled.diagnostics.first().unwrap();
        assert_eq!(&*error.field.path, "spec.tls[1].match[0]", "{error}");
    }
}

#[test]
fn headless_pods_have_listeners_of_their_own() {
    // T49, T51.
    let headless = |addresses: &str| {
        format!(
            "
apiVersion: v1
kind: Service
metadata: {{name: set}}
spec: {{clusterIP: None, selector: {{app: set}}, ports: [{{name: tcp, port: 7000}}, {{name: any, port: 7001}}, {{name: http, port: 7002}}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: set-1, labels: {{kubernetes.io/service-name: set}}}}
addressType: IPv4
ports: [{{name: tcp, port: 7000}}, {{name: any, port: 7001}}, {{name: http, port: 7002}}]
endpoints: [{addresses}]
"
        )
    };
    let table = mesh(&headless("{addresses: [10.1.0.1]}, {addresses: [10.9.0.1]}")).sidecar();
    let check = |connection: Connection<'_>, expected: &str| {
        assert_eq!(connection.outbound(&table), expected, "{}", connection.to);
    };
    check(Connection::bytes("10.1.0.1:7000"), "outbound|7000||set.default.svc.cluster.local");
    check(Connection::http("10.1.0.1:7001"), "http set.default.svc.cluster.local:7001");
    check(Connection::bytes("10.1.0.2:7000"), "passthrough");
    check(Connection::http("10.1.0.2:7002"), "http 7002");
    // The proxy's own address is left out.
    check(Connection::bytes("10.9.0.1:7000"), "passthrough");
    let nobody = mesh(&headless("")).sidecar();
    assert_eq!(Connection::bytes("10.1.0.1:7000").outbound(&nobody), "passthrough");
}

#[test]
fn services_without_addresses_share_a_listener() {
    // T47 and the table of 3.9.
    let entry = |name: &str, protocol: &str| {
        format!(
            "
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: {name}}}
spec: {{hosts: [{name}.example], resolution: STATIC, endpoints: [{{address: 10.1.0.9}}], ports: [{{number: 9000, name: p, protocol: {protocol}}}]}}
---
"
        )
    };
    let check = |entries: &[(&str, &str)], bytes: &str, http: &str, tls: &str| {
        let documents: String =
            entries.iter().map(|(name, protocol)| entry(name, protocol)).collect();
        let table = Mesh::new(&documents).sidecar();
        let to = "10.3.3.3:9000";
        assert_eq!(Connection::bytes(to).outbound(&table), bytes, "{entries:?}");
        assert_eq!(Connection::http(to).outbound(&table), http, "{entries:?}");
        assert_eq!(Connection::tls(to, "c.example").outbound(&table), tls, "{entries:?}");
    };
    let (a, b, c) =
        ("outbound|9000||a.example", "outbound|9000||b.example", "outbound|9000||c.example");
    check(&[("a", "TCP"), ("b", "TCP")], a, a, a);
    check(&[("a", "TCP"), ("b", "HTTP"), ("c", "TLS")], a, "http 9000", c);
    check(&[("b", "HTTP"), ("a", "TCP"), ("c", "TLS")], a, "http 9000", c);
    check(&[("c", "TLS"), ("b", "HTTP")], "passthrough", "http 9000", c);
    check(&[("b", "UDP"), ("a", "TCP")], a, a, a);
    check(&[("a", "MONGO"), ("b", "HTTP"), ("c", "TLS")], a, a, a);
    check(&[("b", "HTTP"), ("a", "MYSQL")], "passthrough", "http 9000", "passthrough");
    check(&[("a", "REDIS"), ("b", "HTTP")], a, "http 9000", a);
    assert_ne!(a, b);
}

#[test]
fn egress_listeners_with_a_port_keep_others_out() {
    // T170, T171.
    let sidecar = "
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: ports}
spec:
  egress:
  - {port: {number: 82, name: h, protocol: HTTP}, hosts: ['./*']}
  - {port: {number: 5432, name: t, protocol: TCP}, bind: 10.77.0.1, hosts: [./db.default.svc.cluster.local]}
  - {hosts: ['./*']}
";
    let table = mesh(sidecar).sidecar();
    let check = |connection: Connection<'_>, expected: &str| {
        assert_eq!(
            connection.outbound(&table),
            expected,
            "{} {:?}",
            connection.to,
            connection.first
        );
    };
    // The listener's protocol rules; but for TCP the service's own address has its listener too.
    check(Connection::http("1.2.3.4:82"), "http 82");
    check(Connection::bytes("1.2.3.4:82"), "passthrough");
    check(Connection::bytes("10.96.0.1:82"), WEB);
    check(Connection::bytes("10.77.0.1:5432"), DB);
    check(Connection::bytes("10.96.0.3:5432"), DB);
    check(Connection::http("10.96.0.1:81"), "http web.default.svc.cluster.local:81");
}
