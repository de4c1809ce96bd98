//! How much memory reading takes at the most, in multiples of the text.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test fails by it and says why"
)]

use meshwork_api::read;

const VIRTUAL_SERVICE: &str = "apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: reviews
  namespace: default
spec:
  hosts:
  - reviews
  http:
  - name: api
    match:
    - uri:
        prefix: /api/
      headers:
        end-user:
          exact: jason
    route:
    - destination:
        host: reviews
        subset: v2
      weight: 80
    - destination:
        host: reviews
        subset: v1
      weight: 20
    timeout: 5s
    retries:
      attempts: 3
      retryOn: 5xx
  - route:
    - destination:
        host: reviews
        subset: v1
";

const MATCHES: &str = "apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: reviews
spec:
  hosts:
  - reviews
  http:
  - match:
    - uri:
        exact: /a
    - uri:
        exact: /b
    - uri:
        exact: /c
    - uri:
        exact: /d
    - uri:
        exact: /e
    - uri:
        exact: /f
    route:
    - destination:
        host: reviews
";

const DESTINATION_RULE: &str = "apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: reviews
spec:
  host: reviews
  trafficPolicy:
    connectionPool:
      tcp:
        maxConnections: 100
    outlierDetection:
      consecutive5xxErrors: 7
  subsets:
  - name: v1
    labels:
      version: v1
  - name: v2
    labels:
      version: v2
    trafficPolicy:
      loadBalancer:
        simple: ROUND_ROBIN
";

const AUTHORIZATION_POLICY: &str = "apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  name: reviews
  namespace: default
spec:
  selector:
    matchLabels:
      app: reviews
  action: ALLOW
  rules:
  - from:
    - source:
        principals: [cluster.local/ns/default/sa/productpage]
    to:
    - operation:
        methods: [GET]
        paths: [/reviews/*]
  - from:
    - source:
        namespaces: [monitoring]
";

const SERVICE_ENTRY: &str = "apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata:
  name: external
spec:
  hosts:
  - api.example.com
  location: MESH_EXTERNAL
  ports:
  - number: 443
    name: https
    protocol: TLS
  resolution: STATIC
  endpoints:
  - address: 192.0.2.1
  - address: 192.0.2.2
";

const SERVICE: &str = "apiVersion: v1
kind: Service
metadata:
  name: reviews
  labels:
    app: reviews
spec:
  selector:
    app: reviews
  ports:
  - name: http
    port: 9080
";

/// Reads a text that holds so many objects.
fn measured(what: &str, text: &str, objects: usize) -> f64 {
    read::documents("warm.yaml", VIRTUAL_SERVICE);
    let mut outcome = read::ReadOutcome::default();
    let counted = allocation_counter::measure(|| {
        outcome = read::documents("bench.yaml", text);
    });
    let diagnostics: Vec<_> = outcome.diagnostics.iter().map(ToString::to_string).collect();
    assert_eq!(diagnostics, [""; 0]);
    assert_eq!(outcome.objects.len(), objects);
    let times = |bytes: i64| bytes as f64 / text.len() as f64;
    eprintln!(
        "{what}: {} bytes each, peak {:.1} times, kept {:.1} times",
        text.len() / objects,
        times(counted.bytes_max as i64),
        times(counted.bytes_current)
    );
    times(counted.bytes_max as i64)
}

#[test]
fn peak() {
    for (what, one) in [
        ("VirtualService", VIRTUAL_SERVICE),
        ("VirtualService with short matches", MATCHES),
        ("DestinationRule", DESTINATION_RULE),
        ("AuthorizationPolicy", AUTHORIZATION_POLICY),
        ("ServiceEntry", SERVICE_ENTRY),
        ("Service", SERVICE),
    ] {
        let count = 1_000;
        let documents = format!("{one}---\n").repeat(count);
        assert!(measured(what, &documents, count) <= 10.0);
        let item = one.replace('\n', "\n  ");
        let item = format!("- {}\n", item.trim_end());
        let list = format!("apiVersion: v1\nkind: List\nitems:\n{}", item.repeat(count));
        // Nobody knows before how long a list will be, so it grows a little beyond.
        assert!(measured(&format!("list of {what}"), &list, count) <= 11.0);
        let objects = read::documents("one.yaml", one).objects;
        let json = serde_json::to_string(objects[0].value()).unwrap();
        let list = vec![json; count].join(",");
        let list = format!("{{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[{list}]}}");
        assert!(measured(&format!("JSON list of {what}"), &list, count) <= 13.0);
    }
}
