//! Where proxies are.

use crate::{Proxy, fixture::world};

fn proxy(labels: &[(&'static str, &'static str)]) -> Proxy {
    let mut proxy = Proxy::sidecar("ns1");
    proxy.addresses = vec!["10.1.0.1".parse().unwrap()];
    proxy.labels = labels.iter().copied().collect();
    proxy.locality = "r9/z9".parse().unwrap();
    proxy
}

const POD: &str = "
apiVersion: v1
kind: Node
metadata:
  name: n1
  labels: {topology.kubernetes.io/region: r1, topology.kubernetes.io/zone: z1}
---
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec: {nodeName: n1}
status: {podIP: 10.1.0.1, phase: Running, conditions: [{type: Ready, status: READY}]}
";

#[test]
fn labels_tell_the_locality() {
    let world = world("{apiVersion: v1, kind: Namespace, metadata: {name: ns1}}");
    let check = |labels: &[(&'static str, &'static str)], want: &str| {
        let proxy = proxy(labels);
        let placed = world.registry.placed(&proxy);
        assert_eq!(placed.locality.to_string(), want, "{labels:?}");
        assert_eq!(placed.labels.get("topology.istio.io/cluster"), Some("Kubernetes"));
    };
    check(&[], "r9/z9");
    check(&[("topology.kubernetes.io/zone", "z1")], "/z1");
    check(&[("istio-locality", "r1/z1")], "r1/z1");
    check(&[("istio-locality", "r1.z1")], "r1.z1");
    check(&[("topology.istio.io/locality", "r2"), ("istio-locality", "r1")], "r2");
    check(&[("topology.kubernetes.io/region", "r3"), ("istio-locality", "r1")], "r3");
}

#[test]
fn a_pod_is_where_its_node_is_ready_or_not() {
    for ready in ["'True'", "'False'"] {
        let world = world(&POD.replace("READY", ready));
        let proxy = proxy(&[("app", "other")]);
        let placed = world.registry.placed(&proxy);
        assert_eq!(placed.locality.to_string(), "r1/z1");
        assert_eq!(placed.labels.get("app"), Some("web"));
        assert_eq!(placed.labels.get("topology.kubernetes.io/zone"), Some("z1"));
        // Another cluster's Pods may have the same addresses.
        let elsewhere = Proxy { cluster: "other".into(), ..proxy.clone() };
        assert_eq!(world.registry.placed(&elsewhere).locality.to_string(), "r9/z9");
    }
}

#[test]
fn a_workload_entry_that_is_selected_lends_its_labels() {
    let entry = "
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {name: vm}
spec: {address: 10.1.0.1, locality: r2/z2, labels: {app: vm}}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: e}
spec: {hosts: [a.com], ports: [{number: 80, name: http}], resolution: STATIC, workloadSelector: {labels: {app: SELECTED}}}
";
    let place = |selected: &str| {
        let world = world(&entry.replace("SELECTED", selected));
        world.registry.placed(&proxy(&[])).locality.to_string()
    };
    assert_eq!(place("vm"), "r2/z2");
    assert_eq!(place("other"), "r9/z9");
}
