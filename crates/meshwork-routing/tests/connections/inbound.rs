//! The ports of the own workload: from services, from ingress listeners, and all others.

use meshwork_core::Protocol;
use meshwork_registry::DefaultEndpoint;
use meshwork_routing::{FirstBytes, MtlsMode, RouteTable};

use super::mesh::{Connection, Mesh, agrees, sidecar, word};

const SERVICE: &str = "
apiVersion: v1
kind: Service
metadata: {name: srv}
spec:
  clusterIP: 10.96.0.1
  selector: {app: client}
  ports: [{name: http, port: 80, targetPort: 8080}, {name: tcp, port: 81, targetPort: 8081}]
---
apiVersion: v1
kind: Service
metadata: {name: younger}
spec: {clusterIP: 10.96.0.2, selector: {app: client}, ports: [{name: tcp, port: 80, targetPort: 8080}]}
---
";

fn check(table: &RouteTable, port: u16, first: FirstBytes, mode: MtlsMode, expected: &str) {
    let attributes = Connection { first, ..Connection::default() }.attributes();
    let decision = table.inbound(port, &attributes, first, mode);
    if decision.rule.is_some() && !expected.contains("closed") {
        agrees(&decision, &table.explain_inbound(port, &attributes, first, mode));
    }
    assert_eq!(word(&decision), expected, "{port} {first:?} {mode:?}");
}

#[test]
fn services_declare_the_ports_they_lead_to() {
    let table = Mesh::new(SERVICE).sidecar();
    use FirstBytes::{Http1, Other, Tls};
    use MtlsMode::{Permissive, Strict};
    // Of two services that lead to one port the older decides.
    check(&table, 8080, Http1, Permissive, "http inbound|8080||");
    check(&table, 8080, Tls, Permissive, "closed");
    check(&table, 8080, Tls, Strict, "tls http inbound|8080||");
    check(&table, 8081, Other, Permissive, "inbound|8081||");
    check(&table, 8081, Other, Strict, "closed");
    check(&table, 8081, Tls, Strict, "tls inbound|8081||");
    // Ports that nothing declares pass.
    check(&table, 9999, Http1, Permissive, "http InboundPassthroughCluster");
    check(&table, 9999, Other, Permissive, "passthrough");
    check(&table, 9999, Other, Strict, "closed");
    // The port for captured connections leads nowhere.
    check(&table, 15006, Other, Permissive, "black hole");
    let ports: Vec<_> = table.inbound_ports().map(|port| (port.port, port.protocol)).collect();
    assert_eq!(ports, [(8080, Protocol::Http), (8081, Protocol::Tcp)]);
}

#[test]
fn ingress_listeners_take_the_place_of_services() {
    // T132, T133, T157.
    let ingress = "
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: in}
spec:
  ingress:
  - {port: {number: 9080, name: http, protocol: HTTP}, defaultEndpoint: '127.0.0.1:7000'}
  - {port: {number: 9081, name: tcp, protocol: TCP}, defaultEndpoint: ':7001'}
  - {port: {number: 9082, name: any}, defaultEndpoint: 'unix:///run/app'}
";
    let table = Mesh::new(&format!("{SERVICE}{ingress}")).sidecar();
    use FirstBytes::{Http1, Other};
    use MtlsMode::Permissive;
    check(&table, 9080, Http1, Permissive, "http inbound|9080||");
    check(&table, 9081, Http1, Permissive, "inbound|9081||");
    check(&table, 9082, Other, Permissive, "inbound|9082||");
    check(&table, 8080, Http1, Permissive, "http InboundPassthroughCluster");
    let endpoint = |port: u16| table.inbound_port(port).unwrap().endpoint.clone();
    assert_eq!(endpoint(9080), DefaultEndpoint::Loopback("127.0.0.1".parse().unwrap(), 7000));
    assert_eq!(endpoint(9081), DefaultEndpoint::OriginalDestination);
    assert_eq!(endpoint(9082), DefaultEndpoint::Unix("/run/app".into()));
}

#[test]
fn without_capture_only_ingress_listeners_are_there() {
    let mut proxy = sidecar();
    proxy.interception = meshwork_registry::Interception::None;
    let table = Mesh::new(SERVICE).compile(&proxy, None).table;
    check(&table, 8080, FirstBytes::Http1, MtlsMode::Permissive, "refused");
    let to = Connection::bytes("1.2.3.4:9999");
    assert_eq!(to.outbound(&table), "refused");
}
