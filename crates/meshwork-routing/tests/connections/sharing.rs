//! What a change leaves alone is shared with the table before.

use std::sync::Arc;

use meshwork_core::SeededDraws;
use meshwork_routing::{HttpRoutes, RouteTable};

use super::mesh::{Connection, Mesh, sidecar};

const SERVICES: &str = "
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {clusterIP: 10.96.0.1, selector: {app: client}, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: other}
spec: {clusterIP: 10.96.0.3, ports: [{name: http, port: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: any}
spec: {clusterIP: 10.96.0.2, ports: [{name: any, port: 81}]}
---
";

const RULE: &str = "
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web}
spec: {hosts: [web], http: [{match: [{port: 80}], directResponse: {status: 418}}]}
";

fn routes(table: &RouteTable, to: &str) -> Arc<HttpRoutes> {
    let connection = Connection::http(to);
    let decision = table.outbound(&connection.attributes(), connection.first, &SeededDraws::new(1));
    Arc::clone(decision.http().unwrap())
}

#[test]
fn only_what_depends_on_a_change_is_compiled_anew() {
    let before = Mesh::new(SERVICES).sidecar();
    let after = Mesh::new(&format!("{SERVICES}{RULE}")).compile(&sidecar(), Some(&before)).table;
    let shared = |to: &str| Arc::ptr_eq(&routes(&before, to), &routes(&after, to));
    assert!(!shared("10.96.0.1:80"));
    assert!(shared("10.96.0.1:8080"));
    assert!(shared("10.96.0.2:81"));
    assert!(Arc::ptr_eq(before.catch_all(), after.catch_all()));
    assert!(Arc::ptr_eq(before.inbound_port(80).unwrap(), after.inbound_port(80).unwrap()));
    // Back again: equal to the first, so nothing is left of the change.
    let back = Mesh::new(SERVICES).compile(&sidecar(), Some(&after)).table;
    assert!(Arc::ptr_eq(&routes(&after, "10.96.0.2:81"), &routes(&back, "10.96.0.2:81")));
    assert_eq!(*routes(&before, "10.96.0.1:80"), *routes(&back, "10.96.0.1:80"));
}

#[test]
fn another_proxy_shares_nothing() {
    let mesh = Mesh::new(SERVICES);
    let before = mesh.sidecar();
    let mut proxy = sidecar();
    proxy.labels = [("app", "other")].into_iter().collect();
    let after = mesh.compile(&proxy, Some(&before)).table;
    assert!(!Arc::ptr_eq(before.catch_all(), after.catch_all()));
}

#[test]
fn resources_with_a_say_are_named() {
    let table = Mesh::new(&format!("{SERVICES}{RULE}")).sidecar();
    let names = |resources: Vec<meshwork_core::ResourceRef>| {
        resources.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(
        names(table.resources_about_host("web.default.svc.cluster.local")),
        ["Service default/web", "VirtualService default/web"]
    );
    assert_eq!(names(table.resources_about_host("none.example")), Vec::<String>::new());
    assert_eq!(names(table.resources_about_workload()), ["Service default/web"]);
}

#[test]
fn a_client_in_process_finds_undeclared_ports_by_name() {
    let table = Mesh::new(SERVICES).sidecar();
    let check = |host: &str, port: u16, expected: &str| {
        assert_eq!(table.client(host, port).name(), expected, "{host}:{port}");
    };
    let any = "any.default.svc.cluster.local:81";
    for host in ["any", "Any.default", "any.default.svc", "any.default.svc.cluster.local."] {
        check(host, 81, any);
    }
    check("10.96.0.2", 81, any);
    check("any.other", 81, table.catch_all().name());
    check("any", 82, table.catch_all().name());
    check("web", 80, "80");
    check("10.96.0.1", 80, "80");
}

/// Documents that come and go: services of every kind of port, rules of every block, a Sidecar.
const PARTS: [&str; 11] = [
    "
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {clusterIP: 10.96.0.1, ports: [{name: http, port: 80}, {name: tcp, port: 82}, {name: any, port: 81}]}
",
    "
apiVersion: v1
kind: Service
metadata: {name: any}
spec: {clusterIP: 10.96.0.2, ports: [{name: any, port: 81}, {name: https, port: 443}]}
",
    "
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {clusterIP: 10.96.0.3, ports: [{name: tcp, port: 82}]}
",
    "
apiVersion: v1
kind: Service
metadata: {name: set}
spec: {clusterIP: None, selector: {app: set}, ports: [{name: any, port: 81}, {name: http, port: 80}]}
",
    "
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: set-1, labels: {kubernetes.io/service-name: set}}
addressType: IPv4
ports: [{name: any, port: 81}, {name: http, port: 80}]
endpoints: [{addresses: [10.1.0.1]}]
",
    "
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: out}
spec: {hosts: ['*.example.com'], resolution: NONE, ports: [{number: 443, name: tls, protocol: TLS}, {number: 80, name: http, protocol: HTTP}]}
",
    "
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web}
spec: {hosts: [web, made-up.com], http: [{match: [{port: 80}], directResponse: {status: 418}}], tcp: [{route: [{destination: {host: db}}]}]}
",
    "
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: wild}
spec:
  hosts: ['*.default.svc.cluster.local', '*.com']
  http: [{route: [{destination: {host: any, port: {number: 81}}}]}]
  tls: [{match: [{sniHosts: [a.com]}], route: [{destination: {host: db}}]}]
