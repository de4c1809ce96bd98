//! Events in any order give what a full build gives, and a change leaves the rest shared.

use std::sync::Arc;

use meshwork_core::ResourceRef;
use proptest::prelude::*;

use crate::{
    Change, Registry, Resource, Settings,
    fixture::{resource, world},
};

/// A resource of one of seven kinds. There are three names in two namespaces, and several forms,
/// so that references meet, dangle and change.
fn form(kind: usize, name: usize, form: usize) -> Resource {
    let namespace = ["ns1", "istio-system"][name % 2];
    let app = ["a", "b"][form % 2];
    let yaml = match kind {
        0 if form == 3 => format!(
            "{{apiVersion: v1, kind: Service, metadata: {{name: s{name}, namespace: {namespace}}}, \
             spec: {{type: ExternalName, externalName: s{}.ns1.svc.cluster.local}}}}",
            (name + 2) % 6
        ),
        0 => format!(
            "{{apiVersion: v1, kind: Service, metadata: {{name: s{name}, namespace: {namespace}}}, \
             spec: {{clusterIP: 10.0.0.{form}, selector: {{app: {app}}}, \
             ports: [{{name: http, port: 80, targetPort: {form}}}]}}}}"
        ),
        1 => format!(
            "{{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, \
             metadata: {{name: x{name}, namespace: {namespace}, labels: {{kubernetes.io/service-name: s{form}}}}}, \
             addressType: IPv4, ports: [{{name: http, port: 8080}}], endpoints: [{{addresses: [10.1.0.{name}]}}, \
             {{addresses: [10.1.0.{form}], targetRef: {{kind: Pod, name: p{form}, namespace: {namespace}}}}}]}}"
        ),
        2 => format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: p{name}, namespace: {namespace}, labels: {{app: {app}}}}}, \
             spec: {{nodeName: n{}}}, status: {{podIP: 10.1.0.{}, \
             conditions: [{{type: Ready, status: '{}'}}]}}}}",
            form % 3,
            name % 4,
            ["True", "False"][form / 3]
        ),
        3 => format!(
            "{{apiVersion: v1, kind: Node, metadata: {{name: n{}, namespace: '', \
             labels: {{topology.kubernetes.io/region: r{form}}}}}}}",
            name % 3
        ),
        4 => format!(
            "{{apiVersion: v1, kind: Namespace, metadata: {{name: {namespace}, namespace: '', \
             labels: {{topology.istio.io/network: 'net{}'}}, \
             annotations: {{networking.istio.io/traffic-distribution: '{}'}}}}}}",
            form % 2,
            ["", "PreferClose"][form % 2]
        ),
        5 if form < 2 => format!(
            "{{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {{name: e{name}, namespace: {namespace}}}, \
             spec: {{hosts: [a.com, s{name}.{namespace}.svc.cluster.local], resolution: STATIC, exportTo: ['{}'], \
             ports: [{{number: 80, name: http, protocol: HTTP}}], workloadSelector: {{labels: {{app: {app}}}}}}}}}",
            ["*", "."][form]
        ),
        5 => format!(
            "{{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {{name: e{name}, namespace: {namespace}}}, \
             spec: {{hosts: [a.com], addresses: [10.0.0.{form}], resolution: {}, \
             ports: [{{number: 8{form}, name: http, protocol: HTTP}}], endpoints: [{{address: 10.2.0.{form}}}]}}}}",
            ["STATIC", "DNS", "NONE", "DNS_ROUND_ROBIN"][form - 2]
        ),
        _ => format!(
            "{{apiVersion: networking.istio.io/v1, kind: WorkloadEntry, metadata: {{name: w{name}, namespace: {namespace}}}, \
             spec: {{address: '{}', labels: {{app: {app}}}}}}}",
            ["10.1.0.1", "10.2.0.1", "vm.com", "", "10.2.0.2", "10.2.0.3"][form]
        ),
    };
    resource(&yaml)
}

fn reference(resource: &Resource) -> ResourceRef {
    match resource {
        Resource::Service(object) => object.reference(),
        Resource::EndpointSlice(object) => object.reference(),
        Resource::Pod(object) => object.reference(),
        Resource::Node(object) => object.reference(),
        Resource::Namespace(object) => object.reference(),
        Resource::ServiceEntry(object) => object.reference(),
        Resource::WorkloadEntry(object) => object.reference(),
    }
}

