//! Whose identities the servers of a service may bear.

use crate::fixture::world;

#[test]
fn every_endpoint_lends_its_account_whatever_its_health_and_port() {
    let pod = |name: &str, address: &str| {
        format!(
            "
apiVersion: v1
kind: Pod
metadata: {{name: {name}}}
spec: {{serviceAccountName: {name}-sa}}
status: {{podIP: {address}}}
---
"
        )
    };
    let world = world(&format!(
        "{}{}{}
apiVersion: v1
kind: Service
metadata: {{name: web}}
spec: {{clusterIP: 10.0.0.1, ports: [{{name: http, port: 80}}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: web-1, labels: {{kubernetes.io/service-name: web}}}}
addressType: IPv4
ports: [{{name: http, port: 80}}]
endpoints:
- {{addresses: [10.1.0.1], targetRef: {{kind: Pod, name: up, namespace: ns1}}}}
- addresses: [10.1.0.2]
  conditions: {{ready: false, serving: true, terminating: true}}
  targetRef: {{kind: Pod, name: down, namespace: ns1}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: web-2, labels: {{kubernetes.io/service-name: web}}}}
addressType: IPv4
ports: [{{name: undeclared, port: 90}}]
endpoints:
- {{addresses: [10.1.0.3], targetRef: {{kind: Pod, name: aside, namespace: ns1}}}}
",
        pod("up", "10.1.0.1"),
        pod("down", "10.1.0.2"),
        pod("aside", "10.1.0.3"),
    ));
    let service = world.service("web.ns1.svc.cluster.local");
    let identities = world.registry.identities(service);
    let accounts: Vec<_> = identities.accounts.iter().map(|(_, account)| &**account).collect();
    assert_eq!(accounts, ["aside-sa", "down-sa", "up-sa"]);
    assert_eq!(world.endpoints("web.ns1.svc.cluster.local", 80), ["10.1.0.1:80"]);
}

#[test]
fn of_twins_the_younger_lists_names() {
    let entry = |name: &str, year: u32| {
        format!(
            "
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: {name}, creationTimestamp: '{year}-01-01T00:00:00Z'}}
spec: {{hosts: [a.com], ports: [{{number: 80, name: http}}], subjectAltNames: [{name}]}}
---
"
        )
    };
    let world = world(&format!("{}{}", entry("young", 2022), entry("old", 2021)));
    let service = world.service("a.com");
    assert_eq!(&*service.resource.name, "old");
    let listed: Vec<_> = world.registry.identities(service).listed.iter().map(|n| &**n).collect();
    assert_eq!(listed, ["young"]);
}
