//! Which VirtualServices are seen, in which order, and imported (1.3, 1.4, 8.2).

use crate::{EgressScope, Proxy, fixture::world};

/// VirtualServices as `namespace/name hosts fields`, in the order of creation.
fn yaml(list: &[&str]) -> String {
    list.iter()
        .map(|text| {
            let mut parts = text.splitn(3, ' ');
            let (namespace, name) = parts.next().unwrap().split_once('/').unwrap();
            let hosts = parts.next().unwrap();
            let more = parts.next().unwrap_or("gateways: []");
            format!(
                "
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: {name}, namespace: {namespace}}}
spec: {{hosts: [{hosts}], {more}}}
"
            )
        })
        .collect()
}

fn names(scope: &EgressScope) -> Vec<&str> {
    let listener = &scope.listeners[0];
    listener.virtual_services.iter().map(|object| object.metadata.name.as_str()).collect()
}

fn check(list: &[&str], egress: &str, namespace: &str, want: &[&str]) {
    let sidecar = format!(
        "
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {{name: s, namespace: {namespace}}}
spec: {{egress: [{{hosts: [{egress}]}}]}}
"
    );
    let world = world(&format!("{}{sidecar}", yaml(list)));
    let scope = world.scope(&Proxy::sidecar(namespace));
    assert_eq!(names(&scope), want, "{list:?} {egress}");
}

#[test]
fn private_then_named_then_public() {
    let list = [
        "ns2/public a.com",
        "ns2/named a.com exportTo: [ns1]",
        "ns1/private a.com exportTo: ['.']",
        "ns2/hidden a.com exportTo: ['.']",
        "ns1/own-but-public a.com",
        "ns1/listed a.com exportTo: [ns1, ns9]",
    ];
    check(&list, "'*/*'", "ns1", &["private", "listed", "named", "public", "own-but-public"]);
    check(&list, "'*/*'", "ns3", &["public", "own-but-public"]);
    check(&list, "'*/*'", "ns9", &["listed", "public", "own-but-public"]);
}

#[test]
fn equal_age_goes_by_name_and_then_by_namespace() {
    let mut text = yaml(&["ns2/b x.com", "ns3/a x.com", "ns1/c x.com", "ns2/c x.com"]);
    text = text
        .replace("metadata: {name", "metadata: {creationTimestamp: '2026-01-01T00:00:00Z', name");
    let scope = world(&text).scope(&Proxy::sidecar("ns1"));
    let found: Vec<_> = scope.listeners[0]
        .virtual_services
        .iter()
        .map(|object| format!("{}/{}", object.metadata.namespace, object.metadata.name))
        .collect();
    assert_eq!(found, ["ns3/a", "ns2/b", "ns1/c", "ns2/c"]);
}

#[test]
fn the_mesh_has_a_default_for_export() {
    let world = world(&format!(
        "defaultVirtualServiceExportTo: ['.']{}",
        yaml(&["ns1/own a.com", "ns2/other a.com", "ns2/public a.com exportTo: ['*']"])
    ));
    assert_eq!(names(&world.scope(&Proxy::sidecar("ns1"))), ["own", "public"]);
}

#[test]
fn import_goes_by_the_namespace_of_the_virtual_service() {
    let list = ["ns1/web web", "cfg/web web.ns1.svc.cluster.local", "cfg/wide '*.com'"];
    check(&list, "'ns1/*'", "ns1", &["web"]);
    check(&list, "'cfg/*'", "ns1", &["web", "wide"]);
    check(&list, "'*/web.ns1.svc.cluster.local'", "ns1", &["web", "web"]);
    // In either direction: a wildcard VirtualService is imported by one of its names.
    check(&list, "'cfg/a.com'", "ns1", &["wide"]);
    check(&list, "'cfg/*.a.com'", "ns1", &["wide"]);
    check(&list, "'cfg/a.org'", "ns1", &[]);
    check(&list, "'ns1/WEB.ns1.svc.cluster.local'", "ns1", &[]);
}

#[test]
fn exclusion_leaves_other_hosts() {
    check(&["ns1/both a.com,b.com"], "'*/*', '~./a.com'", "ns1", &["both"]);
    check(&["ns1/one a.com"], "'*/*', '~./a.com'", "ns1", &[]);
    check(&["ns1/one a.com"], "'~/*'", "ns1", &[]);
}

#[test]
fn only_those_of_sidecars() {
    let list =
        ["ns1/gw a.com gateways: [gw]", "ns1/both a.com gateways: [gw, mesh]", "ns1/none a.com"];
    check(&list, "'*/*'", "ns1", &["both", "none"]);
}

#[test]
fn routes_of_the_gateway_api_go_first_at_home() {
    let mut text = yaml(&["ns1/old x.com", "ns1/route x.com", "ns2/other x.com"]);
    text = text.replace(
        "{name: route,",
        "{annotations: {internal.istio.io/route-semantics: gateway}, name: route,",
    );
    let world = world(&text);
    assert_eq!(names(&world.scope(&Proxy::sidecar("ns1"))), ["route", "old", "other"]);
    assert_eq!(names(&world.scope(&Proxy::sidecar("ns2"))), ["old", "route", "other"]);
}

#[test]
fn delegates_are_left_out() {
    let world = world(
        "
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: d}
spec: {http: [{route: [{destination: {host: web}}]}]}
",
    );
    assert!(names(&world.scope(&Proxy::sidecar("ns1"))).is_empty());
}