/// Everything that is derived, in a form that can be compared and read.
fn state(registry: &Registry) -> String {
    format!(
        "{:#?}\n{:#?}\n{:#?}\n{:#?}\n{:#?}\n{:#?}",
        registry.hosts,
        registry.public,
        registry.restricted,
        registry.by_address,
        registry.workloads,
        registry.views
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_events_is_a_full_build(
        events in proptest::collection::vec((0..7_usize, 0..6_usize, 0..6_usize, 0..4_u8), 1..60),
        batch in 1..7_usize,
    ) {
        let settings = Arc::new(Settings::default());
        let mut registry = Registry::new(Arc::clone(&settings));
        let mut last: Vec<(ResourceRef, Resource)> = Vec::new();
        let mut changes = Vec::new();
        for (kind, name, shape, delete) in events {
            let resource = form(kind, name, shape);
            let key = reference(&resource);
            last.retain(|(other, _)| *other != key);
            if delete == 0 {
                changes.push(Change::Delete(key));
            } else {
                last.push((key, resource.clone()));
                changes.push(Change::Apply(resource));
            }
        }
        for chunk in changes.chunks(batch) {
            registry.apply_all(chunk.to_vec());
        }
        let full = Registry::build(settings, last.iter().map(|(_, resource)| resource.clone()));
        prop_assert_eq!(state(&registry), state(&full));
        // One by one and backwards.
        let mut backwards = Registry::new(Arc::clone(registry.settings()));
        for (_, resource) in last.iter().rev() {
            backwards.apply(resource.clone());
        }
        prop_assert_eq!(state(&registry), state(&backwards));
        // And out again.
        for (key, _) in last {
            backwards.apply(Change::Delete(key));
        }
        prop_assert_eq!(state(&backwards), state(&Registry::default()));
    }
}

/// Services `s0`, `s1`, … with one slice of two addresses each.
fn many(count: usize) -> String {
    (0..count)
        .map(|index| {
            format!(
                "
---
apiVersion: v1
kind: Service
metadata: {{name: s{index}}}
spec: {{clusterIP: 10.0.0.1, ports: [{{name: http, port: 80}}]}}
{}",
                slice(index, 1)
            )
        })
        .collect()
}

fn slice(service: usize, address: usize) -> String {
    format!(
        "
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: s{service}-1, labels: {{kubernetes.io/service-name: s{service}}}}}
addressType: IPv4
ports: [{{name: http, port: 8080}}]
endpoints: [{{addresses: [10.1.{service}.{address}]}}]
"
    )
}

#[test]
fn a_changed_endpoint_leaves_everything_else_shared() {
    let world = world(&many(200));
    let before = world.registry.clone();
    let mut after = before.clone();
    after.apply(resource(&slice(7, 2)));
    let mut changed = Vec::new();
    for service in before.services() {
        let same = after.service(service.host.as_str(), "ns1").unwrap();
        assert!(Arc::ptr_eq(service, same), "{}", service.host);
        let lists = [&before, &after].map(|registry| registry.endpoints(service, 80));
        if !Arc::ptr_eq(&lists[0], &lists[1]) {
            changed.push(service.name.to_string());
        }
    }
    assert_eq!(changed, ["s7"]);
    assert!(before.public.is_same(&after.public), "no list of services was touched");
}

#[test]
fn a_changed_service_leaves_everything_else_shared() {
    let world = world(&many(200));
    let before = world.registry.clone();
    let mut after = before.clone();
    after.apply(resource(
        "{apiVersion: v1, kind: Service, metadata: {name: s7}, spec: {clusterIP: 10.0.0.2, ports: [{name: http, port: 80}]}}",
    ));
    let changed: Vec<_> = before
        .services()
        .filter(|service| {
            !Arc::ptr_eq(service, after.service(service.host.as_str(), "ns1").unwrap())
        })
        .map(|service| service.name.to_string())
        .collect();
    assert_eq!(changed, ["s7"]);
    let service = before.service("s7.ns1.svc.cluster.local", "ns1").unwrap();
    let lists = [&before, &after].map(|registry| registry.endpoints(service, 80));
    assert!(Arc::ptr_eq(&lists[0], &lists[1]), "its endpoints did not change");
}

#[test]
fn an_equal_form_changes_nothing() {
    let world = world(&many(3));
    let mut after = world.registry.clone();
    after.apply_all(world.resources.iter().cloned().map(Change::Apply));
    for service in world.registry.services() {
        assert!(Arc::ptr_eq(service, after.service(service.host.as_str(), "ns1").unwrap()));
    }
}

#[test]
fn other_settings_are_another_build() {
    let world = world(&many(3));
    let settings = Settings { cluster_domain: "example.org".into(), ..Settings::default() };
    let registry = world.registry.with_settings(Arc::new(settings));
    assert!(registry.service("s1.ns1.svc.example.org", "ns1").is_some());
    assert!(registry.service("s1.ns1.svc.cluster.local", "ns1").is_none());
}
