//! Services that imported VirtualServices route to (8.3).

use super::hosts;
use crate::{Proxy, fixture::world};

const SERVICES: &str = "
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {clusterIP: 10.0.0.1, ports: [{name: http-a, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {clusterIP: 10.0.0.2, ports: [{name: http-a, port: 80}, {name: http-b, port: 81}]}
---
apiVersion: v1
kind: Service
metadata: {name: shut, annotations: {networking.istio.io/exportTo: ns9}}
spec: {clusterIP: 10.0.0.3, ports: [{name: http-a, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: away, namespace: ns2, annotations: {networking.istio.io/exportTo: .}}
spec: {clusterIP: 10.0.0.4, ports: [{name: http-a, port: 80}]}
---
";

fn check(egress: &str, routes: &str, want: &[(&str, &[u16])]) {
    let world = world(&format!(
        "{SERVICES}
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: v}}
spec: {{hosts: [web], {routes}}}
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {{name: s}}
spec: {{egress: [{{{egress}}}]}}
"
    ));
    let scope = world.scope(&Proxy::sidecar("ns1"));
    let found: Vec<_> = scope
        .services
        .iter()
        .map(|service| {
            let ports: Vec<u16> = service.ports.iter().map(|port| port.number).collect();
            (service.name.to_string(), ports)
        })
        .collect();
    let want: Vec<_> =
        want.iter().map(|(name, ports)| ((*name).to_owned(), ports.to_vec())).collect();
    assert_eq!(found, want, "{routes}");
    let listed: Vec<_> = scope.listeners[0].services.iter().map(|s| s.name.to_string()).collect();
    assert_eq!(listed, ["web"], "neither virtual host nor listener");
}

const ONLY_WEB: &str = "hosts: [./web.ns1.svc.cluster.local]";

fn http(destination: &str) -> String {
    format!("http: [{{route: [{{destination: {destination}}}]}}]")
}

#[test]
fn destinations_are_added_with_the_ports_that_are_meant() {
    let web = ("web", &[80_u16][..]);
    check(ONLY_WEB, &http("{host: web}"), &[web]);
    check(ONLY_WEB, &http("{host: db}"), &[web, ("db", &[80, 81])]);
    check(ONLY_WEB, &http("{host: db, port: {number: 81}}"), &[web, ("db", &[81])]);
    check(ONLY_WEB, &http("{host: db, port: {number: 82}}"), &[web]);
    check(ONLY_WEB, &http("{host: nowhere.com}"), &[web]);
    let mirrors = "http: [{mirror: {host: db, port: {number: 80}}, mirrors: [{destination: {host: db, port: {number: 81}}}]}]";
    check(ONLY_WEB, mirrors, &[web, ("db", &[80, 81])]);
    let layers = "tcp: [{route: [{destination: {host: db, port: {number: 81}}}]}]";
    check(ONLY_WEB, layers, &[web, ("db", &[81])]);
    let layers = "tls: [{match: [{sniHosts: [web]}], route: [{destination: {host: db, port: {number: 80}}}]}]";
    check(ONLY_WEB, layers, &[web, ("db", &[80])]);
}

#[test]
fn a_port_listener_adds_its_port() {
    let egress = "port: {number: 80, protocol: HTTP}, hosts: [./web.ns1.svc.cluster.local]";
    check(egress, &http("{host: db}"), &[("web", &[80]), ("db", &[80])]);
    check(egress, &http("{host: db, port: {number: 81}}"), &[("web", &[80]), ("db", &[80])]);
}

#[test]
fn the_own_namespace_is_not_asked_for_visibility() {
    let web = ("web", &[80_u16][..]);
    check(ONLY_WEB, &http("{host: shut}"), &[web, ("shut", &[80])]);
    check(ONLY_WEB, &http("{host: away.ns2.svc.cluster.local}"), &[web]);
}

#[test]
fn matches_for_other_namespaces_hide_destinations() {
    let web = ("web", &[80_u16][..]);
    let entry = |matches: &str| {
        format!("http: [{{match: [{matches}], route: [{{destination: {{host: db}}}}]}}]")
    };
    let db = ("db", &[80_u16, 81][..]);
    check(ONLY_WEB, &entry("{sourceNamespace: ns1}"), &[web, db]);
    check(ONLY_WEB, &entry("{sourceNamespace: ns2}"), &[web]);
    check(ONLY_WEB, &entry("{sourceNamespace: ns2}, {uri: {prefix: /x}}"), &[web]);
    check(ONLY_WEB, &entry("{sourceNamespace: ns2}, {sourceNamespace: ns1}"), &[web, db]);
    check(ONLY_WEB, &entry("{uri: {prefix: /x}}"), &[web, db]);
}

#[test]
fn the_best_of_other_namespaces() {
    let entry = |namespace: &str, name: &str, export: &str| {
        format!(
            "
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: {name}, namespace: {namespace}}}
spec: {{hosts: [ext.com], resolution: DNS, exportTo: ['{export}'], ports: [{{number: 80, name: http, protocol: HTTP}}]}}
"
        )
    };
    let world = world(&format!(
        "{SERVICES}
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: v}}
spec: {{hosts: [web], http: [{{route: [{{destination: {{host: ext.com}}}}]}}]}}
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {{name: s}}
spec: {{egress: [{{hosts: [./web.ns1.svc.cluster.local]}}]}}
{}{}{}",
        entry("ns4", "hidden", "."),
        entry("ns3", "older", "*"),
        entry("ns2", "younger", "*"),
    ));
    let scope = world.scope(&Proxy::sidecar("ns1"));
    assert_eq!(hosts(&scope), ["web.ns1.svc.cluster.local", "ext.com"]);
    assert_eq!(scope.service("ext.com").unwrap().namespace.as_str(), "ns3");
}
