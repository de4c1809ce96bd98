//! Fields that no recorded scenario sets: with one the snapshot is another.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use meshwork_api::{mesh::MeshConfig, read::Reader};
use meshwork_config::{ConfigStore, Snapshot, events_of};
use meshwork_core::Attributes;
use meshwork_registry::Proxy;

fn compile(mesh: MeshConfig, text: &str, proxy: &Proxy) -> Snapshot {
    let mut store = ConfigStore::new(mesh);
    store.apply_all(events_of(&Reader::default(), "test.yaml", text.as_bytes()));
    assert_eq!(store.refusals().count(), 0, "{text}");
    Snapshot::compile(&store, proxy, None).0
}

/// What stands at `place` of a cluster of port 8080 in the field names of Envoy's message, with
/// this in the spec of the workload's `Sidecar`. The port speaks HTTP/2.
fn inbound(sidecar: &str, place: &str) -> Option<String> {
    let text = format!(
        "
apiVersion: v1
kind: Service
metadata: {{name: web}}
spec:
  clusterIP: 10.96.0.1
  ports: [{{name: http2, port: 80, targetPort: 8080}}]
  selector: {{app: web}}
---
apiVersion: v1
kind: Pod
metadata: {{name: web, labels: {{app: web}}}}
spec: {{serviceAccountName: web}}
status: {{phase: Running, podIP: 10.1.0.1, conditions: [{{type: Ready, status: 'True'}}]}}
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {{name: web}}
spec: {{egress: [{{hosts: ['*/*']}}]{sidecar}}}
"
    );
    let mut proxy = Proxy::sidecar("default");
    proxy.labels = [("app", "web")].into_iter().collect();
    proxy.addresses = vec!["10.1.0.1".parse().unwrap()];
    let snapshot = compile(MeshConfig::default(), &text, &proxy);
    let cluster = snapshot.cluster_policy("inbound|8080||").unwrap().to_envoy();
    cluster.pointer(place).map(ToString::to_string)
}

#[test]
fn connection_pools_of_the_workloads_own_ports() {
    let http = |place: &str| {
        format!(
            "/typed_extension_protocol_options/envoy.extensions.upstreams.http.v3.HttpProtocolOptions/{place}"
        )
    };
    let limit = |name: &str| format!("/circuit_breakers/thresholds/0/{name}");
    let common = |name: &str| http(&format!("common_http_protocol_options/{name}"));
    let http2 = |name: &str| http(&format!("explicit_http_config/http2_protocol_options/{name}"));
    let ping = |name: &str| http2(&format!("connection_keepalive/{name}"));
    let keepalive =
        |name: &str| format!("/upstream_connection_options/tcp_keepalive/keepalive_{name}");
    let client = http("use_downstream_protocol_config/http_protocol_options");
    let cases = [
        ("tcp: {maxConnections: 1}", limit("max_connections"), "1"),
        ("tcp: {connectTimeout: 3s}", "/connect_timeout".into(), r#""3s""#),
        ("tcp: {tcpKeepalive: {probes: 4}}", keepalive("probes"), "4"),
        ("tcp: {tcpKeepalive: {time: 5s}}", keepalive("time"), "5"),
        ("tcp: {tcpKeepalive: {interval: 6s}}", keepalive("interval"), "6"),
        ("tcp: {maxConnectionDuration: 7s}", common("max_connection_duration"), r#""7s""#),
        ("tcp: {idleTimeout: 8s}", common("idle_timeout"), r#""8s""#),
        ("http: {http1MaxPendingRequests: 9}", limit("max_pending_requests"), "9"),
        ("http: {http2MaxRequests: 10}", limit("max_requests"), "10"),
        ("http: {maxRequestsPerConnection: 11}", common("max_requests_per_connection"), "11"),
        ("http: {maxRetries: 12}", limit("max_retries"), "12"),
        ("http: {idleTimeout: 13s}", common("idle_timeout"), r#""13s""#),
        ("http: {useClientProtocol: true}", client, "{}"),
        ("http: {maxConcurrentStreams: 14}", http2("max_concurrent_streams"), "14"),
        ("http: {http2KeepAlive: {interval: 15s, timeout: 4s}}", ping("interval"), r#""15s""#),
        ("http: {http2KeepAlive: {interval: 3s, timeout: 16s}}", ping("timeout"), r#""16s""#),
    ];
    for (pool, place, expected) in cases {
        let all = inbound(&format!(", inboundConnectionPool: {{{pool}}}"), &place);
        assert_eq!(all.as_deref(), Some(expected), "{pool}");
        assert_ne!(inbound("", &place).as_deref(), Some(expected), "without {pool}");
        let port = |pool: &str| {
            let port = "port: {number: 8080, protocol: HTTP2, name: h}";
            let other = "inboundConnectionPool: {tcp: {maxConnections: 99}}";
            inbound(&format!(", {other}, ingress: [{{{port}{pool}}}]"), &place)
        };
        let one = port(&format!(", connectionPool: {{{pool}}}"));
        assert_eq!(one.as_deref(), Some(expected), "{pool} of the port");
        assert_ne!(port("").as_deref(), Some(expected), "without {pool} of the port");
    }
}

#[test]
fn the_namespace_whose_policies_are_the_meshs() {
    let deny = "
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: nothing, namespace: root}
spec: {}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: root}
spec: {mtls: {mode: STRICT}}
";
    let allowed = |root: &str| {
        let mesh = MeshConfig { root_namespace: root.to_owned(), ..MeshConfig::default() };
        let snapshot = compile(mesh, deny, &Proxy::sidecar("default"));
        let strict = snapshot.security.mtls_mode(80) == meshwork_authn::MtlsMode::Strict;
        (snapshot.security.check_connection(&Attributes::default()).is_allowed(), strict)
    };
    assert_eq!(allowed(""), (true, false));
    assert_eq!(allowed("root"), (false, true));
}

#[test]
fn request_authentications_of_a_gateway() {
    let closes = |targets: &str, gateway: &str| {
        let text = format!(
            "
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {{name: jwt}}
spec: {{jwtRules: [{{issuer: me, jwks: '{{\"keys\":[]}}'}}]{targets}}}
"
        );
        let mut proxy = Proxy::gateway("default");
        proxy.labels = [("gateway.networking.k8s.io/gateway-name", gateway)].into_iter().collect();
        compile(MeshConfig::default(), &text, &proxy).security.closed().is_some()
    };
    let target = "{group: gateway.networking.k8s.io, kind: Gateway, name: front}";
    for field in [format!(", targetRef: {target}"), format!(", targetRefs: [{target}]")] {
        assert!(closes(&field, "front"), "{field}");
        assert!(!closes(&field, "other"), "{field}");
    }
    // Without it it is about every workload of its namespace.
    assert!(closes("", "other"));
    let service = ", targetRef: {group: '', kind: Service, name: front}";
    assert!(!closes(service, "front"));
}
