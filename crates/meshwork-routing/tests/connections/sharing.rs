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
