//! Services that lead to a proxy's own workload.

use crate::{Proxy, fixture::world};

const SERVICES: &str = "
apiVersion: v1
kind: Service
metadata: {name: young}
spec:
  selector: {app: web}
  ports:
  - {name: tcp-a, port: 80, targetPort: 8080}
---
apiVersion: v1
kind: Service
metadata: {name: old, creationTimestamp: '2020-01-01T00:00:00Z'}
spec:
  selector: {app: web}
  ports:
  - {name: http-a, port: 80, targetPort: 8080}
  - {name: http-b, port: 81, targetPort: 8080}
  - {name: http-c, port: 82, targetPort: named}
---
apiVersion: v1
kind: Service
metadata: {name: other}
spec: {selector: {app: other}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: none}
spec: {ports: [{port: 80}]}
---
";

fn check(more: &str, proxy: &Proxy, want: &[&str]) {
    let world = world(&format!("{SERVICES}{more}"));
    let found: Vec<_> = world
        .registry
        .inbound(proxy)
        .iter()
        .map(|target| format!("{} {} {}", target.service.name, target.port.name, target.target))
        .collect();
    assert_eq!(found, want);
}

fn proxy() -> Proxy {
    let mut proxy = Proxy::sidecar("ns1");
    proxy.addresses = vec!["10.1.0.1".parse().unwrap()];
    proxy.labels = [("app", "web")].into_iter().collect();
    proxy
}

#[test]
fn by_the_labels_of_the_proxy() {
    // Two ports that lead to one port and speak the same are one.
    check("", &proxy(), &["old http-a 8080", "young tcp-a 8080"]);
    check("", &Proxy::sidecar("ns1"), &[]);
}

#[test]
fn of_another_cluster_service_entries_alone() {
    let entry = "
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: e}
spec: {hosts: [a.com], ports: [{number: 80, name: http}], resolution: STATIC, endpoints: [{address: 10.1.0.1}]}
";
    let elsewhere = Proxy { cluster: "other".into(), ..proxy() };
    check(entry, &elsewhere, &["a.com http 80"]);
}

#[test]
fn by_the_pod() {
    let pod = "
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec: {containers: [{ports: [{name: named, containerPort: 9090}]}]}
status: {podIP: 10.1.0.1, conditions: [{type: Ready, status: 'True'}]}
";
    let mut proxy = proxy();
    proxy.labels = Default::default();
    check(pod, &proxy, &["old http-a 8080", "old http-c 9090", "young tcp-a 8080"]);
}

#[test]
fn by_the_slices_of_services_without_selector() {
    let pod = "
apiVersion: v1
kind: Pod
metadata: {name: odd, labels: {app: odd}}
status: {podIP: 10.1.0.1, conditions: [{type: Ready, status: 'True'}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: none-1, labels: {kubernetes.io/service-name: none}}
addressType: IPv4
ports: [{port: 7070}]
endpoints: [{addresses: [10.1.0.1]}]
";
    check(pod, &proxy(), &["none  7070"]);
}

#[test]
fn by_the_workload_entry() {
    let entry = "
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {name: vm}
spec: {address: 10.1.0.1, labels: {app: other}}
";
    check(entry, &proxy(), &["other  80"]);
}

#[test]
fn by_service_entries() {
    let entry = "
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: e, namespace: NS}
spec:
  hosts: [a.com]
  resolution: STATIC
  ports: [{number: 80, name: http, protocol: HTTP, targetPort: 6060}]
  endpoints: [{address: 10.1.0.1}]
";
    let own = entry.replace("NS", "ns1");
    check(&own, &proxy(), &["old http-a 8080", "young tcp-a 8080", "a.com http 6060"]);
    check(&entry.replace("NS", "ns2"), &proxy(), &["old http-a 8080", "young tcp-a 8080"]);
}
