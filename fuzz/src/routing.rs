//! Compiling any configuration, and deciding any request by a fixed one.

use std::sync::OnceLock;

use http::{HeaderMap, HeaderName, HeaderValue};
use meshwork_api::read::{Admission, Reader};
use meshwork_config::{ConfigStore, Snapshot, events_of};
use meshwork_core::{Attributes, Outcome, RequestHead, SeededDraws};
use meshwork_registry::Proxy;
use meshwork_routing::{HttpRoutes, RouteInput};

/// YAML documents become a store and snapshots, of a sidecar and of a gateway; nothing panics, and
/// compiling on comes out as compiling anew.
pub fn compile_config(data: &[u8]) {
    let mut store = ConfigStore::default();
    store.apply_all(events_of(&Reader::new(Admission::Webhook), "fuzz", data));
    for proxy in [Proxy::sidecar("default"), Proxy::gateway("default")] {
        let (first, report) = Snapshot::compile(&store, &proxy, None);
        let (second, again) = Snapshot::compile(&store, &proxy, Some(&first));
        assert_eq!(report, again, "a snapshot does not depend on the one before");
        assert_eq!(first.clusters().count(), second.clusters().count());
        if let Some(routes) = first.routes.port(80) {
            decide(routes, "GET", "web", "/a?b=c", &HeaderMap::new());
        }
    }
}

/// Lines: method, authority, target, then headers as `name: value`. The rules hold every kind of
/// match; deciding and explaining agree.
pub fn route_request(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.lines();
    let mut next = || lines.next().unwrap_or_default();
    let (method, authority, target) = (next(), next(), next());
    let mut headers = HeaderMap::new();
    for line in lines.take(64) {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        if let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value.trim()))
        {
            headers.append(name, value);
        }
    }
    let snapshot = SNAPSHOT.get_or_init(|| {
        let mut store = ConfigStore::default();
        store.apply_all(events_of(&Reader::default(), "rules", RULES.as_bytes()));
        let (snapshot, report) = Snapshot::compile(&store, &Proxy::sidecar("default"), None);
        assert!(!report.has_alarms(), "{report}");
        snapshot
    });
    if let Some(routes) = snapshot.routes.port(80) {
        decide(routes, method, authority, target, &headers);
    }
}

fn decide(routes: &HttpRoutes, method: &str, authority: &str, target: &str, headers: &HeaderMap) {
    let (connection, draws) = (Attributes::default(), SeededDraws::new(1));
    let head = RequestHead::new(method, "http", authority, target, headers);
    let input = RouteInput::new(head, &connection, &draws);
    let decision = routes.route(&input);
    let explanation = routes.explain(&input);
    let won = explanation.steps.iter().find(|step| step.outcome == Outcome::Won);
    let rule = decision.route.as_ref().map(|route| &route.rule);
    assert_eq!(won.map(|step| &step.rule), rule, "explaining agrees with deciding");
    if let Some(route) = &decision.route {
        // Rewrites of any path hold.
        let _ = route.rewrite.apply(target);
    }
}

static SNAPSHOT: OnceLock<Snapshot> = OnceLock::new();

const RULES: &str = r#"
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {clusterIP: 10.96.0.1, ports: [{name: http, port: 80}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web}
spec:
  hosts: [web, "*.example.com", "10.0.0.1"]
  http:
  - match:
    - uri: {exact: /exact}
      method: {exact: POST}
    - uri: {regex: "/r/([a-z]+)/.*"}
      queryParams: {q: {regex: "[0-9]+"}, p: {}}
    rewrite: {uriRegexRewrite: {match: "^/r/([a-z]+)", rewrite: "/\\1"}}
    route: [{destination: {host: web}}]
  - match:
    - uri: {prefix: /prefix}
      ignoreUriCase: true
      headers: {x-a: {prefix: a}, cookie: {regex: "^(.*;)?\\s*user=jason.*$"}}
      withoutHeaders: {x-b: {}, x-c: {exact: c}}
    rewrite: {uri: /other, authority: else.example}
    route: [{destination: {host: web}}]
  - match: [{authority: {regex: ".*:8080"}}, {scheme: {exact: https}}]
    redirect: {uri: /moved, derivePort: FROM_REQUEST_PORT}
  - match: [{headers: {accept: {exact: "a,b"}}}]
    directResponse: {status: 418}
  - route: [{destination: {host: web}, weight: 1}, {destination: {host: web, subset: v1}, weight: 3}]
"#;
