//! What is decided for a host does not depend on resources about others.

use http::HeaderMap;
use meshwork_api::read::Reader;
use meshwork_config::{ConfigStore, Snapshot, events_of};
use meshwork_core::{Attributes, RequestHead, SeededDraws};
use meshwork_registry::Proxy;
use meshwork_routing::RouteInput;

const OWN: &str = "
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec: {clusterIP: 10.96.0.1, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: api, namespace: default}
spec: {clusterIP: 10.96.0.2, ports: [{name: http, port: 80}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: default}
spec:
  hosts: [web, shop.com]
  gateways: [mesh, istio-system/gw]
  http:
  - match: [{uri: {prefix: /a}}]
    route: [{destination: {host: api}}]
  - match: [{uri: {prefix: /b}}]
    rewrite: {uri: /}
    route: [{destination: {host: web}}]
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: gw, namespace: istio-system}
spec: {selector: {istio: ingress}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}]}
";

/// Resources about other hosts, whose names are made to look alike.
const OTHERS: [&str; 10] = [
    "
apiVersion: v1
kind: Service
metadata: {name: web, namespace: ns2}
spec: {clusterIP: 10.96.2.1, ports: [{name: http, port: 80}]}
",
    "
apiVersion: v1
kind: Service
metadata: {name: webs, namespace: default}
spec: {clusterIP: 10.96.0.9, ports: [{name: http, port: 80}, {name: tcp, port: 82}]}
",
    "
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: ns2}
spec: {hosts: [web], http: [{directResponse: {status: 201}}]}
",
    "
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a, namespace: default}
spec: {hosts: [webs, www.shop.com], gateways: [mesh, istio-system/gw], http: [{directResponse: {status: 202}}]}
",
    "
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: b, namespace: default}
spec: {hosts: ['*.shop.com', '*.ns2.svc.cluster.local'], http: [{directResponse: {status: 203}}]}
",
    "
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: c, namespace: default}
spec: {hosts: [web], gateways: [istio-system/none], http: [{directResponse: {status: 204}}]}
",
    "
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: out, namespace: default}
spec: {hosts: [shop.org], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
",
    "
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: webs, namespace: default}
spec: {host: webs, subsets: [{name: v1, labels: {version: v1}}]}
",
    "
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default, namespace: ns2}
spec: {egress: [{hosts: ['./*']}], outboundTrafficPolicy: {mode: REGISTRY_ONLY}}
",
    "
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: other, namespace: istio-system}
spec: {selector: {istio: other}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}]}
",
];

/// The decisions of a proxy for requests to the hosts that are ours, and who has a say.
fn decisions(store: &ConfigStore, proxy: &Proxy) -> Vec<String> {
    let (snapshot, _) = Snapshot::compile(store, proxy, None);
    let connection = Attributes::default();
    let (headers, draws) = (HeaderMap::new(), SeededDraws::new(1));
    let gateway = snapshot.routes.gateway(80, &connection, Default::default(), &draws);
    let routes = gateway.http().or(snapshot.routes.port(80)).unwrap();
    let mut all = Vec::new();
    for host in ["web", "web.default", "web.default.svc.cluster.local:80", "10.96.0.1", "shop.com"]
    {
        for path in ["/a", "/b/c", "/"] {
            let head = RequestHead::new("GET", "http", host, path, &headers);
            let decision = routes.route(&RouteInput::new(head, &connection, &draws));
            let route = decision.route.as_deref();
            all.push(format!("{host}{path}: {:?} {route:?}", decision.cluster()));
        }
    }
    for host in ["web.default.svc.cluster.local", "shop.com"] {
        all.push(format!("{:?}", snapshot.routes.resources_about_host(host)));
    }
    all
}

#[test]
fn decisions_depend_on_what_is_about_the_host() {
    let mut gateway = Proxy::gateway("istio-system");
    gateway.labels = [("istio", "ingress")].into_iter().collect();
    let events = |text: &str| events_of(&Reader::default(), "mesh.yaml", text.as_bytes());
    let mut alone = ConfigStore::default();
    alone.apply_all(events(OWN));
    assert_eq!(alone.len(), 4);
    for proxy in [Proxy::sidecar("default"), gateway] {
        let expected = decisions(&alone, &proxy);
        // Every choice of the others: there are not too many.
        for chosen in 1..1_u32 << OTHERS.len() {
            let mut store = alone.clone();
            let others = OTHERS.iter().enumerate().filter(|(at, _)| chosen >> at & 1 == 1);
            others.for_each(|(_, text)| store.apply_all(events(text)));
            let mut found = decisions(&store, &proxy);
            // A rule for another gateway names the host, so it has a say that counts for nothing.
            for line in &mut found {
                *line = line.replace(", `VirtualService default/c`", "");
            }
            assert_eq!(found, expected, "{chosen:b}");
        }
    }
}
