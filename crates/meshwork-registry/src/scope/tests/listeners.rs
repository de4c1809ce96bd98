//! Listeners: ports, binds, capture, and ingress (8.2, 8.5, 8.7).

use std::sync::Arc;

use crate::{DefaultEndpoint, EgressScope, Interception, ListenerBind, Proxy, fixture::world};

fn scope(sidecar: &str, proxy: &Proxy) -> EgressScope {
    world(&format!(
        "
apiVersion: v1
kind: Service
metadata: {{name: two}}
spec: {{clusterIP: 10.0.0.1, ports: [{{name: http-a, port: 80}}, {{name: http-b, port: 81}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: one}}
spec: {{clusterIP: 10.0.0.2, ports: [{{name: http-a, port: 80}}]}}
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {{name: s}}
spec: {{{sidecar}}}
"
    ))
    .scope(proxy)
}

#[test]
fn a_port_listener_shows_its_port() {
    let check = |port: &str, want: &[(&str, &[u16])]| {
        let egress = format!("egress: [{{port: {port}, hosts: ['*/*']}}]");
        let scope = scope(&egress, &Proxy::sidecar("ns1"));
        let found: Vec<_> = scope.listeners[0]
            .services
            .iter()
            .map(|service| {
                let ports: Vec<u16> = service.ports.iter().map(|port| port.number).collect();
                (service.name.to_string(), ports)
            })
            .collect();
        let want: Vec<_> =
            want.iter().map(|(name, ports)| ((*name).to_owned(), ports.to_vec())).collect();
        assert_eq!(found, want, "{port}");
        assert_eq!(scope.services.len(), want.len());
    };
    check("{number: 80, protocol: HTTP}", &[("two", &[80]), ("one", &[80])]);
    check("{number: 81, protocol: HTTP}", &[("two", &[81])]);
    check("{number: 82, protocol: HTTP}", &[]);
    // A generic proxy takes all of them.
    check("{number: 82, protocol: HTTP_PROXY}", &[("two", &[80, 81]), ("one", &[80])]);
}

#[test]
fn the_listener_of_a_port() {
    let egress = "egress: [{port: {number: 80, protocol: HTTP}, hosts: ['*/*']}, {bind: 'unix:///s', port: {number: 0}, hosts: ['*/*']}, {hosts: ['./*']}]";
    let scope = scope(egress, &Proxy::sidecar("ns1"));
    let number = |port: u16| {
        scope.listener_for_port(port).and_then(|l| l.port.as_ref()).map(|port| port.number)
    };
    assert_eq!((number(80), number(81)), (Some(80), None));
    assert_eq!(scope.listeners[1].bind, ListenerBind::Unix("/s".into()));
    assert!(scope.listeners[1].binds_to_port);
    assert!(scope.catch_all().unwrap().port.is_none());
    assert_eq!(scope.service("two.ns1.svc.cluster.local").unwrap().ports.len(), 2, "merged");
}

#[test]
fn binds() {
    let check = |egress: &str, interception, bind: ListenerBind, real| {
        let mut proxy = Proxy::sidecar("ns1");
        proxy.interception = interception;
        let scope = scope(&format!("egress: [{{hosts: ['*/*'], {egress}}}]"), &proxy);
        let listener = &scope.listeners[0];
        assert_eq!((&listener.bind, listener.binds_to_port), (&bind, real), "{egress}");
    };
    let ip = |text: &str| ListenerBind::Ip(text.parse().unwrap());
    let captured = Interception::Captured;
    check("", captured, ListenerBind::Any, false);
    check("", Interception::None, ip("127.0.0.1"), true);
    check("captureMode: IPTABLES", Interception::None, ListenerBind::Any, false);
    check("captureMode: NONE", captured, ip("127.0.0.1"), true);
    check("captureMode: NONE, bind: 10.9.9.9", captured, ip("10.9.9.9"), true);
    check("bind: 10.9.9.9", captured, ip("10.9.9.9"), false);
}

#[test]
fn ingress_listeners() {
    let sidecar = "
  inboundConnectionPool: {tcp: {maxConnections: 7}},
  ingress: [
    {port: {number: 9080, protocol: HTTP, name: h}, defaultEndpoint: '127.0.0.1:8080', connectionPool: {tcp: {maxConnections: 1}}},
    {port: {number: 9090}, bind: 10.0.0.9},
    {defaultEndpoint: '127.0.0.1:1'}]";
    let scope = scope(sidecar, &Proxy::sidecar("ns1"));
    let ports: Vec<u16> = scope.ingress.iter().map(|listener| listener.port.number).collect();
    assert_eq!(ports, [9080, 9090]);
    let pool = |port: u16| {
        scope.inbound_connection_pool(port).unwrap().tcp.as_ref().unwrap().max_connections
    };
    assert_eq!((pool(9080), pool(9090), pool(1)), (1, 7, 7));
}

#[test]
fn default_endpoints() {
    let check = |text: &str, want: DefaultEndpoint| {
        assert_eq!(DefaultEndpoint::parse(text), want, "{text}");
    };
    check("", DefaultEndpoint::OriginalDestination);
    check(":8080", DefaultEndpoint::OriginalDestination);
    check("127.0.0.1:80", DefaultEndpoint::Loopback("127.0.0.1".parse().unwrap(), 80));
    check("[::1]:80", DefaultEndpoint::Loopback("::1".parse().unwrap(), 80));
    check("0.0.0.0:80", DefaultEndpoint::Workload(80));
    check("[::]:80", DefaultEndpoint::Workload(80));
    check("unix:///a/b", DefaultEndpoint::Unix("/a/b".into()));
    check("nonsense", DefaultEndpoint::OriginalDestination);
}

#[test]
fn what_comes_out_alike_is_the_same_object() {
    let egress = "egress: [{port: {number: 80, protocol: HTTP}, hosts: ['*/*']}, {hosts: ['*/*']}]";
    let proxy = Proxy::sidecar("ns1");
    let before = scope(egress, &proxy);
    let after = scope(egress, &proxy);
    assert!(!Arc::ptr_eq(&before.services, &after.services));
    let after = after.sharing(&before);
    assert!(Arc::ptr_eq(&before.services, &after.services));
    assert!(Arc::ptr_eq(&before.listeners, &after.listeners));
    // Another listener more: the first one is still the same.
    let egress =
        egress.replace("{hosts", "{port: {number: 81, protocol: HTTP}, hosts: ['*/*']}, {hosts");
    let more = scope(&egress, &proxy).sharing(&before);
    assert!(Arc::ptr_eq(&before.listeners[0], &more.listeners[0]));
    assert_eq!(more.listeners.len(), 3);
    assert_eq!(more.listeners[1].services.len(), 1);
    assert!(Arc::ptr_eq(&before.services, &more.services), "services of the proxy are the same");
}
