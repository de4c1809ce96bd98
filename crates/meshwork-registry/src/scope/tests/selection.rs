//! Which `Sidecar` rules a proxy, and the policy that follows (8.1, 8.6).

use crate::{OutboundPolicy, Proxy, fixture::world};

/// Sidecars as `namespace/name selector`, in the order of creation.
fn sidecars(list: &[&str]) -> String {
    list.iter()
        .map(|text| {
            let (name, selector) = text.split_once(' ').unwrap_or((text, ""));
            let (namespace, name) = name.split_once('/').unwrap();
            let selector = match selector {
                "" => String::new(),
                labels => format!("workloadSelector: {{labels: {labels}}}, "),
            };
            format!(
                "
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {{name: {name}, namespace: {namespace}}}
spec: {{{selector}egress: [{{hosts: ['*/*']}}]}}
"
            )
        })
        .collect()
}

#[test]
fn the_most_specific_and_then_the_oldest() {
    let check = |list: &[&str], want: Option<&str>| {
        let world = world(&sidecars(list));
        let mut proxy = Proxy::sidecar("ns1");
        proxy.labels = [("app", "a"), ("v", "1")].into_iter().collect();
        let scope = world.scope(&proxy);
        let name = scope.sidecar.as_ref().map(|object| object.metadata.name.as_str());
        assert_eq!(name, want, "{list:?}");
    };
    check(&[], None);
    check(&["ns1/all", "ns1/app {app: a}"], Some("app"));
    check(&["ns1/one {v: '1'}", "ns1/two {app: a, v: '1'}"], Some("one"));
    check(&["ns1/second", "ns1/third"], Some("second"));
    check(&["ns1/other {app: b}", "istio-system/root"], Some("root"));
    check(&["ns1/other {app: b}"], None);
    check(&["istio-system/root {app: a}"], None);
    check(&["ns2/elsewhere", "istio-system/root", "ns1/own"], Some("own"));
    check(&["ns1/empty {}", "ns1/app {app: a}"], Some("empty"));
}

#[test]
fn gateways_have_none() {
    let world = world(&sidecars(&["ns1/all"]));
    let scope = world.scope(&Proxy::gateway("ns1"));
    assert!(scope.sidecar.is_none() && scope.listeners.is_empty());
}

#[test]
fn outbound_policies() {
    let check = |mesh: &str, sidecar: Option<&str>, want: OutboundPolicy| {
        let sidecar = sidecar.map_or(String::new(), |policy| {
            format!(
                "
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {{name: s}}
spec: {{{policy}}}
"
            )
        });
        let world = world(&format!("{mesh}{sidecar}"));
        assert_eq!(world.scope(&Proxy::sidecar("ns1")).outbound_policy, want, "{mesh} {sidecar}");
    };
    let any = || OutboundPolicy::AllowAny { egress_proxy: None };
    let only = "outboundTrafficPolicy: {mode: REGISTRY_ONLY}";
    check("", None, any());
    check(only, None, OutboundPolicy::RegistryOnly);
    check("outboundTrafficPolicy: {mode: ALLOW_ANY}", None, any());
    check(
        "outboundTrafficPolicy: {mode: ALLOW_ANY_DYNAMIC_DNS}",
        None,
        OutboundPolicy::AllowAnyDynamicDns,
    );
    check("", Some("outboundTrafficPolicy: {}"), OutboundPolicy::RegistryOnly);
    check(only, Some("outboundTrafficPolicy: {mode: ALLOW_ANY}"), any());
    check(only, Some("egress: []"), OutboundPolicy::RegistryOnly);
    let egress =
        "outboundTrafficPolicy: {mode: ALLOW_ANY, egressProxy: {host: out.ns1, port: {number: 9}}}";
    let world = world(&format!(
        "{{apiVersion: networking.istio.io/v1, kind: Sidecar, metadata: {{name: s}}, spec: {{{egress}}}}}"
    ));
    let OutboundPolicy::AllowAny { egress_proxy: Some(proxy) } =
        world.scope(&Proxy::sidecar("ns1")).outbound_policy
    else {
        panic!("no egress proxy")
    };
    assert_eq!(proxy.host, "out.ns1");
}