",
    "
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default}
spec: {outboundTrafficPolicy: {mode: REGISTRY_ONLY}, egress: [{port: {number: 82, name: t, protocol: TCP}, hosts: ['./*']}, {hosts: ['./*']}]}
",
    "
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: bad}
spec:
  hosts: [any]
  http: [{match: [{uri: {regex: '('}}], route: [{destination: {host: web}}]}]
  tls:
  - {match: [{sniHosts: [x.com, y.com]}], route: [{destination: {host: any}}]}
  - {match: [{sniHosts: [x.com]}], route: [{destination: {host: any}}]}
",
    "
apiVersion: v1
kind: Service
metadata: {name: db, namespace: default, annotations: {networking.istio.io/exportTo: '.'}}
spec: {clusterIP: 10.96.0.9, ports: [{name: tcp, port: 82}, {name: more, port: 83}]}
",
];

#[test]
fn compiling_on_from_any_table_gives_what_compiling_anew_gives() {
    let addresses = ["10.96.0.1", "10.96.0.2", "10.96.0.3", "10.96.0.9", "10.1.0.1", "1.2.3.4"];
    let ports = [80, 81, 82, 83, 443];
    let objects: Vec<_> =
        PARTS.iter().enumerate().map(|(age, part)| super::mesh::read(part, age)).collect();
    let mut mesh = Mesh::new("");
    let mut there = [false; PARTS.len()];
    let mut before: Option<RouteTable> = None;
    let mut seed = 7_u64;
    let mut shared = 0;
    for _ in 0..200 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // One object comes or goes, so that most of the others are shared.
        let which = (seed >> 33) as usize % PARTS.len();
        there[which] = !there[which];
        if there[which] {
            mesh.apply(&objects[which]);
        } else {
            mesh.delete(&objects[which]);
        }
        let anew = mesh.compile(&sidecar(), None);
        let on = mesh.compile(&sidecar(), before.as_ref());
        assert_eq!(on.diagnostics, anew.diagnostics);
        let (on, anew) = (on.table, anew.table);
        let mut removed = [on.removed().to_vec(), anew.removed().to_vec()];
        for list in &mut removed {
            list.sort_by_key(|removed| format!("{removed:?}"));
        }
        assert_eq!(removed[0], removed[1]);
        for port in ports {
            assert_eq!(on.port(port), anew.port(port), "{port}");
            for host in ["web", "any", "db", "set", "a.example.com"] {
                let full = format!("{host}.default.svc.cluster.local");
                assert_eq!(on.sniffed(&full, port), anew.sniffed(&full, port), "{host}:{port}");
                assert_eq!(on.client(host, port), anew.client(host, port), "{host}:{port}");
            }
            for address in addresses {
                let to = format!("{address}:{port}");
                for connection in [
                    Connection::bytes(&to),
                    Connection::http(&to),
                    Connection::tls(&to, "a.com"),
                    Connection::tls(&to, "b.example.com"),
                ] {
                    assert_eq!(connection.outbound(&on), connection.outbound(&anew), "{to}");
                }
            }
        }
        for port in ports {
            let former = before.as_ref().and_then(|before| before.port(port));
            shared +=
                usize::from(former.zip(on.port(port)).is_some_and(|(a, b)| Arc::ptr_eq(a, b)));
        }
        before = Some(on);
    }
    assert!(shared > 50, "only {shared} tables were shared");
}
